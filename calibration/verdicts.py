"""The verdict on each claim: declared rules on figures of both worlds and on rows of the evidence table.

In this order, the first that applies:

1. *not well posed*: the report leaves out the exposure or the counterfactual of the figure and no
   declared reading can be tested; or always saying the same is as accurate, at the report's own rate.
2. *contradicted by evidence*: a source that is no seller's word excludes the figure, tolerance included.
3. *cannot hold together with*: by arithmetic with other claims, unless one world shows all of them.
4. *emerges*: holds in the world of independent evidence, which is not fitted to the report.
5. *only if tuned*: holds only in the world that is fitted to the report, and fails in the other.
6. *cannot hold together with*: fails in both, though the report's world was fitted to it: with those that
   hold there.
7. *open*: an interval reaches over the line, the claim was no target of the fit, or (before 3) it was not
   measured in both worlds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from calibration.claims import Claim, shipped_claims
from calibration.conflicts import CONFLICTS, Conflict
from calibration.judgements import Bearing, Judgement, shipped_judgements
from calibration.targets import calibration_names, load_calibration
from sim.spec.sources import Source, sources

Overall = Literal["ill_posed", "contradicted", "conflict", "emerges", "tuned", "open"]
#: Designs whose figures decide; what sellers and the report say does not.
DECIDING = frozenset({"rct", "quasi_experiment", "statistic", "filing", "observational", "derived"})
#: The world fitted to independent evidence, and the one fitted to the report.
EVIDENCE, REPORT = "evidence", "report"
_FATAL = frozenset({"exposure", "counterfactual"})


class Weighed(NamedTuple):
    """One source beside a claim: its figure in the claim's terms, and whether it excludes the claim.

    ``claimed``: what the report implies in the same terms; ``excludes`` is None where it decides nothing.
    """

    bearing: Bearing
    low: float | None
    high: float | None
    claimed: float | None
    excludes: bool | None


class Ruling(NamedTuple):
    """The verdict on a claim, the rule's reason, and what it rests on."""

    claim: str
    verdict: Overall
    because: str
    together: tuple[str, ...]
    evidence: tuple[Weighed, ...]
    conflicts: tuple[Conflict, ...]


def rule(claim: Claim, held: Mapping[str, Mapping[str, str]]) -> Ruling:
    """The verdict on one claim.

    ``held``: verdict of the figure (``holds``, ``fails``, ``unclear``, ``undefined``) by claim and world, for
    all claims that were measured.
    """
    judgement = shipped_judgements()[claim.id]
    weighed = tuple(weigh(claim, one) for one in judgement.evidence)
    conflicts = tuple(CONFLICTS[name](shipped_claims()) for name in judgement.conflicts)

    def ruling(verdict: Overall, because: str, together: Sequence[str] = ()) -> Ruling:
        return Ruling(claim.id, verdict, because, tuple(together), weighed, conflicts)

    if _FATAL & set(judgement.missing) and not judgement.comparable:
        return ruling("ill_posed", "missing")
    if no_skill(claim, judgement):
        return ruling("ill_posed", "no_skill", [str(judgement.no_skill)])
    against = [one.bearing.source for one in weighed if one.excludes]
    if against:
        return ruling("contradicted", "excluded", against)
    here = held.get(claim.id, {})
    if not {EVIDENCE, REPORT} <= here.keys():
        return ruling("open", "not_measured")
    for one in conflicts:
        if not one.possible and not _together(one.claims, held) and here.get(EVIDENCE) != "holds":
            return ruling("conflict", f"arithmetic_{one.name}", [x for x in one.claims if x != claim.id])
    if here.get(EVIDENCE) == "holds":
        return ruling("emerges", "construction" if claim.is_built_in(EVIDENCE) else "evidence")
    if here.get(REPORT) == "holds" and here.get(EVIDENCE) == "fails":
        return ruling("tuned", "report")
    if here.get(REPORT) == here.get(EVIDENCE) == "fails" and claim.id in fitted_claims():
        others = [name for name in fitted_claims() if held.get(name, {}).get(REPORT) == "holds"]
        return ruling("conflict", "fit", others)
    return ruling("open", "unclear" if "unclear" in here.values() else "not_fitted")


def _together(claims: Sequence[str], held: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether one world shows all of these claims at once."""
    worlds = {world for name in claims for world in held.get(name, {})}
    return any(all(held.get(name, {}).get(world) == "holds" for name in claims) for world in worlds)


def fitted_claims() -> tuple[str, ...]:
    """Claims that the shipped calibration of the report's world aims at."""
    if REPORT not in calibration_names():
        return ()
    return tuple(one.claim for one in load_calibration(REPORT).targets.values() if one.claim is not None)


def no_skill(claim: Claim, judgement: Judgement) -> bool:
    """Whether saying always the same is as accurate as claimed, at the rate that the report itself names."""
    if judgement.no_skill is None:
        return False
    rate = shipped_claims()[judgement.no_skill].value
    return max(rate, 1 - rate) >= claim.value - claim.near


def weigh(claim: Claim, bearing: Bearing) -> Weighed:
    """Put a source beside a claim.

    A level stands as it is. An effect is held against the claimed figure less that of the other claim, or
    over it less one where the source gives a relative change.
    """
    source = sources()[bearing.source]
    low, high = _ends(source, bearing.scale)
    if bearing.role == "related" or low is None or high is None:
        return Weighed(bearing, low, high, None, None)
    claimed = claim.value
    if bearing.against is not None:
        base = shipped_claims()[bearing.against].value
        claimed = claim.value / base - 1 if source.unit == "relative" else claim.value - base
    if source.design not in DECIDING:
        return Weighed(bearing, low, high, claimed, None)
    return Weighed(bearing, low, high, claimed, _excluded(claim, claimed, low, high))


def _ends(source: Source, scale: float) -> tuple[float | None, float | None]:
    known = [scale * x for x in (source.value, source.low, source.high) if x is not None]
    return (min(known), max(known)) if known else (None, None)


def _excluded(claim: Claim, claimed: float, low: float, high: float) -> bool:
    if claim.operator == "~":
        return high < claimed - claim.near or low > claimed + claim.near
    return low > claimed if claim.operator.startswith("<") else high < claimed


def rulings(rows: Sequence[Mapping[str, Any]]) -> dict[str, Ruling]:
    """Verdicts on all claims of measured rows (with ``claim``, ``world`` and ``verdict``), by claim."""
    held: dict[str, dict[str, str]] = {}
    for row in rows:
        held.setdefault(row["claim"], {})[row["world"]] = row["verdict"]
    return {name: rule(shipped_claims()[name], held) for name in held}
