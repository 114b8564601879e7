"""The classroom: rooms that lose nothing, and a class of thirty on one server."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.visitor import Visitor
from dashboard.classroom.board import places
from dashboard.classroom.room import RoomError
from dashboard.classroom.rooms import CODE_LENGTH, HOURS, MOST_ROOMS, Rooms, tidy
from sim.experiments.classroom_market import SHAPES, Setup
from sim.spec.labels import text


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rooms(tmp_path: Path, clock: Clock) -> Rooms:
    return Rooms(tmp_path / "rooms", clock)


def test_what_was_chosen_survives_a_restart_to_the_last_choice(
    rooms: Rooms, tmp_path: Path, clock: Clock
) -> None:
    code, host = rooms.open(Setup(6, weeks=5), together=False)
    seats = [rooms.join(code) for _ in range(3)]
    rooms.start(code, host)
    rooms.choose(code, seats[0], 1, [True, False])
    rooms.choose(code, seats[2], 1, [False, False])
    rooms.end_week(code, host, 1)
    rooms.choose(code, seats[1], 2, [False, True])
    again = Rooms(tmp_path / "rooms", clock)
    before, after = rooms.view(code), again.view(code)
    assert after.chosen == before.chosen == {1} and after.taken == {0, 1, 2} and after.week == 2
    assert [again.firm(code, seat) for seat in seats] == [0, 1, 2]
    for one, other in zip(before.game.now, after.game.now, strict=True):
        assert np.array_equal(one, other)
    again.end_week(code, host, 2)
    assert not again.view(code).game.settled[1].choices[2]


def test_who_does_not_choose_pays_all(rooms: Rooms) -> None:
    code, host = rooms.open(Setup(6, weeks=5), together=False)
    seat = rooms.join(code)
    rooms.start(code, host)
    rooms.choose(code, seat, 1, [False, True])
    rooms.end_week(code, host, 1)
    rooms.end_week(code, host, 2)
    first, second = (week.choices.tolist() for week in rooms.view(code).game.settled)
    assert first == [False] + [True] * 11 and second == [True] * 12


def test_a_week_ends_once_all_who_sit_have_chosen(rooms: Rooms) -> None:
    code, host = rooms.open(Setup(6, weeks=5))
    seats = [rooms.join(code) for _ in range(2)]
    rooms.start(code, host)
    rooms.choose(code, seats[0], 1, [True, True])
    assert rooms.view(code).week == 1
    rooms.choose(code, seats[1], 1, [True, True])
    assert rooms.view(code).week == 2


def test_a_week_ends_when_its_time_is_up_and_a_late_choice_is_told(rooms: Rooms, clock: Clock) -> None:
    code, host = rooms.open(Setup(6, weeks=5), seconds=60)
    seat = rooms.join(code)
    rooms.start(code, host)
    clock.now += 59
    assert (rooms.view(code).week, rooms.view(code).seconds_left) == (1, 1.0)
    clock.now += 2
    with pytest.raises(RoomError) as caught:
        rooms.choose(code, seat, 1, [True, True])
    assert caught.value.key == "week_closed"
    assert rooms.view(code).week == 2


def test_a_click_on_next_week_twice_ends_one_week(rooms: Rooms) -> None:
    code, host = rooms.open(Setup(6, weeks=5))
    rooms.start(code, host)
    for _ in range(2):
        rooms.end_week(code, host, 1)
    assert rooms.view(code).week == 2


def test_no_two_pupils_share_a_seat_when_all_join_at_once(rooms: Rooms) -> None:
    code, _ = rooms.open(Setup(30))
    with ThreadPoolExecutor(16) as pool:
        seats = list(pool.map(lambda _: rooms.join(code), range(30)))
    assert sorted(firm for seat in seats if (firm := rooms.firm(code, seat)) is not None) == list(range(30))
    with pytest.raises(RoomError) as caught:
        rooms.join(code)
    assert caught.value.key == "room_full"


def test_no_choice_is_lost_when_all_choose_at_once(rooms: Rooms, tmp_path: Path) -> None:
    code, host = rooms.open(Setup(30), together=False)
    seats = [rooms.join(code) for _ in range(30)]
    rooms.start(code, host)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda seat: rooms.choose(code, seat, 1, [False, True]), seats))
    rooms.end_week(code, host, 1)
    assert rooms.view(code).game.settled[0].choices.tolist() == [False, True] * 30
    kept = json.loads((tmp_path / "rooms" / f"{code}.json").read_text())
    assert kept["weeks"][0] == {str(firm): "01" for firm in range(30)}


def test_rooms_are_capped_and_expire(rooms: Rooms, clock: Clock, tmp_path: Path) -> None:
    codes = [rooms.open(Setup(4))[0] for _ in range(MOST_ROOMS)]
    with pytest.raises(RoomError) as caught:
        rooms.open(Setup(4))
    assert caught.value.key == "room_full_server"
    clock.now += HOURS * 3600 + 1
    assert rooms.open(Setup(4))[0] not in codes
    assert len(list((tmp_path / "rooms").glob("*.json"))) == 1


def test_only_the_teacher_leads_the_room_and_tokens_are_not_on_disk(rooms: Rooms, tmp_path: Path) -> None:
    code, host = rooms.open(Setup(6))
    seat = rooms.join(code)
    for call in (rooms.start, rooms.close, lambda *a: rooms.release(*a, 0), lambda *a: rooms.end_week(*a, 1)):
        with pytest.raises(RoomError) as caught:
            call(code, seat)
        assert caught.value.key == "host_unknown"
    written = (tmp_path / "rooms" / f"{code}.json").read_text()
    assert host not in written and seat not in written
    rooms.release(code, host, 0)
    assert rooms.firm(code, seat) is None
    rooms.close(code, host)
    with pytest.raises(RoomError) as caught:
        rooms.view(code)
    assert caught.value.key == "room_unknown"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 9}', '{"version": 1, "code": "../X"}'])
def test_a_damaged_file_keeps_no_server_from_starting(tmp_path: Path, clock: Clock, text: str) -> None:
    folder = tmp_path / "rooms"
    folder.mkdir()
    (folder / "ABCDE.json").write_text(text)
    code, _ = Rooms(folder, clock).open(Setup(4))
    assert Rooms(folder, clock).view(code).week == 1


def test_a_code_is_read_as_it_is_typed_on_a_phone() -> None:
    assert tidy(" ab-c d e ") == "ABCDE" and len(tidy("ABCDEFGH")) == CODE_LENGTH
    assert tidy("../../etc") == "ETC"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("firms", [4, 9, 36])
def test_firms_stand_apart_on_the_board(firms: int, shape: Any) -> None:
    found = places(firms, shape)
    gaps = np.linalg.norm(found[:, None] - found[None], axis=-1) + np.eye(firms)
    assert gaps.min() > 0.05 and found.min() > 0.0 and found.max() < 1.0


# ---- a real server ------------------------------------------------------------------------------


def _wait(visitor: Visitor, button: str) -> None:
    visitor.until(lambda page: page.has("button", button))


def _joined(address: str) -> Visitor:
    pupil = Visitor(address)
    pupil.press("Join")
    return pupil


def _firm(pupil: Visitor) -> str:
    found = re.search(r'class-firm">([^<]+)<', pupil.words())
    assert found, pupil.words()
    return found[1]


def _numbers(names: list[str]) -> list[int]:
    words = [[text(f"dash.class_{kind}_{one}") for one in range(6)] for kind in ("colour", "animal")]
    places = [(words[0].index(colour), words[1].index(animal)) for colour, animal in map(str.split, names)]
    return [colour + 6 * ((animal - colour) % 6) for colour, animal in places]


def _choose(pupil: Visitor, pays: Any) -> None:
    _wait(pupil, "Settle it")
    for place, pay in enumerate(pays):
        if not pay:
            pupil.choose(place, 1)
    pupil.press("Settle it")
