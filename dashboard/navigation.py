"""The pages of the application in their groups, stated once: navigation, tests and pictures read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dashboard.views import (
    boardpack,
    calibration,
    claims,
    classroom,
    data,
    lessons,
    outbreak,
    policy,
    start,
    strategies,
)


class Page(NamedTuple):
    """A page: ``name`` is its address and its title's key (``dash.NAME``), ``icon`` a Material symbol."""

    name: str
    show: Callable[[], None]
    icon: str


#: Group (titled ``dash.group_NAME``) to its pages, in the order of the sidebar; empty ones are not shown.
GROUPS: dict[str, tuple[Page, ...]] = {
    "begin": (Page("start", start.show, "home"),),
    "explore": (Page("outbreak", outbreak.show, "hub"),),
    "learn": (
        Page("lessons", lessons.show, "school"),
        Page("classroom", classroom.show, "groups"),
    ),
    "decide": (
        Page("strategies", strategies.show, "compare_arrows"),
        Page("policy", policy.show, "gavel"),
    ),
    "check": (
        Page("claims", claims.show, "fact_check"),
        Page("calibration", calibration.show, "tune"),
    ),
    "keep": (Page("boardpack", boardpack.show, "inventory_2"), Page("data", data.show, "table")),
}


def all_pages() -> Iterator[Page]:
    """Every page, group by group."""
    for pages in GROUPS.values():
        yield from pages
