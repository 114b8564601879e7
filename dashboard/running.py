"""Long work on a page: start, progress with time left, cancel, the old result meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from dashboard.jobs import Job
from dashboard.press import pressed
from dashboard.public import Asked, command, public, refused, spent
from dashboard.state import say
from sim.experiments.running import Progress


def ready(
    page: str, key: str, work: Callable[[Progress], Any], *, wait: bool = True, asked: Asked | None = None
) -> Any:
    """The latest result of a page, None before the first; runs ``work`` when asked to.

    ``key`` says what is asked; a result of another key is shown with a remark. ``wait``: the reader
    starts the work; else it starts by itself where nothing was run yet. ``asked``: sizes and command of
    the work, for the caps of public mode.
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
    elif asked is None or not refused(asked):
        asks = pressed(
            st.button, say("run"), f"{page}.run", type="primary", icon=":material/play_arrow:"
        )  # fmt: skip
        first = not wait and kept is None and not st.session_state.get(f"{page}.problem")
        if (asks or first) and not _held(page, asked):
            st.session_state[f"{page}.asked"] = key
            st.session_state[f"{page}.problem"] = None
            st.session_state[f"{page}.job"] = Job(key, work, abandons=public())
            st.rerun()
        problem = st.session_state.get(f"{page}.problem")
        if problem == "stopped":
            st.info(say("stopped"))
        elif problem:
            st.error(problem)
    st.session_state[f"{page}.stale"] = kept is not None and (kept[0] != key or job is not None)
    if kept is None:
        return None
    if kept[0] != key:
        st.caption(f":material/history: {say('older')}")
    return kept[1]


def _held(page: str, asked: Asked | None) -> bool:
    """In public mode a session has one job at a time, and an allowance of them."""
    if not public():
        return False
    others = [
        str(name).removesuffix(".job")
        for name, job in st.session_state.items()
        if str(name).endswith(".job") and isinstance(job, Job) and not job.finished
    ]
    if others:
        st.warning(say("public_one", page=say(others[0])), icon=":material/speed:")
        return True
    return spent("jobs", command("arrears", "dashboard") if asked is None else asked.command)


@contextmanager
def dimmed(page: str) -> Iterator[None]:
    """What belongs to an older question, or is about to be replaced, is shown dimmed."""
    name = f"result_{page}"
    if st.session_state.get(f"{page}.stale"):
        st.html(f"<style>.st-key-{name} {{opacity: .45}}</style>")
    with st.container(key=name):
        yield


@st.fragment(run_every=1.0)
def _progress(page: str) -> None:
    job: Job | None = st.session_state.get(f"{page}.job")
    if job is None or job.finished:
        st.rerun()
    job.seen()
    left = job.seconds_left
    told = (
        say("queued", ahead=job.ahead)
        if job.waiting
        else say("progress", done=job.done, total=job.total or "…")
    )
    if left is not None:
        told += " · " + say("left", seconds=f"{left:.0f}")
    bar, button = st.columns([5, 1])
    bar.progress(job.done / job.total if job.total else 0.0, told)
    if pressed(button.button, say("cancel"), f"{page}.cancel"):
        job.cancel()
