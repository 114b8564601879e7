"""The report of a calibration as one HTML file: fit, posterior, coverage, ties, what misses would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from calibration.ranking_table import factor_meaning
from sim.report.content import version_text
from sim.report.figures import COLOURS, escaped, finish
from sim.report.files import write_text
from sim.report.html import fill_page
from sim.report.tables import DASH, both, word_both
from sim.report.wording import word
from sim.spec.meanings import unit_name

#: Beyond so many tolerances a miss is drawn at the edge; its figure is in the table.
_SHOWN = 6.0
_WORLD = "world."
_LANGUAGES = ("en", "zh")
Row = Mapping[str, Any]


def write_calibration_report(data: Row, path: str | Path, command: str) -> Path:
    """Write the report of a calibration.

    Parameters
    ----------
    data:
        As :func:`calibration.calibrated.document` or a shipped result has it.
    path:
        The HTML file; replaced in one step where it exists.
    command:
        The command line that made it, to be shown.

    Raises
    ------
    SpecError
        If the file cannot be written.
    """
    return write_text(path, calibration_page(data, command))


def calibration_page(data: Row, command: str) -> str:
    """The whole page as text."""
    charts = {
        "calibration_fit": {lang: fit(data["targets"], lang) for lang in _LANGUAGES},
        "calibration_places": {lang: places(data["parameters"], lang) for lang in _LANGUAGES},
        "calibration_coverage": {lang: covered(data["coverage"], lang) for lang in _LANGUAGES},
    }
    return fill_page(
        charts, _texts(data, command), tiles=_targets(data["targets"]),
        sureness=_ties(data["ties"]) + _costs(data), tables=_parameters(data["parameters"]), assumptions="",
    )  # fmt: skip


def fit(targets: Sequence[Row], lang: str) -> go.Figure:
    """Misses of the chosen point and of draws of the posterior, in tolerances, with their intervals."""
    names = [f"{row['id']} · {_label(row, lang)}" for row in targets]
    chart = go.Figure()
    for place, kind in enumerate(("best", "draws")):
        rows = [_drawn(row, kind) for row in targets]
        chart.add_trace(
            go.Scatter(
                x=[row[0] for row in rows],
                y=[escaped(name) for name in names], mode="markers",
                name=word("calibration_chosen" if kind == "best" else "calibration_draws", lang),
                error_x={"type": "data", "symmetric": False, "arrayminus": [r[1] for r in rows],
                         "array": [r[2] for r in rows]},
                marker={"color": COLOURS[place], "size": 9, "symbol": ("circle", "diamond")[place]},
            )
        )  # fmt: skip
    chart.add_vrect(x0=-1, x1=1, fillcolor=COLOURS[2], opacity=0.15, line_width=0)
    chart.update_xaxes(title_text=word("calibration_misses", lang), range=[-_SHOWN - 0.3, _SHOWN + 0.3])
    chart.update_yaxes(autorange="reversed")
    return finish(chart, 150 + 34 * len(targets))


def places(parameters: Sequence[Row], lang: str) -> go.Figure:
    """Where each parameter's interval and chosen value lie in its range."""
    names = [escaped(row["field"].removeprefix(_WORLD)) for row in parameters]
    low, high = ([row[key] for row in parameters] for key in ("place_low", "place_high"))
    ends = [x for a, b in zip(low, high, strict=True) for x in (a, b, None)]
    chart = go.Figure(
        [
            go.Scatter(
                x=ends, y=[name for name in names for _ in range(3)], mode="lines",
                line={"width": 7, "color": COLOURS[5]}, name=word("calibration_interval", lang),
            ),
            go.Scatter(
                x=[row["place"] for row in parameters], y=names, mode="markers",
                text=[f"{row['value']:.4g}" for row in parameters],
                hovertemplate="%{y}: %{text}<extra></extra>",
                marker={"color": COLOURS[0], "size": 9}, name=word("calibration_chosen", lang),
            ),
        ]
    )  # fmt: skip
    chart.update_xaxes(title_text=word("calibration_place", lang), range=[-0.02, 1.02])
    chart.update_yaxes(autorange="reversed")
    return finish(chart, 150 + 26 * len(names))


def covered(coverage: Row, lang: str) -> go.Figure:
    """Share of made-up truths inside their intervals, by parameter."""
    names = [escaped(name.removeprefix(_WORLD)) for name in coverage["by_parameter"]]
    shares = [100 * share for share in coverage["by_parameter"].values()]
    chart = go.Figure(go.Scatter(x=shares, y=names, mode="markers", marker={"color": COLOURS[0], "size": 9}))
    low, high = (100 * share for share in coverage["allowed"])
    chart.add_vrect(x0=low, x1=high, fillcolor=COLOURS[2], opacity=0.15, line_width=0)
    chart.update_xaxes(title_text=word("calibration_share", lang), range=[min(70, *shares) - 1, 101])
    chart.update_yaxes(autorange="reversed")
    chart.update_layout(showlegend=False)
    return finish(chart, 150 + 26 * len(names))


def _drawn(row: Row, kind: str) -> tuple[float | None, float, float]:
    """Miss of the figure as far as it is drawn, and how far its interval reaches below and above."""
    value = row["expected"] if row[kind] is None and kind == "best" else row[kind]
    middle = _miss(row, value)
    if middle is None:
        return None, 0.0, 0.0
    ends = [_miss(row, row[f"{kind}_{end}"]) for end in ("low", "high")]
    below, above = (0.0 if end is None else abs(end - middle) for end in ends)
    return max(-_SHOWN, min(_SHOWN, middle)), below, above


