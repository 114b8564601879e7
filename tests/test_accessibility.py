"""Every page in both themes before axe-core: nothing serious that is ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support_dashboard import SETTLED

from dashboard.navigation import all_pages

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
#: The page's own style, which a busy browser applies a moment after its texts.
LOOK = ".st-key-look style"


class Known(NamedTuple):
    """A finding in Streamlit's own parts: the rule, a piece of the selector or markup, and why it stands."""

    rule: str
    part: str
    why: str


#: The groups of the navigation are built by Streamlit as a list of blocks that hold the items.
KNOWN = (
    Known("list", "stSidebarNavItems", "groups of pages: Streamlit puts a div between list and item"),
    Known("listitem", '<li class="st-emotion-cache', "the items of those groups"),
)


#: Streamlit fades what it draws again; a half-faded text has no colour of its own to judge.
_FADED = """Promise.all(
  document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished.catch(() => 0)))"""


#: Words of charts (axes, legends, titles of panels) that stand out less than 4.5 to 1 from the page; axe
#: passes over them, as they are drawn.
_FAINT = """() => {
  const light = (words) => {
    const parts = words.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const page = light(getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  const places = [
    ".xtick", ".ytick", ".g-xtitle", ".g-ytitle", ".legend", ".annotation", ".cbaxis", ".textpoint"
  ];
  const words = document.querySelectorAll(places.map((one) => `.js-plotly-plot ${one} text`).join(","));
  return Array.from(words).filter((one) => {
    const own = light(getComputedStyle(one).fill);
    return (Math.max(own, page) + 0.05) / (Math.min(own, page) + 0.05) < 4.5;
  }).map((one) => `${one.textContent}: ${getComputedStyle(one).fill}`);
}"""


def _serious(page: Any) -> list[str]:
    """Serious and critical findings, but for the known ones."""
    page.evaluate(_FADED)
    found = []
    for violation in axe.Axe().run(page).response["violations"]:
        if violation["impact"] not in ("serious", "critical"):
            continue
        for node in violation["nodes"]:
            where = f"{node['target']} {node['html'][:400]}"
            if not any(one.rule == violation["id"] and one.part in where for one in KNOWN):
                found.append(f"{violation['id']}: {where}: {node.get('failureSummary', '')[:300]}")
    return found + [f"faint: {words}" for words in page.evaluate(_FAINT)]


@pytest.mark.parametrize("name", [page.name for page in all_pages()])
def test_a_page_has_no_serious_finding_in_either_theme(tab: Any, server: str, name: str) -> None:
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    tab.goto(f"{server}/{'' if name == 'start' else name}?lang=en")
    tab.locator("h1").first.wait_for()
    assert _in_both(tab, name) == {"light": [], "dark": []}


def test_a_result_has_no_serious_finding_in_either_theme(tab: Any, server: str) -> None:
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    tab.set_default_timeout(240_000)  # two paired runs
    tab.goto(
        f"{server}/strategies?v=1&lang=en&strategies=traditional,app_based&borrowers=500&weeks=20&runs=2"
    )
    tab.locator(".card").first.wait_for()
    tab.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert _in_both(tab, "result") == {"light": [], "dark": []}


def _in_both(tab: Any, name: str) -> dict[str, list[str]]:
    """Findings on the page as it is, in the light and in the dark."""
    tab.locator(SETTLED).wait_for()
    tab.locator(LOOK).wait_for(state="attached")
    found = {"light": _serious(tab)}
    _shot(tab, f"{name}-light")
    tab.emulate_media(color_scheme="dark", reduced_motion="reduce")
    tab.wait_for_function("getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'")
    found["dark"] = _serious(tab)
    _shot(tab, f"{name}-dark")
    return found


def _shot(tab: Any, name: str) -> None:
    folder = os.environ.get("ARREARS_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=f"{folder}/axe-{name}.png")
