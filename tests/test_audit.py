"""The audit of claims: figures from runs, verdicts, the command and its page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears import SpecError
from calibration.audit import arms_of, audit, grouped, judge
from calibration.claims import Claim, chosen_claims, read_claims, shipped_claims
from calibration.figures import estimate, relative_change
from calibration.page import BEGIN, END, mark, write_page
from sim.cli.entry import main
from sim.experiments.statistics import Estimate
from sim.spec.loader import load_world

TINY = ["--set", "population.borrowers=2000", "--set", "population.firms=100", "--set", "burn_in=30"]
ROOMS = ("calibration.commands",)


def claim(**given: object) -> Claim:
    words = {"en": "x", "zh": "x"}
    fields: dict[str, object] = {
        "system": "ecosystem", "claim": words, "operator": "~", "value": 0.3, "unit": "share",
        "numerator": words, "denominator": words, "stage": "all", "window": words, "weeks": 4,
        "arms": {"now": {}, "then": {}}, "figure": {"arm": "now", "measure": "npl_ratio"},
    }  # fmt: skip
    return Claim.model_validate(fields | given)


def row(arm: str, index: int = 0, **given: object) -> dict[str, object]:
    return {"arm": arm, "index": index, "measures": {}, "reasons": {}, **given}


def test_every_row_of_the_report_is_there_and_names_what_it_counts() -> None:
    claims = shipped_claims()
    shared = Path(__file__).parents[1].parent / "shared" / "evidence" / "report_claims.csv"
    if not shared.exists():
        pytest.skip("the list of claims is not at hand: ../shared/evidence/report_claims.csv")
    wanted = {line.split(",")[0] for line in shared.read_text().splitlines()[1:]}
    assert set(claims) == wanted


def test_a_verdict_needs_the_whole_interval() -> None:
    near = claim(tolerance=0.05)
    assert judge(near, Estimate(0.3, 0.26, 0.34, 4, None)) == "holds"
    assert judge(near, Estimate(0.3, 0.2, 0.4, 4, None)) == "unclear"
    assert judge(near, Estimate(0.5, 0.36, 0.64, 4, None)) == "fails"
    assert judge(near, Estimate(None, None, None, 0, "nothing")) == "undefined"
    for operator, lower, higher in (
        ("<=", "holds", "fails"),
        ("<", "holds", "fails"),
        (">", "fails", "holds"),
    ):
        one = claim(operator=operator)
        assert judge(one, Estimate(0.2, 0.1, 0.29, 4, None)) == lower
        assert judge(one, Estimate(0.4, 0.31, 0.5, 4, None)) == higher
        assert judge(one, Estimate(0.3, 0.2, 0.4, 4, None)) == "unclear"
    assert judge(claim(operator=">", value=0), Estimate(0.0, 0.0, 0.0, 4, None)) == "fails"
    assert judge(claim(operator=">=", value=0), Estimate(0.0, 0.0, 0.0, 4, None)) == "holds"


@given(st.lists(st.tuples(st.floats(0.5, 2), st.floats(0.5, 2)), min_size=2, max_size=9), st.floats(0.1, 10))
def test_a_relative_change_has_no_unit(pairs: list[tuple[float, float]], factor: float) -> None:
    changed, base = zip(*pairs, strict=True)
    plain = relative_change(changed, base)
    scaled = relative_change([factor * x for x in changed], [factor * x for x in base])
    assert plain.mean == pytest.approx(sum(changed) / sum(base) - 1)
    assert scaled[:3] == pytest.approx(plain[:3], abs=1e-9)


def test_the_interval_of_a_relative_change_covers() -> None:
    """Over 2,000 samples of 10 pairs the true ratio lies inside about as often as it should."""
    random, inside = np.random.default_rng(1), 0
    for _ in range(2000):
        base = random.normal(10, 1, 10)
        changed = 1.2 * base + random.normal(0, 0.5, 10)
        found = relative_change(list(changed), list(base))
        assert found.low is not None and found.high is not None
        inside += found.low <= 0.2 <= found.high
    assert 0.92 < inside / 2000 < 0.97


def test_figures_are_read_from_runs() -> None:
    weeks = {"week": [0, 1, 2, 3], "complaints": [1, 1, 3, 3], "contacted": [10, 10, 10, 10]}
    sectors = {"sector": ["a", "b"], "firms": [10, 30], "failures": [2, 3], "payables": [75, 25]}
    cures = {"stage": ["middle"] * 4, "weeks": [0, 1, 2, 3], "placed": [10] * 4, "cured": [0, 2, 4, 8]}
    slow = cures | {"cured": [0, 1, 2, 4]}
    rows = [row("now", series=weeks, sectors=sectors, cures=cures), row("then", cures=slow)]

    def value(**figure: object) -> float | None:
        return estimate(claim(figure={"arm": "now"} | figure), rows).mean  # type: ignore[arg-type]

    assert value(series="complaints") == 2
    assert value(series="complaints", per="contacted", weeks=[2, 3]) == 0.3
    assert value(series="complaints", weeks=[2, 3], against_weeks=[0, 1], change="relative") == 2
    assert value(debt="payables", sectors=["a"]) == 0.75
    assert value(failures=True, sectors=["a"]) == 0.2
    # half of the slow arm's success is 2 of 10 accounts: week 1 against week 2
    assert value(recovery_time="middle", against="then", change="relative") == -0.5
    with pytest.raises(SpecError, match="did you mean 'complaints'"):
        value(series="complaint")
    with pytest.raises(SpecError, match="'c' is not a sector"):
        value(debt="payables", sectors=["c"])


def test_claims_of_one_scenario_share_their_runs() -> None:
    groups = grouped(shipped_claims().values())
    assert len(groups) < len(shipped_claims()) / 3
    for members in groups.values():
        arms_of(members)
    two = [claim(arms={"now": {}}), claim(arms={"now": {"seed": 1}})]
    with pytest.raises(SpecError, match="means something else"):
        arms_of(two)


def test_a_faulty_file_of_claims_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("claims:\n  A1: {system: x}\n")
    with pytest.raises(SpecError, match=r"mine\.yaml.*claims\.A1"):
        read_claims(file)
    with pytest.raises(SpecError, match="'S99' is not a claim"):
        chosen_claims(shipped_claims(), ("S99",))
    with pytest.raises(ValueError, match="one of measure"):
        claim(figure={"arm": "now"})


def test_the_command_prints_writes_and_fills_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nOUTDATED\n{END}\nafter\n")
    words = [
        "audit",
        "S01",
        "S16",
        "--worlds",
        "evidence",
        "--runs",
        "2",
        "--out",
        str(tmp_path / "o"),
        *TINY,
    ]
    assert main([*words, "--page", str(page)], ROOMS) == 0
    shown = capsys.readouterr().out
    assert "S01" in shown and "S16" in shown and "fewer than 30 %" in shown
    document = json.loads((tmp_path / "o" / "audit.json").read_text())
    assert [(item["claim"], item["n"]) for item in document["rows"]] == [("S01", 2), ("S16", 2)]
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "OUTDATED" not in text
    assert "| S01 |" in text and "accounts that became 31 days late" in text
    assert main([*words, "--json", "--lang", "zh"], ROOMS) == 0  # from the runs that were kept
    assert json.loads(capsys.readouterr().out) == document


def test_bad_words_leave_everything_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "S1"], ROOMS) == 2
    assert "'S1' is not a claim" in capsys.readouterr().err
    page = tmp_path / "page.md"
    page.write_text("no marks")
    with pytest.raises(SpecError, match="no place for the table"):
        write_page(audit(["S14"], worlds=("evidence",), runs=1, changes=_small()), page)
    assert page.read_text() == "no marks"


def _small() -> dict[str, object]:
    return {"population.borrowers": 1000, "population.firms": 80, "burn_in": 20}


def test_what_holds_by_construction_is_marked_in_its_world_only() -> None:
    """In ``report`` all grounds of disputes are about facts, so that a ledger must end every dispute."""
    held = {name: read_world_share(name) for name in ("evidence", "report")}
    assert held["evidence"] < 1 == held["report"]
    marks = {
        (name, world): mark(claim, world)
        for name, claim in shipped_claims().items()
        for world in ("evidence", "report")
    }
    assert {key for key, sign in marks.items() if sign} == {
        (name, world) for name in ("S09b", "S18", "S24") for world in ("evidence", "report")
    } | {("S27", "report")}


def read_world_share(world: str) -> float:
    return load_world(world).households.dispute_factual.value
