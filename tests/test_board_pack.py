"""The board pack: what is collected, the file that opens without a network, paper, tables."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from support_dashboard import PATIENCE, at_rest, seen

from dashboard.charts import chart_csv
from dashboard.pack import MOST, Chart, Pack, chromium, html, pdf, tables


def chart(key: str, name: str = "a") -> Chart:
    drawn = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name=name))
    return Chart(
        key, f"Chart {key}", f"page {key}", drawn.to_json(), chart_csv(drawn), ("**cured** (%): `x`",)
    )


def test_a_pack_holds_six_charts_in_the_order_wanted() -> None:
    mine = Pack()
    assert all(mine.add(chart(f"c{number}")) for number in range(MOST))
    assert not mine.add(chart("one-more"))
    assert mine.add(chart("c3", name="newer")) and len(mine.charts) == MOST  # in place of the older
    assert "newer" in mine.charts[3].figure
    mine.move("c5", -1)
    mine.move("c0", -1)
    assert [one.key for one in mine.charts] == ["c0", "c1", "c2", "c3", "c5", "c4"]
    mine.remove("c1")
    assert "c1" not in [one.key for one in mine.charts] and mine.add(chart("c9"))


def test_what_a_reader_writes_cannot_break_the_file() -> None:
    page = html([chart("x")], "</script><b>", "<img src=x onerror=alert(1)>\n\nsecond", "en")
    assert "<b>" not in page and "<img" not in page and "<p>second</p>" in page
    figures = page.partition('type="application/json">')[2].partition("</script>")[0]
    assert json.loads(figures)[0]["data"][0]["x"] == [1, 2]
    for word in ("http://", 'src="http', "@import", "cdn"):
        outside = page.replace("http://www.w3.org", "")
        head = outside.partition("<script>")[0]
        assert word not in head


def test_no_cell_of_the_tables_is_a_formula() -> None:
    with zipfile.ZipFile(io.BytesIO(tables([chart("a/b", name="=1+1"), chart("c")]))) as archive:
        assert archive.namelist() == ["1-a-b.csv", "2-c.csv"]
        rows = list(csv.reader(io.StringIO(archive.read("1-a-b.csv").decode("utf-8-sig"))))
    assert rows[1] == ["'=1+1", "1", "3", ""]


def test_it_is_printed_where_a_browser_is_found(tmp_path: Path) -> None:
    page = html([chart("x")], "Heading", "note", "en")
    with pytest.raises(RuntimeError):
        pdf(page, str(tmp_path / "no-browser"))
    if chromium() is None:
        pytest.skip("SKIPPED: no chromium on this machine, nothing is printed")
    assert pdf(page).startswith(b"%PDF")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_board_pack_is_collected_downloaded_and_opened_without_a_network(
    tab: Any, server: str, browser: Any, tmp_path: Path, lang: str
) -> None:
    words = {
        "en": ("Add to board pack", "In the board pack: replace", "Board pack", "One file (HTML)", "Note"),
        "zh": ("加入汇报材料", "已在汇报材料中：替换", "汇报材料", "单一文件（HTML）", "说明"),
    }[lang]
    tab.goto(f"{server}/calibration?v=1&lang={lang}&part=fit&world=evidence")
    tab.get_by_role("button", name=words[0]).first.click()
    assert seen(tab.get_by_role("button", name=words[1]).first)
    tab.get_by_role("link", name=words[2]).first.click()
    assert seen(tab.get_by_role("heading", name=words[2]).first)
    for note in ("For the board", "For the board <of June>"):  # the second one was lost once
        tab.get_by_label(words[4], exact=True).fill(note)
        tab.get_by_label(words[4], exact=True).press("Control+Enter")
        at_rest(tab)
    button = tab.get_by_role("button", name=words[3])
    assert seen(button)
    with tab.expect_download() as found:
        button.click()
    file = tmp_path / "pack.html"
    found.value.save_as(file)
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-drawn='1']")
    assert page.locator(".chart svg.main-svg").count() >= 1
    assert "For the board <of June>" in page.inner_text("body")
    assert page.get_attribute("html", "lang") == {"en": "en", "zh": "zh-CN"}[lang]
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()
