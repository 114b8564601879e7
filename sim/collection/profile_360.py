"""Profiles from all sources of data."""

from __future__ import annotations

from sim.collection.modules import Module, register_module
from sim.spec.rules import DATA_SOURCES


@register_module("profile_360")
class Profile360(Module):
    """Scores are learned from bureau, telecom, shopping and wallet data as well; what is held can leak."""

    learns = True
    sources = DATA_SOURCES
