"""The network on a canvas: what is sent to the browser, and what comes back."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from dashboard.kept_drawings import drawn
from dashboard.layout import layouts
from dashboard.state import vocabulary
from sim.core.columns import F64, U8
from sim.experiments.recording import STATES, Intervention, Recording
from sim.network.sector_table import load_sector_table
from sim.spec.labels import text

_WORDS = (
    "play", "pause", "step", "back", "speed", "week", "fail", "rescue", "protect", "pick", "canvas", "reset",
    "layout", "owed", "zoom_in", "zoom_out", "newly", "fail_help", "rescue_help", "protect_help",
)  # fmt: skip
#: Grey, amber, red, blue: told apart by colour-blind readers, and each has a shape of its own.
COLOURS = ("#B8C4CE", "#E69F00", "#A50F15", "#0072B2")


class Panel(NamedTuple):
    """A recording with the heading that it has on the canvas."""

    heading: str
    recording: Recording


def payload(
    panels: Sequence[Panel], places: Mapping[str, F64], lang: str, interventions: Sequence[Intervention] = ()
) -> dict[str, Any]:
    """What the canvas draws: one network, a panel a recording of it.

    States and arrears are base64 bytes, a row a week; ``owed`` is arrears of all in yuan by week.
    """
    first = panels[0].recording
    sales = np.sqrt(first.weekly_sales / max(1, first.weekly_sales.max()))
    crowd = min(1.0, (150 / len(sales)) ** 0.5)
    links = np.bincount(np.concatenate((first.buyer, first.supplier)), minlength=len(sales))
    return {
        "layouts": [
            {
                "id": name,
                "name": text(f"dash.layout_{name}", lang),
                "x": place[:, 0].round(4).tolist(),
                "y": place[:, 1].round(4).tolist(),
            }
            for name, place in places.items()
        ],
        "order": np.lexsort((np.arange(len(sales)), -first.weekly_sales, -links)).tolist(),
        "size": ((4 + 10 * sales) * crowd).round(1).tolist(),
        "sector": first.sector.tolist(),
        "sectors": [sector_label(name, lang) for name in first.sectors],
        "buyer": first.buyer.tolist(),
        "supplier": first.supplier.tolist(),
        "panels": [
            {
                "heading": panel.heading,
                "states": base64.b64encode(panel.recording.states.tobytes()).decode(),
                "overdue": base64.b64encode(_levels(panel.recording).tobytes()).decode(),
                "owed": (panel.recording.overdue.sum(axis=1) / 100).round().tolist(),
            }
            for panel in panels
        ],
        "weeks": first.weeks,
        "names": [text(f"dash.state_{name}", lang) for name in STATES],
        "colours": COLOURS,
        "words": {word: text(f"dash.{word}", lang) for word in _WORDS},
        "marked": [one.firm for one in interventions],
        "lang": {"zh": "zh-CN"}.get(lang, lang),
    }


def _levels(recording: Recording) -> Any:
    """Arrears of links as 0 to 255: root of the weeks of usual trade that are owed late, at most 16 weeks."""
    usual = np.maximum(1.0, recording.weekly_sales[recording.supplier] * 0.05)
    share = np.sqrt(np.minimum(16.0, recording.overdue / usual) / 16.0)
    return np.ceil(share * 255).astype(np.uint8)


def sector_label(name: str, lang: str) -> str:
    """The name of a sector for readers."""
    table = load_sector_table()
    chinese = dict(zip(table.sectors, table.names_zh, strict=True))
    return chinese.get(name, name) if lang == "zh" else name.replace("_", " ")


@cache
def _component() -> Any:
    folder = Path(__file__).parent
    return st.components.v2.component(
        "arrears_network",
        html=(folder / "network.html").read_text(encoding="utf-8"),
        css=(folder / "network.css").read_text(encoding="utf-8"),
        js=(folder / "network.js").read_text(encoding="utf-8"),
    )


def network(
    panels: Sequence[Panel], lang: str, interventions: Sequence[Intervention], key: str
) -> Intervention | None:
    """Draw recordings of one network; what the reader does to a firm, once."""
    first, last = panels[0].recording, panels[-1].recording
    asked = ("canvas", tuple(panel.heading for panel in panels), lang, vocabulary(), tuple(interventions))
    data = drawn(first, last, asked, lambda: payload(panels, _places(first), lang, interventions))
    found = _component()(key=key, data=data, on_act_change=lambda: None)
    act = found.act
    if not isinstance(act, dict) or act.get("action") not in ("fail", "rescue", "protect"):
        return None
    week = min(int(act["week"]), first.weeks - 1)
    return Intervention(act["action"], week, int(act["firm"]))


def replay(panels: Sequence[Panel], places: F64, names: Sequence[str], lang: str, key: str) -> None:
    """Draw recordings of a small network from their first week on: firms by name, arrears as arrows."""
    data = payload(panels, {"tiers": places}, lang)
    _component()(key=key, data=data | {"labels": list(names), "height": 430, "replay": True})


def watch(
    recording: Recording,
    places: F64,
    names: Sequence[str],
    level: U8,
    lang: str,
    key: str,
    height: int,
    outward: bool,
) -> None:
    """Draw a recording to be watched: firms by name, arrears as moving arrows from who owes to who waits.

    ``level``: arrears of links as 0 to 255, (W + 1, L); ``height`` in pixels; ``outward``: names stand away
    from the middle, else below. When weeks are added, a canvas that showed the last one shows the new one.
    """
    data = payload([Panel("", recording)], {"sectors": places}, lang)
    data["panels"][0]["overdue"] = base64.b64encode(level.tobytes()).decode()
    _component()(key=key, data=data | {"labels": list(names), "height": height, "outward": outward})


def _places(recording: Recording) -> dict[str, F64]:
    """Positions, computed once for a network."""
    return _laid_out(recording, (recording.buyer.tobytes(), recording.supplier.tobytes()))


@st.cache_resource(max_entries=24, show_spinner=False)
def _laid_out(_recording: Recording, links: tuple[bytes, bytes]) -> dict[str, F64]:
    return layouts(_recording)


@cache
def _language_component() -> Any:
    # on more than one line: a single one is taken for a path
    script = """export default ({ data }) => {
        document.documentElement.lang = data;
    };"""
    return st.components.v2.component("arrears_language", js=script)


def set_language(lang: str) -> None:
    """Tell the browser the language of the page, for screen readers and fonts."""
    _language_component()(key="language", data={"zh": "zh-CN"}.get(lang, lang))
