"""The dashboard: links, downloads, texts, and journeys in a real browser."""

from __future__ import annotations

import csv
import io
import os
import re
import tomllib
from typing import Any
from urllib.parse import parse_qsl

import plotly.graph_objects as go
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as some
from support_dashboard import offered, seen

from dashboard.charts import chart_csv, to_csv
from dashboard.gallery import results
from dashboard.links import Field, read_link, write_link
from dashboard.navigation import GROUPS, all_pages
from dashboard.views import data, outbreak, policy, strategies
from sim.spec.labels import texts

PAGES = {"outbreak": outbreak.FIELDS, "strategies": strategies.fields(), "policy": policy.fields()}


@pytest.mark.parametrize("page", PAGES)
def test_a_link_brings_its_settings_back(page: str) -> None:
    fields = PAGES[page]
    values = {field.name: field.default for field in fields}
    last = fields[-1]
    values[last.name] = last.most if last.kind == "whole" else last.default
    link = write_link(fields, values, "zh")
    assert read_link(dict(parse_qsl(link[1:])), fields) == (values, [])


@given(some.dictionaries(some.text(max_size=8), some.text(max_size=12), max_size=5))
def test_any_link_gives_allowed_values_and_tells_what_it_dropped(params: dict[str, str]) -> None:
    fields = (Field("runs", "whole", 4, least=2, most=9), Field("kind", "one", "a", ("a", "b")))
    values, dropped = read_link({**params, "v": "1"}, fields)
    assert 2 <= values["runs"] <= 9 and values["kind"] in {"a", "b"}
    unknown = params.keys() - {"v", "lang", "runs", "kind"}
    assert len(dropped) >= len(unknown)


def test_a_link_of_another_version_is_not_used() -> None:
    values, dropped = read_link({"v": "9", "runs": "3"}, (Field("runs", "whole", 4, least=2, most=9),))
    assert values == {"runs": 4} and "9" in dropped[0]


def test_no_cell_of_a_download_is_a_formula() -> None:
    data = to_csv(["=1+1", "x"], [["@cmd", -1.5], ["-2", "plain"], ["\tx", "+49"]])
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows == [["'=1+1", "x"], ["'@cmd", "-1.5"], ["-2", "plain"], ["'\tx", "+49"]]


def test_a_chart_is_downloaded_with_all_its_points() -> None:
    chart = go.Figure([go.Scatter(x=[1, 2], y=[3, 4], name="a"), go.Heatmap(x=["p"], y=["q"], z=[[5]])])
    rows = list(csv.reader(io.StringIO(chart_csv(chart).decode("utf-8-sig"))))
    assert rows[1:] == [["a", "1", "3", ""], ["a", "2", "4", ""], ["", "p", "q", "5"]]


def test_every_text_of_the_pages_exists() -> None:
    known = texts("en")
    for file in (ROOT / "dashboard").rglob("*.py"):
        for key in re.findall(r'\bsay\("([a-z_0-9]+)"', file.read_text(encoding="utf-8")):
            assert f"dash.{key}" in known, (file.name, key)


def test_each_number_is_said_to_rest_on_what_it_cites() -> None:
    cases = {"assumption": "assumption", "fitted": "fitted", "S01": "claim", "S01; C24": "evidence"}
    assert {source: data.basis(source) for source in cases} == cases
    assert data.basis("changed by the user") == "own"


def test_rules_are_compared_with_levers_on_top() -> None:
    values = {field.name: field.default for field in policy.fields()}
    assert policy.arms_of(values)["now"] == policy.arms_of(values)["changed"]
    arms = policy.arms_of({**values, "attempts_per_week": "3"})
    assert arms["changed"] == {"rules": "china-2023", "rules.attempts_per_week": 3}


def test_the_start_page_opens_on_results_and_leads_to_the_pages_in_both_languages(
    tab: Any, server: str
) -> None:
    tab.goto(server)
    assert seen(tab.get_by_text("Let a firm fail and watch arrears travel"))
    if results():  # made by a command; test_gallery says loudly where they are not there
        tab.get_by_test_id("stMetricValue").nth(2).wait_for()
        figures = tab.get_by_test_id("stMetricValue").all_inner_texts()
        assert len(figures) >= 3 and all(re.search(r"\d", figure) for figure in figures)
        assert seen(tab.locator(".js-plotly-plot").first)
    tab.get_by_role("radio", name="中文").or_(tab.get_by_role("button", name="中文")).first.click()
    assert seen(tab.get_by_text("让一家企业倒闭"))
    tab.wait_for_function("document.documentElement.lang === 'zh-CN'")
    tab.locator("[data-testid=stPageLink] a").filter(has_text="连锁倒闭").first.click()
    assert seen(tab.get_by_role("heading", name="连锁倒闭"))


