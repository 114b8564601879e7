"""Channels, day parts, tones, stages and kinds of violation: their numbers and names."""

from __future__ import annotations

from typing import Final, Literal

from sim.core.errors import SpecError, unknown_name

HUMAN: Final = 0
FIELD: Final = 1
TEXT: Final = 2
MESSENGER: Final = 3
ROBOT: Final = 4
APP: Final = 5
LETTER: Final = 6
CHANNELS: Final = ("human", "field", "text", "messenger", "robot", "app", "letter")
#: The channel of an account that nobody reached.
NO_CHANNEL: Final = 255

MORNING: Final = 0
AFTERNOON: Final = 1
EVENING: Final = 2
NIGHT: Final = 3
DAY_PARTS: Final = ("morning", "afternoon", "evening", "night")
#: First hour and hour after the last of each day part; the night runs past midnight.
DAY_PART_HOURS: Final = ((8, 12), (12, 18), (18, 22), (22, 32))

GENTLE: Final = 0
FIRM: Final = 1
HARD: Final = 2
TONES: Final = ("gentle", "firm", "hard")

WILLING: Final = 0
RELUCTANT: Final = 1
SHORT: Final = 2
#: State of a borrower in a conversation: able and willing, able and unwilling, short of money.
STATES: Final = ("willing", "reluctant", "short")

NO_STAGE: Final = 0
EARLY: Final = 1
MIDDLE: Final = 2
LATE: Final = 3
CHARGED_OFF: Final = 4
#: Age of debt: nothing late, 1-30, 31-90, 91-180 days late, and after charge-off.
STAGES: Final = ("none", "early", "middle", "late", "charged_off")

#: Columns of ``Permission.violations``. Holding a forbidden data source is counted by collector, not by case.
VIOLATION_KINDS: Final = (
    "attempts_per_day",
    "attempts_per_week",
    "quiet_hours",
    "third_party_contact",
    "field_visits",
    "pause_after_contact",
    "forbearance",
    "data_source",
    "own",
)
#: Those of them that misuse personal data.
DATA_MISUSE: Final = ("third_party_contact", "data_source")

ChannelName = Literal["human", "field", "text", "messenger", "robot", "app", "letter"]
DayPartName = Literal["morning", "afternoon", "evening", "night"]
ToneName = Literal["gentle", "firm", "hard"]


def number_of(value: int | str, names: tuple[str, ...], what: str) -> int:
    """The number of a channel, day part or tone given by name or by number.

    Raises
    ------
    SpecError
        If ``value`` is neither a name of ``names`` nor a number below their count.
    """
    if isinstance(value, str):
        if value not in names:
            problem, allowed = unknown_name(value, names, what)
            raise SpecError("treatment", what, problem, allowed)
        return names.index(value)
    if not 0 <= value < len(names):
        raise SpecError("treatment", what, f"{value} is not the number of a {what}", f"0 to {len(names) - 1}")
    return int(value)
