"""What stands beside each claim: evidence, what the report leaves out, conflicts, what it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Literal, Self

from pydantic import Field, model_validator

from calibration.claims import shipped_claims
from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir
from sim.spec.base import Spec, Text
from sim.spec.changes import world_numbers
from sim.spec.faults import validate
from sim.spec.sources import sources
from sim.spec.yamltext import read_yaml

#: What a report may leave out of a figure.
Missing = Literal[
    "denominator", "stage", "horizon", "definition", "base_rate", "figure", "exposure", "counterfactual"
]
ConflictName = Literal["bad_debt", "overdue_npl"]


class Bearing(Spec):
    """How a source bears on a claim; see ``scenarios/claims/evidence.yaml``."""

    source: str
    role: Literal["level", "effect", "related"] = "related"
    against: str | None = None
    scale: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _effects_have_a_base(self) -> Self:
        if (self.role == "effect") != (self.against is not None):
            raise ValueError("against: goes with role effect, and only with it|a claim")
        return self


class AccuracyMeasures(Spec):
    """Measures of the same arm that a claimed accuracy is shown beside."""

    base: str
    auc: str


class Judgement(Spec):
    """What stands beside one claim.

    ``comparable``: though something is missing, the declared reading is one that evidence speaks of, so that
    the figure can be tested; ``no_skill``: the claimed rate at which saying always the same has the
    claimed accuracy; ``rests_on``: numbers of a world that decide the claim.
    """

    missing: tuple[Missing, ...] = ()
    comparable: bool = False
    evidence: tuple[Bearing, ...] = ()
    conflicts: tuple[ConflictName, ...] = ()
    no_skill: str | None = None
    accuracy: AccuracyMeasures | None = None
    needs: Text
    rests_on: tuple[str, ...] = ()


class JudgementsFile(Spec):
    """The file."""

    judgements: dict[str, Judgement] = Field(min_length=1)


@lru_cache(maxsize=1)
def shipped_judgements() -> dict[str, Judgement]:
    """What stands beside each claim, by its id. Raises :class:`SpecError` for unknown names in it."""
    path = scenarios_dir() / "claims" / "evidence.yaml"
    node = read_yaml(path, "claims/evidence.yaml")
    found = validate(JudgementsFile, node.plain(), node.source, node).judgements
    for claim, one in found.items():
        named = [*(item.against for item in one.evidence if item.against), *filter(None, [one.no_skill])]
        _known(claim, [claim, *named], shipped_claims(), "claim")
        _known(claim, [item.source for item in one.evidence], sources(), "source")
        _known(claim, one.rests_on, world_numbers(), "number of a world")
    return found


def _known(claim: str, names: Iterable[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise SpecError("claims/evidence.yaml", claim, *unknown_name(name, known, what))
