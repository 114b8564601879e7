"""Two vocabularies: epidemic and finance. Only a firm's liquidity is infected, never a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from conftest import ROOT
from support_dashboard import seen

from sim.report.wording import WORDS, word
from sim.spec.labels import LANGUAGES, VOCABULARIES, WORDS_IN_USE, text, texts

SICK = re.compile(r"infect|contagious|\bsick|\bill\b|diseased|感染|染病|患病|生病|带菌|传染给", re.I)
PERSON = re.compile(
    r"person|people|borrower|household|debtor|consumer|famil|pupil|worker|employee|owner|customer who|\bmen\b"
    r"|women|\bthey are\b|人|借款|家庭|住户|消费者|员工|居民|学生|老板|债务人",
    re.I,
)
#: The rule itself may be said.
DENIED = re.compile(r"never a person|never people|从来不是人|绝不是人|不是人|而不是人|, not people")
EPIDEMIC = re.compile(
    r"infect|epidemic|vaccin|outbreak|spreader|herd immunity|immun|感染|疫|免疫|传播者|病", re.I
)


def _plain(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            # words of finance are told apart from the others by their key
            yield from _plain(each) if key != "finance" else ()
    elif isinstance(value, list):
        for each in value:
            yield from _plain(each)
    elif isinstance(value, str):
        yield value


def _all_texts() -> Iterator[tuple[str, str]]:
    """Every text that a reader may meet: screen, report, measures, scenarios, lessons."""
    for lang in LANGUAGES:
        yield from ((f"{lang}:{key}", value) for key, value in texts(lang).items())
    for key, pair in WORDS.items():
        yield from ((f"word:{key}", value) for value in (pair.en, pair.zh))
    for file in sorted((ROOT / "scenarios").rglob("*.yaml")):
        for value in _plain(yaml.safe_load(file.read_text(encoding="utf-8"))):
            yield file.name, value


def infected_person(said: str) -> str | None:
    """The first sentence in which somebody, not a firm's liquidity, is infected."""
    for sentence in re.split(r"[.;!?。；！？\n]", said):
        if SICK.search(sentence) and PERSON.search(sentence) and not DENIED.search(sentence):
            return sentence.strip()
    return None


def test_no_text_says_that_a_person_is_infected() -> None:
    found = {where: infected_person(said) for where, said in _all_texts()}
    assert {where: sentence for where, sentence in found.items() if sentence} == {}
    assert len(found) > 500


@pytest.mark.parametrize(
    "said",
    ["Borrowers are infected by lay-offs.", "A firm fails; infected people pay late", "被感染的借款人"],
)
def test_the_check_finds_an_infected_person(said: str) -> None:
    assert infected_person(said)


def test_words_of_finance_hold_no_epidemic() -> None:
    said = {
        key: value for lang in LANGUAGES for key, value in texts(lang).items() if key.endswith(".finance")
    }
    said |= {key: pair.en + pair.zh for key, pair in WORDS.items() if key.endswith(".finance")}
    assert len(said) > 5
    assert {key: value for key, value in said.items() if EPIDEMIC.search(value)} == {}


def test_each_form_of_finance_stands_beside_another_text() -> None:
    for keys in (texts("en"), texts("zh"), WORDS):
        for key in keys:
            if key.endswith(".finance"):
                assert keys[key.removesuffix(".finance")] != keys[key]  # type: ignore[index]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_texts_follow_the_vocabulary_in_use(lang: str) -> None:
    kept = WORDS_IN_USE.set("finance")
    try:
        other = text("dash.outbreak", lang), word("tree", lang), text("dash.play", lang)
    finally:
        WORDS_IN_USE.reset(kept)
    usual = text("dash.outbreak", lang), word("tree", lang), text("dash.play", lang)
    assert usual[0] != other[0] and usual[1] != other[1] and usual[2] == other[2]
    assert WORDS_IN_USE.get() == VOCABULARIES[0]


def test_the_vocabulary_is_switched_and_travels_in_the_link(tab: Any, server: str) -> None:
    tab.goto(f"{server}/outbreak?v=1&lang=en&words=finance&firms=75")
    assert seen(tab.get_by_role("heading", name="Cascade", exact=True))
    tab.get_by_test_id("stPopover").first.click()
    assert seen(tab.get_by_text(re.compile("words=finance")))
    tab.keyboard.press("Escape")
    tab.get_by_role("radio", name="Epidemic").or_(tab.get_by_role("button", name="Epidemic")).first.click()
    assert seen(tab.get_by_role("heading", name="Outbreak", exact=True))


def test_chinese_texts_are_set_with_chinese_marks() -> None:
    """Commas, colons, semicolons and brackets beside a Chinese character are wide ones."""
    narrow = re.compile(r"[一-鿿][,;:(](?![/\w]*[}`])|[,;:)][一-鿿]|[一-鿿]\)")
    assert {where: said for where, said in _all_texts() if narrow.search(said)} == {}
