"""The contagion channels that reach a firm, as bits: which ones are closed, for all or for one firm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.kernel import kernel
from sim.spec.scenario import ShieldEvent

if TYPE_CHECKING:
    from sim.phases.state import State

#: Bits of ``firms.shield``. ``OWN`` closes no channel: the firm's own bad luck in demand is made good.
OWN, LATE_RECEIPTS, WRITE_OFF, CANCELLED_ORDERS, LOST_INPUTS, LENDER_TO_CREDIT = (1 << n for n in range(6))
BITS = {
    "own": OWN,
    "late_receipts": LATE_RECEIPTS,
    "write_off": WRITE_OFF,
    "cancelled_orders": CANCELLED_ORDERS,
    "lost_inputs": LOST_INPUTS,
    "lender_to_credit": LENDER_TO_CREDIT,
}


@kernel
def _note_since(clock, shield, bit, since):  # type: ignore[no-untyped-def]
    """The week from which a shield holds, into ``since``: clock + 1, 0 where there is none."""
    for i in range(shield.shape[0]):
        if not shield[i] & bit:
            since[i] = 0
        elif since[i] <= 0:
            since[i] = clock + 1


def close_channels(state: State) -> None:
    """Set the shields of the week from the scenario's switches and its dated shields.

    Orders on the way were placed in earlier weeks, so the week from which a shield holds is kept for
    the two channels of goods.
    """
    f, channels = state.firms, state.spec.channels
    common = 0
    for name in ("late_receipts", "write_off", "cancelled_orders", "lost_inputs"):
        if not getattr(channels, name):
            common |= BITS[name]
    f.shield[:] = common
    for event in state.spec.events:
        if isinstance(event, ShieldEvent) and event.week <= state.week:
            f.shield[event.firm] |= BITS[event.channel]
    for bit, since in ((CANCELLED_ORDERS, f.orders_kept_from), (LOST_INPUTS, f.inputs_kept_from)):
        _note_since(state.clock, f.shield, bit, since)
