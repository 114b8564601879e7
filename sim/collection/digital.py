"""What counts as digital: channels that machines work, and strategies built on them."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.funnel import Outcome
from sim.collection.names import APP, MESSENGER, ROBOT, TEXT
from sim.collection.parameters import FunnelParameters
from sim.collection.registry import Strategy
from sim.collection.treatment import Treatment

#: Channels worked by machines; letters are not among them.
DIGITAL_CHANNELS: Final = (TEXT, MESSENGER, ROBOT, APP)


def is_digital(strategy: Strategy) -> bool:
    """Whether a strategy is a digital one: it says so (``digital``), or works receivables digitally."""
    declared = getattr(strategy, "digital", None)
    if declared is not None:
        return bool(declared)
    return getattr(strategy, "receivable_channel", "human") == "digital"


def digital_cost(made: Treatment, outcome: Outcome, numbers: FunnelParameters) -> int:
    """Cost of a week's contacts on digital channels, fen, at most the whole cost.

    Attempts by their price; a conversation counts where the most persuasive contact was on a digital
    channel. Everything else (people, letters, checks of contacts) is the rest of the cost.
    """
    attempts = made.attempts.sum(axis=(0, 2), dtype=np.int64)
    reached = np.bincount(outcome.channel, minlength=len(numbers.cost_attempt))
    cost = sum(
        attempts[c] * numbers.cost_attempt[c] + reached[c] * numbers.cost_conversation[c]
        for c in DIGITAL_CHANNELS
    )
    return min(round(float(cost)), int(outcome.cost.sum()))