def _miss(row: Row, value: float | None) -> float | None:
    return None if value is None else (value - row["value"]) / row["tolerance"]


def _label(row: Row, lang: str) -> str:
    return str(row["label"]["zh" if lang == "zh" else "en"])


def _number(value: float | None) -> str:
    return DASH if value is None else f"{value:.3g}".replace("-", "−")


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{_number(low)}, {_number(high)}]"


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Cells as HTML; the first of each line heads it."""
    top = "".join(f'<th scope="col">{word_both(f"calibration_{head}")}</th>' for head in heads)
    rows = "".join(
        f'<tr><th scope="row">{line[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in line[1:]) + "</tr>"
        for line in lines
    )
    return (
        f'<div class="scroll"><table class="measures"><thead><tr>{top}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _targets(targets: Sequence[Row]) -> str:
    verdict = {True: word_both("calibration_yes"), False: word_both("calibration_no"), None: DASH}
    return _table(
        ("target", "value", "simulated", "reached", "met", "source"),
        [
            (
                f"{escape(row['id'])} · {both(*(_label(row, lang) for lang in _LANGUAGES))}",
                f"{_number(row['value'])} ± {_number(row['tolerance'])} "
                + both(*(unit_name(row["unit"], lang) for lang in _LANGUAGES)),
                _number(row["expected"] if row["best"] is None else row["best"])
                + _span(row["best_low"], row["best_high"]),
                f"{_number(row['reached_low'])} … {_number(row['reached_high'])}",
                verdict[row["met"]],
                escape(row["source"]),
            )
            for row in targets
        ],
    )  # fmt: skip


def _parameters(parameters: Sequence[Row]) -> str:
    lines = []
    for row in parameters:
        ends = f"{_number(row['prior_low'])} … {_number(row['prior_high'])}"
        if row["share_of"] is not None:
            field = row["share_of"].removeprefix(_WORLD)
            said = (word("calibration_share_of", lang, field=field) for lang in _LANGUAGES)
            ends += f"<br>{both(*said)}"
        lines.append(
            (
                f"<code>{escape(row['field'].removeprefix(_WORLD))}</code><br>"
                + both(*(factor_meaning(row["field"], lang) for lang in _LANGUAGES)), f"{row['value']:.4g}",
                f"{_number(row['low'])} … {_number(row['high'])}", ends, f"{row['sd_over_prior']:.2f}",
            )
        )  # fmt: skip
    return _table(("parameter", "chosen", "interval", "range", "learnt"), lines)


def _section(title: str, note: str, body: str) -> str:
    return f'<section class="figure"><h2>{word_both(title)}</h2><p class="note">{note}</p>{body}</section>'


def _ties(ties: Sequence[Row]) -> str:
    if not ties:
        return _section("calibration_ties", word_both("calibration_no_ties"), "")
    lines = [
        (" / ".join(f"<code>{escape(name.removeprefix(_WORLD))}</code>" for name in tie["fields"]),
         _number(tie["correlation"]))
        for tie in ties
    ]  # fmt: skip
    return _section("calibration_ties", "", _table(("parameter", "correlation"), lines))


def _costs(data: Row) -> str:
    if not data["trade_offs"]:
        return ""
    lines = []
    for one in data["trade_offs"]:
        lost = [
            f"{escape(other['target'])}: {_number(other['chosen'])} → {_number(other['pressed'])}"
            for other in one["given_up"]
        ]
        inside = word_both("calibration_yes" if one["met"] else "calibration_no")
        near = f"{_number(one['pressed'])} ({word_both('calibration_met')}: {inside})"
        gone = "<br>".join(lost) or word_both("calibration_none")
        lines.append((escape(one["target"]), _number(one["chosen"]), near, gone))
    table = _table(("target", "simulated", "pressed", "given_up"), lines)
    return _section("calibration_costs", word_both("calibration_costs_note"), table)


def _texts(data: Row, command: str) -> dict[str, str]:
    """Title, facts and fixed texts of the page."""
    spec, covers = data["calibration"], data["coverage"]
    about = spec.get("description") or spec["label"]
    facts = (
        ("world", escape(spec["world"])),
        ("calibration_points", f"{data['points']:,}"),
        ("calibration_tried", f"{data['tried']:,}"),
        ("calibration_checks", f"{data['check_runs']:,}"),
        ("calibration_covered", f"{100 * covers['share']:.1f} %"),
    )
    made = [word("made_by", lang, version=version_text(), hash=spec["id"]) for lang in _LANGUAGES]
    python = (
        f'from calibration.calibrate import calibrate\n\nresult = calibrate("{spec["id"]}")\nresult.settings'
    )
    return {
        "title": escape(spec["label"]["en"]),
        "heading": both(spec["label"]["en"], spec["label"]["zh"]),
        "description": both(about["en"], about["zh"]),
        "facts": "".join(f"<div><dt>{word_both(key)}</dt><dd>{value}</dd></div>" for key, value in facts),
        "against": "",
        "intervals": "",
        "key_figures_title": word_both("calibration_targets"),
        "all_measures": word_both("calibration_parameters"),
        "assumptions_title": word_both("calibration_source"),
        "assumptions_note": escape(", ".join(sorted({row["source"] for row in data["targets"]}))),
        "theme_label": word_both("theme"),
        "reproduce_title": word_both("reproduce"),
        "reproduce_note": word_both("reproduce_note"),
        "command_line_title": word_both("command_line"),
        "command": escape(command),
        "python": escape(python),
        "made_by": both(*made),
        "not_real": word_both("not_real"),
    }
