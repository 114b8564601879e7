"""Lessons: what each reveals is true, faults are told, and a teacher's own lesson needs no code."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from sim.cli.app import app
from sim.core.errors import SpecError
from sim.core.paths import scenarios_dir
from sim.experiments.lesson_check import check_lesson
from sim.experiments.lessons import LessonResult, run_lesson, stories
from sim.experiments.recording import FAILED, PROTECTED
from sim.experiments.statistics import paired_difference
from sim.report.lesson import revealed
from sim.report.lesson_sheet import lesson_sheet
from sim.spec.lesson import IN_TEXT, Lesson
from sim.spec.loader import lesson_names, load_lesson

#: A finding must hold in the mean over so many seeds, clearly, and in so many of the single runs.
SEEDS, LEAST = 20, 17
MINE = """
id: mine
title: {en: Mine, zh: 我的}
question: {en: Does a firm fall, zh: 会倒吗}
story: {en: A row of firms., zh: 一排企业。}
options:
  - {id: "yes", label: {en: It falls., zh: 会。}, right: true, told: {en: It does., zh: 会的。}}
  - {id: "no", label: {en: It stays., zh: 不会。}, told: {en: It does., zh: 会的。}}
play: network
scenario: chain-reaction
changes: {network.file: mine.csv, population.borrowers: 100, burn_in: 2}
weeks: 3
runs: 2
arms:
  calm: {label: {en: Calm, zh: 平静}}
  hit: {label: {en: Hit, zh: 冲击}, shock: 'firm:a'}
figures: [failed]
findings: [{figure: failed, arm: hit, is: greater, than: calm}]
reveal: {en: '{failed.hit} fail.', zh: '{failed.hit}家倒闭。'}
caveat: {en: Made up., zh: 虚构。}
teacher: {en: Try it., zh: 试试。}
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A teacher's own lesson with a network beside it."""
    (tmp_path / "mine.csv").write_text("buyer,supplier,weekly_amount\na,b,50000\nb,c,30000\nc,d,20000\n")
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    return tmp_path / "mine.yaml"


def changed(mine: Path, **fields: Any) -> Path:
    """The lesson with some top fields replaced."""
    data = yaml.safe_load(MINE)
    data["options"][0]["id"], data["options"][1]["id"] = "yes", "no"
    mine.write_text(yaml.safe_dump(data | fields, allow_unicode=True), encoding="utf-8")
    return mine


@cache
def over_seeds(name: str) -> LessonResult:
    """A shipped lesson, run so often that its findings can be judged."""
    return run_lesson(load_lesson(name), runs=SEEDS)


@pytest.mark.parametrize("name", lesson_names())
def test_what_a_lesson_reveals_is_true_over_twenty_seeds(name: str) -> None:
    found = over_seeds(name)
    told = {
        f"{one.finding.figure} {one.finding.arm} {one.finding.how} {one.finding.than}": (
            one.holds, one.often, one.estimate[:3]
        )
        for one in found.verdicts
    }  # fmt: skip
    assert all(one.holds and one.often >= LEAST for one in found.verdicts), (told, found.values)


def test_hubs_are_not_clearly_better_than_lots_where_lesson_five_says_so() -> None:
    lesson = load_lesson("which-twenty-percent")
    assert "hubs are not clearly better than lots" in lesson.caveat.en
    found = over_seeds(lesson.id).values
    difference = paired_difference(found["lot"]["further"], found["hubs"]["further"])
    assert difference.n == SEEDS and difference.low is not None and difference.high is not None
    assert difference.low < 0 < difference.high


def test_lessons_are_shipped_in_their_order() -> None:
    found = [load_lesson(name) for name in lesson_names()]
    numbers = [lesson.number for lesson in found]
    assert numbers == sorted(set(numbers))
    assert all(lesson.id == name for lesson, name in zip(found, lesson_names(), strict=True))


@pytest.mark.parametrize("name", lesson_names())
def test_a_shipped_lesson_names_only_what_exists(name: str) -> None:
    lesson = load_lesson(name)
    check_lesson(lesson)
    for field, said in lesson.texts():
        assert sorted(IN_TEXT.findall(said.en)) == sorted(IN_TEXT.findall(said.zh)), field
        assert not set(said.zh) & set(",;?!"), (field, "Chinese text with Latin punctuation")


def test_a_lesson_of_ones_own_is_checked_and_run(mine: Path) -> None:
    run = CliRunner()
    checked = run.invoke(app, ["check", str(mine)])
    assert checked.exit_code == 0 and "lesson 'mine'" in checked.output and "2 options" in checked.output
    done = run.invoke(app, ["lesson", str(mine), "--json", "--sheet", str(mine.with_suffix(".html"))])
    document = json.loads(done.stdout)
    assert done.exit_code == 0 and document["holds"] is True
    assert document["values"]["calm"]["failed"] == [0.0, 0.0]
    assert "Does a firm fall" in mine.with_suffix(".html").read_text(encoding="utf-8")


def test_a_finding_that_is_not_true_is_told(mine: Path) -> None:
    wrong = changed(mine, findings=[{"figure": "failed", "arm": "calm", "is": "greater", "than": 0}])
    done = CliRunner().invoke(app, ["lesson", str(wrong)])
    assert done.exit_code == 1 and "does not show" in done.output and "stays open" in done.output


