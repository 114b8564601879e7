"""Controls of pages in a real browser: they stay where they are put, move after move, visit after visit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support_dashboard import SETTLED, at_rest, seen

#: Links to small pages; sliders there, and what they show after one, two, three keys to the right.
SLIDERS = {
    "outbreak?v=1&lang=en&firms=75&hit=1": {
        "How many fail": ["2", "3", "4"],
        "Suppliers a firm": ["4", "5", "6"],
    },
    "strategies?v=1&lang=en&borrowers=500&weeks=8&runs=2": {
        "Runs": ["3", "4", "5"],
        "Weeks": ["9", "10", "11"],
    },
    "policy?v=1&lang=en&borrowers=500": {"Weeks": ["105", "106", "107"], "Runs": ["5", "6", "7"]},
}


def picked(tab: Any, field: str, value: str) -> None:
    """Choose from a list; one that still moves, as its fold opens, closes again."""
    option = tab.get_by_role("option", name=value, exact=True)
    for _ in range(20):
        tab.get_by_role("combobox", name=field).click()
        tab.wait_for_timeout(700)
        if option.count():
            break
    option.click()
    at_rest(tab)


@pytest.mark.parametrize("page", SLIDERS)
def test_a_slider_takes_every_move(tab: Any, server: str, page: str) -> None:
    tab.goto(f"{server}/{page}")
    for name, expected in SLIDERS[page].items():
        shown = []
        for _ in expected:
            at_rest(tab)
            tab.get_by_role("slider", name=name).first.focus()
            tab.keyboard.press("ArrowRight")
            at_rest(tab)
            shown.append(tab.get_by_role("slider", name=name).first.input_value())
        assert shown == expected


def test_choices_take_every_move_and_last_over_other_pages_and_languages(tab: Any, server: str) -> None:
    tab.goto(f"{server}/outbreak?v=1&lang=en&firms=75&hit=1")
    for choice in ("By chance", "Hubs", "By chance"):
        tab.get_by_role("radio", name=choice).click()
        at_rest(tab)
        assert tab.get_by_role("radio", name=choice).is_checked()
    picked(tab, "World", "As the industry report says")
    for place in ("2", "3"):
        tab.get_by_role("slider", name="How many fail").focus()
        tab.keyboard.press("ArrowRight")
        at_rest(tab)
        assert tab.get_by_role("slider", name="How many fail").input_value() == place
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Data and runs").click()
    assert seen(tab.get_by_role("heading", name="Data and runs"))
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Outbreak").click()
    tab.locator(".net[data-firms='75']").wait_for()
    at_rest(tab)
    assert tab.get_by_role("radio", name="By chance").is_checked()
    assert tab.get_by_role("slider", name="How many fail").input_value() == "3"
    tab.get_by_role("radio", name="中文").click()
    assert seen(tab.get_by_role("heading", name="连锁倒闭"))
    at_rest(tab)
    assert tab.locator(SETTLED).count() == 1
    assert tab.get_by_role("slider").nth(2).input_value() == "3"
    assert tab.get_by_role("combobox", name="世界").input_value() == "行业报告所述"
    tab.goto(f"{server}/outbreak?v=1&lang=en&firms=75&hit=5")
    at_rest(tab)
    assert tab.get_by_role("slider", name="How many fail").input_value() == "5"


def test_a_fold_stays_open_while_its_levers_are_moved(tab: Any, server: str) -> None:
    tab.goto(f"{server}/policy?v=1&lang=en&borrowers=500")
    at_rest(tab)
    tab.get_by_text("Contact: attempts, hours").click()
    for lever, value in (("week", "1"), ("week", "5"), ("day", "2"), ("day", "3")):
        picked(tab, f"Calls a number and {lever}, at most", value)
    assert seen(tab.get_by_text("Contact: attempts, hours, third parties, visits · 2"))
    told = tab.get_by_text("Changed on top").locator("..").inner_text()
    assert "week, at most: 5" in told and "day, at most: 3" in told
    tab.get_by_text("Numbers of the world").click()
    slider = tab.get_by_role("slider", name="Job loss a week").first
    for _ in range(2):
        slider.focus()
        tab.keyboard.press("ArrowRight")
        at_rest(tab)
    assert slider.is_visible() and seen(tab.get_by_text("Numbers of the world · 1"))


def test_chosen_strategies_speak_the_language_of_the_page(tab: Any, server: str) -> None:
    tab.goto(f"{server}/strategies?v=1&lang=en&strategies=traditional,app_based&borrowers=500&weeks=8&runs=2")
    chosen = tab.get_by_test_id("stMultiSelect").first
    at_rest(tab)
    tab.get_by_role("button", name="Strategy with modules").click()
    tab.get_by_test_id("stPopoverBody").get_by_role("combobox").last.click()
    tab.get_by_role("option", name="Early warning").click()
    tab.keyboard.press("Tab")
    tab.get_by_role("button", name="Add to the comparison").click()
    at_rest(tab)
    assert chosen.locator("span[title]").count() == 3
    tab.keyboard.press("Escape")
    tab.get_by_role("radio", name="中文").click()
    assert seen(tab.get_by_role("heading", name="策略实验室"))
    at_rest(tab)
    names = chosen.locator("span[title]").all_inner_texts()
    assert len(names) == 3 and "人海电话与上门" in names[0] and not re.search("[a-z]{3}", " ".join(names))


def test_claims_follow_every_choice_and_last_over_languages(tab: Any, server: str) -> None:
    tab.goto(f"{server}/claims?v=1&lang=en")
    at_rest(tab)
    claims = (
        "S01 · Traditional calls and visits succeed in fewer than 30 % of cases",
        "S04 · Self-service in an app succeeds in 65 % of cases",
        "S02 · Labour is more than 60 % of what traditional collection costs",
    )
    for claim in claims:
        picked(tab, "Claim", claim)
        assert seen(tab.get_by_role("heading", name=claim))
    for world in ("As the industry report says", "Both worlds", "As independent evidence says"):
        picked(tab, "World", world)
        assert tab.get_by_role("combobox", name="World").input_value() == world
    for choice in ("chance decides", "borrowers choose", "chance decides"):
        tab.get_by_role("radio", name=choice).click()
        at_rest(tab)
        assert tab.get_by_role("radio", name=choice).is_checked()
    tab.get_by_role("radio", name="中文").click()
    at_rest(tab)
    assert seen(tab.get_by_role("heading", name=re.compile("S02 ·")))
    assert tab.get_by_role("radio", name="随机决定").is_checked()


def test_calibration_follows_every_choice_and_lasts_over_languages(tab: Any, server: str) -> None:
    tab.goto(f"{server}/calibration?v=1&lang=en")
    at_rest(tab)
    for part in ("Backtest", "Fit", "Robust choice", "Fit"):
        tab.get_by_role("radio", name=part, exact=True).click()
        at_rest(tab)
        assert tab.get_by_role("radio", name=part, exact=True).is_checked()
    met = []
    for world in ("As the industry report says", "As independent evidence says") * 2:
        picked(tab, "World", world)
        met.append(tab.get_by_test_id("stMetricValue").first.inner_text())
    assert met[:2] == met[2:] and met[0] != met[1]
    picked(tab, "World", "As the industry report says")
    tab.get_by_role("radio", name="中文").click()
    at_rest(tab)
    assert tab.get_by_role("combobox", name="世界").input_value() == "行业报告所述"
    assert tab.get_by_test_id("stMetricValue").first.inner_text() == met[0]
