"""A treatment: what a strategy wants done with each case this week."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from sim.collection.names import (
    AFTERNOON,
    CHANNELS,
    DAY_PARTS,
    EVENING,
    FIRM,
    MORNING,
    TONES,
    number_of,
)
from sim.core.columns import F32, I64, U8, Bool
from sim.core.errors import SpecError
from sim.core.kernel import kernel, kernel_step

#: Attempts without a day part go to the waking parts in turn.
_SPREAD = (AFTERNOON, EVENING, MORNING)
_SPREAD_OUT = -1
_MOST = 255


@dataclass(slots=True)
class Treatment:
    """Planned contacts of ``n`` cases in one week.

    Attributes
    ----------
    attempts:
        Attempts by channel and day part, shape (n, 7, 4), at most 255 each.
    tone:
        Number of a tone for each case (0 gentle, 1 firm, 2 hard).
    offer_plan, offer_proof:
        Whether an instalment plan, or the upload of proof in a dispute, is offered.
    settlement:
        Share of the balance that is offered to be forgiven against payment of the rest at once; 0 none.
    skip_trace:
        Whether a search for the borrower's new number and address is bought.
    third_party:
        Whether relatives or the employer are contacted as well.
    scored_calls:
        Whether call times are chosen by a score (raises contacts per human dial).
    reads_state:
        Whether a robot reads the borrower's state from the conversation and adapts its tone.
    negotiate:
        Whether a borrower may propose a plan as long as the instalments need (in the app).
    priority:
        Order within a stage in which scarce staff works the cases, highest first.
    """

    attempts: U8
    tone: U8
    offer_plan: Bool
    offer_proof: Bool
    settlement: F32
    skip_trace: Bool
    third_party: Bool
    scored_calls: Bool
    reads_state: Bool
    negotiate: Bool
    priority: F32

    @classmethod
    def nothing(cls, n: int) -> Self:
        """A treatment of ``n`` cases that attempts nothing (tone firm, priority 0)."""
        return cls(
            attempts=np.zeros((n, len(CHANNELS), len(DAY_PARTS)), np.uint8),
            tone=np.full(n, FIRM, np.uint8),
            offer_plan=np.zeros(n, np.bool_),
            offer_proof=np.zeros(n, np.bool_),
            settlement=np.zeros(n, np.float32),
            skip_trace=np.zeros(n, np.bool_),
            third_party=np.zeros(n, np.bool_),
            scored_calls=np.zeros(n, np.bool_),
            reads_state=np.zeros(n, np.bool_),
            negotiate=np.zeros(n, np.bool_),
            priority=np.zeros(n, np.float32),
        )

    def use(
        self,
        channel: int | str,
        attempts: ArrayLike,
        *,
        where: ArrayLike | None = None,
        tone: int | str | None = None,
        day_part: int | str | None = None,
        priority: ArrayLike | None = None,
    ) -> Self:
        """Add attempts on one channel; returns the treatment itself, so that calls chain.

        Parameters
        ----------
        channel:
            Name or number of a channel.
        attempts:
            Attempts in the week, one number or one a case (whole, not negative).
        where:
            Bool a case; the other cases stay as they are. None: all cases.
        tone, day_part:
            Name or number. A tone replaces the case's tone. Without a day part the attempts
            take afternoon, evening and morning in turn.
        priority:
            One number or one a case; replaces the case's priority.

        Raises
        ------
        SpecError
            On an unknown name, a count that is not whole or above 255 in a day part, or a wrong length.
        """
        c = number_of(channel, CHANNELS, "channel")
        chosen, counts = self._mask(where), self._counts(attempts)
        part = _SPREAD_OUT if day_part is None else number_of(day_part, DAY_PARTS, "day part")
        part, most = _add(self.attempts, c, part, chosen, counts)
        if part >= 0:
            place = f"{CHANNELS[c]}, {DAY_PARTS[part]}"
            raise SpecError("treatment", place, f"{most} attempts in a week", f"at most {_MOST}")
        if tone is not None:
            self.tone[chosen] = number_of(tone, TONES, "tone")
        if priority is not None:
            np.copyto(self.priority, self._column(priority, "priority"), where=chosen, casting="unsafe")
        return self

    def copy(self) -> Self:
        """A copy that shares nothing with this treatment."""
        return replace(self, **{f.name: getattr(self, f.name).copy() for f in fields(self)})

    def check(self, n: int, source: str) -> None:
        """Refuse a treatment that does not fit ``n`` cases; ``source`` names its maker.

        Raises
        ------
        SpecError
            If an array has another shape or type, a tone is unknown or a priority is not finite.
        """
        for name, dtype, rest in _LIKE:
            array, shape = getattr(self, name), (n, *rest)
            if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
                found = (
                    f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
                )
                raise SpecError(source, name, f"{found} does not fit the cases", f"{dtype} {shape}")
        tone, unfinished, discounts = _faults(self.tone, self.priority, self.settlement)
        if tone >= len(TONES):
            raise SpecError(source, "tone", f"{tone} is not the number of a tone", "0 to 2")
        if unfinished:
            raise SpecError(source, "priority", "a priority is not a finite number", "finite numbers")
        if discounts:
            raise SpecError(source, "settlement", "a discount is not a share of the balance", "0 to below 1")

    def _mask(self, where: ArrayLike | None) -> Bool:
        if where is None:
            return np.ones(self.tone.shape, np.bool_)
        mask = np.asarray(where)
        if mask.dtype != np.bool_ or mask.shape not in ((), self.tone.shape):
            raise SpecError(
                "treatment",
                "where",
                f"{mask.dtype} of shape {mask.shape}",
                f"bool of shape {self.tone.shape}",
            )
        return mask if mask.shape else np.full(self.tone.shape, mask)

    def _column(self, values: ArrayLike, what: str) -> np.ndarray:
        column = np.asarray(values)
        if column.shape not in ((), self.tone.shape):
            raise SpecError(
                "treatment", what, f"shape {column.shape}", f"one number or shape {self.tone.shape}"
            )
        return column

    def _counts(self, attempts: ArrayLike | int) -> I64:
        if isinstance(attempts, int) and not isinstance(attempts, bool) and 0 <= attempts <= _MOST:
            return np.array([attempts], np.int64)
        column = self._column(attempts, "attempts")
        if column.dtype.kind not in "iu":
            raise SpecError("treatment", "attempts", f"{column.dtype} is not a whole number", "whole numbers")
        if column.size and int(column.min()) < 0:
            raise SpecError("treatment", "attempts", f"{int(column.min())} is negative", "0 or more")
        return np.atleast_1d(column.astype(np.int64))


#: Name, type and further dimensions of each array.
_LIKE = tuple(
    (f.name, array.dtype, array.shape[1:])
    for f in fields(Treatment)
    for array in [getattr(Treatment.nothing(0), f.name)]
)


@kernel
def _add(attempts, channel, part, chosen, counts):  # type: ignore[no-untyped-def]
    """Add ``counts`` (one a case, or one for all) to the chosen cases, in a day part or spread out.

    Returns the day part that would have too many, which no attempt is added to, and how many; else -1.
    """
    last = counts.shape[0] - 1
    for turn in range(len(_SPREAD)):
        if part != _SPREAD_OUT and turn > 0:
            break
        here = _SPREAD[turn] if part == _SPREAD_OUT else part
        most = np.int64(0)
        for i in range(attempts.shape[0]):
            if chosen[i]:
                more = _turn(counts[min(i, last)], turn, part)
                most = max(most, np.int64(attempts[i, channel, here]) + more)
        if most > _MOST:
            return here, most
        for i in range(attempts.shape[0]):
            if chosen[i]:
                attempts[i, channel, here] += _turn(counts[min(i, last)], turn, part)
    return -1, 0


@kernel_step
def _turn(count, turn, part):  # type: ignore[no-untyped-def]
    """What falls on one turn of the waking parts of the day; everything where a part is given."""
    return (count + (len(_SPREAD) - 1 - turn)) // len(_SPREAD) if part == _SPREAD_OUT else count


@kernel
def _faults(tone, priority, settlement):  # type: ignore[no-untyped-def]
    """The highest tone, how many priorities are not finite, how many discounts are no share."""
    highest, unfinished, discounts = 0, 0, 0
    for i in range(tone.shape[0]):
        highest = max(highest, tone[i])
        unfinished += not np.isfinite(priority[i])
        discounts += not (settlement[i] >= 0 and settlement[i] < 1)
    return highest, unfinished, discounts
