"""One room: setup, seats, choices, and the game that follows from them."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict
from typing import NamedTuple

import numpy as np

from sim.core.columns import Bool
from sim.experiments.classroom import Game, advance, begin
from sim.experiments.classroom_market import Setup, market, seats

_VERSION = 1


class RoomError(Exception):
    """Something a room does not allow; ``key`` of the text for the page (``dash.KEY``), with its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key, self.values = key, values


class Secret(NamedTuple):
    """A token that stands in a link; only its digest is kept."""

    token: str

    @property
    def digest(self) -> str:
        """What is kept: BLAKE2b, 16 bytes, in hexadecimal."""
        return hashlib.blake2b(self.token[:64].encode(), digest_size=16).hexdigest()

    def code(self, alphabet: str, length: int) -> str:
        """A short code from the token."""
        number = int(self.digest, 16)
        letters = []
        for _ in range(length):
            number, place = divmod(number, len(alphabet))
            letters.append(alphabet[place])
        return "".join(letters)


def secret() -> Secret:
    """A new token that nobody can guess (96 bits)."""
    return Secret(secrets.token_urlsafe(12))


class Room:
    """A room, to be used under the lock of :class:`dashboard.classroom.rooms.Rooms`.

    ``host`` and the values of ``taken`` are digests; ``weeks`` holds the settled weeks' choices: for each
    firm that chose, one letter a creditor, ``1`` for pay. Who has not chosen pays all.
    """

    def __init__(
        self, code: str, setup: Setup, host: str, seconds: int, together: bool, touched: float
    ) -> None:
        self.code, self.setup, self.host = code, setup, host
        self.seconds, self.together, self.touched = seconds, together, touched
        self.started = False
        self.deadline: float | None = None
        self.taken: dict[int, str] = {}
        self.weeks: list[dict[int, str]] = []
        self.chosen: dict[int, str] = {}
        self.game: Game = begin(market(setup))
        self.version = 0

    def due(self, now: float) -> bool:
        """Whether the timer of the open week has run out."""
        return self.deadline is not None and now >= self.deadline and not self.game.over

    @property
    def complete(self) -> bool:
        """Whether everybody who sits has chosen; never in a room where nobody sits."""
        return bool(self.taken) and self.taken.keys() <= self.chosen.keys()

    def sit(self, digest: str) -> int:
        """The lowest free seat; :class:`RoomError` if there is none."""
        free = next((firm for firm in range(seats(self.setup)) if firm not in self.taken), None)
        if free is None:
            raise RoomError("room_full", seats=seats(self.setup))
        self.taken[free] = digest
        return free

    def stand_up(self, firm: int) -> None:
        """The seat is free again."""
        self.taken.pop(firm, None)

    def firm_of(self, digest: str) -> int | None:
        """The firm of a seat."""
        return next((firm for firm, kept in self.taken.items() if kept == digest), None)

    def start(self, now: float) -> None:
        """The first week begins; nothing happens if it has begun."""
        if not self.started:
            self.started = True
            self._wind(now)

    def choose(self, firm: int, week: int, pays: tuple[bool, ...]) -> None:
        """A firm's choice for the open week."""
        if not self.started or self.game.over or week != self.game.now.week:
            raise RoomError("week_closed", week=week)
        first, end = self.game.market.start[firm : firm + 2]
        if len(pays) != end - first:
            raise RoomError("choice_unknown", creditors=int(end - first))
        self.chosen[firm] = "".join("1" if one else "0" for one in pays)

    def end_week(self, now: float) -> None:
        """The open week is settled with what was chosen."""
        self.game = advance(self.game, self.vector(self.chosen))
        self.weeks.append(self.chosen)
        self.chosen = {}
        self._wind(now)

    def vector(self, chosen: dict[int, str]) -> Bool:
        """Choices of all firms, one a link; who has not chosen pays all."""
        found: Bool = np.ones(len(self.game.market.weekly), np.bool_)
        for firm, letters in chosen.items():
            first = int(self.game.market.start[firm])
            found[first : first + len(letters)] = [letter == "1" for letter in letters]
        return found

    def _wind(self, now: float) -> None:
        self.deadline = now + self.seconds if self.seconds and not self.game.over else None

    def write(self) -> bytes:
        """The room as JSON."""
        told = {
            "version": _VERSION,
            "code": self.code,
            "setup": asdict(self.setup),
            "host": self.host,
            "seconds": self.seconds,
            "together": self.together,
            "touched": self.touched,
            "started": self.started,
            "deadline": self.deadline,
            "taken": self.taken,
            "weeks": self.weeks,
            "chosen": self.chosen,
        }
        return json.dumps(told, indent=1).encode()

    @classmethod
    def read(cls, data: bytes) -> Room:
        """The room of a file; the game is played again from its choices.

        Raises :class:`ValueError`, :class:`KeyError`, :class:`TypeError` or
        :class:`sim.core.errors.SpecError` for anything else than what :meth:`write` makes.
        """
        told = json.loads(data)
        if told["version"] != _VERSION:
            raise ValueError(told["version"])
        room = cls(
            told["code"], Setup(**told["setup"]), told["host"], told["seconds"], told["together"],
            float(told["touched"]),
        )  # fmt: skip
        room.started = told["started"]
        room.taken = {int(firm): digest for firm, digest in told["taken"].items()}
        for chosen in told["weeks"]:
            room.chosen = {int(firm): letters for firm, letters in chosen.items()}
            room.end_week(0.0)
        room.chosen = {int(firm): letters for firm, letters in told["chosen"].items()}
        room.deadline = told["deadline"]
        return room
