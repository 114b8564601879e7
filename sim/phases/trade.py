"""Trade: final demand and orders arrive, goods are delivered, what matures becomes due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.kernel import kernel, kernel_step
from sim.core.ledger import Instrument, Sector
from sim.core.rng import normal, uniforms

if TYPE_CHECKING:
    from sim.phases.state import State


@kernel
def demand_week(clock, f, p, path, key):  # type: ignore[no-untyped-def]
    """Each firm's log shocks move and its final sales follow; returns total final sales, fen.

    ``path`` multiplies final demand by sector. Shocks are AR(1) and move demand between firms: final
    buyers keep their budget and replace failed firms, up to the replacement cap. The path of one
    sector leaves the others alone.
    """
    innovation = p.shock_sd * np.sqrt(1.0 - p.shock_persistence**2)
    budget = 0.0
    pulled = 0.0
    for i in range(f.cash.shape[0]):
        u, v, x, y = uniforms(key, clock, i, 0)
        f.demand_shock[i] = p.shock_persistence * f.demand_shock[i] + innovation * normal(u, v)
        f.order_shock[i] = p.shock_persistence * f.order_shock[i] + innovation * normal(x, y)
        budget += f.normal_final_sales[i]
        if f.alive[i]:
            pulled += f.normal_final_sales[i] * np.exp(f.demand_shock[i])
    share = np.exp(-0.5 * p.shock_sd**2) * p.replacement_cap
    if pulled > 0.0:
        share = min(share, budget / pulled)
    total = 0
    for i in range(f.cash.shape[0]):
        f.final_sales[i] = 0
        if f.alive[i]:
            level = np.exp(f.demand_shock[i]) * share * path[f.sector[i]] * f.input_limit[i]
            f.final_sales[i] = np.int64(f.normal_final_sales[i] * level)
            total += f.final_sales[i]
    return total


@kernel
def pull_week(slot, f, p, pull):  # type: ignore[no-untyped-def]
    """How strongly each supplier attracts orders this week (0 once it has failed)."""
    half_variance = 0.5 * p.shock_sd**2
    for j in range(f.cash.shape[0]):
        pull[slot, j] = np.exp(f.order_shock[j] - half_variance) * f.input_limit[j] if f.alive[j] else 0.0


@kernel_step
def order(amount, budget, pull):  # type: ignore[no-untyped-def]
    """One order in whole fen; the same product later tells how much of it matures."""
    return np.int64(amount * budget * pull)


@kernel_step
def on_credit(value, credit_share):  # type: ignore[no-untyped-def]
    """The part of a delivery that is a receivable with terms; the rest is due at once."""
    return np.int64(value * credit_share)


@kernel
def orders_week(slot, f, k, start, p, budget, pull, sold, missed, keep_orders, input_channel):  # type: ignore[no-untyped-def]
    """Every buyer splits its budget over living suppliers.

    ``sold`` and ``missed`` (fen by supplier) receive deliveries and the orders that failed or
    strained buyers no longer place. Returns (total delivered, extra purchases outside, fen).
    """
    delivered = 0
    outside = 0
    for i in range(f.cash.shape[0]):
        planned = 0.0
        if f.alive[i]:
            planned = f.activity[i] * (1.0 - p.strain_cut if f.shrinking[i] else 1.0)
        normal_total = 0.0
        living_total = 0.0
        pulled = 0.0
        for e in range(start[i], start[i + 1]):
            j = k.supplier[e]
            normal_total += k.weekly_amount[e]
            if f.alive[j]:
                living_total += k.weekly_amount[e]
                pulled += k.weekly_amount[e] * pull[slot, j] / f.input_limit[j]
        b = 0.0
        if pulled > 0.0:  # the budget stays with living suppliers; each replaces only so much
            b = planned * living_total / pulled * min(normal_total / living_total, p.replacement_cap)
        budget[slot, i] = b
        placed = 0
        for e in range(start[i], start[i + 1]):
            j = k.supplier[e]
            value = order(k.weekly_amount[e], b, pull[slot, j])
            credit = on_credit(value, p.credit_share)
            k.not_due[e] += credit
            k.overdue[e] += value - credit
            sold[j] += value
            placed += value
            if f.alive[j] and (f.shrinking[i] or not f.alive[i]):
                lost = k.weekly_amount[e] * f.activity[i] * pull[slot, j] - value
                if lost > 0.0:
                    missed[j] += np.int64(lost)
        delivered += placed
        if f.alive[i]:
            outside += input_shortage(i, f, p, placed, normal_total * planned, input_channel)
    if keep_orders:
        for j in range(f.cash.shape[0]):
            f.final_sales[j] += missed[j]
    return delivered, outside


@kernel_step
def input_shortage(i, f, p, placed, wanted, input_channel):  # type: ignore[no-untyped-def]
    """Essential inputs that nobody delivers limit next week's output, the rest is bought outside.

    Returns the purchases outside the network, fen; they add to the firm's hard costs.
    """
    f.input_limit[i] = 1.0
    missing = 1.0 - placed / wanted if wanted > 0.0 else 0.0
    if missing < 1e-6:
        return 0
    if input_channel:
        f.input_limit[i] = 1.0 - p.essential_inputs * missing
    share = 1.0 - p.essential_inputs if input_channel else 1.0
    extra = np.int64(share * missing * wanted)
    f.hard_costs[i] += extra
    return extra


@kernel
def maturity_week(clock, f, k, p, budget, pull, key):  # type: ignore[no-untyped-def]
    """Receivables whose terms end become due; some are disputed, some disputes end.

    Returns (disputed claims written off by firms, of these advanced publicly), fen.
    """
    ring = budget.shape[0]
    written_off = np.int64(0)
    for e in range(k.buyer.shape[0]):
        ordered = clock - k.terms[e]
        i = k.buyer[e]
        j = k.supplier[e]
        if ordered >= k.since[e]:
            slot = ordered % ring
            value = order(k.weekly_amount[e], budget[slot, i], pull[slot, j])
            due = on_credit(value, p.credit_share)
            k.not_due[e] -= due
            disputed = False
            if due > 0 and p.disputed_share > 0.0:
                u, _, _, _ = uniforms(key, clock, e, 0)
                disputed = u < p.disputed_share
            if disputed:
                k.disputed[e] += due
            else:
                k.overdue[e] += due
        if k.disputed[e] > 0:
            _, v, _, _ = uniforms(key, clock, e, 0)
            if v < 1.0 / p.dispute_weeks:
                lost = np.int64(k.disputed[e] * p.dispute_written_off)
                k.overdue[e] += k.disputed[e] - lost
                k.disputed[e] = 0
                written_off += lost
                f.loss_write_off[j] += lost
    return written_off


@kernel
def sales_week(f, p, sold, missed):  # type: ignore[no-untyped-def]
    """Sales, their averages and next week's planned activity follow."""
    fade = 1.0 - 1.0 / p.memory_weeks
    for i in range(f.cash.shape[0]):
        f.sales[i] = f.final_sales[i] + sold[i]
        f.cash[i] += f.final_sales[i]
        f.loss_orders[i] = f.loss_orders[i] * fade + missed[i]
        f.loss_inputs[i] = f.loss_inputs[i] * fade + (1.0 - f.input_limit[i]) * f.normal_sales[i]
        f.loss_late[i] *= fade
        f.loss_write_off[i] *= fade
        f.loss_credit[i] *= fade
        if f.alive[i] and f.normal_sales[i] > 0:
            f.average_sales[i] += (f.sales[i] - f.average_sales[i]) / p.cost_average_weeks
            level = f.sales[i] / f.normal_sales[i]
            f.activity[i] += p.order_smoothing * (level - f.activity[i])


