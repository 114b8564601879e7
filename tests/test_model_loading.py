"""Scenarios of the user's own: names in them are checked before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import arrears


def test_a_misspelt_strategy_is_named_with_file_field_and_near_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "include: baseline\nid: mine\ncollectors:\n"
        "  - {name: one, kind: agency, strategy: apbased, stages: [early]}\n",
        "utf-8",
    )
    with pytest.raises(arrears.SpecError) as caught:
        arrears.load_scenario(path)
    sentence = str(caught.value)
    for part in (
        "mine.yaml",
        "collectors[0].strategy",
        "'apbased'",
        "did you mean 'app_based'",
        "traditional",
    ):
        assert part in sentence


def test_a_registered_strategy_may_stand_in_a_scenario(tmp_path: Path) -> None:
    @arrears.register_strategy("only_letters")
    class OnlyLetters:
        def decide(self, cases: arrears.Cases, capacity: arrears.Capacity) -> arrears.Treatment:
            return arrears.Treatment.nothing(len(cases.account)).use("letter", 1)

    path = tmp_path / "letters.yaml"
    path.write_text("include: baseline\nid: letters\nstrategy: only_letters\n", "utf-8")
    model = arrears.Ecosystem(path, rng=1, borrowers=300, firms=60, burn_in=2).run(6)
    assert {collector.strategy for collector in model.collectors} == {"only_letters"}
    assert model.series()["attempts"].sum() > 0