A = {"en": "a", "zh": "a"}
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "another scenario": ({"scenario": "chain-reactoin"}, r"scenario: .*chain-reactoin.*chain-reaction"),
    "an unknown field": ({"changes": {"population.firm": 3}}, r"line \d+, changes.*population\.firm"),
    "no such firm": (
        {"arms": {"calm": {"label": A}, "hit": {"label": A, "shock": "firm:9x"}}},
        r"arms\.hit\.shock.*9x",
    ),
    "a protection from nothing": (
        {"arms": {"calm": {"label": A, "protect": "exposed:1"}, "hit": {"label": A, "shock": "firm:a"}}},
        r"arms\.calm\.protect.*exposed:1.*made to fail",
    ),
    "a protection of nobody": (
        {"arms": {"calm": {"label": A}, "hit": {"label": A, "shock": "firm:a", "protect": "exposed:0"}}},
        r"arms\.hit\.protect.*exposed:0",
    ),
    "an unknown figure": ({"figures": ["fialed"]}, r"figures\[0\].*fialed.*did you mean 'failed'"),
    "an unknown arm in a text": ({"reveal": {"en": "{failed.hat}", "zh": "b"}}, r"reveal.*hat"),
    "an unknown arm in a finding": (
        {"findings": [{"figure": "failed", "arm": "hat", "is": "greater", "than": "calm"}]}, r"'hat'.*no arm"
    ),
    "nothing right": (
        {"options": [{"id": one, "label": A, "told": A} for one in "ab"]},
        r"options.*none, are right",
    ),
    "a text in one language": ({"title": {"en": "Mine"}}, r"title\.zh.*missing"),
    "an unknown key": ({"questoin": 1}, r"questoin"),
    "close to what": (
        {"findings": [{"figure": "failed", "arm": "hit", "is": "close", "than": "calm"}]}, r"how close"
    ),
    "a bad value of a control": (
        {"controls": [{"field": "shock", "label": A, "values": ["hub:1", "hub:99"]}]},
        r"controls\[0\]\.values\[1\].*99",
    ),
    "a control of nothing": (
        {"controls": [{"field": "protect", "label": A, "values": ["hub:1", "hub:2"]}]},
        r"controls\[0\]\.field.*protect",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence_with_its_field(mine: Path, fault: str) -> None:
    fields, told = FAULTS[fault]
    with pytest.raises(SpecError, match=told) as error:
        check_lesson_file(changed(mine, **fields))
    assert "mine.yaml" in str(error.value) and "\n" not in str(error.value)


def check_lesson_file(path: Path) -> None:
    """As ``arrears check`` does."""
    from sim.spec.check import check_file

    check_file(path, lesson=check_lesson)


def test_arms_of_a_story_share_their_luck(mine: Path) -> None:
    lesson = load_lesson(mine)
    told = stories(lesson)
    again = stories(lesson.model_copy(update={"arms": {"calm": lesson.arms["calm"]}}))
    calm = told["calm"].recording
    assert (calm.states == again["calm"].recording.states).all()
    assert told["hit"].felled == (0,) and told["calm"].felled == ()
    assert (told["hit"].recording.states[1:, 0] == FAILED).all() and not (calm.states == FAILED).any()


def test_exposed_firms_are_those_that_sold_most_of_their_sales_to_the_fallen(mine: Path) -> None:
    """a buys from b and from d, b from c, c from d: all that c sells goes to b, half of what d sells to c."""
    (mine.parent / "mine.csv").write_text(
        "buyer,supplier,weekly_amount\na,b,50000\nb,c,30000\nc,d,20000\na,d,20000\n"
    )
    lesson = load_lesson(mine)
    for felled, kept in (("firm:b", 2), ("firm:c", 3), ("firm:b,c", 3)):
        arm = lesson.arms["hit"].model_copy(update={"shock": felled, "protect": "exposed:1"})
        states = stories(lesson.model_copy(update={"arms": {"hit": arm}}))["hit"].recording.states
        assert np.flatnonzero((states == PROTECTED).any(axis=0)).tolist() == [kept]


def _result(lesson: Lesson, hit: list[float | None]) -> LessonResult:
    return LessonResult(lesson, {"calm": {"failed": [0.0] * len(hit)}, "hit": {"failed": hit}})


def test_a_verdict_needs_the_whole_interval(mine: Path) -> None:
    lesson = load_lesson(mine)
    clear, open_ = _result(lesson, [3.0, 4.0, 3.0]), _result(lesson, [3.0, -4.0, 3.0])
    assert clear.holds and clear.verdicts[0].often == 3
    assert not open_.holds and open_.verdicts[0].often == 2
    assert not _result(lesson, [None, None, None]).holds
    assert revealed(clear, "en") == "3.3 fail." and revealed(clear, "zh") == "3.3家倒闭。"
    assert "does not show" in revealed(open_, "en")


def test_a_sheet_is_one_file_that_asks_before_it_tells(mine: Path) -> None:
    page = lesson_sheet(_result(load_lesson(mine), [3.0, 4.0, 3.0]), "zh")
    assert page.startswith("<!doctype html>") and 'lang="zh-CN"' in page
    assert page.index("会倒吗") < page.index("3.3家倒闭。")
    for outside in ("http://", "https://", "<script", "src=", "@import"):
        assert outside not in page


def test_lessons_lie_where_they_are_shipped() -> None:
    assert set(lesson_names()) == {path.stem for path in (scenarios_dir() / "lessons").glob("*.yaml")}