def trade(state: State) -> None:
    """Final demand, orders, deliveries and maturing receivables of one week."""
    f, k, p, clock = state.firms, state.links, state.firm_numbers, state.clock
    slot = clock % state.budget.shape[0]
    f.hard_costs[:] = 0
    sold = np.zeros(len(f.cash), np.int64)
    missed = np.zeros(len(f.cash), np.int64)
    channels = state.spec.channels
    total = int(demand_week(clock, f, p, state.demand_path(), state.key("trade.demand")))
    pull_week(slot, f, p, state.pull)
    delivered, _ = orders_week(
        slot, f, k, state.buyer_start, p, state.budget, state.pull, sold, missed,
        not channels.cancelled_orders, channels.lost_inputs,
    )  # fmt: skip
    written_off = int(maturity_week(clock, f, k, p, state.budget, state.pull, state.key("trade.disputes")))
    sales_week(f, p, sold, missed)
    ledger = state.ledger
    exports = int(total * state.macro.export_share)
    public = int(total * state.macro.public_share)
    ledger.pay("exports", Sector.WORLD, Sector.FIRMS, exports)
    ledger.pay("public_purchases", Sector.GOVERNMENT, Sector.FIRMS, public)
    ledger.pay("consumer_sales", Sector.OTHERS, Sector.FIRMS, total - exports - public)
    state.macro.world += -exports
    state.macro.government += -public
    state.macro.others += -(total - exports - public)
    if not channels.cancelled_orders:
        kept = int(missed.sum())
        ledger.pay("backstop_orders", Sector.GOVERNMENT, Sector.FIRMS, kept)
        state.macro.government -= kept
    ledger.accrue("sales_on_credit", Sector.FIRMS, Sector.FIRMS, int(delivered), Instrument.TRADE_CREDIT)
    ledger.write_off("trade_disputes", Sector.FIRMS, Sector.FIRMS, written_off, Instrument.TRADE_CREDIT)
    state.week_sums["output"] = int(f.sales.sum())
    state.week_sums["bad_trade_debt"] = written_off
