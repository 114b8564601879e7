"""What collecting an overdue trade receivable does."""

from __future__ import annotations

from sim.collection.registry import Strategy
from sim.core.errors import SpecError
from sim.spec.world import World


def receivable_effect(strategy: Strategy, world: World) -> float:
    """Share (0..1) of the gap to full payment that a strategy closes on a receivable it works.

    Scored or self-service collection has the world's number ``receivable_gap_digital``, people have
    ``receivable_gap_human``; a strategy whose ``receivable_channel`` is None closes nothing.

    Raises
    ------
    SpecError
        If the strategy names another way to work receivables.
    """
    channel = getattr(strategy, "receivable_channel", "human")
    if channel is None:
        return 0.0
    if channel == "human":
        return world.collection.receivable_gap_human.value
    if channel == "digital":
        return world.collection.receivable_gap_digital.value
    raise SpecError(
        f"strategy {strategy.name!r}", "receivable_channel", f"{channel!r} is unknown", "human, digital, None"
    )
