"""Long work on a page: start, progress with time left, cancel, the old result meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.jobs import Job
from dashboard.state import say
from sim.experiments.running import Progress


def ready(page: str, key: str, work: Callable[[Progress], Any], *, wait: bool = True) -> Any:
    """The latest result of a page, None before the first; runs ``work`` when asked to.

    ``key`` says what is asked; a result of another key is shown with a remark. ``wait``: the reader
    starts the work; else it starts by itself where nothing was run yet.
    """
    job: Job | None = st.session_state.get(f"{page}.job")
    kept = st.session_state.get(f"{page}.result")
    if job is not None and job.finished:
        found, problem = job.result()
        st.session_state[f"{page}.job"] = job = None
        st.session_state[f"{page}.problem"] = problem
        if found is not None:
            kept = st.session_state[f"{page}.result"] = (st.session_state[f"{page}.asked"], found)
    if job is not None:
        _progress(page)
    else:
        asked = st.button(say("run"), type="primary", key=f"{page}.run", icon=":material/play_arrow:")
        first = not wait and kept is None and not st.session_state.get(f"{page}.problem")
        if asked or first:
            st.session_state[f"{page}.asked"] = key
            st.session_state[f"{page}.problem"] = None
            st.session_state[f"{page}.job"] = Job(key, work)
            st.rerun()
        problem = st.session_state.get(f"{page}.problem")
        if problem == "stopped":
            st.info(say("stopped"))
        elif problem:
            st.error(problem)
    if kept is None:
        return None
    if kept[0] != key:
        st.caption(f":material/history: {say('older')}")
    return kept[1]


@st.fragment(run_every=1.0)
def _progress(page: str) -> None:
    job: Job | None = st.session_state.get(f"{page}.job")
    if job is None or job.finished:
        st.rerun()
    left = job.seconds_left
    told = say("queued") if job.waiting else say("progress", done=job.done, total=job.total or "…")
    if left is not None:
        told += " · " + say("left", seconds=f"{left:.0f}")
    bar, button = st.columns([5, 1])
    bar.progress(job.done / job.total if job.total else 0.0, told)
    if button.button(say("cancel"), key=f"{page}.cancel"):
        job.cancel()
