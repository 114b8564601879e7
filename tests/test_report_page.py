"""The one-file report: complete, safe, without network, written in one step."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sim.core.errors import SpecError
from sim.experiments import Comparison, compare
from sim.report import figures
from sim.report.content import Content, gather
from sim.report.files import write_text
from sim.report.html import page, write_report
from sim.report.numbers import figure, interval
from sim.report.tables import tiles
from sim.report.wording import WORDS
from sim.spec.base import Text

SMALL = {"population.borrowers": 500, "population.firms": 100, "burn_in": 4}
NASTY = "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>"


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    strategies = ["traditional", "app_based"]
    return compare(strategies=strategies, worlds=["evidence", "report"], runs=2, weeks=56, changes=SMALL)


@pytest.fixture(scope="module")
def content(comparison: Comparison) -> Content:
    return gather(comparison)


class Loads(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, value) for name, value in attrs if name in {"src", "href", "data"} and value]


def test_the_page_loads_nothing(content: Content) -> None:
    text = page(content)
    loads = Loads()
    loads.feed(text)
    assert loads.found == []
    assert "@import" not in text.split("</style>")[0] and "url(" not in text.split("</style>")[0]
    assert text.count("plotly.js v") == 1


def test_every_measure_arm_and_source_is_there(content: Content) -> None:
    text = page(content)
    for measure in content.measures:
        assert f"<code>{measure}</code>" in text
    for arm in content.arms:
        assert content.label("arm", arm).zh in text
    for numbers in content.numbers.values():
        assert len(numbers) > 100
        assert all(number.source for number in numbers)
    for source in content.sources:
        assert f'id="source-{source}"' in text
    assert "arrears compare baseline" in text and "arrears.compare" in text


def test_names_of_the_user_stay_text(content: Content) -> None:
    named = Text(en=NASTY, zh=NASTY)
    arm = content.arms[0]
    nasty = dataclasses.replace(
        content, title=named, description=named, labels={**content.labels, f"arm.{arm}": named}, command=NASTY
    )
    text = page(nasty)
    assert "<script>window.hurt" not in text
    assert "<img src=x" not in text


def test_the_python_of_the_report_gives_the_same_numbers(comparison: Comparison, content: Content) -> None:
    names: dict[str, Any] = {}
    exec(content.python, names)
    assert names["result"].hash == comparison.hash
    assert names["result"].to_json() == comparison.to_json()


def test_the_command_names_what_was_changed(comparison: Comparison, content: Content) -> None:
    assert f"--seed {comparison.seed}" in content.command
    assert "--strategies traditional,app_based" in content.command
    for field, value in SMALL.items():
        assert f"--set {field}={value}" in content.command


def test_figures_hold_every_arm_in_both_languages(content: Content) -> None:
    for draw in (figures.effects, figures.liquidation, figures.weekly, figures.tradeoff):
        for lang in ("en", "zh"):
            chart = draw(content, lang)
            assert chart is not None
            names = {trace.name for trace in chart.data}
            for arm in content.arms:
                label = content.label("arm", arm)
                wanted = label.zh if lang == "zh" else label.en
                assert any(wanted in name for name in names), (draw, lang)
            json.dumps(json.loads(chart.to_json()), allow_nan=False)


def test_effect_figure_shows_the_figures_of_the_table(content: Content) -> None:
    chart = figures.effects(content)
    assert chart is not None
    row = content.row("evidence", "app_based", "cost_per_100")
    assert row is not None and row.effect is not None
    assert any(row.effect == pytest.approx(x) for trace in chart.data for x in trace.x)


def test_every_text_is_in_both_languages_with_the_same_placeholders() -> None:
    for key, text in WORDS.items():
        assert sorted(re.findall(r"\{\w+\}", text.en)) == sorted(re.findall(r"\{\w+\}", text.zh)), key
        assert not text.zh.isascii(), key


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (0.12345, "share", "12.35"),
        (-0.5, "share", "−50.00"),
        (123_456_789, "fen", "1,234,568"),
        (0.0, "weeks", "0"),
        (0.00001, "weeks", "0.000010"),
        (-0.000000152, "share", "−0.000015"),
        (2.44e-9, "weeks", "2.4 × 10⁻⁹"),
        (250.04, "per 1,000 contacted", "250.0"),
        (87.0, "firms", "87"),
        (119.63, "firms", "120"),
        (2.5, "firms", "2.50"),
    ],
)
def test_figures_are_readable(value: float, unit: str, wanted: str) -> None:
    assert figure(value, unit) == wanted


def test_intervals_carry_signs_when_asked() -> None:
    assert interval(-0.01, 0.02, "share", signed=True) == "[−1.00, +2.00]"
    assert interval(None, 0.02, "share") == ""


def test_a_failed_write_leaves_the_old_report(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.html"
    report.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SpecError, match="No space left"):
        write_report(comparison, report)
    assert report.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="it is a folder"):
        write_text(tmp_path, "text")


def test_a_reader_opens_the_report_offline_and_changes_the_language(
    comparison: Comparison, browser: Any, tmp_path: Path
) -> None:
    report = write_report(comparison, tmp_path / "report.html")
    context = browser.new_context(offline=True, locale="en-GB", color_scheme="dark")
    tab = context.new_page()
    faults: list[str] = []
    asked: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(report.as_uri())
    tab.wait_for_function("document.querySelectorAll('.chart .main-svg').length > 0")

    charts = tab.locator(".chart")
    assert charts.count() >= 4
    for place in range(charts.count()):
        assert charts.nth(place).locator(".main-svg").count() > 0
    assert tab.locator("h1").inner_text() == "Baseline"
    assert "App self-service" in tab.locator("#effects").inner_text()

    tab.locator("#language").click()
    assert tab.evaluate("document.documentElement.lang") == "zh"
    assert tab.locator("h1").inner_text() == "基准情景"
    tab.wait_for_function("document.querySelector('#effects').textContent.includes('应用自助还款')")

    before = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.locator("#theme").click()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != before
    tab.emulate_media(media="print")
    assert not tab.locator(".switches").is_visible()
    context.close()
    assert faults == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_a_tile_says_its_unit_once(content: Content) -> None:
    heads = re.findall(r"<h4>(.*?)</h4>", tiles(content))
    assert len(heads) >= 2 * 6
    for head in heads:
        for lang in ("en", "zh"):
            words = "".join(re.findall(rf'<span class="{lang}"[^>]*>(.*?)</span>', head))
            name = getattr(content.label("measure", "complaints_per_1000_borrowers"), lang)
            if name in words:
                assert words == name


def test_titles_of_panels_do_not_overlap_on_a_narrow_page(
    comparison: Comparison, browser: Any, tmp_path: Path
) -> None:
    context = browser.new_context(offline=True, viewport={"width": 760, "height": 900})
    tab = context.new_page()
    tab.goto(write_report(comparison, tmp_path / "report.html").as_uri())
    for lang in ("en", "zh"):
        if lang == "zh":
            tab.locator("#language").click()
            tab.wait_for_function("document.querySelector('#effects').textContent.includes('应用自助还款')")
        titles = tab.locator("#effects .annotation-text, #effects .legendtext")
        titles.first.wait_for()
        boxes = [titles.nth(place).bounding_box() for place in range(titles.count())]
        assert len(boxes) >= 6
        for place, one in enumerate(boxes):
            assert not [other for other in boxes[place + 1 :] if _overlap(one, other)], lang
    context.close()


def _overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two boxes share more than the thin line that letters of one size may."""
    return all(
        min(one[start] + one[size], other[start] + other[size]) - max(one[start], other[start]) > 2
        for start, size in (("x", "width"), ("y", "height"))
    )
