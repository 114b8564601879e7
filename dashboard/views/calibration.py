"""Calibration: how well worlds fit, what is left open, what outcomes hang on, and which choice is robust."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, cast

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from calibration import charts as figures
from calibration import report as fitted
from calibration.backtest_page import cures, curves, gains
from calibration.backtest_table import gain, how, predictor, ratio
from calibration.evidence import EvidenceRow, evidence_table
from calibration.evidence_commands import ASSUMPTIONS, ROBUST
from calibration.kept import changed_worlds, read_kept
from calibration.ranking_table import factor_meaning, factor_name, figure
from calibration.results import result_names, shipped_result
from calibration.robust_table import (
    front_figure,
    outcome_name,
    pareto_rows,
    regret_figure,
    satisficing_rows,
)
from calibration.targets import calibration_names
from dashboard import charts
from dashboard.links import Field
from dashboard.state import control, language, linked, say, share
from sim.measures import MEASURES
from sim.spec.labels import name_of, text
from sim.spec.meanings import unit_name
from sim.spec.sources import DESIGNS

if TYPE_CHECKING:
    from calibration.backtest import Backtest

Data = Mapping[str, Any]
#: Where a backtest may be kept, as its command writes it.
BACKTESTS = ("evidence/results/backtest", "backtests/results/uci-card")
_PARTS = ("fit", "posterior", "backtest", "assumptions", "boxes", "robust", "evidence")


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
    found = {
        "part": st.pills(
            say("calibration_part"), _PARTS, default=values["part"], required=True,
            format_func=lambda name: say(f"part_{name}"), key=control("calibration", "part"),
        ),
        "world": st.selectbox(
            say("world"), names, names.index(values["world"]), width=340,
            format_func=lambda name: name_of("world", name, lang), key=control("calibration", "world"),
        ),
    }  # fmt: skip
    share("calibration", known, found)
    shows: dict[str, Callable[[str], None]] = {
        "fit": _fit, "posterior": _posterior, "backtest": _backtest, "assumptions": _assumptions,
        "boxes": _boxes, "robust": _robust, "evidence": _evidence,
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
    _table(pd.DataFrame(rows), f"targets-{world}")
    if data.get("trade_offs"):
        st.markdown(f"##### {say('trade_offs')}")
        st.dataframe(pd.DataFrame(data["trade_offs"]), hide_index=True, width="stretch")


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
    _table(pd.DataFrame(rows), f"parameters-{world}")
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


def _backtest(_: str) -> None:
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
        _table(pd.DataFrame(_scores(month, lang)), f"backtest-{month['ahead']}")
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


def _assumptions(_: str) -> None:
    """Tornado for each main outcome, and the ranks as a table."""
    document = _kept(ASSUMPTIONS, "arrears assumptions --keep")
    if document is None:
        return
    lang = language()
    keys = ("varied", "trajectories", "screening_points", "base_points", "points")
    world = name_of("world", document["world"], lang)
    st.caption(text("ranking.title", lang, world=world, **{key: document[key] for key in keys}))
    outcomes = list(document["units"])
    outcome = st.selectbox(
        say("outcome"), outcomes, format_func=lambda name: outcome_name(name, lang), key="calibration.outcome"
    )
    label = MEASURES[outcome].label
    charts.show(
        figures.tornado(document, outcome, lang),
        f"tornado-{outcome}",
        lang,
        [text("ranking.note", lang)],
        title=say("chart_tornado", outcome=label.zh if lang == "zh" else label.en),
    )
    rows, effect = document["shares"] or document["screening"], "total" if document["shares"] else "effect"
    table = [
        [outcome_name(row["outcome"], lang), factor_name(row["field"], lang),
         factor_meaning(row["field"], lang), *_ends(row, effect)]
        for row in rows
    ]  # fmt: skip
    heads = [say("measure"), say("name"), text("evidence.meaning", lang)]
    heads += [say(key) for key in ("effect", "low", "high")]
    _table(pd.DataFrame(table, columns=heads), "ranking")


def _ends(row: Data, effect: str) -> list[float | None]:
    return [row[key] for key in (effect, "low", "high")]


def _boxes(_: str) -> None:
    """Where in what is uncertain a strategy stops winning."""
    document = _kept(ROBUST, "arrears robust --points 64 --keep")
    if document is None:
        return
    lang = language()
    if not document["boxes"]:
        st.info(say("too_few_for_boxes", points=document["points"]))
        st.code("arrears robust --points 64 --keep", language="bash")
    for number, one in enumerate(document["boxes"]):
        arms = " − ".join(name_of("strategy", arm, lang) for arm in (one["arm"], one["against"]) if arm)
        world = name_of("world", one["world"], lang)
        asked = f"{outcome_name(one['outcome'], lang)}: {arms} {one['asked']}"
        st.markdown(f"#### {world} — {asked}")
        st.caption(say("asked_points", count=one["interesting"], total=one["points"]))
        if one["box"] is None:
            st.info(text("discover.none" if one["interesting"] == 0 else "discover.all", lang))
            continue
        shares = {key: f"{100 * one['box'][key]:.0f}" for key in ("coverage", "density", "mass")}
        st.markdown(text("discover.box", lang, **shares))
        for name, draw in (("box", figures.box_figure), ("trail", figures.trail_figure)):
            chart = draw(one, lang)
            charts.show(
                chart,
                f"{name}-{number}",
                lang,
                [say(f"{name}_meaning")],
                title=f"{say(f'chart_{name}')} — {asked}",
            )


def _robust(_: str) -> None:
    """Regret, satisficing and the front over both worlds."""
    document = _kept(ROBUST, "arrears robust --keep")
    if document is None:
        return
    lang = language()
    said = {"points": document["points"], "worlds": len(document["varied"])}
    st.caption(f"{text('robust.title', lang, **said)}. {text('robust.note', lang)}")
    drawn: list[tuple[str, go.Figure, str]] = [
        (f"regret-{outcome}", regret_figure(document, outcome, lang), outcome_name(outcome, lang))
        for outcome in document["outcomes"]
    ]
    front = text("robust.pareto", lang)
    charts.show(front_figure(document, lang), "front", lang, [text("robust.note", lang)], title=front)
    _rows(pareto_rows(document, lang))
    st.markdown(
        f"##### {text('robust.satisficing', lang, arm=name_of('strategy', document['arms'][0], lang))}"
    )
    _rows(satisficing_rows(document, lang))
    for key, chart, name in drawn:
        title = text("robust.regret", lang, outcome=name)
        charts.show(chart, key, lang, [text("robust.note", lang)], title=title)


def _evidence(world: str) -> None:
    """The evidence base: every number, target, claim and source."""
    lang = language()
    first, second = st.columns([2, 3])
    design = first.selectbox(
        text("evidence.design", lang), ["", *DESIGNS], key="calibration.design",
        format_func=lambda name: text(f"evidence.design_{name}", lang) if name else say("all_designs"),
    )  # fmt: skip
    find = second.text_input(say("find"), key="calibration.find")
    rows = evidence_table(world=world, design=design or None, find=find, lang=lang)
    st.caption(say("evidence_count", count=len(rows)))
    heads = ("id", "quantity", "figure", "unit", "population", "design", "source")
    lines = [_line(row, lang) for row in rows]
    frame = pd.DataFrame(lines, columns=[text(f"evidence.{head}", lang) for head in heads])
    _table(frame, "evidence", height=520)


def _line(row: EvidenceRow, lang: str) -> tuple[str, ...]:
    design = text(f"evidence.design_{row.design}", lang)
    source = f"{row.citation} {row.year or ''}".strip()
    return row.id, row.quantity, figure(row), unit_name(row.unit, lang), row.population, design, source


def _kept(name: str, command: str) -> Data | None:
    """A kept result; else the command that makes it. Says which worlds have changed since."""
    document = read_kept(name)
    if document is None:
        st.info(say("nothing_kept"))
        st.code(command, language="bash")
        return None
    for world in changed_worlds(document):
        st.warning(say("kept_older", world=name_of("world", world, language())), icon=":material/history:")
    return document


def _rows(rows: list[list[str]]) -> None:
    st.dataframe(pd.DataFrame(rows[1:], columns=rows[0]), hide_index=True, width="stretch")


def _table(frame: pd.DataFrame, key: str, height: int | Literal["auto"] = "auto") -> None:
    st.dataframe(frame, hide_index=True, width="stretch", height=height)
    plain = frame.astype(object).where(frame.notna(), "")
    st.download_button(
        say("csv"), charts.to_csv(map(str, frame.columns), plain.itertuples(index=False)),
        f"arrears-{key}.csv", "text/csv", key=f"csv.{key}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def _span(mean: float | None, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f"[{low:.3g}, {high:.3g}]"
    return f"{'' if mean is None else f'{mean:.3g}'} {ends}".strip() or "—"
