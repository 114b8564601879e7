"""Rooms of a classroom on this server: one lock, a file each, so that a restart loses nothing.

A room keeps what was told and decided (setup, seats, choices); the game follows from it. No names are kept: a
seat belongs to whoever has its token, and only a digest of that is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from dashboard.classroom.room import Room, RoomError, Secret, secret
from sim.core.errors import ArrearsError
from sim.experiments.classroom import Game
from sim.experiments.classroom_market import Setup

#: Rooms at a time, and hours after which a room that nobody touched is deleted.
MOST_ROOMS, HOURS = 24, 24
#: Letters and digits that are not taken for one another.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 5


class View(NamedTuple):
    """A room at one moment, for a page to draw.

    ``taken`` seats, and those of them that have ``chosen`` in the open week; ``seconds_left`` of the timer,
    None without one; ``version`` grows with every change.
    """

    code: str
    setup: Setup
    started: bool
    game: Game
    taken: frozenset[int]
    chosen: frozenset[int]
    seconds: int
    together: bool
    seconds_left: float | None
    version: int

    @property
    def week(self) -> int:
        """The open week, or the last one."""
        return self.game.now.week

    @property
    def moment(self) -> tuple[bool, int, bool]:
        """What pages are drawn anew for: started, weeks settled, over."""
        return self.started, len(self.game.settled), self.game.over


class Rooms:
    """All rooms of a server.

    Parameters
    ----------
    folder:
        Where files are kept; made when first needed. Files that are no rooms are left alone.
    clock:
        Seconds since 1970.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock
        self._lock = threading.RLock()
        self._rooms: dict[str, Room] = {}
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                room = Room.read(path.read_bytes())
            except (ArrearsError, ValueError, KeyError, TypeError, OSError):
                continue  # half a file of another program must not keep the server from starting
            if path.stem == room.code:
                self._rooms[room.code] = room
        self._expire()

    def open(self, setup: Setup, seconds: int = 0, together: bool = True) -> tuple[str, str]:
        """A new room: its code and the teacher's token.

        ``seconds``: of the timer of a week, 0 for none; ``together``: whether a week ends once all have
        chosen.
        Raises :class:`RoomError` when the server has as many rooms as it may have.
        """
        with self._lock:
            self._expire()
            if len(self._rooms) >= MOST_ROOMS:
                raise RoomError("room_full_server", most=MOST_ROOMS)
            code = next(code for code in self._codes() if code not in self._rooms)
            made = secret()
            room = Room(code, setup, made.digest, seconds, together, self._clock())
            self._rooms[code] = room
            self._keep(room)
            return code, made.token

    def view(self, code: str) -> View:
        """The room as it stands; a week whose time is up has ended. :class:`RoomError` if there is none."""
        with self._lock:
            room = self._room(code)
            if room.due(self._clock()):
                self._end_week(room)
            left = None if room.deadline is None else max(0.0, room.deadline - self._clock())
            chosen = frozenset(room.chosen)
            return View(
                room.code, room.setup, room.started, room.game, frozenset(room.taken), chosen, room.seconds,
                room.together, left, room.version,
            )  # fmt: skip

    def is_host(self, code: str, token: str) -> bool:
        """Whether the token is the teacher's."""
        with self._lock:
            return self._room(code).host == Secret(token).digest

    def join(self, code: str) -> str:
        """A free seat, the lowest: its token. :class:`RoomError` when all are taken."""
        with self._lock:
            room = self._room(code)
            made = secret()
            room.sit(made.digest)
            self._keep(room)
            return made.token

    def firm(self, code: str, token: str) -> int | None:
        """The firm of a seat; None for a token of no seat."""
        with self._lock:
            return self._room(code).firm_of(Secret(token).digest)

    def release(self, code: str, host: str, firm: int) -> None:
        """The teacher frees a seat, for a pupil who lost the link; the firm's choices stay."""
        with self._lock:
            room = self._hosted(code, host)
            room.stand_up(firm)
            self._keep(room)

    def start(self, code: str, host: str) -> None:
        """Week 1 begins for the pupils."""
        with self._lock:
            room = self._hosted(code, host)
            room.start(self._clock())
            self._keep(room)

    def choose(self, code: str, token: str, week: int, pays: Iterable[bool]) -> None:
        """What a seat pays in a week, one answer for each of its creditors; may be changed until the week
        ends.

        Once this returns, the choice is on disk. Raises :class:`RoomError` for a token of no seat, and a week
        that is not open (any more).
        """
        with self._lock:
            room = self._room(code)
            if room.due(self._clock()):
                self._end_week(room)
            firm = room.firm_of(Secret(token).digest)
            if firm is None:
                raise RoomError("seat_unknown")
            room.choose(firm, week, tuple(pays))
            self._keep(room)
            if room.complete and room.together:
                self._end_week(room)

    def end_week(self, code: str, host: str, week: int) -> None:
        """The teacher ends a week; nothing happens if it has ended already."""
        with self._lock:
            room = self._hosted(code, host)
            if room.started and not room.game.over and room.game.now.week == week:
                self._end_week(room)

    def close(self, code: str, host: str) -> None:
        """The teacher deletes the room."""
        with self._lock:
            self._drop(self._hosted(code, host))

    def _room(self, code: str) -> Room:
        room = self._rooms.get(code)
        if room is None:
            raise RoomError("room_unknown", code=code[:12])
        return room

    def _hosted(self, code: str, token: str) -> Room:
        room = self._room(code)
        if room.host != Secret(token).digest:
            raise RoomError("host_unknown")
        return room

    def _end_week(self, room: Room) -> None:
        room.end_week(self._clock())
        self._keep(room)

    def _keep(self, room: Room) -> None:
        room.touched = self._clock()
        room.version += 1
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{room.code}.json"
        half = path.with_suffix(".part")
        half.write_bytes(room.write())
        half.replace(path)

    def _drop(self, room: Room) -> None:
        del self._rooms[room.code]
        (self._folder / f"{room.code}.json").unlink(missing_ok=True)

    def _expire(self) -> None:
        oldest = self._clock() - HOURS * 3600
        for room in [room for room in self._rooms.values() if room.touched < oldest]:
            self._drop(room)

    def _codes(self) -> Iterable[str]:
        while True:
            yield secret().code(ALPHABET, CODE_LENGTH)


def tidy(code: str) -> str:
    """A code as typed on a phone: blanks and hyphens out, capitals."""
    return "".join(letter for letter in code.upper() if letter in ALPHABET)[:CODE_LENGTH]
