"""JSON Schemas of scenarios, worlds, rule sets, sweeps and lessons, for editors that check YAML meanwhile.

``python -m sim.spec.schema`` writes them to ``scenarios/schema``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sim.core.paths import scenarios_dir
from sim.spec.lesson import Lesson
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.sweep import SweepSpec
from sim.spec.world import World

MODELS: dict[str, type[BaseModel]] = {
    "scenario": Scenario,
    "world": World,
    "rules": RuleSet,
    "sweep": SweepSpec,
    "lesson": Lesson,
}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of ``scenario``, ``world``, ``rules``, ``sweep`` or ``lesson``.

    A file that includes another may leave out anything, so only its top keys are checked.
    """
    model = MODELS[name]
    full = model.model_json_schema(by_alias=True)
    definitions = full.pop("$defs", {})
    definitions[model.__name__] = full
    include = {
        "description": "files or shipped names to start from; this file is laid over them",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": model.__name__,
        "type": "object",
        "if": {"required": ["include"]},
        "then": {
            "properties": {"include": include} | dict.fromkeys(full["properties"], True),
            "additionalProperties": False,
        },
        "else": {"$ref": f"#/$defs/{model.__name__}"},
        "$defs": definitions,
    }


def text(name: str) -> str:
    """The schema as it is stored."""
    return json.dumps(schema(name), ensure_ascii=False, indent=1) + "\n"


def write(folder: Path | None = None) -> list[Path]:
    """Write all schemas to a folder (default ``scenarios/schema``); returns the files."""
    folder = folder if folder is not None else scenarios_dir() / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in MODELS:
        files.append(folder / f"{name}.json")
        files[-1].write_text(text(name), encoding="utf-8")
    return files


if __name__ == "__main__":
    for file in write():
        print(file.name)
