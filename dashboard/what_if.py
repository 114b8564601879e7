"""Tornado and map of two levers: sweeps around the comparison of the policy lab."""

from __future__ import annotations

from typing import Any

import streamlit as st
import yaml

from dashboard import assumptions, charts, levers
from dashboard.jobs import store
from dashboard.public import Asked
from dashboard.running import ready
from dashboard.state import language, say, worded
from sim.core.errors import SpecError
from sim.experiments import what_if
from sim.experiments.sweeps import Sweep, sweep
from sim.measures import MEASURES
from sim.report import what_if_figures
from sim.report.content import Content
from sim.report.wording import word
from sim.spec.sweep import SweepSpec

OUTCOMES = (
    "recovery_rate_180d", "cure_rate_90d", "cost_per_100", "complaints_per_1000_borrowers", "stress_mean",
    "npl_ratio", "trade_overdue_share", "firm_failures",
)  # fmt: skip
#: Runs at each point: as few as give an interval, since a tornado has many points.
RUNS = 2
_PAIRS = ("attempts_per_week", "breathing_space_days")


def tornado(asked: dict[str, Any], content: Content, page: str) -> None:
    """Each assumption low and high, for both arms."""
    lang, world = language(), asked["worlds"][0]
    left, right = st.columns(2)
    outcome = _outcome(left, content, f"{page}.tornado_outcome")
    numbers = right.multiselect(
        say("tornado_numbers"), list(assumptions.NUMBERS.values()), list(assumptions.NUMBERS.values())[4:7],
        format_func=assumptions.name_of_number, key=worded(f"{page}.tornado_numbers"), max_selections=8,
    )  # fmt: skip
    if not numbers:
        st.info(say("choose_number"))
        return
    spans = {}
    for number in numbers:
        low, middle, high = assumptions.span(world, number)
        spans[number] = (low, float(asked["changes"].get(f"world.{number}", middle)), high)
    spec = what_if.tornado_spec(asked["arms"], spans, OUTCOMES, **_rest(asked))
    starts = RUNS * (1 + 2 * len(numbers))
    found = _run(spec, f"{page}_tornado", starts)
    if found is None:
        return
    table = what_if.tornado(found, outcome)
    unit = MEASURES[outcome].unit
    chart = what_if_figures.tornado(table, unit, lang, assumptions.name_of_number)
    notes = [
        word("tornado_note", lang),
        say("tornado_ranges"),
        *charts.definitions(content, (outcome,), lang),
    ]
    charts.show(
        chart, f"{page}-tornado", lang, notes, title=word("tornado", lang), table=charts.frame_table(table)
    )
    if chart is None:
        st.info(say("nothing_to_draw"))


def threshold(asked: dict[str, Any], content: Content, page: str) -> None:
    """Two levers at once: where the difference turns."""
    lang = language()
    first, second, third = st.columns(3)
    names = [name for name in levers.LEVERS if name != "quiet"]
    across = first.selectbox(
        say("lever_across"),
        names,
        names.index(_PAIRS[0]),
        format_func=levers.label,
        key=worded(f"{page}.across"),
    )
    others = [name for name in names if name != across]
    up = second.selectbox(
        say("lever_up"), others, others.index(_PAIRS[1]) if _PAIRS[1] in others else 0,
        format_func=levers.label, key=worded(f"{page}.up"),
    )  # fmt: skip
    outcome = _outcome(third, content, f"{page}.threshold_outcome")
    keys = (f"rules.{across}", f"rules.{up}")
    steps = {key: _steps(name) for key, name in zip(keys, (across, up), strict=True)}
    base = {"rules": asked["arms"]["now"]["rules"]}
    spec = what_if.threshold_spec(base, steps, OUTCOMES, **_rest(asked))
    found = _run(spec, f"{page}_threshold", RUNS)
    if found is None:
        return
    shown = tuple(found.plan.arms["cell-0"])[-2:]  # of an older question: its own levers
    table = what_if.threshold(found, outcome, shown)
    chart = what_if_figures.threshold(
        table, (shown[0], shown[1]), MEASURES[outcome].unit, lang,
        lambda key, value: levers.in_words(key.removeprefix("rules."), _written(value)),
        lambda key: levers.label(key.removeprefix("rules.")),
    )  # fmt: skip
    notes = [word("threshold_note", lang), *charts.definitions(content, (outcome,), lang)]
    charts.show(
        chart,
        f"{page}-threshold",
        lang,
        notes,
        title=word("threshold", lang),
        table=charts.frame_table(table),
    )
    if chart is None:
        st.info(say("nothing_to_draw"))


def _outcome(place: Any, content: Content, key: str) -> str:
    lang = language()

    def name(measure: str) -> str:
        text = MEASURES[measure].label
        return text.zh if lang == "zh" else text.en

    return str(place.selectbox(say("outcome"), OUTCOMES, format_func=name, key=worded(key)))


def _steps(name: str) -> list[Any]:
    """At most four values of a lever, no rule first."""
    values = levers.LEVERS[name]
    chosen = values if len(values) <= 4 else (values[0], *values[1::2])
    return [levers.setting(name, given)[f"rules.{name}"] for given in chosen[:4]]


def _written(value: object) -> str:
    if value is None:
        return levers.NONE
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _rest(asked: dict[str, Any]) -> dict[str, Any]:
    """Fields of a sweep that repeat the comparison's; assumptions that are swept are set by the points."""
    return {
        "scenario": "baseline",
        "worlds": asked["worlds"],
        "weeks": asked["weeks"],
        "runs": RUNS,
        "changes": asked["changes"],
    }


def _run(spec: SweepSpec, name: str, starts: int) -> Sweep | None:
    """The sweep in the background, with its file and command line."""
    st.caption(say("sweep_starts", starts=starts, arms=len(spec.arms), runs=RUNS))

    def work(progress: Any) -> Sweep:
        """The runs, in the background."""
        return sweep(spec, progress=progress, store=store() / name)

    try:
        sizes = {"runs": spec.runs * max(1, starts // RUNS), "weeks": spec.weeks or 0}
        asked = Asked(sizes, f"arrears sweep {spec.id}.yaml --out out")
        found: Sweep | None = ready(name, repr(spec), work, asked=asked)
    except SpecError as error:
        st.error(str(error), icon=":material/error:")
        return None
    text = sweep_yaml(spec)
    with st.expander(say("reproduce_sweep"), icon=":material/terminal:"):
        st.code(f"arrears sweep {spec.id}.yaml --out out", language="bash")
        st.code(text, language="yaml")
        st.download_button(
            say("yaml_download"), text.encode(), f"{spec.id}.yaml", "application/yaml", key=f"yaml.{name}",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
    return found


def sweep_yaml(spec: SweepSpec) -> str:
    """A sweep as the file that ``arrears sweep FILE`` reads."""
    data = spec.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump({"schema_version": 1, **data}, allow_unicode=True, sort_keys=False, width=100)
