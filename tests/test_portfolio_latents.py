"""The latents follow each account's own history, and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.columns import I8, I64
from sim.spec.portfolio_latents import (
    AccountHistory,
    LatentModel,
    Latents,
    infer_latents,
    log_chances,
    months_late,
)


def infer(
    months: list[list[int]] | I8, paid: I64 | None = None, billed: I64 | None = None, **changes: Any
) -> Latents:
    """Latents of borrowers with one account each; a loan unless ``changes`` says otherwise."""
    rows = np.asarray(months, np.int8)
    n, unknown = len(rows), np.full(rows.shape, -1, np.int64)
    history = AccountHistory(
        np.arange(n, dtype=np.int32),
        np.zeros(n, np.uint8),
        np.full(n, 1000, np.int64),
        np.zeros(n, np.int64),
        rows,
        unknown if paid is None else paid,
        unknown if billed is None else billed,
    )
    return infer_latents(history._replace(**changes), n)


def test_unknown_history_leaves_the_prior() -> None:
    found = infer([[-1, -1, -1]])
    model = LatentModel()
    assert found.ability[0] == pytest.approx(0.0, abs=1e-9)
    assert found.ability_sd[0] == pytest.approx(1.0, abs=0.001)
    assert found.reluctance[0] == pytest.approx(model.share_reluctant)
    assert found.forgetfulness[0] == pytest.approx(model.share_forgetful)


def test_one_month_against_the_integral() -> None:
    """One late first month: Bayes' rule by adaptive quadrature, not by the grid."""
    from scipy.integrate import quad

    model = LatentModel()

    def first_late(x: float, offset: float, persistence: float) -> float:
        score = model.onset - model.slope * (x - offset)
        onset, stays = 1 / (1 + np.exp(-score)), 1 / (1 + np.exp(-score - persistence))
        return float(onset / (onset + 1 - stays))

    def density(x: float) -> float:
        return float(np.exp(-x * x / 2) / np.sqrt(2 * np.pi))

    kinds = [
        (1 - model.share_forgetful - model.share_reluctant, 0.0, model.persistence),
        (model.share_forgetful, model.forgetful_offset, model.forgetful_persistence),
    ]
    able = sum(w * quad(lambda x, o=o, d=d: density(x) * first_late(x, o, d), -9, 9)[0] for w, o, d in kinds)
    mean = sum(
        w * quad(lambda x, o=o, d=d: x * density(x) * first_late(x, o, d), -9, 9)[0] for w, o, d in kinds
    )
    late = model.reluctant_late
    stuck = model.share_reluctant * late / (late + 1 - model.reluctant_stays)
    found = infer([[1]])
    assert found.ability[0] == pytest.approx(mean / able, abs=0.002)
    assert found.reluctance[0] == pytest.approx(stuck / (stuck + able), abs=0.002)


def test_chances_of_each_month_add_up_to_one() -> None:
    chances = np.exp(log_chances(LatentModel(payment_weight=1.0)))
    for events in ((0, 1), (2, 3), (4, 5, 6), (7, 8, 9)):
        np.testing.assert_allclose(chances[list(events)].sum(axis=0), 1.0, atol=1e-12)


def test_one_more_late_month_never_raises_ability() -> None:
    """All histories of five months, each month known to be current made late by 1, 2 or 3 months."""
    histories = list(itertools.product((-1, 0, 1, 2, 3), repeat=5))
    ability = infer(np.array(histories, np.int8)).ability
    at = {history: row for row, history in enumerate(histories)}
    checked = 0
    for history, row in at.items():
        for k in range(5):
            for late in (1, 2, 3):
                if history[k] == 0:
                    changed = (*history[:k], late, *history[k + 1 :])
                    assert ability[at[changed]] <= ability[row] + 1e-12, (history, changed)
                    checked += 1
    assert checked == 5 * 5**4 * 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=24), st.data())
