"""The page of lessons: bets, reveal, progress in the link, both languages, paper."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support_dashboard import seen
from test_lessons import MINE

from dashboard.links import read_link, write_link
from dashboard.views.lessons import fields
from sim.spec.loader import load_lesson


def _page() -> None:
    from dashboard.views import lessons

    lessons.show()


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page with a lesson of the teacher's own and a broken one, without a browser."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "mine.csv").write_text("buyer,supplier,weekly_amount\na,b,50000\nb,c,30000\nc,d,20000\n")
    (folder / "mine.yaml").write_text(MINE, encoding="utf-8")
    (folder / "bad.yaml").write_text("id: bad\nquestion: 3\n", encoding="utf-8")
    monkeypatch.setenv("ARREARS_LESSONS", str(folder))
    monkeypatch.setenv("ARREARS_STORE", str(tmp_path / "store"))
    return AppTest.from_function(_page, default_timeout=300)


def _until_revealed(page: AppTest) -> None:
    for _ in range(600):
        page.run()
        if page.success or page.error or page.warning:
            return
        time.sleep(0.5)
    pytest.fail("the figures were not made in time")


@pytest.mark.parametrize(("bet", "won"), [("yes", True), ("no", False)])
def test_a_bet_is_made_before_anything_is_shown_and_judged_after(page: AppTest, bet: str, won: bool) -> None:
    page.run()
    assert any("bad.yaml" in fault.value for fault in page.error)
    page.button(key="lessons.open.mine").click().run()
    assert not [one for one in page.button if one.key == "lessons.reveal"]
    page.button(key=f"lessons.bet.mine.{bet}").click().run()
    page.button(key="lessons.reveal").click()
    _until_revealed(page)
    assert bool(page.success) is won and bool(page.error) is not won
    assert not page.exception
    page.button(key="lessons.back").click().run()
    assert page.query_params["bets"] == f"mine.{bet}" and page.query_params["seen"] == "mine"


def test_the_link_of_the_page_restores_bets_and_reveals() -> None:
    known = {name: load_lesson(name) for name in ("chain", "one-late-payer")}
    values = {
        "lesson": "chain",
        "bets": ["chain.middle", "one-late-payer.nobody"],
        "seen": ["one-late-payer"],
    }
    link = write_link(fields(known), values, "zh", "finance")
    params = dict(pair.split("=", 1) for pair in link[1:].split("&"))
    assert read_link(params, fields(known)) == (values, [])
    wrong, dropped = read_link({**params, "bets": "chain.nonsense"}, fields(known))
    assert wrong["bets"] == ["none"] and "chain.nonsense" in dropped[0]


def test_a_wrong_bet_in_english_and_a_reload_that_finds_it_again(tab: Any, server: str) -> None:
    tab.goto(f"{server}/lessons?lang=en")
    tab.get_by_role("button", name="Begin").first.focus()
    tab.keyboard.press("Enter")
    assert seen(tab.get_by_text("Who else begins to pay late?"))
    assert tab.get_by_role("button", name="Reveal", exact=True).count() == 0
    tab.get_by_role("button", name="Nobody. The others are honest payers.").focus()
    tab.keyboard.press("Enter")
    assert seen(tab.locator(".net[data-firms='16']"))
    tab.get_by_role("button", name="Reveal", exact=True).click()
    assert seen(tab.get_by_text("You lost your bet."))
    assert seen(tab.get_by_text(re.compile(r"of 16 firms come to pay late")))
    tab.wait_for_function("location.search.includes('seen=one-late-payer')")
    assert "bets=one-late-payer.nobody" in tab.url
    tab.reload()
    assert seen(tab.get_by_text("You lost your bet."))


def test_a_right_bet_in_chinese_and_its_sheet_on_paper(tab: Any, server: str, tmp_path: Path) -> None:
    tab.goto(f"{server}/lessons?v=1&lang=zh&lesson=one-late-payer")
    tab.get_by_role("button", name="还有更远的、从未卖货给它的企业。").click()
    assert seen(tab.locator(".net[data-firms='16']"))
    tab.get_by_role("button", name="揭晓", exact=True).click()
    assert seen(tab.get_by_text("你猜对了。"))
    with tab.expect_download() as caught:
        tab.get_by_role("button", name="打印：题目与答案").click()
    file = tmp_path / caught.value.suggested_filename
    caught.value.save_as(file)
    paper = tab.context.new_page()
    paper.goto(file.as_uri())
    assert seen(paper.get_by_role("heading", name="一个迟付的客户").first)
    printed = paper.pdf(format="A4")
    assert printed.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", printed)) in (2, 3)
    paper.close()