def test_a_shared_link_opens_in_a_fresh_browser_and_visitors_do_not_disturb_each_other(
    tab: Any, browser: Any, server: str
) -> None:
    tab.goto(f"{server}/outbreak?v=1&lang=zh&firms=75&hit=0&seed=2&links=4")
    assert seen(tab.locator(".net[data-firms='75']"))
    tab.get_by_role("button", name="链接").click()
    link = tab.get_by_test_id("stPopoverBody").locator("code").inner_text().replace("\n", "")
    assert link.startswith(f"{server}/outbreak?v=1&lang=zh")
    context = browser.new_context()
    other = context.new_page()
    other.set_default_timeout(1000 * float(os.environ.get("ARREARS_PATIENCE", "90")))
    other.goto(link)
    assert seen(other.locator(".net[data-firms='75']"))
    assert seen(other.get_by_role("heading", name="连锁倒闭"))
    assert other.get_by_role("slider", name="平均供应商数").input_value() == "4"
    other.locator(".net canvas").first.focus()
    other.keyboard.press("ArrowDown")
    other.keyboard.press("f")
    assert seen(other.get_by_role("button", name="撤销"))
    tab.keyboard.press("Escape")
    tab.locator(".net canvas").first.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector(".net[data-week='1'][data-failed='0']")
    assert tab.get_by_role("button", name="撤销").count() == 0
    context.close()


#: Undo, and another tab of figures some thousandths of a second later.
HASTE = """() => {
    [...document.querySelectorAll('button')].find(one => one.innerText.includes('Undo')).click();
    setTimeout(() => document.querySelector('[role=tab][aria-selected=false]').click(), 5);
}"""


def test_a_hub_fails_is_undone_and_rescued_beside_its_twin(tab: Any, server: str) -> None:
    tab.goto(f"{server}/outbreak?v=1&lang=en&firms=75&hit=0&seed=2&twin=calm")
    net = tab.locator(".net[data-firms='75'][data-panels='2']")
    assert seen(net)
    canvas = tab.locator(".net canvas").first
    canvas.focus()
    tab.keyboard.press("ArrowDown")
    hub = tab.locator(".net:not([data-picked='-1'])").get_attribute("data-picked")
    tab.get_by_role("button", name="Let it fail").click()
    assert seen(tab.get_by_text(f"week 0: firm {hub} fails"))
    canvas.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector(".net[data-week='1'][data-twin-failed='0']:not([data-failed='0'])")
    assert seen(net.get_by_text("New failures:"))
    tab.get_by_role("tab", name="R over time").click()
    assert seen(tab.locator("[class*='st-key-chart-outbreak-r']").first)
    tab.evaluate(HASTE)  # the second click interrupts the script before it has come to the button
    tab.get_by_role("button", name="Undo").wait_for(state="detached")
    tab.wait_for_selector(".net[data-week='1'][data-failed='0']")
    canvas.focus()
    tab.keyboard.press("r")
    assert seen(tab.get_by_text(f"week 1: firm {hub} is rescued"))
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector(".net[data-week='2'][data-protected='1']")


def test_the_film_plays_and_can_be_stopped_and_laid_out_by_tiers(tab: Any, server: str) -> None:
    tab.goto(f"{server}/outbreak?v=1&lang=zh&firms=75&hit=2&seed=2")
    net = tab.locator(".net[data-firms='75']")
    assert seen(net)
    tab.get_by_role("button", name="播放").click()
    tab.wait_for_selector(".net[data-playing='true']:not([data-week='0'])")
    tab.get_by_role("button", name="暂停").click()
    tab.wait_for_selector(".net[data-playing='false']")
    assert float(net.get_attribute("data-fps")) > 0
    tab.locator(".net select").select_option("tiers")
    tab.wait_for_selector(".net[data-layout='tiers']")
    assert "周" in net.locator(".told").inner_text()


