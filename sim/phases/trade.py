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
def demand_week(clock, f, p, path, key, keep_supply, wanted, living):  # type: ignore[no-untyped-def]
    """Each firm's log shocks move and its final sales follow; returns total final sales, fen.

    ``path`` multiplies final demand by sector. Shocks are AR(1) and move demand between firms: final
    buyers keep their budget. In place of a failed firm they buy from firms of the same component of
    the network, up to the replacement cap, unless ``keep_supply`` lets others deliver in its name. The
    path of one sector leaves the others alone. ``wanted`` and ``living`` are scratch by component.
    """
    innovation = p.shock_sd * np.sqrt(1.0 - p.shock_persistence**2)
    budget = 0.0
    pulled = 0.0
    for i in range(f.cash.shape[0]):
        u, v, x, y = uniforms(key, clock, i, 0)
        f.demand_shock[i] = p.shock_persistence * f.demand_shock[i] + innovation * normal(u, v)
        f.order_shock[i] = p.shock_persistence * f.order_shock[i] + innovation * normal(x, y)
        budget += f.normal_final_sales[i]
        pull = f.normal_final_sales[i] * np.exp(f.demand_shock[i])
        pulled += pull
        wanted[f.component[i]] += pull
        if f.alive[i] or keep_supply:
            living[f.component[i]] += pull
    most = np.exp(-0.5 * p.shock_sd**2) * p.replacement_cap
    total = 0
    for i in range(f.cash.shape[0]):
        f.final_sales[i] = 0
        if f.alive[i] or keep_supply:
            c = f.component[i]
            share = min(most, budget / pulled * (wanted[c] / living[c])) if living[c] > 0.0 else 0.0
            level = np.exp(f.demand_shock[i]) * share * path[f.sector[i]]
            f.final_sales[i] = np.int64(f.normal_final_sales[i] * level * f.input_limit[i])
            total += f.final_sales[i]
    return total


@kernel
def pull_week(slot, f, p, pull, full_pull):  # type: ignore[no-untyped-def]
    """How strongly each supplier attracts orders this week, as it is (0 once it has failed) and as it
    would if it lacked nothing (``full_pull``)."""
    half_variance = 0.5 * p.shock_sd**2
    for j in range(f.cash.shape[0]):
        full_pull[slot, j] = np.exp(f.order_shock[j] - half_variance)
        pull[slot, j] = full_pull[slot, j] * f.input_limit[j] if f.alive[j] else 0.0


@kernel_step
def order(amount, budget, pull):  # type: ignore[no-untyped-def]
    """One order in whole fen; the same product later tells how much of it matures."""
    return np.int64(amount * budget * pull)


@kernel_step
def on_credit(value, credit_share):  # type: ignore[no-untyped-def]
    """The part of a delivery that is a receivable with terms; the rest is due at once."""
    return np.int64(value * credit_share)


@kernel_step
def plan_orders(i, slot, f, k, start, p, full_pull, budget, full_budget):  # type: ignore[no-untyped-def]
    """A buyer's budget factor of the week, with and without what strain or failure takes away.

    The budget stays with living suppliers, each of which replaces only so much. Returns the sum of
    normal orders, fen.
    """
    inputs_kept = f.inputs_kept_from[i] > 0
    normal_total = 0.0
    living_total = 0.0
    pulled = 0.0
    for e in range(start[i], start[i + 1]):
        j = k.supplier[e]
        normal_total += k.weekly_amount[e]
        if f.alive[j] or inputs_kept:
            living_total += k.weekly_amount[e]
            pulled += k.weekly_amount[e] * full_pull[slot, j]
    b = 0.0
    if pulled > 0.0:
        b = f.activity[i] * living_total / pulled * min(normal_total / living_total, p.replacement_cap)
    kept = 0.0
    if f.alive[i]:
        kept = 1.0 - p.strain_cut if f.shrinking[i] else 1.0
    full_budget[slot, i] = b
    budget[slot, i] = b * kept
    return normal_total


