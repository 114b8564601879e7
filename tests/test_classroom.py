"""The classroom: rooms that lose nothing, and a class of thirty on one server."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support_dashboard import seen, served

from benchmarks.visitor import Visitor
from dashboard.classroom.board import places
from dashboard.classroom.room import RoomError
from dashboard.classroom.rooms import CODE_LENGTH, HOURS, MOST_ROOMS, Rooms, tidy
from sim.experiments.classroom import play
from sim.experiments.classroom_market import SHAPES, Setup, market
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

#: Weeks, firms, and how many of their pupils sit before a Chromium of their own; the server stops after HALF.
WEEKS, PUPILS, SCREENS, HALF = 10, 30, 2, 5


def test_thirty_play_ten_weeks_and_no_choice_is_lost(tmp_path: Path, browser: Any) -> None:
    """A real server process with thirty pupils: two real browsers, and pages that speak its protocol. It is
    restarted after week 5, and a pupil reloads every week. What the server has kept is what each chose."""
    chosen = np.random.default_rng(7).random((WEEKS, PUPILS, 2)) < 0.6
    with ThreadPoolExecutor(PUPILS) as pool, browser.new_context(viewport=PHONE) as phones:
        with served(tmp_path) as address:
            teacher = Visitor(f"{address}/classroom?lang=en")
            teacher.slide("Firms", PUPILS)
            teacher.press("Open the room")
            code, door = teacher.params["room"], f"{address}/classroom?lang=en&room={teacher.params['room']}"
            class_ = list(pool.map(_joined, [door] * (PUPILS - SCREENS)))
            screens = [_sat_down(phones, door) for _ in range(SCREENS)]
            firms = [_firm(pupil) for pupil in class_] + [_shown_firm(tab) for tab in screens]
            assert len(set(firms)) == PUPILS
            teacher.press("Start week 1")
            _play(range(HALF), chosen, class_, screens, pool)
            host, links = teacher.query, [pupil.query for pupil in class_]
            seats = [tab.url.partition("?")[2] for tab in screens]
        with served(tmp_path) as address:  # the server was stopped and is back
            at = f"{address}/classroom?"
            class_ = list(pool.map(Visitor, [at + query for query in links]))
            for tab, query in zip(screens, seats, strict=True):
                tab.goto(at + query)
            assert [_firm(pupil) for pupil in class_] + [_shown_firm(tab) for tab in screens] == firms
            _play(range(HALF, WEEKS), chosen, class_, screens, pool)
            teacher = Visitor(at + host)
            teacher.until(lambda page: "The same weeks under another rule" in page.words())
            list(pool.map(lambda pupil: pupil.until(lambda page: "weeks are over" in page.words()), class_))
            assert all(seen(tab.get_by_text("The weeks are over")) for tab in screens)
    _kept_is_chosen(tmp_path / "store-rooms" / f"{code}.json", chosen, _numbers(firms))


def test_a_click_that_comes_after_the_week_has_ended_settles_nothing(tmp_path: Path) -> None:
    """A page that still shows the old week sends its button: the new week waits for a choice of its own."""
    with served(tmp_path) as address:
        teacher = Visitor(f"{address}/classroom?lang=en")
        teacher.slide("Firms", 6)
        teacher.press("Open the room")
        door = f"{address}/classroom?lang=en&room={teacher.params['room']}"
        pupils = [_joined(door) for _ in range(2)]
        teacher.press("Start week 1")
        for pupil in pupils:
            pupil.until(lambda page: page.has("button", text("dash.class_send")))
        late = pupils[0].find("button", text("dash.class_send")).id
        teacher.press(text("dash.class_next"))
        pupils[1].until(lambda page: "Week 2 of" in page.words())
        pupils[0].press_again(late)
        pupils[0].until(lambda page: "Week 2 of" in page.words())
        kept = json.loads(next((tmp_path / "store-rooms").glob("*.json")).read_text())
        assert kept["weeks"] == [{}] and kept["chosen"] == {}
        assert pupils[0].has("button", text("dash.class_send"))  # not yet sent


#: The screen of a pupil's phone.
PHONE: Any = {"width": 420, "height": 900}


def _play(
    weeks: range, chosen: Any, class_: list[Visitor], screens: list[Any], pool: ThreadPoolExecutor
) -> None:
    """Weeks in which all choose at the same time but one, so that a week ends when the browsers were told
    that their choice is kept; then one page and one browser reload."""
    for week in weeks:
        others = pool.map(_choose, class_[1:], chosen[week, 1:])
        for tab, pays in zip(screens, chosen[week, len(class_) :], strict=True):
            _tap(tab, week, pays)
        list(others)
        _choose(class_[0], chosen[week, 0])
        link, origin = class_[week].query, class_[week].origin
        class_[week].close()
        class_[week] = Visitor(f"{origin}/classroom?{link}")  # a reload: the same firm
        screens[week % len(screens)].reload()


def _kept_is_chosen(file: Path, chosen: Any, firms: list[int]) -> None:
    kept = json.loads(file.read_text())
    for week in range(WEEKS):
        told = {int(firm): letters for firm, letters in kept["weeks"][week].items()}
        assert told == {
            firm: "".join("1" if pays else "0" for pays in chosen[week, place])
            for place, firm in enumerate(firms)
        }
    order = [firms.index(firm) for firm in range(PUPILS)]
    vectors = [chosen[week, order].reshape(-1) for week in range(WEEKS)]
    assert play(market(Setup(**kept["setup"])), vectors).over


def _joined(address: str) -> Visitor:
    pupil = Visitor(address)
    pupil.press("Join")
    return pupil


def _sat_down(phones: Any, door: str) -> Any:
    """A pupil who joins in a real browser."""
    tab = phones.new_page()
    tab.set_default_timeout(240_000)
    tab.goto(door)
    tab.get_by_role("button", name="Join", exact=True).click()
    tab.locator(".class-firm").wait_for()
    return tab


def _firm(pupil: Visitor) -> str:
    found = re.search(r'class-firm">([^<]+)<', pupil.words())
    assert found, pupil.words()
    return found[1]


def _shown_firm(tab: Any) -> str:
    return str(tab.locator(".class-firm").inner_text())


def _numbers(names: list[str]) -> list[int]:
    words = [[text(f"dash.class_{kind}_{one}") for one in range(6)] for kind in ("colour", "animal")]
    places = [(words[0].index(colour), words[1].index(animal)) for colour, animal in map(str.split, names)]
    return [colour + 6 * ((animal - colour) % 6) for colour, animal in places]


def _choose(pupil: Visitor, pays: Any) -> None:
    pupil.until(lambda page: page.has("button", "Settle it"))
    for place, pay in enumerate(pays):
        if not pay:
            pupil.choose(place, 1)
    pupil.press("Settle it")


def _tap(tab: Any, week: int, pays: Any) -> None:
    """The same in a browser: once the week has come, delay those who are not paid, and settle."""
    tab.get_by_text(f"Week {week + 1} of {WEEKS}").wait_for()
    tab.get_by_role("button", name="Settle it").wait_for()
    for place, pay in enumerate(pays):
        if not pay:
            option = tab.get_by_test_id("stMain").get_by_role("radio", name="Delay", exact=True).nth(place)
            option.click()
            tab.get_by_test_id("stMain").get_by_role("radio", name="Delay", checked=True).nth(
                int((~pays[:place]).sum())
            ).wait_for()
    tab.get_by_role("button", name="Settle it").click()
    tab.get_by_text("Kept. You may change it").wait_for()
