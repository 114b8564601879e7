"""What numbers and sources say in Chinese: complete, nothing unused, and shown where Chinese is asked for."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from calibration.audit_document import KEPT, ruling_data
from calibration.charts import tornado
from calibration.claims import shipped_claims
from calibration.evidence import KINDS, evidence_table
from calibration.kept import read_kept
from calibration.ranking_table import print_ranking
from calibration.targets import calibration_names, load_calibration
from calibration.verdict_words import evidence_words
from calibration.verdicts import rulings
from sim.cli.entry import main
from sim.core.errors import SpecError
from sim.measures import MEASURES
from sim.report.numbers import kept_name, shown
from sim.spec.changes import world_numbers
from sim.spec.loader import load_world, world_names
from sim.spec.meanings import chinese, meaning, note_words, origin_words, unit_name
from sim.spec.sources import sources

ROOMS = ("calibration.commands",)
HAN = re.compile(r"[\u4e00-\u9fff]")
#: Three words of English in a row; names of methods and sources are shorter.
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
YEAR = r"(?<![\d.,])(?:19|20)\d\d(?!\d|[,.]\d)"
NUMBERS = [number for world in world_names() for _, number in load_world(world).numbers()]


def is_chinese(words: str) -> bool:
    """Said in Chinese, with its marks, and no English sentence left."""
    return bool(HAN.search(words)) and not ENGLISH.search(words) and not re.search(r"[,;:!?]\s|[,;:]$", words)


def test_every_number_has_one_meaning_and_none_is_unused() -> None:
    patterns = chinese().meanings
    of = {name: [one for one in patterns if fnmatchcase(name, one)] for name in world_numbers()}
    assert {name: found for name, found in of.items() if len(found) != 1} == {}
    assert {found[0] for found in of.values()} == patterns.keys()
    assert [name for name in world_numbers() if not is_chinese(meaning(name, "zh"))] == []
    assert all(meaning(name).isascii() for name in world_numbers())


def test_what_is_declared_once_is_said_once() -> None:
    for channel in ("human", "letter"):
        assert meaning(f"collection.channels.{channel}.kept", "zh") == "承诺履约率"
    assert meaning("collection.text_response.old") == "contact from 60 on"
    with pytest.raises(SpecError, match=r"did you mean 'households\.forgets'"):
        meaning("households.forget", "zh")


def test_meanings_that_are_told_apart_in_english_are_so_in_chinese() -> None:
    names = list(world_numbers())
    assert len({meaning(name, "zh") for name in names}) == len({meaning(name) for name in names})


def test_units_of_measures_have_names() -> None:
    units = {one.unit for one in MEASURES.values()}
    assert {unit for unit in units if not HAN.search(kept_name(unit, "zh"))} == {"1"}
    assert kept_name("share", "en") == "share" and kept_name("1", "zh") == ""
    assert {unit for unit in units if not HAN.search(shown(unit).zh)} == {"1", "share"}  # none, and per cent


def test_every_unit_that_is_shown_has_a_name_and_none_is_unused() -> None:
    units = {row.unit for row in evidence_table(KINDS)} | {one.unit for one in sources().values()}
    units |= {unit for unit, _, _ in world_numbers().values()}
    assert units - {""} == chinese().units.keys()
    assert all(is_chinese(name) for name in chinese().units.values())
    for unit, name in chinese().units.items():
        if unit != "share" and shown(unit).zh != unit:
            assert shown(unit).zh == name, unit
    assert unit_name("1/attempt", "en") == "1/attempt" and unit_name("acres", "zh") == "acres"


def test_every_note_of_a_number_or_target_is_said_and_none_is_unused() -> None:
    notes = {number.note for number in NUMBERS if number.note}
    targets = (one for name in calibration_names() for one in load_calibration(name).targets.values())
    notes |= {target.note for target in targets if target.note}
    assert notes == chinese().notes.keys()
    for note, words in chinese().notes.items():
        assert is_chinese(words) or re.fullmatch(r"[SCMR]\d\d", note), note
        assert re.findall(r"\b[A-Z]\d\d", note) == re.findall(r"[A-Z]\d\d", words), note
    assert note_words("my own", "zh") == "my own" and note_words(None, "zh") == ""


def test_every_source_says_what_it_found_in_chinese() -> None:
    for one in sources().values():
        for part in ("finding", "quantity", "population"):
            words = one.said(part, "zh")  # type: ignore[arg-type]
            assert is_chinese(words), (one.id, part, words)
            assert one.said(part).isascii(), (one.id, part)  # type: ignore[arg-type]


def test_texts_of_sources_that_are_one_in_english_are_one_in_chinese() -> None:
    for part in ("quantity", "population"):
        said: dict[str, set[str]] = {}
        for one in sources().values():
            said.setdefault(getattr(one, part), set()).add(getattr(one, f"{part}_zh"))
        assert {words: found for words, found in said.items() if len(found) > 1} == {}


def test_decimals_and_years_of_a_finding_are_the_same_in_chinese() -> None:
    for one in sources().values():
        wanted = YEAR if "illion" in one.finding else rf"{YEAR}|\d+\.\d+"  # counted in 万 and 亿
        for part in ("finding", "quantity", "population"):
            english, words = getattr(one, part), getattr(one, f"{part}_zh")
            assert sorted(re.findall(wanted, english)) == sorted(re.findall(wanted, words)), (one.id, part)


@pytest.mark.parametrize("world", world_names())
def test_the_evidence_base_is_chinese_on_chinese_pages(world: str) -> None:
    for row in evidence_table(world=world, lang="zh"):
        assert HAN.search(row.quantity) and HAN.search(row.population), row.id
        assert not ENGLISH.search(row.quantity + row.population + row.note), row.id
        assert row.unit == "" or HAN.search(unit_name(row.unit, "zh")), row.id
    english = evidence_table(["parameter", "source"], world=world)
    assert not any(HAN.search(row.quantity + row.population + row.note) for row in english)


def test_the_command_says_meanings_and_units_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["evidence", "失联查找", "--lang", "zh", "--world", "evidence"], ROOMS) == 0
    said = capsys.readouterr().out
    assert "失联查找成功的比例" in said and "每次查找" in said and "模型中的催收方及其接触" in said
    assert "1/search" not in said


def test_a_ranking_says_what_its_numbers_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    row = {"outcome": "recovery_rate", "field": "world.firms.late_share", "total": 0.4, "low": 0.3}
    shares = [{**row, "high": 0.5}, {**row, "field": "all other assumptions", "high": 0.5}]
    counts = dict.fromkeys(("varied", "trajectories", "screening_points", "base_points", "points"), 4)
    print_ranking({"world": "evidence", **counts, "shares": shares}, "zh")
    said = capsys.readouterr().out
    assert "firms.late_share" in said and "习惯性拖欠货款的企业占比" in said and "其余全部假设合计" in said


def test_notes_of_the_claims_check_are_chinese_but_for_citations() -> None:
    document = read_kept(KEPT)
    assert document is not None
    found = [ruling_data(one) for one in rulings(document["rows"]).values()]
    told = [(one["claim"], bearing) for one in found for bearing in one["evidence"]]
    assert len(told) > 10
    for claim, bearing in told:
        source = sources()[bearing["source"]]
        words = evidence_words(shipped_claims()[claim], bearing, "zh")
        assert source.finding_zh in words and source.citation in words
        assert not ENGLISH.search(words.replace(source.citation, "")), words
        assert source.finding in evidence_words(shipped_claims()[claim], bearing, "en")


def test_where_a_number_comes_from_is_said() -> None:
    assert [origin_words(number, "zh") for number in ("assumption", "B13; B14")] == ["假设", "B13; B14"]
    assert {origin_words(number.source) for number in NUMBERS} >= {"Assumption", "B22"}


def test_a_bar_of_a_chart_says_what_its_number_is() -> None:
    row = {"outcome": "recovery_rate", "total": 0.4, "low": 0.3, "high": 0.5}
    fields = ("world.firms.late_share", "world.gone.since", "all other assumptions")
    document = {"shares": [{**row, "field": field} for field in fields], "screening": []}
    chart = tornado(document, "recovery_rate", "zh")
    assert isinstance(chart, go.Figure)
    assert list(chart.data[0].customdata) == ["习惯性拖欠货款的企业占比", "", ""]


def _data_page() -> None:
    from dashboard.views import data

    data.show()


def test_the_data_page_shows_numbers_in_the_language_of_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARREARS_STORE", str(tmp_path / "store"))
    page = AppTest.from_function(_data_page, default_timeout=300)
    for lang, columns in (("zh", ["含义", "单位", "备注"]), ("en", ["Meaning", "Unit", "Note"])):
        page.session_state.lang = lang
        page.run()
        assert not page.exception
        shown_rows = page.dataframe[0].value.set_index(page.dataframe[0].value.columns[0])
        said = shown_rows.loc["households.breathing_space_uptake", columns].tolist()
        number = dict(load_world("evidence").numbers())["households.breathing_space_uptake"]
        name = "households.breathing_space_uptake"
        assert said == [meaning(name, lang), unit_name("share", lang), note_words(number.note, lang)]
        found = shown_rows[columns].astype(str).agg(" ".join, axis=1)
        assert [bool(HAN.search(words)) for words in found] == [lang == "zh"] * len(world_numbers())