def test_a_bad_link_opens_and_says_what_it_dropped(tab: Any, server: str) -> None:
    tab.goto(f"{server}/outbreak?v=1&firms=77&seed=5")
    assert seen(tab.get_by_text("firms = 77"))


def test_strategies_are_compared_and_a_bad_file_is_told_with_its_line(tab: Any, server: str) -> None:
    tab.goto(f"{server}/strategies?v=1&lang=en&strategies=traditional,app_based&weeks=26&runs=2")
    assert seen(tab.get_by_text("2 paired runs of 26 weeks"))
    tab.get_by_text("Own portfolio").click()
    bad = b"account_id,balance,days_past_due,instalment\na,100,0,10\nb,hundred,0,10\n"
    offered(tab, {"name": "mine.csv", "mimeType": "text/csv", "buffer": bad})
    told = tab.get_by_text(re.compile(r"mine\.csv.*line 3.*balance", re.S))
    assert seen(told)


def test_an_outbreak_is_measured_over_runs(tab: Any, server: str) -> None:
    tab.goto(f"{server}/outbreak?v=1&lang=en&firms=75&hit=2&seed=2&runs=2")
    assert seen(tab.locator(".net[data-firms='75']"))
    assert seen(tab.get_by_text("The same shock over 2 paired runs"))
    tab.get_by_test_id("stBaseButton-primary").click()
    assert seen(tab.locator("[class*=st-key-chart-epidemic], [class*='st-key-chart.epidemic']").first)


def test_a_changed_rule_is_compared_with_the_rules_in_force(tab: Any, server: str) -> None:
    tab.goto(f"{server}/policy?v=1&lang=en&attempts_per_week=1&runs=2")
    tab.get_by_test_id("stBaseButton-primary").click()
    assert seen(tab.get_by_text("2 paired runs of 104 weeks"))
    assert seen(tab.get_by_text("no clear difference").first)


def test_numbers_are_shown_with_their_sources(tab: Any, server: str) -> None:
    tab.goto(f"{server}/data?lang=en")
    tab.get_by_role("tab", name="Numbers and sources").click()
    assert seen(tab.get_by_text(re.compile(r"\d+ of \d+ numbers are assumptions")))
    tab.get_by_role("tab", name="Finished runs").click()
    assert seen(tab.get_by_test_id("stDataFrame").locator("visible=true").first)
    with tab.expect_download() as waiting:
        tab.get_by_test_id("stDownloadButton").locator("visible=true").last.click()
    assert waiting.value.suggested_filename.endswith("-runs.csv")


def test_a_long_run_is_cancelled_and_a_shorter_one_runs_after_it(tab: Any, server: str) -> None:
    tab.goto(f"{server}/policy?v=1&lang=en&attempts_per_week=2&runs=40")
    tab.get_by_test_id("stBaseButton-primary").click()
    assert seen(tab.get_by_text(re.compile("of 40 starts finished")))
    tab.get_by_role("button", name="Cancel").click()
    assert seen(tab.get_by_text("Stopped. What was finished is kept"))
    tab.goto(f"{server}/policy?v=1&lang=en&attempts_per_week=2&runs=2")
    tab.get_by_test_id("stBaseButton-primary").click()
    assert seen(tab.get_by_text("2 paired runs of 104 weeks"))


def test_every_page_has_a_title_and_an_address_of_its_own() -> None:
    names = [page.name for page in all_pages()]
    assert len(set(names)) == len(names)
    for key in (*names, *(f"group_{name}" for name in GROUPS)):
        assert f"dash.{key}" in texts("en"), key


def _contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2.1 defines it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_settings_keep_to_themselves_and_both_themes_can_be_read() -> None:
    file = ROOT / "dashboard" / ".streamlit" / "config.toml"
    assert (ROOT / ".streamlit" / "config.toml").resolve() == file.resolve()
    settings = tomllib.loads(file.read_text(encoding="utf-8"))
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["disableDataExport"] and settings["client"]["showErrorDetails"] == "none"
    for name, page in (("light", "#FFFFFF"), ("dark", settings["theme"]["dark"]["backgroundColor"])):
        theme = settings["theme"][name]
        for ground in (page, theme["secondaryBackgroundColor"], theme["sidebar"]["backgroundColor"]):
            for ink in (theme["textColor"], theme["linkColor"], theme["primaryColor"]):
                assert _contrast(ink, ground) >= 4.5, (name, ink, ground)
