"""Remedies for triangular debt: set-off of cycles, and clearing of all debts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.contagion.debt_cycles import set_off
from sim.contagion.net_payments import netting
from sim.core.columns import I64
from sim.core.kernel import kernel
from sim.core.ledger import Instrument, Sector
from sim.spec.scenario import LeversSpec

if TYPE_CHECKING:
    from sim.phases.state import State


def levers_in_force(state: State) -> LeversSpec:
    """The scenario's levers, or what the rule set says of them where it says something."""
    given = {}
    for name in ("set_off_every", "netting_every", "compulsory_payment_every"):
        found = getattr(state.rules, f"{name}_weeks")
        if found is not None:
            given[name] = found.value
    return state.spec.levers.model_copy(update=given) if given else state.spec.levers


def falls_on(state: State, every: int) -> bool:
    """Whether a lever that acts every some weeks (0: never) acts this week."""
    return every > 0 and state.week >= 0 and state.week % every == 0


def set_off_overdue(state: State) -> None:
    """Cycles of overdue debts cancel without cash; net positions stay what they were, to the fen."""
    k = state.links
    cancelled = set_off(state.buyer_start, k.supplier, k.overdue - k.advanced)
    k.overdue[:] -= cancelled
    total = int(cancelled.sum())
    state.ledger.write_off("debts_set_off", Sector.FIRMS, Sector.FIRMS, total, Instrument.TRADE_CREDIT)
    state.week_sums["debts_set_off"] = total


@kernel
def cash_at_hand(f, p, available):  # type: ignore[no-untyped-def]
    """What each firm may spend on trade debts, into ``available``, fen: cash and open line, less the
    payroll reserve."""
    for i in range(f.cash.shape[0]):
        free = f.cash[i] + max(np.int64(0), f.line[i] - f.drawn[i])
        available[i] = free - np.int64(p.payroll_reserve_weeks * f.hard_costs[i])


@kernel
def apply_payments(f, k, payments):  # type: ignore[no-untyped-def]
    """Book one payment a link. Returns (paid to firms, repaid to who advanced it), fen."""
    to_firms, to_public = 0, 0
    for e in range(payments.shape[0]):
        q = payments[e]
        public = min(q, k.advanced[e])
        k.overdue[e] -= q
        k.payment[e] += q
        k.advanced[e] -= public
        f.cash[k.buyer[e]] -= q
        f.paid[k.buyer[e]] += q
        f.cash[k.supplier[e]] += q - public
        to_public += public
        to_firms += q - public
    return to_firms, to_public


def pay_net(state: State, offers: I64) -> tuple[int, int]:
    """All offers are cleared at once (:func:`sim.contagion.netting`): who owes and is owed pays the net.

    Returns (paid to firms, repaid to who advanced it), fen. Payments on advanced claims leave the
    circle of firms, so they are made first.
    """
    f, k = state.firms, state.links
    available = np.zeros(len(f.cash), np.int64)
    cash_at_hand(f, state.firm_numbers, available)
    advanced = np.minimum(offers, k.advanced)
    if advanced.any():
        owed = np.bincount(k.buyer, advanced, len(available)).astype(np.int64)
        enough = (owed <= np.maximum(0, available))[k.buyer]
        ratio = np.maximum(0, available) / np.maximum(1, owed) * (1.0 - 2.0**-50)
        first = np.where(enough, advanced, (advanced * ratio[k.buyer]).astype(np.int64))
        available -= np.bincount(k.buyer, first, len(available)).astype(np.int64)
        to_firms, to_public = apply_payments(f, k, first)
        offers = np.where(k.advanced > 0, 0, offers - first)
    else:
        to_firms, to_public = 0, 0
    more, public = apply_payments(f, k, netting(state.buyer_start, k.supplier, offers, available))
    return int(to_firms + more), int(to_public + public)
