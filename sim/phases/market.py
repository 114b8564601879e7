"""The market of collection: what is paid for it, on which kind of channel, and who works digitally."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.collection import is_digital
from sim.phases.choice import strategy_of

if TYPE_CHECKING:
    from sim.phases.state import State


def count_market(state: State, number: int, fees: int, cost: int) -> None:
    """Add what is paid for a collector's week: an agency's fees, an in-house team's own cost.

    The digital part is that of its costs of the week; in a week without costs that of its costs so far.
    """
    c, sums = state.collectors, state.week_sums
    paid = cost if state.spec.collectors[number].kind == "in_house" else fees
    part, whole = int(state.week_digital_costs[number]), cost
    if whole == 0:
        part, whole = int(c.digital_cost[number]), int(c.cost[number])
    digital = paid * part // whole if whole else 0
    sums["digital_spend"] = sums.get("digital_spend", 0) + digital
    sums["traditional_spend"] = sums.get("traditional_spend", 0) + paid - digital


def market_figures(state: State) -> dict[str, float | int | None]:
    """The week's figures of the market: adoption and staff."""
    c = state.collectors
    accounts = c.accounts.tolist()
    digital = [n for number, n in enumerate(accounts) if is_digital(strategy_of(state, number))]
    working, placed = sum(n > 0 for n in accounts), sum(accounts)
    heads = float(c.callers.sum() + c.analysts.sum())
    return {
        "digital_collectors": sum(n > 0 for n in digital) / working if working else None,
        "digital_placed": sum(digital) / placed if placed else None,
        "analyst_share": float(c.analysts.sum()) / heads if heads else None,
    }