@kernel
def orders_week(slot, f, k, start, losses, p, budget, full_budget, pull, full_pull, sold):  # type: ignore[no-untyped-def]
    """Every buyer splits its budget over living suppliers.

    ``sold`` (fen by supplier) receives deliveries. Orders that a shielded supplier would lose are
    placed all the same: by the government in place of a failed buyer, at its expense by a strained
    one; inputs that a shielded buyer would miss come from outsiders in the failed supplier's name.
    Returns (delivered, bought outside, paid to strained buyers), fen.
    """
    delivered = 0
    outside = 0
    subsidy = 0
    fade = 1.0 - 1.0 / p.memory_weeks
    for j in range(f.cash.shape[0]):
        losses.missed[j] = 0.0
    for i in range(f.cash.shape[0]):
        inputs_kept = f.inputs_kept_from[i] > 0
        normal_total = plan_orders(i, slot, f, k, start, p, full_pull, budget, full_budget)
        curtailed = budget[slot, i] < full_budget[slot, i]
        placed = 0
        for e in range(start[i], start[i + 1]):
            j = k.supplier[e]
            attraction = full_pull[slot, j] if inputs_kept else pull[slot, j]
            value = order(k.weekly_amount[e], budget[slot, i], attraction)
            placed += value
            k.lost_weight[e] *= fade
            k.missed_weight[e] *= fade
            if curtailed:
                full = order(k.weekly_amount[e], full_budget[slot, i], attraction)
                if f.orders_kept_from[j] > 0:
                    if f.alive[i]:
                        subsidy += full - value
                        f.cash[i] += full - value
                    value = full
                elif f.alive[j]:
                    losses.missed[j] += full - value
                    k.missed_weight[e] += full - value
            k.short_weight[e] *= fade
            if not inputs_kept:
                gap = 1.0 - f.input_limit[j] if f.alive[j] else 1.0
                if gap > 0.0:
                    k.short_weight[e] += k.weekly_amount[e] * gap
            credit = on_credit(value, p.credit_share)
            k.not_due[e] += credit
            k.overdue[e] += value - credit
            sold[j] += value
            delivered += value
        if f.alive[i]:
            planned = f.activity[i] * (1.0 - p.strain_cut if f.shrinking[i] else 1.0)
            rounding = start[i + 1] - start[i]  # up to a fen an order
            wanted = normal_total * planned
            outside += input_shortage(i, f, losses, p, placed + rounding, wanted, inputs_kept)
    return delivered, outside, subsidy


@kernel_step
def input_shortage(i, f, losses, p, placed, wanted, inputs_kept):  # type: ignore[no-untyped-def]
    """Essential inputs that nobody delivers limit next week's output, the rest is bought outside.

    Returns the purchases outside the network, fen; they add to the firm's hard costs.
    """
    f.input_limit[i] = 1.0
    losses.bought_outside[i] = 0.0
    losses.undelivered[i] = 0.0
    missing = 1.0 - placed / wanted if wanted > 0.0 else 0.0
    if missing < 1e-6 or inputs_kept:
        return 0
    f.input_limit[i] = 1.0 - p.essential_inputs * missing
    extra = np.int64((1.0 - p.essential_inputs) * missing * wanted)
    f.hard_costs[i] += extra
    losses.bought_outside[i] = np.float64(extra)
    losses.undelivered[i] = missing * wanted
    return extra


@kernel_step
def placed_then(e, clock, ordered, f, k, budget, full_budget, pull, full_pull):  # type: ignore[no-untyped-def]
    """What was ordered on a link in an earlier week, fen."""
    i, j = k.buyer[e], k.supplier[e]
    slot = ordered % budget.shape[0]
    wish = budget[slot, i]
    if f.orders_kept_from[j] > 0 and ordered >= f.orders_kept_from[j] - 1:
        wish = full_budget[slot, i]
    attraction = pull[slot, j]
    if f.inputs_kept_from[i] > 0 and ordered >= f.inputs_kept_from[i] - 1:
        attraction = full_pull[slot, j]
    return order(k.weekly_amount[e], wish, attraction)


