"""Measures of the weekly series: costs, contacts, overdue debt, firms, people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.measures.record import MeasureValue, RunRecord, ratio

#: Levels are means over this many last weeks.
WINDOW = 52
FEN = 100


def total(record: RunRecord, name: str) -> float:
    """Sum of a weekly figure over the run."""
    return float(sum(row[name] or 0 for row in record.series))


def level(record: RunRecord, name: str) -> MeasureValue:
    """Mean of a weekly figure over the last year of the run (all weeks of a shorter one)."""
    values = [float(row[name] or 0) for row in record.series[-WINDOW:] if row[name] is not None]
    return MeasureValue(float(np.mean(values))) if values else MeasureValue(None, "no week has this figure")


def a_year(record: RunRecord, amount: float, per: float, reason: str) -> MeasureValue:
    """``amount`` over the run, per unit and year."""
    return ratio(amount * 52, per * record.weeks, reason)


def cost_per_100(record: RunRecord) -> MeasureValue:
    """Yuan spent on collection for each 100 yuan received from accounts in arrears."""
    return ratio(
        100 * total(record, "collection_cost"), total(record, "recovered_late"), "nothing was received"
    )


def net_present_recovery(record: RunRecord) -> MeasureValue:
    """Receipts from accounts in arrears less collection costs, discounted, yuan per borrower."""
    return _present(record, ("recovered_late",), ("collection_cost",))


def _present(record: RunRecord, plus: tuple[str, ...], minus: tuple[str, ...]) -> MeasureValue:
    """Weekly figures added and taken off, discounted to week 0, yuan per borrower."""
    factor = (1 + record.discount_rate) ** (1 / 52)
    worth = sum(
        (sum(row.get(name) or 0 for name in plus) - sum(row.get(name) or 0 for name in minus)) / factor**week
        for week, row in enumerate(record.series)
    )
    return ratio(worth / FEN, record.borrowers, "there are no borrowers")


def net_present_to_lenders(record: RunRecord) -> MeasureValue:
    """What lenders keep of debts in arrears: receipts and prices of debts sold less fees paid."""
    if not record.series:
        return MeasureValue(None, "no week has been measured")
    return _present(record, ("recovered_late", "debt_sale_price"), ("recovered_by_buyers", "collection_fees"))


def net_present_by_kind(record: RunRecord, kind: str) -> MeasureValue:
    """Receipts from accounts placed with one kind of collector less its costs (and purchases)."""
    spent = (f"cost_{kind}",) + (("debt_sale_price",) if kind == "debt_buyer" else ())
    if not any(row.get(name) for row in record.series for name in (f"recovered_{kind}", *spent)):
        return MeasureValue(None, "no collector of this kind had an account")
    return _present(record, (f"recovered_{kind}",), spent)


def settlement_discount(record: RunRecord) -> MeasureValue:
    """Balances forgiven over balances closed by settlements."""
    forgiven = total(record, "settlement_forgiven")
    return ratio(forgiven, forgiven + total(record, "settlement_paid"), "no settlement was paid")


def output_index(record: RunRecord) -> MeasureValue:
    """Sales of all firms in the last year over normal sales, times 100."""
    sales = level(record, "output")
    if sales.value is None:
        return sales
    return ratio(100 * sales.value, record.normal_output, "there are no sales")


def sleep_prevalence(stress: float, base_rate: float, odds_ratio: float) -> float:
    """Expected prevalence of sleep disorder at a stress of 0 to 1.

    Odds are the base rate's (B14) times the odds ratio of the over-indebted (B13) raised to stress over
    one half (assumption: the ratio holds at middling stress). With those sources 15 % at no stress, 24 %
    at one half; at full stress 36 %, what the odds ratio 3.24 of B10 for any mental disorder would give.
    """
    odds = base_rate / (1 - base_rate) * odds_ratio ** (stress / 0.5)
    return float(odds / (1 + odds))


def sleep_disorder_rate(record: RunRecord) -> MeasureValue:
    """Expected sleep disorder among borrowers over 180 days late: prevalence at their mean stress."""
    stress = level(record, "long_late_stress")
    if stress.value is None:
        return MeasureValue(None, "nobody is over 180 days late")
    return MeasureValue(sleep_prevalence(stress.value, record.sleep_base_rate, record.sleep_odds_ratio))


#: Weeks for which the failures that a failure caused are counted (assumption).
FOLLOW_UP = 26
WEEKS_OF_QUARTER = 13


def reproduction_number(record: RunRecord) -> MeasureValue:
    """Failures of firms directly caused by one failure of a firm within half a year, cause shares added."""
    weeks = [event["week"] for event in record.events]
    followed = [week <= record.weeks - 1 - FOLLOW_UP for week in weeks]
    caused = sum(
        share
        for event, _, _, _, parent, share in record.causes
        if parent >= 0 and followed[parent] and weeks[event] - weeks[parent] <= FOLLOW_UP
    )
    return ratio(caused, sum(followed), f"no firm failed {FOLLOW_UP} weeks or more before the end")


def reproduction_by_quarter(record: RunRecord) -> pd.DataFrame:
    """What :func:`reproduction_number` counts, by the quarter in which the causing firm failed.

    Columns ``week`` (first of the quarter), ``cases`` (failures followed for half a year) and
    ``offspring`` (failures they caused, cause shares added); their ratio is the reproduction number.
    """
    weeks = [event["week"] for event in record.events]
    last = record.weeks - 1 - FOLLOW_UP
    starts = range(0, max(last + 1, 0), WEEKS_OF_QUARTER)
    cases, offspring = dict.fromkeys(starts, 0), dict.fromkeys(starts, 0.0)
    for week in weeks:
        if 0 <= week <= last:
            cases[week // WEEKS_OF_QUARTER * WEEKS_OF_QUARTER] += 1
    for event, _, _, _, parent, share in record.causes:
        if parent >= 0 and 0 <= weeks[parent] <= last and weeks[event] - weeks[parent] <= FOLLOW_UP:
            offspring[weeks[parent] // WEEKS_OF_QUARTER * WEEKS_OF_QUARTER] += share
    return pd.DataFrame(
        {"week": list(starts), "cases": list(cases.values()), "offspring": list(offspring.values())}
    )


def failures_by_arrears(record: RunRecord) -> MeasureValue:
    """Failures whose largest cause is late receipts or write-offs, per 100 firms and year."""
    count = 0
    for event in record.events:
        arrears = event["cause_late_receipts"] + event["cause_writeoff"]
        rest = [
            v
            for k, v in event.items()
            if k.startswith("cause_") and k[6:] not in ("late_receipts", "writeoff")
        ]
        count += arrears > max(rest)
    return a_year(record, 100 * count, record.firms, "there are no firms")
