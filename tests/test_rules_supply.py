"""Rules on trade debt: caps on payment terms, set-off and the like as law, a liquidity facility."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_model import on_two_threads, paired, seasoned, snapshot

from arrears import Ecosystem
from sim.phases.levers import levers_in_force

CAP, LARGE = "rules.payment_term_cap_days", "rules.payment_term_cap_large_buyers"
SHARE, WEEKS = "rules.liquidity_facility_share", "rules.liquidity_facility_weeks"


def quiet(model: Ecosystem) -> Ecosystem:
    """A branch without failures, shocks or quarrels, so that orders are the same every week."""
    calm = {
        "world.firms.shock_sd": 0.0, "world.firms.disputed_share": 0.0, "world.firms.order_smoothing": 0.0,
        "world.firms.credit_line_weeks": 500.0, "world.firms.petition_rate": 0.0,
    }  # fmt: skip
    return model.branch(calm)


def owed_on_terms(model: Ecosystem) -> int:
    return int(model.state.links.not_due.sum())


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 130), st.integers(1, 14), st.integers(0, 130))
def test_what_is_not_yet_due_is_what_was_ordered_within_the_terms(first: int, gap: int, second: int) -> None:
    """Two changes of the cap at any distance: no order is lost, none matures twice."""
    start = seasoned(seed=2)
    model = start.branch({CAP: first}).run(gap).branch({CAP: second})
    k = model.state.links
    most = int(k.contract_terms.max())
    model.run(2 * most + 2)
    model.ledger.check()
    k = model.state.links
    assert (k.not_due >= 0).all()
    assert (k.terms == np.minimum(k.contract_terms, second // 7)).all()
    if second < 7:
        assert owed_on_terms(model) == 0


def test_orders_mature_on_the_terms_under_which_they_were_placed() -> None:
    model = quiet(seasoned(seed=3))
    model.run(15)
    k = model.state.links
    usual, terms = owed_on_terms(model), k.terms.copy()
    assert (terms > 4).all()
    capped = model.branch({CAP: 28})
    rows = []
    for _ in range(int(terms.max()) + 1):
        capped.step()
        rows.append(owed_on_terms(capped))
    # for four weeks new orders pile up as fast as before; then both mature until the old ones are done
    assert rows[3] == pytest.approx(usual, rel=0.02)
    assert all(later <= earlier * 1.01 for earlier, later in pairwise(rows[3:]))
    expected = usual * 4 / float(np.average(terms, weights=k.weekly_amount))
    assert rows[-1] == pytest.approx(expected, rel=0.05)


def test_a_cap_for_large_buyers_leaves_other_links_as_they_are() -> None:
    model = seasoned(seed=2).branch({CAP: 28, LARGE: True}).run(2)
    k, f = model.state.links, model.state.firms
    spec = model.state.spec.receivables
    covered = (f.size_rank[k.buyer] > 1 - spec.large_share) & (f.size_rank[k.supplier] < spec.small_share)
    assert covered.any() and not covered.all()
    assert (k.terms[covered] == 4).all()
    assert (k.terms[~covered] == k.contract_terms[~covered]).all()


def test_a_cap_that_does_not_bind_changes_nothing() -> None:
    plain, loose = (seasoned(seed=2).branch(change).run(6) for change in ({}, {CAP: 3650}))
    assert plain.digest() == loose.digest()


def test_levers_as_law_do_what_the_scenarios_levers_do() -> None:
    for name in ("set_off_every", "netting_every", "compulsory_payment_every"):
        lever, law = (
            seasoned(seed=4).branch({key: 4}).run(6) for key in (f"levers.{name}", f"rules.{name}_weeks")
        )
        assert lever.digest() == law.digest()
        both = seasoned(seed=4).branch({f"levers.{name}": 2, f"rules.{name}_weeks": 0})
        assert getattr(levers_in_force(both.state), name) == 0


def test_the_facility_pays_whom_it_owes_nothing_and_is_repaid() -> None:
    start = seasoned(seed=2, population__firms=300)
    model = start.branch({SHARE: 0.8, WEEKS: 2}).run(12)
    k = model.state.links
    assert k.advanced.sum() > 0
    assert (k.advanced <= k.overdue + k.disputed + k.not_due).all()
    model.ledger.check()
    assert model.ledger.balance_sheet().loc["trade_credit, claims", "government"] == k.advanced.sum()
    off = start.branch({SHARE: 0.0}).run(12)
    plain = start.branch({}).run(12)
    assert off.digest() == plain.digest()
    ended = model.branch({SHARE: 0.0})
    before = int(ended.state.links.advanced.sum())
    ended.run(20)
    assert int(ended.state.links.advanced.sum()) < before


def test_caps_and_advances_lower_failures() -> None:
    """Five seeds of 1,000 firms over two years; Barrot (2016) found a quarter fewer defaults under a cap."""
    arms = {"plain": {}, "cap": {CAP: 28, LARGE: True}, "facility": {SHARE: 0.8}}

    def failures(seed: int) -> dict[str, tuple[float, float]]:
        start = Ecosystem(
            "baseline",
            rng=seed,
            changes={"population.borrowers": 1000, "population.firms": 1000},
        )
        found = {}
        for name, change in arms.items():
            m = start.branch(change).run(104).measures()
            failed, days = m["firm_failures"].value, m["receivable_days"].value
            assert failed is not None and days is not None
            found[name] = (failed, days)
        return found

    results = on_two_threads(failures, (1, 2, 3, 4, 5))
    for name in ("cap", "facility"):
        effect = paired([result[name][0] - result["plain"][0] for result in results])
        assert effect.mean < 0 and effect.low < 0
    days = paired([result["cap"][1] - result["plain"][1] for result in results])
    assert days.high < 0


def test_the_law_alone_brings_the_cap() -> None:
    """A rule set with a cap on terms, in force from its day on."""
    start = seasoned(seed=2)
    before = snapshot(start)
    capped = start.branch({"rules": "china-2026"}).run(1)
    assert (capped.state.links.terms <= capped.state.links.contract_terms).all()
    assert (capped.state.links.terms < capped.state.links.contract_terms).any()
    assert all(np.array_equal(value, snapshot(start)[name], equal_nan=value.dtype.kind == "f")
               for name, value in before.items())  # fmt: skip
