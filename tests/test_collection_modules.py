"""Modules: added to any strategy, by name, by file, and from outside the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arrears import Ecosystem, load_scenario
from sim.collection import Capacity, Cases, Module, Treatment, modules, register_module, strategy
from sim.core.errors import SpecError
from sim.spec.scenario import LendingSpec

SMALL = {"population.borrowers": 3000, "population.firms": 100, "burn_in": 30}
#: Rules that people under pressure break: two dials a week, no third parties.
STRICT = {"rules.attempts_per_week": 2, "rules.third_party_contact": False}


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules._modules, "_classes", dict(modules._modules._classes))


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    return Ecosystem("baseline", rng=3, changes=SMALL | STRICT)


def totals(model: Ecosystem) -> dict[str, float]:
    series = model.series()
    return {
        name: float(series[name].sum()) for name in ("violations", "collection_cost", "attempts", "worked")
    }


def test_the_guard_brings_violations_to_zero_and_costs_what_it_costs(start: Ecosystem) -> None:
    plain = totals(start.branch({"strategy": "traditional"}).run(8))
    guarded = totals(start.branch({"strategy": "traditional+compliance_guard"}).run(8))
    free = {"strategy": "traditional+compliance_guard", "world.collection.contact_check_cost": 0.0}
    unpaid = totals(start.branch(free).run(8))
    assert plain["violations"] > 0 == guarded["violations"]
    assert guarded["attempts"] < plain["attempts"]
    price = 100 * start.world.collection.contact_check_cost.value
    assert guarded["collection_cost"] - unpaid["collection_cost"] == price * guarded["worked"] > 0


def test_the_price_of_a_check_is_rounded_to_the_nearest_fen(start: Ecosystem) -> None:
    name = "world.collection.contact_check_cost"  # .29 yuan is 28.999... fen in binary
    dear, cheap = (
        totals(start.branch({"strategy": "app_based+compliance_guard", name: price}).run(2))
        for price in (0.29, 0.0)
    )
    assert dear["collection_cost"] - cheap["collection_cost"] == 29 * dear["worked"] > 0


def test_where_no_rule_binds_the_guard_changes_costs_alone() -> None:
    free = Ecosystem("baseline", rules="none", rng=3, changes=SMALL)
    plain, guarded = (
        free.branch({"strategy": name, "world.collection.contact_check_cost": 0.0}).run(4)
        for name in ("traditional", "traditional+compliance_guard")
    )
    assert plain.digest() == guarded.digest()


def test_a_module_from_outside_the_package_works_with_any_strategy(start: Ecosystem) -> None:
    @register_module("nobody_is_called")
    class NobodyIsCalled(Module):
        def adjust(self, treatment: Treatment, cases: Cases, capacity: Capacity) -> Treatment:
            treatment.attempts[:] = 0
            return treatment

    for base in ("traditional", "app_based"):
        model = start.branch({"strategy": {"base": base, "modules": ["nobody_is_called"]}}).run(2)
        assert totals(model)["attempts"] == 0
        assert model.spec.strategy == f"{base}+nobody_is_called"


def test_modules_adjust_in_the_order_given() -> None:
    made = []

    def noting(name: str) -> None:
        class Noting(Module):
            def adjust(self, treatment: Treatment, cases: Cases, capacity: Capacity) -> Treatment:
                made.append(name)
                return treatment

        Noting.__qualname__ = name
        register_module(name)(Noting)

    noting("first_one")
    noting("second_one")
    dtypes = Cases.__annotations__
    none = Cases(*(np.zeros(0, np.int32) for _ in dtypes))
    strategy("left_alone+second_one+first_one").decide(none, Capacity(0, 0))
    assert made == ["second_one", "first_one"]


def scenario_file(folder: Path, chosen: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(f"include: baseline.yaml\nid: own\nstrategy: {chosen}\n")
    return path


def test_a_scenario_file_names_base_and_modules(tmp_path: Path) -> None:
    path = scenario_file(tmp_path, "{base: ai_tiered, modules: [compliance_guard]}")
    assert load_scenario(path).strategy == "ai_tiered+compliance_guard"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("{base: ai_tiered, modules: [complianse_guard]}", "did you mean 'compliance_guard'"),
        ("{base: ai_teired, modules: [compliance_guard]}", "did you mean 'ai_tiered'"),
        ("{modules: [compliance_guard]}", "the name of a strategy"),
        ("{base: ai_tiered, module: [compliance_guard]}", "'module' is not a known field"),
        ("{base: ai_tiered, modules: compliance_guard}", "a list of names"),
        ("{base: ai_tiered+app_added}", "one name in each place"),
    ],
)
def test_a_wrong_strategy_is_told_with_file_line_and_what_is_allowed(
    tmp_path: Path, chosen: str, said: str
) -> None:
    path = scenario_file(tmp_path, chosen)
    with pytest.raises(SpecError) as told:
        load_scenario(path)
    assert "own.yaml" in str(told.value) and "line 3" in str(told.value) and said in str(told.value)


def test_a_module_is_added_once() -> None:
    with pytest.raises(SpecError, match="'compliance_guard' is given twice"):
        strategy("traditional+compliance_guard+compliance_guard")


def test_a_class_that_is_no_module_is_refused() -> None:
    with pytest.raises(SpecError, match="has no method adjust"):
        register_module("not_one")(type("Nothing", (), {}))


def test_lenders_use_modules_of_their_own() -> None:
    given = {"lending.modules": ["compliance_guard"], "lending.lenders": [0, 2]}
    using = LendingSpec(modules=("compliance_guard",), lenders=(0, 2))
    assert using.used_by("compliance_guard", 5) == (0, 2)
    assert using.used_by("other", 5) == ()
    assert LendingSpec(modules=("compliance_guard",)).used_by("compliance_guard", 3) == (0, 1, 2)
    Ecosystem("baseline", rng=1, changes=SMALL | given)
    assert LendingSpec(modules="a+b").modules == ("a", "b")
    joined = Ecosystem("baseline", rng=1, changes=SMALL | {"lending.modules": "early_warning+shared_ledger"})
    assert joined.spec.lending.modules == ("early_warning", "shared_ledger")
    with pytest.raises(SpecError, match="is not a module"):
        Ecosystem("baseline", rng=1, changes=SMALL | {"lending.modules": ["nothing"]})
    with pytest.raises(SpecError, match="9 is not the number of a lender"):
        Ecosystem("baseline", rng=1, changes=SMALL | given | {"lending.lenders": [9]})
