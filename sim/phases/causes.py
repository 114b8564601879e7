"""Why a firm failed: exact shares of its shortfall by channel, and within a channel by agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.contagion.shapley import shares_of_one
from sim.core.columns import F64, I32
from sim.phases.losses import losses_of

if TYPE_CHECKING:
    from sim.phases.state import State

#: Causes of a firm's failure in the order of the shares, with their columns in the table of events.
FIRM_CAUSES = {
    "own": "cause_own",
    "late_receipts": "cause_late_receipts",
    "write_off": "cause_writeoff",
    "cancelled_orders": "cause_orders",
    "lost_inputs": "cause_inputs",
    "lender_to_credit": "cause_credit",
}


OWN_ALONE: F64 = np.eye(len(FIRM_CAUSES), dtype=np.float64)[0]
#: Steps along a chain of late payers that a cause is followed, and the share below which it is not
#: followed any more (both: limits of work).
LATE_STEPS, SMALL_SHARE = 3, 1e-3


def liquidity_lost(state: State, firm: int) -> tuple[F64, float]:
    """What each cause of :data:`FIRM_CAUSES` has taken from a living firm so far, and what it lacks.

    Both in fen; see :func:`sim.phases.losses.lost_by_channel`. It lacks what would take it out of
    strain, this week's usual offers paid.
    """
    f, p, lenders = state.firms, state.firm_numbers, state.lenders
    lost = np.zeros(len(FIRM_CAUSES))
    has = losses_of(
        firm, f, state.losses, p, lenders.standard, lenders.normal_standard, state.credit_factor(), lost
    )
    needed = p.strain_weeks * f.hard_cost_share[firm] * f.average_sales[firm]
    return lost, float(min(needed - has, lost.sum()))


def record_failure(state: State, firm: int, forced: bool) -> None:
    """Add a firm's failure to the events, with the shares of its causes and the agents behind them.

    Shares are Shapley values (:func:`sim.contagion.shapley.shapley_shares`); a forced failure is its
    own cause. Within a channel agents share pro rata to the money that the firm lost through each.
    """
    f = state.firms
    number = len(state.events)
    shares = OWN_ALONE if forced else _shares(state, firm)
    rows = _agents(state, firm, number, dict(zip(FIRM_CAUSES, shares, strict=True)))
    state.causes.extend(rows)
    by_firm: dict[int, float] = {}
    for _, _, kind, agent, _, share in rows:
        if kind == "firm":
            by_firm[agent] = by_firm.get(agent, 0.0) + share
    state.events.append(
        {
            "week": state.week,
            "kind": "firm",
            "agent": firm,
            "sector": state.sectors[int(f.sector[firm])],
            **{FIRM_CAUSES[name]: float(share) for name, share in zip(FIRM_CAUSES, shares, strict=True)},
            "cause_job": 0.0,
            "main_cause_agent": max(by_firm, key=lambda agent: (by_firm[agent], -agent)) if by_firm else -1,
        }
    )
    state.newest_failure[firm] = number


def _shares(state: State, firm: int) -> F64:
    """Shapley shares of a firm's shortfall over :data:`FIRM_CAUSES`; none lacking: its own."""
    lost, lacking = liquidity_lost(state, firm)
    if lacking <= 0.0:  # creditors petitioned against a firm that could pay by now
        return OWN_ALONE.copy()
    return shares_of_one(lost, lacking)


Cause = tuple[int, str, str, int, int, float]


def _agents_of(state: State, firm: int) -> dict[str, tuple[I32, F64]]:
    """Who took how much from a firm through each channel of trade: agents and weights (fen)."""
    k = state.links
    sold = state.links_of_supplier[state.supplier_start[firm] : state.supplier_start[firm + 1]]
    bought = np.arange(state.buyer_start[firm], state.buyer_start[firm + 1])
    return {
        "late_receipts": (k.buyer[sold], (k.overdue[sold] - k.advanced[sold]).astype(np.float64)),
        "write_off": (k.buyer[sold], k.lost_weight[sold].astype(np.float64)),
        "cancelled_orders": (k.buyer[sold], k.missed_weight[sold].astype(np.float64)),
        "lost_inputs": (k.supplier[bought], k.short_weight[bought].astype(np.float64)),
    }


def _agents(state: State, firm: int, number: int, shares: dict[str, float]) -> list[Cause]:
    """Rows (event, channel, kind, agent, parent, share) of a failing firm."""
    rows: list[Cause] = [(number, "own", "none", -1, -1, shares["own"])]
    for channel, (agents, weight) in _agents_of(state, firm).items():
        share, total = shares[channel], float(weight.sum())
        if share <= 0.0:
            continue
        if total <= 0.0:
            rows.append((number, channel, "none", -1, -1, share))
            continue
        for agent, part in zip(agents.tolist(), (weight / total).tolist(), strict=True):
            if part > 0.0:
                behind = _behind(state, agent, channel, part * share, LATE_STEPS)
                rows += [(number, channel, "firm", agent, parent, x) for parent, x in behind.items()]
    if shares["lender_to_credit"] > 0.0:
        bank = int(state.firms.bank[firm])
        rows.append((number, "lender_to_credit", "lender", bank, -1, shares["lender_to_credit"]))
    return [row for row in rows if row[5] > 0.0]


def _behind(state: State, agent: int, channel: str, share: float, steps: int) -> dict[int, float]:
    """A share put down to an agent, by the failure through which it acted (-1: none).

    A living debtor that pays late because it is short passes on what made it short, for some steps
    along the chain of late payers; one that could pay does so by habit.
    """
    if channel != "late_receipts":
        return {_event_of(state, agent): share}
    f = state.firms
    if steps == 0 or share < SMALL_SHARE or not f.alive[agent] or f.paid[agent] >= f.offered[agent]:
        return {-1: share}
    found: dict[int, float] = {}
    shares = dict(zip(FIRM_CAUSES, _shares(state, agent).tolist(), strict=True))
    for reason, (agents, weight) in _agents_of(state, agent).items():
        total = float(weight.sum())
        if shares[reason] <= 0.0 or total <= 0.0:
            continue
        for other, part in zip(agents.tolist(), (weight / total).tolist(), strict=True):
            passed = share * shares[reason] * part
            if passed > 0.0:
                for parent, x in _behind(state, other, reason, passed, steps - 1).items():
                    found[parent] = found.get(parent, 0.0) + x
    found[-1] = share - sum(x for parent, x in found.items() if parent >= 0)
    return found


def _event_of(state: State, agent: int) -> int:
    """The failure of ``agent`` through which it acted, -1 where it acted as a living firm."""
    event = state.newest_failure.get(agent, -1)
    if event < 0:
        return -1
    recent = state.firm_numbers.entrant_weeks + state.firm_numbers.memory_weeks
    return event if state.week - state.events[event]["week"] <= recent else -1


def record_lender_loss(state: State, lender: int, kind: str, agent: int, loss: int) -> None:
    """Note which default cost a lender how much (fen)."""
    if loss > 0:
        state.lender_losses.append((state.week, lender, kind, agent, loss))
