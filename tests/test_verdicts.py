"""Verdicts on claims: what arithmetic ties together, what sources exclude, and which rule comes first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from arrears import SpecError
from calibration.audit import audit
from calibration.audit_kept import kept_audit
from calibration.claims import Claim, shipped_claims
from calibration.conflicts import bad_debt, overdue_npl
from calibration.judgements import Bearing
from calibration.verdicts import rule, rulings, weigh
from sim.cli.entry import main
from sim.spec.sources import sources

ROOMS = ("calibration.commands",)
SMALL: dict[str, object] = {"population.borrowers": 1000, "population.firms": 80, "burn_in": 20}


def told(**values: float) -> dict[str, Claim]:
    """The shipped claims with other figures."""
    known = shipped_claims()
    return {**known, **{name: known[name].model_copy(update={"value": x}) for name, x in values.items()}}


def test_bad_debt_of_the_report_needs_more_recovery_than_the_report_has() -> None:
    found = bad_debt(shipped_claims())
    # of 20 overdue 8 stay bad: 12 came in, 35 % more than before, which is 44 of 100
    assert found.needed == pytest.approx(12 / 20 / 1.35) and not found.possible
    assert bad_debt(told(S20=0.125)).possible
    overdue, before, rise = 200.0, 0.25, 1.4
    left = overdue * (1 - before * rise)
    again = bad_debt(told(S18=overdue / 1000, S19=rise - 1, S20=left / 1000, S01=before))
    assert again.needed == pytest.approx(before)


def test_a_stock_of_overdue_accounts_holds_so_many_bad_ones() -> None:
    """A queue of equal accounts, one a week, of which those cured leave at once: the most favourable case."""
    cured, weeks = 0.3, 5000
    leaves = np.where(np.random.default_rng(1).random(weeks) < cured, 1, 26)
    age = weeks - np.arange(weeks)
    here = age <= leaves
    share = 1000 * (here & (age > 13)).sum() / (1000 * here.sum())
    overdue = shipped_claims()["S10"].value
    found = overdue_npl(told(S01=cured))
    assert found.needed == pytest.approx(overdue * 0.7 * 0.5)
    assert share * overdue >= found.needed * 0.95 and not found.possible
    assert overdue_npl(told(S01=cured, S14=0.06)).possible


def test_a_source_excludes_what_lies_beyond_it_and_a_seller_nothing() -> None:
    claims = shipped_claims()
    level = weigh(claims["S01"], Bearing(source="C10", role="level"))
    assert level.low is not None and level.low > claims["S01"].value and level.excludes
    effect = weigh(claims["S04"], Bearing(source="C11", role="effect", against="S01"))
    assert effect.claimed == pytest.approx(claims["S04"].value - claims["S01"].value) and effect.excludes
    relative = weigh(claims["S03"], Bearing(source="C31", role="effect", against="S01"))
    assert relative.claimed == pytest.approx(claims["S03"].value / claims["S01"].value - 1)
    beside = weigh(claims["S01"], Bearing(source="C10"))
    assert beside.excludes is None and beside.claimed is None
    filing = next(name for name, one in sources().items() if one.design == "claim" and one.value is not None)
    assert weigh(claims["S01"], Bearing(source=filing, role="level")).excludes is None


@pytest.mark.parametrize(
    ("claim", "held", "verdict", "because"),
    [
        ("S07", {"evidence": "holds", "report": "holds"}, "ill_posed", "missing"),
        ("S17", {"evidence": "holds", "report": "holds"}, "ill_posed", "no_skill"),
        ("S01", {"evidence": "holds", "report": "holds"}, "contradicted", "excluded"),
        ("S02", {"evidence": "holds", "report": "fails"}, "emerges", "evidence"),
        ("S09b", {"evidence": "holds", "report": "holds"}, "emerges", "construction"),
        ("S16", {"evidence": "fails", "report": "holds"}, "tuned", "report"),
        ("S16", {"evidence": "fails", "report": "fails"}, "conflict", "fit"),
        ("S16", {"evidence": "fails", "report": "unclear"}, "open", "unclear"),
        ("S16", {"report": "holds"}, "open", "not_measured"),
        ("S14", {"evidence": "fails", "report": "holds"}, "conflict", "arithmetic_overdue_npl"),
    ],
)
def test_the_first_rule_that_applies_decides(
    claim: str, held: dict[str, str], verdict: str, because: str
) -> None:
    found = rule(shipped_claims()[claim], {claim: held})
    assert (found.verdict, found.because) == (verdict, because)


def test_a_world_that_shows_all_at_once_overrules_the_arithmetic() -> None:
    rows = [
        {"claim": name, "world": world, "verdict": verdict}
        for name in ("S01", "S10", "S14")
        for world, verdict in (("evidence", "fails"), ("report", "holds"))
    ]
    assert rulings(rows)["S14"].verdict == "tuned"
    rows[-1]["verdict"] = "unclear"
    assert rulings(rows)["S14"].verdict == "conflict"


def test_an_audit_is_read_again_from_its_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = audit(["S01", "S16"], worlds=("evidence",), runs=2, changes=SMALL, out=tmp_path)
    again = kept_audit([tmp_path], ["S01", "S16"])
    assert again.audit.rows == made.rows and again.worlds.keys() == {"evidence"}
    assert main(["audit", "S16", "--from", str(tmp_path), "--json"], ROOMS) == 0
    row = json.loads(capsys.readouterr().out)["rows"]
    assert [(one["claim"], one["n"]) for one in row] == [("S16", 2)]
    (tmp_path / "empty").mkdir()
    assert main(["audit", "--from", str(tmp_path / "empty")], ROOMS) == 2
    assert "holds no finished run" in capsys.readouterr().err
    with pytest.raises(SpecError, match="'S1' is not a claim"):
        kept_audit([tmp_path], ["S1"])
