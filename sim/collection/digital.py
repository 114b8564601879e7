"""What counts as digital: channels that machines work, and strategies built on them."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.funnel import Outcome
from sim.collection.names import APP, MESSENGER, ROBOT, TEXT
from sim.collection.parameters import FunnelParameters
from sim.collection.registry import Strategy
from sim.collection.treatment import Treatment
from sim.core.kernel import kernel

#: Channels worked by machines; letters are not among them.
DIGITAL_CHANNELS: Final = (TEXT, MESSENGER, ROBOT, APP)


def is_digital(strategy: Strategy) -> bool:
    """Whether a strategy is a digital one, whatever modules it has.

    It says so (``digital``), or else its scores are learned (``learns``) or it works receivables digitally.
    """
    base = getattr(strategy, "base", strategy)
    declared = getattr(base, "digital", None)
    if declared is not None:
        return bool(declared)
    return bool(getattr(base, "learns", False)) or getattr(base, "receivable_channel", "human") == "digital"


def digital_cost(made: Treatment, outcome: Outcome, numbers: FunnelParameters) -> int:
    """Part of the cost of a week's contacts that went to digital channels, fen.

    Attempts count by their price, a conversation on the most persuasive channel of contact; what
    conversations on further channels cost is split in the same proportion. People and letters are the rest.
    """
    attempts, talks = np.zeros((2, len(numbers.cost_attempt)), np.int64)
    cost = int(_paid(np.ascontiguousarray(made.attempts), outcome, attempts, talks))
    known = attempts * numbers.cost_attempt + talks * numbers.cost_conversation
    whole = float(known.sum())
    if whole == 0:
        return 0
    return round(cost * float(known[list(DIGITAL_CHANNELS)].sum()) / whole)


@kernel
def _paid(planned, outcome, attempts, talks):  # type: ignore[no-untyped-def]
    """Attempts, and conversations on the most persuasive channel, by channel; returns the whole cost."""
    cost = np.int64(0)
    for case in range(planned.shape[0]):
        for channel in range(planned.shape[1]):
            for part in range(planned.shape[2]):
                attempts[channel] += planned[case, channel, part]
        if outcome.contacts[case] > 0:
            talks[outcome.channel[case]] += 1
        cost += outcome.cost[case]
    return cost
