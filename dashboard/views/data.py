"""Data and runs: files checked, numbers with their sources, finished runs to see, resume, take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts, compared
from dashboard.jobs import store
from dashboard.kept_runs import Kept, exported, kept_runs, resume, shown
from dashboard.running import ready
from dashboard.state import headed, language, say, worded
from dashboard.uploads import network_upload, portfolio_upload
from sim.core.errors import SpecError
from sim.spec.labels import name_of, text, texts
from sim.spec.loader import load_world, world_names
from sim.spec.meanings import meaning, note_words, origin_words, unit_name
from sim.spec.sources import WITHOUT_SOURCE, cited, sources

_VIEWS = ("runs", "series", "events", "curves", "cures", "sectors")
_CHARTS = {
    "effects": compared.EFFECTS,
    "weekly": compared.WEEKLY,
    "sectors": compared.SECTORS,
    "reproduction": compared.REPRODUCTION,
}


def show() -> None:
    """The page."""
    st.title(say("data"))
    st.caption(say("data_intro"))
    files, numbers, runs = st.tabs([say("files"), say("numbers"), say("finished")])
    with files:
        portfolio_upload("data")
        network_upload("data")
    with numbers:
        _numbers()
    with runs:
        _runs()


def basis(source: str) -> str:
    """What a number rests on: ``claim`` of the report, ``evidence``, ``fitted``, ``assumption``, ``own``."""
    if source in WITHOUT_SOURCE:
        return {"assumption": "assumption", "fitted": "fitted"}.get(source, "own")
    return "claim" if all(one.startswith("S") for one in cited(source)) else "evidence"


def _numbers() -> None:
    """Every number of a world with where it comes from."""
    lang = language()
    world = st.segmented_control(
        say("world"),
        list(world_names()),
        default="evidence",
        format_func=lambda name: name_of("world", name, lang),
        required=True,
        key="data.world",
    )
    known = sources()
    rows = [
        {
            say("name"): name,
            headed(text("evidence.meaning", lang)): meaning(name, lang),
            say("value"): number.value,
            say("unit"): unit_name(number.unit, lang),
            say("basis"): say(f"basis_{basis(number.source)}"),
            say("source"): origin_words(number.source, lang),
            say("citation"): "; ".join(known[one].citation for one in cited(number.source) if one in known),
            say("note"): note_words(number.note, lang),
        }
        for name, number in load_world(world).numbers()
    ]
    frame = pd.DataFrame(rows)
    counts = frame[say("basis")].value_counts()
    for column, (name, count) in zip(st.columns(5), counts.items(), strict=False):
        column.metric(headed(str(name)), int(count))
    st.caption(say("assumed", count=int(counts.get(say("basis_assumption"), 0)), total=len(frame)))
    only = st.multiselect(say("basis"), list(counts.index), key=worded("data.basis"), placeholder=say("all"))
    if only:
        frame = frame[frame[say("basis")].isin(only)]
    st.dataframe(frame, hide_index=True, width="stretch", height=480)
    _download(frame, f"arrears-{world}.csv", "numbers")


def _download(frame: pd.DataFrame, name: str, key: str) -> None:
    rows = frame.astype(object).where(frame.notna(), "").itertuples(index=False)
    st.download_button(
        say("csv"), charts.to_csv(map(str, frame.columns), rows), name, "text/csv", key=f"csv.{key}",
        on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def _runs() -> None:
    """What is finished and kept on this server, as ``arrears runs list`` tells it."""
    found, problems = kept_runs(store())
    for problem in problems:
        st.error(problem)
    if not found:
        st.info(say("no_runs"))
        return
    frame = pd.DataFrame([_in_words(one.line) for one in found])
    frame.columns = [say(f"run_{name}") for name in frame.columns]
    st.dataframe(frame, hide_index=True, width="stretch")
    _download(frame, "arrears-runs.csv", "runs")
    names = [one.name for one in found]
    chosen = st.selectbox(say("experiment"), names, len(names) - 1, key="data.experiment")
    _one(next(one for one in found if one.name == chosen))


def _in_words(line: dict[str, Any]) -> dict[str, Any]:
    """A line with kinds, worlds and arms by the names that other pages give them."""
    lang = language()

    def arm(name: str) -> str:
        return say(f"arm_{name}") if f"dash.arm_{name}" in texts("en") else name_of("strategy", name, lang)

    def joined(names: str, told: Callable[[str], str]) -> str:
        return ", ".join(told(name) for name in names.split(",") if name)

    kind = name_of("kind", line["kind"], lang)
    worlds = joined(line["worlds"], lambda name: name_of("world", name, lang))
    return {**line, "kind": kind, "worlds": worlds, "arms": joined(line["arms"], arm)}


def _one(kept: Kept) -> None:
    """One experiment: its result so far, its tables, and more runs of it."""
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown(f"**{say('take_away')}**")
        view = st.selectbox(
            say("table"), _VIEWS, format_func=lambda name: say(f"table_{name}"), key=worded("data.view")
        )
        try:
            data = exported(kept, view)
            st.download_button(
                say("csv"), data, f"arrears-{kept.experiment}-{view}.csv", "text/csv", key="csv.export",
                on_click="ignore", icon=":material/download:",
            )  # fmt: skip
        except SpecError as error:
            st.error(str(error))
        st.code(
            f"arrears runs export {kept.folder.name} --what {view} --experiment {kept.experiment}", "bash"
        )
    with right, st.container(border=True):
        st.markdown(f"**{say('go_on')}**")
        st.caption(say("go_on_help"))
        if not kept.line["usable"]:
            st.info(say("other_version"))
            result = None
        else:
            least = max(2, int(kept.line["starts"]))
            runs = st.number_input(say("runs"), 2, 200, min(200, least), key=f"data.more.{kept.name}")

            def work(progress: Any) -> Any:
                """The missing runs, in the background."""
                return resume(kept, int(runs), progress)

            result = ready("data", repr((kept.name, runs)), work)
    if st.toggle(say("look"), key="data.look"):
        try:
            compared.show(shown(kept) if result is None else result, "kept", _CHARTS)
        except SpecError as error:
            st.error(str(error))
