"""The regulator's stance: how often it inspects follows complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.phases.state import State

#: Part of the way that the stance goes at a look (assumption).
SPEED = 0.5


def move_stance(state: State) -> None:
    """The factor on inspections moves towards complaints per 1,000 contacted since the last look over
    the usual.

    At most ``supervision.stance_most`` and at least one over it; a time without contacts leaves the
    stance as it is.
    """
    c, numbers = state.collectors, state.world.supervision
    seen = int(c.complaints.sum()), int(c.contacted_accounts.sum())
    complaints, contacted = (now - before for now, before in zip(seen, state.conduct_seen, strict=True))
    state.conduct_seen = seen
    if contacted > 0:
        most = numbers.stance_most.value
        wanted = 1000 * complaints / contacted / numbers.usual_complaints.value
        state.stance += SPEED * (min(most, max(1.0 / most, wanted)) - state.stance)
