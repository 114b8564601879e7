"""The report of a sweep as one HTML file: outcomes of the arms over all points, and what drives them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import yaml
from plotly.subplots import make_subplots

from sim.report import tables
from sim.report.content import Meaning, meanings, version_text
from sim.report.figures import COLOURS, MARKERS, escaped, finish
from sim.report.files import write_text
from sim.report.html import fill_page
from sim.report.numbers import figure, interval, shown
from sim.report.tables import both, word_both
from sim.report.wording import word
from sim.spec.base import Text

if TYPE_CHECKING:
    from sim.experiments.sweeps import Sweep

#: Drivers that are drawn for an outcome.
_DRAWN = 3
_SURE = 0.05


def write_sweep_report(sweep: Sweep, path: str | Path, command: str | None = None) -> Path:
    """Write the report of a sweep; ``command`` is the line that made it, None: the shortest one.

    Raises :class:`SpecError` if the file cannot be written.
    """
    return write_text(path, sweep_page(sweep, command))


def sweep_page(sweep: Sweep, command: str | None = None) -> str:
    """The whole page as text."""
    labels = meanings(sweep.spec.outcomes)
    charts = {
        "spread": {lang: spread(sweep, labels, lang) for lang in ("en", "zh")},
        "drivers": {lang: drivers(sweep, labels, lang) for lang in ("en", "zh")},
    }
    return fill_page(
        charts,
        _texts(sweep, command),
        tiles=_summary(sweep, labels),
        sureness="",
        tables=_design(sweep),
        assumptions=f"<pre><code>{escape(_yaml(sweep))}</code></pre>",
    )


def spread(sweep: Sweep, labels: Mapping[str, Meaning], lang: str) -> go.Figure:
    """Boxes over points: a panel for each outcome and world, a box for each arm."""
    worlds, outcomes = list(sweep.plan.plan.worlds), list(sweep.spec.outcomes)
    titles = [_titled(labels[outcome], outcome, lang) for outcome in outcomes]
    chart = make_subplots(
        rows=len(outcomes), cols=len(worlds), subplot_titles=[t for t in titles for _ in worlds],
        column_titles=worlds if len(worlds) > 1 else None, vertical_spacing=0.25 / len(outcomes),
    )  # fmt: skip
    for row, outcome in enumerate(outcomes, 1):
        factor = shown(_unit(outcome)).factor
        for column, world in enumerate(worlds, 1):
            here = sweep.points[sweep.points["world"] == world]
            for place, arm in enumerate(sweep.plan.arms):
                values = here.loc[here["arm"] == arm, outcome].dropna() * factor
                chart.add_trace(
                    go.Box(
                        x=[float(f"{value:.5g}") for value in values], name=escaped(arm), orientation="h",
                        marker={"color": COLOURS[place % len(COLOURS)]}, showlegend=False, boxpoints="all",
                        jitter=0.4, pointpos=0,
                    ),
                    row=row,
                    col=column,
                )  # fmt: skip
    return finish(chart, 100 + len(outcomes) * (70 + 34 * len(sweep.plan.arms)))


def drivers(sweep: Sweep, labels: Mapping[str, Meaning], lang: str) -> go.Figure | None:
    """Dots: each outcome against what it moves with most, a colour for each arm."""
    found = sweep.drivers()
    found = found[found["p_value"] < _SURE]
    pairs = [
        (outcome, field)
        for outcome in sweep.spec.outcomes
        for field in _strongest(found[found["outcome"] == outcome])
    ]
    if not pairs:
        return None
    columns = min(3, len(pairs))
    lines = -(-len(pairs) // columns)
    chart = make_subplots(
        rows=lines, cols=columns, vertical_spacing=0.35 / lines, horizontal_spacing=0.09,
        subplot_titles=[_titled(labels[outcome], outcome, lang) for outcome, _ in pairs],
    )  # fmt: skip
    for number, (outcome, field) in enumerate(pairs):
        row, column = number // columns + 1, number % columns + 1
        factor = shown(_unit(outcome)).factor
        for place, arm in enumerate(sweep.plan.arms):
            here = sweep.points[sweep.points["arm"] == arm].dropna(subset=[outcome])
            chart.add_trace(
                go.Scatter(
                    x=here[field].tolist(), y=[float(f"{v:.5g}") for v in here[outcome] * factor],
                    mode="markers", name=escaped(arm), legendgroup=arm, showlegend=number == 0,
                    marker={"color": COLOURS[place % len(COLOURS)], "symbol": MARKERS[place % len(MARKERS)]},
                ),
                row=row,
                col=column,
            )  # fmt: skip
        chart.update_xaxes(title_text=escaped(field), title_font_size=11, row=row, col=column)
    return finish(chart, 120 + 300 * lines)


def _strongest(found: Any) -> list[str]:
    means = found.groupby("field")["rank_correlation"].mean().abs().sort_values(ascending=False)
    return [str(name) for name in means.index[:_DRAWN]]


def _unit(outcome: str) -> str:
    from sim.measures import MEASURES

    return MEASURES[outcome].unit


def _titled(meaning: Meaning, outcome: str, lang: str) -> str:
    text = meaning.label.zh if lang == "zh" else meaning.label.en
    unit = shown(_unit(outcome)).name(lang)
    return escaped(f"{text} ({unit})" if unit else text)


def _summary(sweep: Sweep, labels: Mapping[str, Meaning]) -> str:
    """A table for each world: mean, spread over points and share of points at which an arm is best."""
    summary, parts = sweep.summary(), []
    for world in sweep.plan.plan.worlds:
        rows = summary[summary["world"] == world].to_dict("records")
        names = [
            both(*(_titled(labels[name], name, lang) for lang in ("en", "zh")))
            for name in sweep.spec.outcomes
        ]
        heads = "".join(f'<th scope="col" class="arm">{name}</th>' for name in names)
        lines = "".join(
            f'<tr><th scope="row">{escape(arm)}</th>'
            + "".join(_cell(row) for row in rows if row["arm"] == arm)
            + "</tr>"
            for arm in sweep.plan.arms
        )
        parts.append(
            f'<h3>{escape(world)}</h3><div class="scroll"><table class="measures"><thead><tr>'
            f'<th scope="col">{word_both("arm")}</th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
        )
    return "\n".join(parts)


def _cell(row: Mapping[Any, Any]) -> str:
    if not row["points"]:
        return f"<td>{tables.DASH}</td>"
    text = f"{figure(row['mean'], row['unit'])} {interval(row['q05'], row['q95'], row['unit'])}"
    best = row["best"]
    if best is not None and np.isfinite(best):
        share = f"{100 * best:.0f}"
        text += f"<br>{both(word('best_at', 'en', share=share), word('best_at', 'zh', share=share))}"
    return f"<td>{text}</td>"


def _design(sweep: Sweep) -> str:
    """What each arm sets."""
    levers = list(next(iter(sweep.plan.arms.values())))
    heads = "".join(f'<th scope="col"><code>{escape(lever)}</code></th>' for lever in levers)
    lines = "".join(
        f'<tr><th scope="row">{escape(arm)}</th>'
        + "".join(f"<td>{escape(str(value))}</td>" for value in settings.values())
        + "</tr>"
        for arm, settings in sweep.plan.arms.items()
    )
    return (
        f'<div class="scroll"><table class="measures"><thead><tr><th scope="col">{word_both("arm")}</th>'
        f"{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _yaml(sweep: Sweep) -> str:
    data = sweep.spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)


def _texts(sweep: Sweep, command: str | None) -> dict[str, str]:
    """Title, facts and fixed texts of the page."""
    spec, plan = sweep.spec, sweep.plan
    title = spec.label or Text(en=spec.id, zh=spec.id)
    about = spec.description or plan.plan.scenario.description
    facts = (
        ("scenario", escape(plan.plan.scenario.id)),
        ("worlds", str(len(plan.plan.worlds))),
        ("design_points", f"{len(plan.settings):,}"),
        ("runs", f"{spec.runs:,}"),
        ("weeks", f"{plan.plan.scenario.weeks:,}"),
        ("seed", str(plan.plan.scenario.seed)),
    )
    note = [word("sweep_note", lang, points=len(plan.settings), runs=spec.runs) for lang in ("en", "zh")]
    made = [word("made_by", lang, version=version_text(), hash=plan.hash) for lang in ("en", "zh")]
    return {
        "title": escape(title.en),
        "heading": both(title.en, title.zh),
        "description": both(about.en, about.zh),
        "facts": "".join(f"<div><dt>{word_both(key)}</dt><dd>{value}</dd></div>" for key, value in facts),
        "against": both(*note),
        "intervals": "",
        "key_figures_title": word_both("arms_over_points"),
        "all_measures": word_both("what_arms_set"),
        "assumptions_title": word_both("sweep_file"),
        "assumptions_note": "",
        "theme_label": word_both("theme"),
        "reproduce_title": word_both("reproduce"),
        "reproduce_note": word_both("reproduce_note"),
        "command_line_title": word_both("command_line"),
        "command": escape(command or f"arrears sweep {spec.id}.yaml --out out"),
        "python": escape(f'import arrears\n\nresult = arrears.sweep("{spec.id}.yaml")\nresult.summary()'),
        "made_by": both(*made),
        "not_real": word_both("not_real"),
    }
