"""Data and runs: files checked, numbers with their sources, finished runs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.jobs import store
from dashboard.state import language, say
from dashboard.uploads import network_upload, portfolio_upload
from sim.core.errors import SpecError
from sim.experiments.run_table import RunTable
from sim.spec.labels import name_of
from sim.spec.loader import load_world, world_names
from sim.spec.sources import cited, sources


def show() -> None:
    """The page."""
    st.title(say("data"))
    files, numbers, runs = st.tabs([say("files"), say("numbers"), say("finished")])
    with files:
        portfolio_upload("data")
        network_upload("data")
    with numbers:
        _numbers()
    with runs:
        _runs()


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
            say("value"): number.value,
            say("unit"): number.unit,
            say("source"): number.source,
            say("citation"): "; ".join(known[one].citation for one in cited(number.source) if one in known),
            say("note"): number.note or "",
        }
        for name, number in load_world(world).numbers()
    ]
    frame = pd.DataFrame(rows)
    assumed = int((frame[say("source")] == "assumption").sum())
    st.caption(say("assumed", count=assumed, total=len(frame)))
    st.dataframe(frame, hide_index=True, width="stretch", height=480)
    st.download_button(
        say("csv"),
        charts.to_csv(map(str, frame.columns), frame.itertuples(index=False)),
        f"arrears-{world}.csv",
        "text/csv",
        key="csv.numbers",
        on_click="ignore",
    )


def _runs() -> None:
    """What is finished and kept on this server."""
    found = []
    for folder in sorted(store().glob("*")) if store().is_dir() else ():
        try:
            table = RunTable(folder)
            found += [
                {say("finished"): f"{folder.name}/{name[:12]}", say("runs"): len(table.finished(name))}
                for name in table.experiments()
            ]
        except SpecError as error:
            st.error(str(error))
    if not found:
        st.info(say("no_runs"))
        return
    st.dataframe(pd.DataFrame(found), hide_index=True, width="stretch")
