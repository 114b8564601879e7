"""A backtest as one HTML file: gains, calibration and cure curves in both languages."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from calibration.backtest import BORROWERS, Backtest
from calibration.backtest_scores import REFERENCE
from calibration.backtest_table import gain, how, predictor, ratio
from sim.report.content import version_text
from sim.report.figures import COLOURS, MARKERS, finish
from sim.report.html import fill_page
from sim.report.tables import both, word_both
from sim.report.wording import word
from sim.spec.labels import text

LANGUAGES = ("en", "zh")
_GROUPS = ("all", "late", "current")
_SHOWN = (BORROWERS, REFERENCE, "duration_chain", "boosting")
Draw = Callable[[Backtest, str], "go.Figure | None"]


def _style(found: Backtest, name: str) -> dict[str, Any]:
    at = list(found.chances).index(name)
    return {"color": COLOURS[at % len(COLOURS)], "symbol": MARKERS[at % len(MARKERS)], "size": 8}


def gains(found: Backtest, lang: str) -> go.Figure:
    """Gain in the log score on the plain chain with its interval, by predictor and group, first month."""
    chart = go.Figure()
    groups = found.months[0]["groups"]
    for name in found.chances:
        if name in (REFERENCE, "persistence"):
            continue
        rows = [(group, groups[group][name]["log_gain"]) for group in _GROUPS if group in groups]
        chart.add_trace(
            go.Scatter(
                x=[100 * row["value"] for _, row in rows],
                y=[text(f"backtest.group_{group}", lang) for group, _ in rows],
                error_x={
                    "array": [100 * ((row["high"] or row["value"]) - row["value"]) for _, row in rows],
                    "arrayminus": [100 * (row["value"] - (row["low"] or row["value"])) for _, row in rows],
                },
                mode="markers", name=predictor(name, lang), marker=_style(found, name),
            )
        )  # fmt: skip
    chart.update_layout(scattermode="group")
    chart.update_xaxes(title_text=text("backtest.gains", lang), zeroline=True)
    chart.update_yaxes(autorange="reversed")
    return finish(chart, 420)


def curves(found: Backtest, lang: str) -> go.Figure:
    """Observed share late against the predicted chance, by tenths of accounts: all, and those late."""
    curve = found.months[0]["calibration"]
    chart = make_subplots(cols=len(curve), subplot_titles=[text(f"backtest.group_{g}", lang) for g in curve])
    for column, group in enumerate(curve, 1):
        for name in (one for one in _SHOWN if one in curve[group]):
            rows = curve[group][name]
            chart.add_trace(
                go.Scatter(
                    x=[100 * row["predicted"] for row in rows], y=[100 * row["observed"] for row in rows],
                    error_y={
                        "array": [100 * (row["high"] - row["observed"]) for row in rows],
                        "arrayminus": [100 * (row["observed"] - row["low"]) for row in rows],
                    },
                    mode="markers+lines", name=predictor(name, lang), legendgroup=name,
                    showlegend=column == 1, marker=_style(found, name), line={"width": 1},
                ),
                row=1, col=column,
            )  # fmt: skip
        chart.add_trace(
            go.Scatter(x=[0, 100], y=[0, 100], mode="lines", showlegend=False, hoverinfo="skip",
                       line={"dash": "dot", "color": "rgba(128,128,128,0.9)"}),
            row=1, col=column,
        )  # fmt: skip
        chart.update_xaxes(title_text=text("backtest.curve_predicted", lang), row=1, col=column)
    chart.update_yaxes(title_text=text("backtest.curve_observed", lang), col=1)
    return finish(chart, 460)


def cures(found: Backtest, lang: str) -> go.Figure | None:
    """Share back in order by months late in a row: observed with interval, and predicted."""
    rows = found.months[0]["cure"]
    if not rows:
        return None
    chart, at = go.Figure(), [f"{row['months_late']}{'+' if row['and_more'] else ''}" for row in rows]
    chart.add_trace(
        go.Scatter(
            x=at, y=[100 * row["observed"] for row in rows], mode="markers", name=text("backtest.observed",
            lang), error_y={
                "array": [100 * (row["high"] - row["observed"]) for row in rows],
                "arrayminus": [100 * (row["observed"] - row["low"]) for row in rows],
            },
            marker={"color": "rgba(128,128,128,0.9)", "size": 11, "symbol": "line-ew-open"},
        )
    )  # fmt: skip
    for name in (one for one in _SHOWN if one in rows[0]["predicted"]):
        given = [100 * row["predicted"][name] for row in rows]
        chart.add_trace(
            go.Scatter(
                x=at, y=given, mode="markers+lines", name=predictor(name, lang), marker=_style(found, name)
            )
        )
    chart.update_xaxes(title_text=text("backtest.months_late", lang), type="category")
    chart.update_yaxes(title_text=text("backtest.cured", lang), rangemode="tozero")
    return finish(chart, 420)


_CHARTS: dict[str, Draw] = {"backtest_gains": gains, "backtest_curve": curves, "backtest_cure": cures}


def _table(found: Backtest) -> str:
    """Scores of all groups and horizons, both languages."""
    parts = []
    heads = ("group", "predictor", "accounts", "log", "log_gain", "brier", "brier_gain", "late_ratio")
    head = "".join(f"<th>{_both(f'backtest.{key}')}</th>" for key in heads)
    for month in found.months:
        ahead = {"ahead": month["ahead"], "accounts": f"{month['accounts']:,}"}
        body = []
        for group, rows in month["groups"].items():
            for name, row in rows.items():
                cells = (
                    _both(f"backtest.group_{group}"), _both(f"backtest.by_{name}"), f"{row['accounts']:,}",
                    f"{row['log']:.4f}", gain(row["log_gain"]), f"{row['brier']:.4f}",
                    gain(row["brier_gain"]), ratio(row["late_ratio"]),
                )  # fmt: skip
                body.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        parts.append(
            f'<h3>{_both("backtest.ahead", **ahead)}</h3><div class="scroll"><table><thead><tr>{head}</tr>'
            f"</thead><tbody>{''.join(body)}</tbody></table></div>"
        )
    return "".join(parts)


def _both(key: str, **values: object) -> str:
    return both(text(key, "en", **values), text(key, "zh", **values))


def backtest_page(found: Backtest, command: str) -> str:
    """The whole page as text; ``command`` is the line that made it."""
    said = found.settings
    made = [word("made_by", lang, version=version_text(), hash=said["file"]) for lang in LANGUAGES]
    sentence = both(*(how(said, lang) for lang in LANGUAGES))
    settings = "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(str(said[key]))}</dd></div>" for key in said)
    title = _both("backtest.title")
    texts = {
        "title": escape(text("backtest.title", "en")), "heading": title, "description": sentence, "facts": "",
        "against": "", "intervals": _both("backtest.note"), "not_real": "", "theme_label": word_both("theme"),
        "key_figures_title": word_both("backtest_how"), "all_measures": word_both("backtest_scores"),
        "assumptions_title": word_both("backtest_setting"),
        "assumptions_note": word_both("backtest_setting_note"),
        "reproduce_title": word_both("reproduce"), "reproduce_note": word_both("reproduce_note"),
        "command_line_title": word_both("command_line"), "command": escape(command),
        "python": escape(f'from calibration.backtest import backtest\n\nbacktest("{said["file"]}")'),
        "made_by": both(*made),
    }  # fmt: skip
    charts = {name: {lang: draw(found, lang) for lang in LANGUAGES} for name, draw in _CHARTS.items()}
    parts = {"sureness": "", "tables": _table(found), "assumptions": f'<dl class="facts">{settings}</dl>'}
    return fill_page(charts, texts, tiles=f"<p>{sentence}</p>", **parts)
