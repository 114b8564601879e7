"""Names of arms, worlds and measures on a page."""

from __future__ import annotations

from dashboard.state import language, say
from sim.report.content import Content
from sim.spec.labels import texts


def label(content: Content, kind: str, name: str) -> str:
    """The label of a world, arm or measure; arms of the policy lab have their own."""
    if kind == "arm" and f"dash.arm_{name}" in texts("en"):
        return say(f"arm_{name}")
    found = content.label(kind, name)
    return found.zh if language() == "zh" else found.en
