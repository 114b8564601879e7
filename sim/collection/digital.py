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
    cost, digital, whole = _paid(
        np.ascontiguousarray(made.attempts), outcome.contacts, outcome.channel, outcome.cost,
        numbers.cost_attempt, numbers.cost_conversation,
    )  # fmt: skip
    return round(cost * digital / whole) if whole else 0


@kernel
def _paid(planned, contacts, channel, cost, of_attempt, of_talk):  # type: ignore[no-untyped-def]
    """The whole cost, and what attempts and conversations cost by their prices: digital, all."""
    total = np.int64(0)
    for case in range(planned.shape[0]):
        total += cost[case]
    digital, whole = 0.0, 0.0
    for c in range(planned.shape[1]):
        attempts, talks = np.int64(0), np.int64(0)
        for case in range(planned.shape[0]):
            for part in range(planned.shape[2]):
                attempts += planned[case, c, part]
            talks += contacts[case] > 0 and channel[case] == c
        known = attempts * of_attempt[c] + talks * of_talk[c]
        whole += known
        if c in DIGITAL_CHANNELS:
            digital += known
    return total, digital, whole