@kernel
def maturity_week(clock, f, k, p, budget, full_budget, pull, full_pull, key):  # type: ignore[no-untyped-def]
    """Receivables whose terms end become due; some are disputed, some disputes end.

    Returns the disputed claims written off by firms, fen.
    """
    written_off = np.int64(0)
    for e in range(k.buyer.shape[0]):
        due = np.int64(0)
        ordered = clock - k.terms[e]
        if ordered >= k.since[e] and ordered >= k.terms_from[e]:
            value = placed_then(e, clock, ordered, f, k, budget, full_budget, pull, full_pull)
            due += on_credit(value, p.credit_share)
        ordered = clock - k.former_terms[e]
        if ordered >= k.since[e] and ordered < k.terms_from[e]:
            value = placed_then(e, clock, ordered, f, k, budget, full_budget, pull, full_pull)
            due += on_credit(value, p.credit_share)
        if due > 0:
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
    return written_off


@kernel
def sales_week(f, losses, p, sold, keep_supply):  # type: ignore[no-untyped-def]
    """Sales, their averages and next week's planned activity follow."""
    for i in range(f.cash.shape[0]):
        f.sales[i] = f.final_sales[i] + sold[i]
        f.cash[i] += f.final_sales[i]
        if (f.alive[i] or keep_supply) and f.normal_sales[i] > 0:
            f.average_sales[i] += (f.sales[i] - f.average_sales[i]) / p.cost_average_weeks
            level = f.sales[i] / f.normal_sales[i]
            f.activity[i] += p.order_smoothing * (level - f.activity[i])


@kernel
def trade_week(clock, f, k, start, losses, p, path, demand_key, disputes_key, keep_supply, rings, scratch):  # type: ignore[no-untyped-def]
    """The whole week: returns (final sales, delivered, paid to strained buyers, disputes written off), fen.

    ``rings`` are the budgets of buyers and the pull of suppliers, each as it is and in full; ``scratch``
    are zeros, three numbers a firm.
    """
    wanted, living, sold = scratch
    budget, full_budget, pull, full_pull = rings
    slot = clock % budget.shape[0]
    for i in range(f.cash.shape[0]):
        f.hard_costs[i] = 0
        # the share of sales that missing inputs cost is read before the limits move on
        losses.unmade[i] = 1.0 / max(f.input_limit[i], 1e-3) - 1.0
    final = demand_week(clock, f, p, path, demand_key, keep_supply, wanted, living)
    pull_week(slot, f, p, pull, full_pull)
    delivered, _, subsidy = orders_week(
        slot, f, k, start, losses, p, budget, full_budget, pull, full_pull, sold
    )
    written_off = maturity_week(clock, f, k, p, budget, full_budget, pull, full_pull, disputes_key)
    sales_week(f, losses, p, sold, keep_supply)
    for i in range(f.cash.shape[0]):
        losses.unmade[i] *= f.sales[i]
    return final, delivered, subsidy, written_off


def trade(state: State) -> None:
    """Final demand, orders, deliveries and maturing receivables of one week."""
    f, firms = state.firms, len(state.firms.cash)
    scratch = (np.zeros(firms), np.zeros(firms), np.zeros(firms, np.int64))
    total, delivered, subsidy, written_off = trade_week(
        state.clock, f, state.links, state.buyer_start, state.losses, state.firm_numbers,
        state.demand_path(), state.key("trade.demand"), state.key("trade.disputes"),
        not state.spec.channels.lost_inputs,
        (state.budget, state.full_budget, state.pull, state.full_pull), scratch,
    )  # fmt: skip
    ledger = state.ledger
    exports = int(total * state.macro.export_share)
    public = int(total * state.macro.public_share)
    ledger.pay("exports", Sector.WORLD, Sector.FIRMS, exports)
    ledger.pay("public_purchases", Sector.GOVERNMENT, Sector.FIRMS, public)
    ledger.pay("consumer_sales", Sector.OTHERS, Sector.FIRMS, total - exports - public)
    ledger.pay("backstop_orders", Sector.GOVERNMENT, Sector.FIRMS, subsidy)
    state.macro.world += -exports
    state.macro.government += -public - subsidy
    state.macro.others += -(total - exports - public)
    ledger.accrue("sales_on_credit", Sector.FIRMS, Sector.FIRMS, delivered, Instrument.TRADE_CREDIT)
    ledger.write_off("trade_disputes", Sector.FIRMS, Sector.FIRMS, written_off, Instrument.TRADE_CREDIT)
    state.week_sums["bad_trade_debt"] = written_off