def test_one_more_late_month_in_long_histories(months: list[int], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(months) - 1))
    before = [*months[:k], 0, *months[k + 1 :]]
    after = [*months[:k], 1, *months[k + 1 :]]
    found = infer([before, after])
    assert found.ability[1] <= found.ability[0] + 1e-12


def test_longer_arrears_mean_less_ability_and_more_reluctance() -> None:
    runs = [[1] * n + [0] * (8 - n) for n in range(9)]
    found = infer(runs)
    assert (np.diff(found.ability) < 0).all()
    assert (np.diff(found.reluctance) > 0).all()
    assert found.ability[-1] < -1.5


def test_deep_arrears_without_history_count_as_the_months_before() -> None:
    found = infer([[0], [1], [2], [4], [6]])
    assert (np.diff(found.ability) < 0).all()
    assert found.reluctance[-1] > found.reluctance[1]
    assert months_late(np.array([0, 1, 30, 31, 60, 61, 3650], np.int16)).tolist() == [0, 1, 1, 2, 2, 3, 120]


def test_late_now_and_then_is_forgetful_rather_than_reluctant() -> None:
    found = infer([[0, 1, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1]])
    assert found.forgetfulness[0] > 0.5 > found.forgetfulness[1]
    assert found.reluctance[0] < found.reluctance[1]


def test_payments_separate_able_from_unable_and_unwilling() -> None:
    billed = np.full((3, 6), 10_000, np.int64)
    paid = np.array([[10_000] * 6, [600] * 6, [0] * 6], np.int64)
    cards = {"product": np.ones(3, np.uint8), "limit": np.full(3, 2_000_000, np.int64)}
    found = infer([[0] * 6, [0] * 6, [0] * 6], paid, billed, **cards)
    assert found.ability[0] > 1.0 > found.ability[1] > found.ability[2]
    late = infer([[1] * 6] * 3, paid, billed, **cards)
    assert late.reluctance[2] > 2 * late.reluctance[1]


def test_the_payment_of_a_month_answers_the_statement_before() -> None:
    billed = np.array([[500, 10_000, -1]], np.int64)
    full, part = np.array([[10_000, -1, -1]], np.int64), np.array([[500, -1, -1]], np.int64)
    card = {"product": np.ones(1, np.uint8), "limit": np.full(1, 2_000_000, np.int64)}
    none = infer([[-1] * 3], None, billed, **card).ability[0]
    assert (
        infer([[-1] * 3], full, billed, **card).ability[0]
        > none
        > infer([[-1] * 3], part, billed, **card).ability[0]
    )


def test_utilisation_and_limit_shift_the_prior() -> None:
    limit = np.array([2_000_000] * 3 + [10_000_000], np.int64)
    balance = np.array([0, 1_000_000, 2_000_000, 5_000_000], np.int64)
    found = infer([[-1]] * 4, product=np.ones(4, np.uint8), limit=limit, balance=balance)
    assert found.ability[0] > found.ability[1] > found.ability[2]
    assert found.ability[3] > found.ability[1]
    np.testing.assert_allclose(found.reluctance, LatentModel().share_reluctant)


def test_all_accounts_of_a_borrower_count() -> None:
    both = AccountHistory(
        np.array([0, 0, 1], np.int32),
        np.zeros(3, np.uint8),
        np.full(3, 10, np.int64),
        np.zeros(3, np.int64),
        np.array([[0, 0], [1, 1], [0, 0]], np.int8),
        np.full((3, 2), -1, np.int64),
        np.full((3, 2), -1, np.int64),
    )
    found = infer_latents(both, 2)
    alone = infer([[0, 0], [1, 1]])
    assert alone.ability[1] < found.ability[0] < alone.ability[0]
    assert found.ability[1] == alone.ability[0]


def test_later_months_that_are_left_out_cannot_matter() -> None:
    months = np.array([[0, 1, 0, 0], [3, 1, 0, 0]], np.int8)
    found = infer(months[:, 1:])
    assert found.ability[0] == found.ability[1]
    assert found.reluctance[0] == found.reluctance[1]
