"""Every measure once: id, unit, names, definition, and how it is computed.

Names and definitions are in ``scenarios/texts/measures.yaml``, in the order of tables.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from sim.core.paths import scenarios_dir
from sim.measures import entries, market, prediction, recovery, weekly
from sim.measures.record import MeasureValue, RunRecord, ratio
from sim.measures.weekly import FEN, a_year, level, total
from sim.spec.base import Spec, Text
from sim.spec.faults import validate
from sim.spec.yamltext import read_yaml

Compute = Callable[[RunRecord], MeasureValue]


class MeasureText(Spec):
    """What a measure is called and means."""

    unit: str
    better: Literal["higher", "lower"] | None
    label: Text
    definition: Text


class Measure(NamedTuple):
    """A measure: its meaning in both languages, which way is better, its computation."""

    id: str
    unit: str
    label: Text
    definition: Text
    better: Literal["higher", "lower"] | None
    compute: Compute


def _cures() -> dict[str, Compute]:
    made: dict[str, Compute] = {}
    for horizon in recovery.HORIZONS:
        for stage in recovery.STAGES:
            suffix = "" if stage == recovery.HEADLINE else f"_{stage}"
            made[f"cure_rate_{horizon}{suffix}"] = partial(recovery.cure_rate, horizon=horizon, stage=stage)
        made[f"cure_rate_{horizon}_by_balance"] = partial(
            recovery.cure_rate, horizon=horizon, by_balance=True
        )
    return made


def _share_of(part: str, whole: str, reason: str, scale: float = 1.0) -> Compute:
    return lambda r: ratio(scale * total(r, part), total(r, whole), reason)


def _yearly(name: str, per: Literal["borrowers", "firms"], scale: float) -> Compute:
    return lambda r: a_year(r, scale * total(r, name), getattr(r, per), f"there are no {per}")


def _level(name: str) -> Compute:
    return lambda r: level(r, name)


#: Kinds of collector.
KINDS = ("in_house", "agency", "debt_buyer")
_UNREACHED = "no account was contacted"

#: How each measure is computed.
COMPUTE: dict[str, Compute] = {
    **_cures(),
    "cure_rate_180d_with_app": recovery.cure_rate_with_app,
    "cure_rate_180d_low_value": recovery.cure_rate_low_value,
    **entries.COMPUTE,
    "direct_effect_90d": recovery.direct_effect,
    "recovery_rate": recovery.recovery_rate,
    "received_per_borrower": _yearly("recovered_late", "borrowers", 1 / FEN),
    "recovery_rate_180d": recovery.recovery_rate_180d,
    "bad_debt_rate": recovery.bad_debt_rate,
    "restricted_mean_recovery_weeks_52": recovery.restricted_mean_weeks,
    "median_recovery_weeks": recovery.median_weeks,
    "settled_rate_360d_charged_off": recovery.settled_rate,
    "settlements_kept": _yearly("settlements_kept", "borrowers", 1000),
    "settlement_kept_rate": _share_of("settlements_kept", "settlements_due", "no settlement fell due"),
    "settlement_discount": weekly.settlement_discount,
    "cost_per_100": weekly.cost_per_100,
    "net_present_recovery": weekly.net_present_recovery,
    "net_present_to_lenders": weekly.net_present_to_lenders,
    **{f"net_present_{kind}": partial(weekly.net_present_by_kind, kind=kind) for kind in KINDS},
    "debt_sale_price": _share_of("debt_sale_price", "debts_sold", "no debt was sold"),
    "labour_cost_share": _share_of("labour_cost", "collection_cost", "nothing was spent"),
    "contact_rate": _share_of("contacted", "worked", "nobody was tried"),
    "promise_kept_rate": _share_of("promises_kept", "promises_due", "no promise fell due"),
    "complaints_per_1000": _share_of("complaints_expected", "contacted", _UNREACHED, 1000),
    "complaints_per_1000_borrowers": _yearly("complaints_expected", "borrowers", 1000),
    "dispute_rate": _share_of("disputes", "contacted", _UNREACHED),
    "prediction_accuracy": prediction.prediction_accuracy,
    "prediction_auc": prediction.prediction_auc,
    "prediction_brier": prediction.prediction_brier,
    "prediction_calibration": prediction.prediction_calibration,
    "prediction_base_rate": prediction.prediction_base_rate,
    "score_auc": prediction.score_auc,
    "open_disputes": _level("open_disputes"),
    "low_value_by_machine": recovery.low_value_by_machine,
    "violations": _yearly("violations", "borrowers", 1000),
    "violations_found_share": _share_of("violations_found", "violations", "no rule was broken"),
    "fines": _yearly("fines", "borrowers", 1 / FEN),
    "misuse_fines": _yearly("misuse_fines", "borrowers", 1 / FEN),
    "collectors_suspended": _level("suspended"),
    "breathing_spaces": _yearly("breathing_spaces", "borrowers", 1000),
    "digital_share": _share_of("digital", "contacted", _UNREACHED),
    "market_size": market.market_size,
    "digital_market_size": market.digital_market_size,
    "digital_market_growth": market.digital_market_growth,
    "digital_adoption": market.digital_adoption,
    "analyst_share": market.analyst_share,
    "consumer_overdue_30_rate": _level("consumer_overdue_30_rate"),
    "npl_ratio": _level("npl_ratio"),
    "charge_off_rate": _yearly("charge_offs", "borrowers", 1 / FEN),
    "new_credit": _yearly("new_credit", "borrowers", 1 / FEN),
    "stress_mean": _level("stress_mean"),
    "trust_mean": _level("trust_mean"),
    "numbers_blocked": _yearly("numbers_blocked", "borrowers", 1000),
    "moved": _yearly("moved", "borrowers", 1000),
    "data_breaches": lambda r: a_year(r, total(r, "data_breaches"), 1, "no week has been measured"),
    "breached_borrowers": _yearly("breached_borrowers", "borrowers", 1000),
    "sleep_disorder_rate_over_180d": weekly.sleep_disorder_rate,
    "essentials_missed_weeks": _yearly("essentials_missed", "borrowers", 1),
    "displaced_payments": _yearly("displaced_payments", "borrowers", 1000 / FEN),
    "trade_overdue_share": _level("trade_overdue_share"),
    "receivable_days": _level("receivable_days"),
    "firm_failures": _yearly("failures", "firms", 100),
    "failures_by_arrears": weekly.failures_by_arrears,
    "reproduction_number": weekly.reproduction_number,
    "jobs_lost": _yearly("laid_off", "borrowers", 1000),
    "output_index": weekly.output_index,
}


def _load() -> dict[str, Measure]:
    path = scenarios_dir() / "texts" / "measures.yaml"
    node = read_yaml(path, path.name)
    measures = {}
    for name, plain in node.plain().items():
        text = validate(MeasureText, plain, f"{path.name}, {name}")
        measures[name] = Measure(name, text.unit, text.label, text.definition, text.better, COMPUTE[name])
    return measures


#: All measures by id, in the order of tables.
MEASURES: dict[str, Measure] = _load()


def compute_measures(record: RunRecord) -> dict[str, MeasureValue]:
    """Every measure of a run."""
    if record.weeks <= 0:
        return {name: MeasureValue(None, "no week has been measured") for name in MEASURES}
    return {name: measure.compute(record) for name, measure in MEASURES.items()}
