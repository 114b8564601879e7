"""Backtest: latent processes recovered, nothing read after the origin, tables equal to the household week."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from arrears import ROOMS
from calibration.backtest import BORROWERS, Backtest, backtest
from calibration.backtest_history import BUCKETS, History, late_run
from calibration.backtest_kinds import (
    BUCKET_OF,
    STATES,
    kinds_of,
    live_month,
    numbers_of,
    parameters_of,
    settle,
    states,
)
from calibration.backtest_rivals import chain, chain_with_duration, persistence, roll_rates
from calibration.backtest_scores import brier_score, log_score, scores
from calibration.backtest_table import predictions_csv
from sim.cli.entry import main
from sim.core.columns import F64, I8, I64
from sim.core.errors import SpecError
from sim.phases.parameters import household_parameters
from sim.spec.loader import load_world
from tests.support_model import CARDS

SMALL = {"kinds": 32, "people": 300}
WITHOUT_BOOSTING = ("chain", "chain_last_month", "duration_chain", "persistence")
#: Two hidden types: P(late | in order), P(late | late).
TYPES = np.array([[0.02, 0.25], [0.25, 0.90]])


def two_types(accounts: int, months: int, seed: int = 5) -> tuple[I8, F64]:
    """Buckets [A, months] of accounts of two hidden types, and the true chance of being late in the last
    month given the months before it (Bayes' rule by hand)."""
    random = np.random.default_rng(seed)
    kind = (random.random(accounts) < 0.3).astype(np.int64)
    bucket = np.zeros((accounts, months), np.int8)
    weight = np.repeat(np.array([[0.7, 0.3]]), accounts, axis=0)
    for t in range(1, months):
        late = bucket[:, t - 1].astype(np.int64)
        truth = (weight * TYPES[:, late].T).sum(axis=1) / weight.sum(axis=1)
        bucket[:, t] = random.random(accounts) < TYPES[kind, late]
        given = TYPES[:, late].T
        weight = weight * np.where(bucket[:, [t]] > 0, given, 1.0 - given)
    return bucket, truth


def written(folder: Path, bucket: I8, seed: int = 1) -> Path:
    """A canonical file with these months (the oldest first), statements and payments."""
    random, path = np.random.default_rng(seed), folder / "accounts.csv"
    accounts, months = bucket.shape
    heads = ["account_id", "balance", "days_past_due", "limit"]
    for name in ("months_past_due", "paid", "billed"):
        heads += [f"{name}_{k}" for k in range(1, months + 1)]
    with path.open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(heads)
        for row in range(accounts):
            billed = random.integers(100, 5000, months)
            paid = np.where(random.random(months) < 0.3, 0, billed // 3)
            newest = int(bucket[row, -1])
            out.writerow(
                [f"a{row}", billed[0], 15 + 30 * (newest - 1) if newest else 0, 6000,
                 *bucket[row, ::-1], *paid, *billed]
            )  # fmt: skip
    return path


def scrambled(path: Path, columns: list[str], seed: int = 9) -> Path:
    """The same file with the cells of some columns drawn anew among the accounts."""
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    random = np.random.default_rng(seed)
    for name in columns:
        cells = [row[name] for row in rows]
        for row, at in zip(rows, random.permutation(len(rows)), strict=True):
            row[name] = cells[at]
    other = path.parent / "scrambled.csv"
    with other.open("w", newline="") as stream:
        out = csv.DictWriter(stream, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return other


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> tuple[Backtest, F64]:
    bucket, truth = two_types(3000, 8)
    path = written(tmp_path_factory.mktemp("hidden"), bucket)
    return backtest(path, rivals=WITHOUT_BOOSTING, people=300), truth


def test_two_hidden_types_are_told_apart_by_history(hidden: tuple[Backtest, F64]) -> None:
    found, truth = hidden
    given = {name: 1.0 - chances[:, 0, 0] for name, chances in found.chances.items()}
    loss = {name: float(np.mean((p - truth) ** 2)) for name, p in given.items()}
    assert loss[BORROWERS] < 0.9 * loss["chain"]
    assert np.corrcoef(given[BORROWERS], truth)[0, 1] > 0.98
    row = found.months[0]["groups"]["all"][BORROWERS]
    assert row["log_gain"]["low"] > 0
    assert 0.9 < row["late_ratio"]["value"] < 1.1


def test_cure_falls_with_months_late_where_types_differ(hidden: tuple[Backtest, F64]) -> None:
    rows = hidden[0].months[0]["cure"]
    assert [row["months_late"] for row in rows] == [1, 2, 3, 4]
    for name, falls in ((BORROWERS, True), ("chain", False)):
        first, last = rows[0]["predicted"][name], rows[-1]["predicted"][name]
        assert (first - last > 0.1) == falls
    assert rows[0]["observed"] > rows[-1]["observed"] + 0.1


def test_no_chance_is_zero_and_each_account_sums_to_one(hidden: tuple[Backtest, F64]) -> None:
    for chances in hidden[0].chances.values():
        assert chances.min() > 1e-6
        assert np.allclose(chances.sum(axis=2), 1.0)


def test_the_file_of_predictions(hidden: tuple[Backtest, F64]) -> None:
    lines = predictions_csv(hidden[0]).splitlines()
    assert lines[0] == "account_id,origin_month,horizon,p_bucket0,p_bucket1,p_bucket2,p_bucket3"
    assert len(lines) == 3001
    account, origin, horizon, *chances = lines[1].split(",")
    assert (account, origin, horizon) == ("a0", "7", "1")
    assert sum(map(float, chances)) == pytest.approx(1.0)


def test_scores_are_plain_data_without_accounts(hidden: tuple[Backtest, F64]) -> None:
    document = json.loads(hidden[0].to_json())
    assert document["accounts"] == 3000 and document["months_read"] == 7
    assert "a17" not in hidden[0].to_json()


@pytest.mark.parametrize("months", [1, 2])
def test_nothing_after_the_origin_is_read(tmp_path: Path, months: int) -> None:
    bucket, _ = two_types(600, 6)
    path = written(tmp_path, bucket)
    later = [f"{name}_{k}" for name in ("months_past_due", "paid", "billed") for k in range(1, months + 1)]
    other = scrambled(path, ["balance", "days_past_due", *later])
    rivals = (*WITHOUT_BOOSTING, "boosting")
    one, two = (backtest(file, months=months, rivals=rivals, **SMALL) for file in (path, other))
    assert {BORROWERS, "boosting"} <= set(one.chances) == set(two.chances)
    for name in one.chances:
        assert np.array_equal(one.chances[name], two.chances[name]), name
    assert one.months != two.months  # what is scored did change


def test_a_month_before_the_origin_does_move_predictions(tmp_path: Path) -> None:
    bucket, _ = two_types(600, 6)
    path = written(tmp_path, bucket)
    other = scrambled(path, ["months_past_due_2"])
    one, two = (backtest(file, rivals=(), **SMALL) for file in (path, other))
    assert not np.array_equal(one.chances[BORROWERS], two.chances[BORROWERS])


def test_tables_of_moves_are_what_the_household_week_does() -> None:
    world = load_world("evidence")
    kinds = kinds_of(world, count=8, people=2000, seed=1)
    numbers = household_parameters(world)
    points = np.linspace(0.2, 0.8, 14)
    kind = numbers_of(points, reluctant=False)
    p = parameters_of(numbers, kind)
    b, a = settle(kind, 4000)
    for month in range(6):
        live_month(month, b, a, p, seed=77)
    from calibration.backtest_kinds import _lived

    counts = _lived(numbers, kind, 4000, seed=3)
    held = states(b, a)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    inside = held >= 0
    expected = rates[held[inside]] @ (BUCKET_OF[:, None] == np.arange(BUCKETS))
    live_month(6, b, a, p, seed=77)
    now = states(b, a)[inside]
    seen = np.bincount(BUCKET_OF[now[now >= 0]], minlength=BUCKETS) / len(now)
    assert kinds.moves.shape == (8, STATES, STATES)
    assert np.allclose(kinds.moves.sum(axis=2), 1.0)
    assert np.abs(seen - expected.mean(axis=0)).max() < 0.03


def test_a_kind_that_forgets_more_is_late_more_often() -> None:
    numbers, late = household_parameters(load_world("evidence")), []
    for forgets in (0.01, 0.3):
        kind = numbers_of(np.full(14, 0.5), reluctant=False) | {"forgets": forgets, "remembers": 0.1}
        b, a = settle(kind, 1000)
        for month in range(4):
            live_month(month, b, a, parameters_of(numbers, kind), seed=2)
        late.append(float(np.mean(a.arrears > 0)))
    assert late[1] > late[0] + 0.2


def pencil(bucket: list[list[int]]) -> History:
    months = np.array(bucket, np.int8)
    blank = np.full(months.shape, np.nan)
    return History(
        months, months, blank, blank, np.zeros(len(months)), np.arange(len(months), dtype=np.int32)
    )


def test_chains_on_a_file_of_five_accounts() -> None:
    fit = pencil([[0, 0, 1], [0, 1, 1], [1, 1, 2], [0, 0, 0], [1, 0, 0]])
    rates = roll_rates(fit)
    assert rates[0] == pytest.approx(np.array([4.5, 2.5, 0.5, 0.5]) / 8)
    assert rates[1] == pytest.approx(np.array([1.5, 2.5, 1.5, 0.5]) / 6)
    ahead = chain(fit, fit, 2)
    assert ahead[3, 0] == pytest.approx(rates[0])
    assert ahead[3, 1] == pytest.approx(rates[0] @ rates)
    assert persistence(fit, fit, 1)[3, 0, 0] == pytest.approx((6 + 0.5) / (10 + 1))
    run = chain_with_duration(fit, fit, 3)
    assert np.allclose(run.sum(axis=2), 1.0)
    assert late_run(fit.bucket).tolist() == [1, 2, 3, 0, 0]
    assert not np.allclose(run[0, 0], run[1, 0])  # both one month late, for one month and for two


def test_scores_against_pencil_results() -> None:
    chances = np.array([[0.5, 0.5, 0.0, 0.0], [0.8, 0.1, 0.1, 0.0]])
    seen: I64 = np.array([1, 0])
    assert log_score(chances, seen) == pytest.approx(-np.log([0.5, 0.8]))
    assert brier_score(chances, seen) == pytest.approx([0.5, 0.06])
    better = np.array([[0.1, 0.9, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0]])
    given = {"chain": chances, "other": better}
    found = scores(given, seen, np.ones(2, np.bool_), np.arange(2, dtype=np.int32), seed=1)
    gain = 1 - np.log([0.9, 0.9]).sum() / np.log([0.5, 0.8]).sum()
    assert found["other"]["log_gain"]["value"] == pytest.approx(gain)
    assert found["chain"]["log_gain"]["value"] == 0.0
    assert found["chain"]["late_ratio"]["value"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("months", "asked", "said"),
    [
        (2, {}, "2 months of history"),
        (5, {"months": 4}, "1 to 3"),
        (5, {"months": 0}, "1 to 12"),
        (5, {"folds": 1}, "2 to 20"),
        (5, {"left_out": 3}, "left out"),
        (5, {"folds": 19}, "too few"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, months: int, asked: dict[str, int], said: str
) -> None:
    path = written(tmp_path, two_types(100, months)[0])
    with pytest.raises(SpecError, match=said):
        backtest(path, rivals=(), **SMALL, **asked)  # type: ignore[arg-type]


def test_a_file_without_history_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("account_id,balance,days_past_due,instalment\nx,10,0,1\n")
    assert main(["backtest", "--portfolio", str(path)], rooms=ROOMS) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "months_past_due" in said[0] and "at least 3" in said[0]
    assert main(["backtest", "--portfolio", str(path), "--map", "uci-cards"], rooms=ROOMS) == 2
    assert "uci-card" in capsys.readouterr().err


def test_the_command_writes_page_scores_and_predictions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, two_types(300, 5)[0])
    out = tmp_path / "out"
    words = ["backtest", "--portfolio", str(path), "--out", str(out), "--lang", "zh"]
    assert main(words, rooms=ROOMS) == 0
    assert "滚动率链" in capsys.readouterr().out
    page = (out / "backtest.html").read_text(encoding="utf-8")
    assert "Gradient boosting" in page and "梯度提升" in page and "http-equiv" not in page
    assert json.loads((out / "backtest.json").read_text())["folds"] == 2
    assert (out / "predictions.csv").read_text().startswith("account_id,origin_month")


@pytest.fixture(scope="module")
def found() -> Backtest:
    return backtest(CARDS, "uci-card", rivals=WITHOUT_BOOSTING)


@pytest.mark.skipif(not CARDS.exists(), reason="shared data absent: ../shared/data/uci-card")
class TestCards:
    """The public card file: April to July are read, August is predicted."""

    @pytest.mark.parametrize("group", ["all", "late"])
    def test_borrowers_beat_the_chain_on_accounts_and_a_month_not_fitted(
        self, found: Backtest, group: str
    ) -> None:
        row = found.months[0]["groups"][group][BORROWERS]
        assert row["log_gain"]["low"] > 0 and row["brier_gain"]["low"] > 0
        assert row["log_gain"]["value"] >= 0.05
        assert 0.90 <= row["late_ratio"]["value"] <= 1.10

    def test_the_chain_with_duration_is_matched_among_the_late(self, found: Backtest) -> None:
        rows = found.months[0]["groups"]["late"]
        assert rows[BORROWERS]["log"] < rows["duration_chain"]["log"]

    def test_predictions_do_not_move_when_later_columns_are_scrambled(self, tmp_path: Path) -> None:
        with gzip.open(CARDS, "rt") as stream:
            lines = stream.readlines()[:3001]
        path = tmp_path / "cards.csv"
        path.write_text("".join(lines))
        later = ["PAY_0", "PAY_2", "BILL_AMT1", "BILL_AMT2", "PAY_AMT1", "PAY_AMT2", "default_next_month"]
        one, two = (backtest(file, "uci-card", rivals=(), **SMALL) for file in (path, scrambled(path, later)))
        assert np.array_equal(one.chances[BORROWERS], two.chances[BORROWERS])
        assert one.months != two.months
