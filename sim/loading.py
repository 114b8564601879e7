"""Scenarios with the names in them checked against what is known in this process."""

from __future__ import annotations

from pathlib import Path

from sim.collection import module_names, own_rule_names, strategy_names
from sim.spec import loader
from sim.spec.scenario import Scenario


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A shipped scenario by name, or one from a YAML file; its strategies, modules and own rules
    must be registered.

    Raises
    ------
    SpecError
        One sentence with file, line, field, value and what is allowed.
    """
    return loader.load_scenario(
        name_or_path, strategies=strategy_names(), modules=module_names(), own_rules=own_rule_names()
    )
