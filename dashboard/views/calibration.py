"""Calibration: how well worlds fit, what is left open, what outcomes hang on, and which choice is robust."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import streamlit as st

from calibration import report as fitted
from calibration.backtest_page import cures, curves, gains
from calibration.backtest_table import gain, how, predictor, ratio
from calibration.evidence import EvidenceRow, evidence_table
from calibration.kept import read_kept
from calibration.ranking_table import factor_meaning, figure
from calibration.results import result_names, shipped_result
from calibration.targets import calibration_names
from dashboard import charts, uncertainty
from dashboard.links import Field
from dashboard.state import control, language, linked, say, share, worded
from sim.report.wording import word
from sim.spec.labels import name_of, text
from sim.spec.meanings import unit_name
from sim.spec.sources import DESIGNS

if TYPE_CHECKING:
    from calibration.backtest import Backtest

Data = Mapping[str, Any]
#: Where a backtest may be kept, as its command writes it.
BACKTESTS = ("evidence/results/backtest", "backtests/results/uci-card")
_PARTS = ("fit", "posterior", "backtest", "assumptions", "boxes", "robust", "evidence")
#: Parts that are not of one world that could be chosen.
_OF_NO_WORLD = ("backtest", "assumptions", "robust")


def fields() -> tuple[Field, ...]:
    """The controls in a link."""
    return (
        Field("world", "one", "evidence", tuple(calibration_names())),
        Field("part", "one", "fit", _PARTS),
    )


def show() -> None:
    """The page."""
    lang, known = language(), fields()
    st.title(say("calibration"))
    st.caption(say("calibration_intro"))
    values = linked("calibration", known)
    names = known[0].allowed
    part = st.pills(
        say("calibration_part"), _PARTS, default=values["part"], required=True,
        format_func=lambda name: say(f"part_{name}"), key=control("calibration", "part"),
    )  # fmt: skip
    world = values["world"]
    if part not in _OF_NO_WORLD:
        world = st.selectbox(
            say("world"), names, names.index(world), width=340,
            format_func=lambda name: name_of("world", name, lang), key=control("calibration", "world"),
        )  # fmt: skip
    found = {"part": part, "world": world}
    share("calibration", known, found)
    shows: dict[str, Callable[[str], None]] = {
        "fit": _fit, "posterior": _posterior, "backtest": lambda _: _backtest(),
        "assumptions": lambda _: uncertainty.assumptions(), "boxes": uncertainty.boxes,
        "robust": lambda _: uncertainty.robust(), "evidence": _evidence,
    }  # fmt: skip
    shows[found["part"]](found["world"])


def _result(world: str) -> Data | None:
    if world not in result_names():
        st.info(say("not_calibrated", world=name_of("world", world, language())))
        st.code(f"arrears calibrate --world {world}", language="bash")
        return None
    return shipped_result(world)


def _fit(world: str) -> None:
    """Every target with what the world shows on seeds that the fit has not seen."""
    data, lang = _result(world), language()
    if data is None:
        return
    targets = data["targets"]
    met = sum(row["met"] is True for row in targets)
    st.metric(say("targets_met"), f"{met} / {len(targets)}")
    charts.show(fitted.fit(targets, lang), f"fit-{world}", lang, [say("fit_meaning")], title=say("chart_fit"))
    rows = [
        {
            "id": row["id"], say("claim_or_figure"): row["label"]["zh" if lang == "zh" else "en"],
            say("target"): f"{row['value']:.3g} ± {row['tolerance']:.2g}",
            say("simulated"): _span(row["best"], row["best_low"], row["best_high"]),
            say("reached"): _span(None, row["reached_low"], row["reached_high"]),
            say("met"): say("yes") if row["met"] else say("no"), say("source"): row["source"],
        }
        for row in targets
    ]  # fmt: skip
    uncertainty.table(pd.DataFrame(rows), f"targets-{world}")
    if data.get("trade_offs"):
        st.markdown(f"##### {say('trade_offs')}")
        st.caption(word("calibration_costs_note", lang))
        st.dataframe(pd.DataFrame(_costs(data["trade_offs"], lang)), hide_index=True, width="stretch")


def _costs(rows: list[Data], lang: str) -> list[dict[str, str]]:
    """What each missed target comes to where it is pressed, and what is lost there."""
    return [
        {
            word("calibration_target", lang): row["target"],
            word("calibration_simulated", lang): f"{row['chosen']:.3g}",
            word("calibration_pressed", lang): f"{row['pressed']:.3g}",
            word("calibration_met", lang): say("yes") if row["met"] else say("no"),
            word("calibration_given_up", lang): "; ".join(
                f"{lost['target']}: {lost['chosen']:.3g} → {lost['pressed']:.3g}" for lost in row["given_up"]
            ) or word("calibration_none", lang),
        }
        for row in rows
    ]  # fmt: skip


def _posterior(world: str) -> None:
    """Intervals of the free numbers, what could not be told apart, and the coverage test."""
    data, lang = _result(world), language()
    if data is None:
        return
    chart = fitted.places(data["parameters"], lang)
    charts.show(chart, f"posterior-{world}", lang, [say("posterior_meaning")], title=say("chart_posterior"))
    rows = [
        {
            say("name"): row["field"].removeprefix("world."),
            text("evidence.meaning", lang): factor_meaning(row["field"], lang), say("value"): row["value"],
            say("low"): row["low"], say("high"): row["high"], say("learnt"): row["sd_over_prior"],
            say("identified"): say("yes") if row["identified"] else say("no"),
        }
        for row in data["parameters"]
    ]  # fmt: skip
    uncertainty.table(pd.DataFrame(rows), f"parameters-{world}")
    ties = [
        {say("name"): " / ".join(x.removeprefix("world.") for x in one["fields"]), "r": one["correlation"]}
        for one in data["ties"]
    ]
    if ties:
        st.markdown(f"##### {say('ties')}")
        st.dataframe(pd.DataFrame(ties), hide_index=True, width="stretch")
    cover = data["coverage"]
    low, high = cover["allowed"]
    told = {"share": f"{100 * cover['share']:.0f}", "low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"}
    key = "coverage_passed" if cover["passed"] else "coverage_failed"
    (st.success if cover["passed"] else st.warning)(say(key, truths=cover["truths"], **told))
    chart = fitted.covered(cover, lang)
    charts.show(chart, f"coverage-{world}", lang, [say("coverage_meaning")], title=say("chart_coverage"))


def _backtest() -> None:
    """The kept backtest as its command wrote it; said plainly where there is none."""
    lang, found = (
        language(),
        next((kept for name in BACKTESTS if (kept := read_kept(name)) is not None), None),
    )
    if found is None:
        st.info(say("no_backtest"))
        st.code("arrears backtest --portfolio FILE --map FILE", language="bash")
        return
    st.markdown(how(found, lang))
    months = found["months"]
    names = dict.fromkeys(months[0]["groups"]["all"])
    drawn = cast("Backtest", SimpleNamespace(months=months, chances=names))
    for key, draw in (("gains", gains), ("curve", curves), ("cure", cures)):
        title = text(f"backtest.{key}", lang)
        charts.show(draw(drawn, lang), f"backtest-{key}", lang, [text("backtest.note", lang)], title=title)
    for month in months:
        said = text("backtest.ahead", lang, ahead=month["ahead"], accounts=f"{month['accounts']:,}")
        st.markdown(f"##### {said}")
        uncertainty.table(pd.DataFrame(_scores(month, lang)), f"backtest-{month['ahead']}")
    st.caption(text("backtest.note", lang))


def _scores(month: Data, lang: str) -> list[dict[str, str]]:
    """Scores of every predictor by group, as the command prints them."""
    return [
        {
            text("backtest.group", lang): text(f"backtest.group_{group}", lang),
            text("backtest.predictor", lang): predictor(name, lang),
            text("backtest.log", lang): f"{row['log']:.4f}",
            text("backtest.log_gain", lang): gain(row["log_gain"]),
            text("backtest.brier", lang): f"{row['brier']:.4f}",
            text("backtest.brier_gain", lang): gain(row["brier_gain"]),
            text("backtest.late_ratio", lang): ratio(row["late_ratio"]),
        }
        for group, rows in month["groups"].items() for name, row in rows.items()
    ]  # fmt: skip


def _evidence(world: str) -> None:
    """The evidence base: every number, target, claim and source."""
    lang = language()
    first, second = st.columns([2, 3])
    design = first.selectbox(
        text("evidence.design", lang), ["", *DESIGNS], key=worded("calibration.design"),
        format_func=lambda name: text(f"evidence.design_{name}", lang) if name else say("all_designs"),
    )  # fmt: skip
    find = second.text_input(say("find"), key="calibration.find")
    rows = evidence_table(world=world, design=design or None, find=find, lang=lang)
    st.caption(say("evidence_count", count=len(rows)))
    heads = ("id", "quantity", "figure", "unit", "population", "design", "source")
    lines = [_line(row, lang) for row in rows]
    frame = pd.DataFrame(lines, columns=[text(f"evidence.{head}", lang) for head in heads])
    uncertainty.table(frame, "evidence", height=520)


def _line(row: EvidenceRow, lang: str) -> tuple[str, ...]:
    design = text(f"evidence.design_{row.design}", lang)
    source = f"{row.citation} {row.year or ''}".strip()
    return row.id, row.quantity, figure(row), unit_name(row.unit, lang), row.population, design, source


def _span(mean: float | None, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f"[{low:.3g}, {high:.3g}]"
    return f"{'' if mean is None else f'{mean:.3g}'} {ends}".strip() or "—"
