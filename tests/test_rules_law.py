"""The shipped laws, case by case: what a collector may do, from which day, and where it is written."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.collection import Cases, Treatment, permit
from sim.collection.names import CHANNELS, EVENING, NIGHT, VIOLATION_KINDS
from sim.core.columns import empty
from sim.core.errors import SpecError
from sim.spec.changes import apply_rule_changes
from sim.spec.include import shipped
from sim.spec.loader import load_rules, rule_set_names
from sim.spec.rules import RuleSet, binding, declared_rules, rules_for

ROOT = Path(__file__).parents[1]


def left(
    law: str | RuleSet, plan: Treatment, *, since: int = 999, offered: bool = False, rate: float = 0.0
) -> Any:
    """What an agency may do of a plan for a case contacted ``since`` weeks ago."""
    rules = rules_for(load_rules(law) if isinstance(law, str) else law, "agency")
    n = plan.tone.size
    cases = empty(Cases, n)._replace(
        account=np.arange(n, dtype=np.int32), weeks_since_contact=np.full(n, since, np.int16)
    )
    offers = np.full(n, offered)
    return permit(plan, cases, rules, plan_offered=offers, over_cap_rate=rate, seed=1, week=1)


def made(done: Any, channel: str, part: int | None = None) -> int:
    """Attempts that the first case gets on a channel."""
    by_part = done.treatment.attempts[0, CHANNELS.index(channel)]
    return int(by_part.sum() if part is None else by_part[part])


def plan(**attempts: int) -> Treatment:
    one = Treatment.nothing(1)
    for channel, count in attempts.items():
        one.use(channel, count)
    return one


# -- the laws -----------------------------------------------------------------------------------
def test_under_regulation_f_the_eighth_call_in_seven_days_is_not_made() -> None:
    assert made(left("us-regulation-f", plan(human=7)), "human") == 7
    assert made(left("us-regulation-f", plan(human=8)), "human") == 7
    both = left("us-regulation-f", plan(human=5, robot=5))
    assert (made(both, "human"), made(both, "robot")) == (5, 2)


def test_under_regulation_f_seven_quiet_days_follow_a_conversation() -> None:
    """Calls alone pause: a letter or a text may be sent."""
    asked = plan(human=3, robot=2, text=1, letter=1)
    day_after, later = (left("us-regulation-f", asked, since=weeks) for weeks in (1, 2))
    assert [made(day_after, name) for name in ("human", "robot", "text", "letter")] == [0, 0, 1, 1]
    assert [made(later, name) for name in ("human", "robot", "text", "letter")] == [3, 2, 1, 1]
    pressed = left("us-regulation-f", asked, since=1, rate=1.0)
    assert made(pressed, "human") == 3 and made(pressed, "robot") == 0
    assert pressed.violations[0, VIOLATION_KINDS.index("pause_after_contact")] == 3


@pytest.mark.parametrize(
    ("law", "evening", "night"),
    [
        ("us-regulation-f", 1, 0),
        ("india-rbi", 0, 0),
        ("china-2026", 1, 0),
        ("china-2023", 1, 1),
        ("eu", 1, 1),
    ],
)
def test_hours_at_which_a_debtor_may_be_called(law: str, evening: int, night: int) -> None:
    asked = Treatment.nothing(1).use("human", 1, day_part="evening").use("human", 1, day_part="night")
    done = left(law, asked.use("human", 1, day_part="morning"))
    assert (made(done, "human", EVENING), made(done, "human", NIGHT)) == (evening, night)
    assert made(done, "human", 0) == 1


@pytest.mark.parametrize("law", sorted(rule_set_names()))
def test_relatives_are_left_alone_where_the_law_says_so(law: str) -> None:
    asked = plan(human=1)
    asked.third_party[:] = True
    assert bool(left(law, asked).treatment.third_party[0]) == (law in ("none", "uk-conc-breathing-space"))


def test_regulation_f_binds_those_who_collect_for_others() -> None:
    law = load_rules("us-regulation-f")
    assert rules_for(law, "agency") is law
    own_team = rules_for(law, "in_house")
    assert all(getattr(own_team, name) is None for name in declared_rules())
    assert rules_for(load_rules("china-2026"), "in_house").attempts_per_day is not None


def test_china_of_2026_allows_six_dials_a_day_and_that_of_2023_sets_no_number() -> None:
    assert made(left("china-2026", plan(human=50)), "human") == 6 * 7
    assert made(left("china-2023", plan(human=50)), "human") == 50


@pytest.mark.parametrize("law", ["uk-conc-breathing-space", "eu"])
def test_a_plan_is_offered_before_anybody_visits(law: str) -> None:
    asked = plan(field=2, human=1)
    before, after = left(law, asked), left(law, asked, offered=True)
    assert (made(before, "field"), made(before, "human")) == (0, 1)
    assert (made(after, "field"), made(after, "human")) == (2, 1)
    pressed = left(law, asked, rate=1.0)
    assert made(pressed, "field") == 2
    assert pressed.violations[0, VIOLATION_KINDS.index("forbearance")] == 2
    assert left(law, asked, offered=True, rate=1.0).violations.sum() == 0


@pytest.mark.parametrize("law", ["none", "china-2023", "china-2026", "us-regulation-f", "india-rbi"])
def test_elsewhere_a_visit_by_day_needs_no_offer(law: str) -> None:
    by_day = Treatment.nothing(1).use("field", 2, day_part="afternoon")
    assert made(left(law, by_day), "field") == 2


def test_without_rules_everything_planned_is_done() -> None:
    asked = plan(**dict.fromkeys(CHANNELS, 30))
    assert np.array_equal(left("none", asked, since=0).treatment.attempts, asked.attempts)


# -- words of the vocabulary that no shipped law uses -------------------------------------------
@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 30))
def test_a_cap_on_messages_counts_texts_messenger_and_app_together(
    text: int, messenger: int, app: int, most: int
) -> None:
    law = apply_rule_changes(load_rules("none"), {"electronic_messages_per_week": most})
    done = left(law, plan(text=text, messenger=messenger, app=app, human=4, letter=2), rate=1.0)
    kept = [made(done, name) for name in ("text", "messenger", "app")]
    assert sum(kept) == min(most, text + messenger + app)
    assert kept[0] == min(text, most) and kept[1] == min(messenger, most - kept[0])
    assert (made(done, "human"), made(done, "letter")) == (4, 2)
    assert done.blocked == text + messenger + app - sum(kept) and not done.violations.any()


def test_impossible_pairs_are_refused() -> None:
    for changes, said in (
        ({"licence_suspension_weeks": 4}, "both licence_suspension_violations"),
        ({"data_misuse_fine_ceiling": 5.0}, "data_misuse_fine_share"),
    ):
        with pytest.raises(SpecError, match=said):
            apply_rule_changes(load_rules("none"), changes)  # type: ignore[arg-type]


# -- law as data --------------------------------------------------------------------------------
def test_another_number_in_the_file_is_another_law(tmp_path: Path) -> None:
    text = shipped("rule set")["us-regulation-f"].read_text(encoding="utf-8")
    changed = tmp_path / "mine.yaml"
    changed.write_text(
        text.replace("  value: 7\n  unit: 1/week", "  value: 3\n  unit: 1/week"), encoding="utf-8"
    )
    law = load_rules(changed)
    assert made(left(law, plan(human=8)), "human") == 3
    changed.write_text(text.replace("  value: 21\n", "  value: 18\n"), encoding="utf-8")
    law = load_rules(changed)
    assert made(left(law, Treatment.nothing(1).use("human", 1, day_part="evening")), "human") == 0


def test_a_rule_binds_from_the_day_it_is_in_force() -> None:
    law = load_rules("china-2026")
    asked = plan(human=50)
    asked.third_party[:] = True
    for day, calls, third in (
        (date(2021, 10, 31), 50, True),
        (date(2021, 11, 1), 50, False),
        (date(2026, 1, 29), 50, False),
        (date(2026, 1, 30), 42, False),
        (None, 42, False),
    ):
        done = left(binding(law, day), asked)
        assert (made(done, "human"), bool(done.treatment.third_party[0])) == (calls, third), day
    # what has no date always binds
    assert binding(law, date(1990, 1, 1)).inspection_rate == law.inspection_rate


def test_every_rule_of_the_shipped_law_is_dated_and_cited() -> None:
    assert set(rule_set_names()) >= {
        "none", "china-2023", "china-2026", "us-regulation-f", "uk-conc-breathing-space", "india-rbi", "eu",
    }  # fmt: skip
    for name in rule_set_names():
        law = load_rules(name)
        assert law.note, name
        for field in declared_rules():
            rule = getattr(law, field)
            assert rule is None or rule.source == "assumption" or rule.in_force is not None, (name, field)


def test_no_code_names_a_jurisdiction() -> None:
    default = load_rules("china-2023")
    names = [re.escape(name) for name in rule_set_names() if name not in ("none", "eu", default.id)]
    words = [
        "pipl",
        "gdpr",
        r"regulation.f\b",
        r"\brbi\b",
        "india",
        "european union",
        "united states",
        "fdcpa",
    ]
    named = re.compile("|".join([*names, *words, "[\"']eu[\"']"]), re.IGNORECASE)
    for file in sorted((ROOT / "sim").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        assert named.search(text) is None, (file.name, named.search(text))
        # the default of a scenario is a name of a file; nothing else may depend on it
        assert default.id not in text or file.name == "scenario.py", file.name
        assert ".jurisdiction" not in text or file.name == "check.py", file.name
