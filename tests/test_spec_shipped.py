"""The shipped data: every number has unit, range and source; schemas and texts are complete."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.claims import shipped_claims
from sim.core.errors import SpecError
from sim.core.paths import scenarios_dir
from sim.spec import schema
from sim.spec.base import Quantity
from sim.spec.changes import world_numbers
from sim.spec.faults import validate
from sim.spec.include import shipped
from sim.spec.labels import LANGUAGES, name_of, placeholders, text, texts
from sim.spec.loader import load_rules, load_world, rule_set_names, scenario_names, world_names
from sim.spec.rules import declared_rules
from sim.spec.sources import WITHOUT_SOURCE, cited, sources
from sim.spec.world import CHANNELS, TONES, World

WORLDS = {name: load_world(name) for name in world_names()}
EVIDENCE = Path(__file__).parents[1].parent / "shared" / "evidence" / "evidence.csv"


def number(world: World, name: str) -> Quantity:
    place: object = world
    for part in name.split("."):
        place = place[part] if isinstance(place, dict) else getattr(place, part)
    assert isinstance(place, Quantity)
    return place


@pytest.mark.parametrize("world", WORLDS)
def test_every_number_has_a_known_source_or_says_that_it_has_none(world: str) -> None:
    origins = {name: number(WORLDS[world], name).source for name in world_numbers()}
    for name, origin in origins.items():
        assert origin in WITHOUT_SOURCE - {"changed by the user"} or set(cited(origin)) <= set(sources()), (
            name
        )


def test_every_rule_has_a_known_source() -> None:
    for name in rule_set_names():
        rules = load_rules(name)
        for field in declared_rules():
            rule = getattr(rules, field)
            if rule is not None and rule.source != "assumption":
                assert set(cited(rule.source)) <= set(sources()), (name, field)
                assert rule.in_force is not None, (name, field)


def test_ids_in_notes_are_sources_or_claims_too() -> None:
    for file in [*shipped("world").values(), *shipped("rule set").values()]:
        words = file.read_text(encoding="utf-8").replace(";", " ").replace(",", " ").replace(")", " ").split()
        ids = {
            word.strip("(\"'.:")
            for word in words
            if word.strip("(\"'.:")[1:].isdecimal() and word.strip("(\"'.:")[0].isupper()
        }
        assert ids <= set(sources()) | shipped_claims().keys(), file.name


def test_sources_are_complete_and_public() -> None:
    assert len(sources()) >= 10
    for source in sources().values():
        assert source.citation and source.identifier and source.finding
        assert 1990 <= source.year <= 2030
        assert "/work" not in " ".join(map(str, source))


def test_sources_agree_with_the_evidence_table() -> None:
    if not EVIDENCE.exists():
        pytest.skip(f"the evidence table is absent: {EVIDENCE}")
    with EVIDENCE.open(encoding="utf-8", newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    for id_ in (id_ for id_ in sources() if not id_.startswith("L")):  # L: not in the table
        assert rows[id_]["year"] in ("", str(sources()[id_].year)), id_  # some rows have no year
    for world in WORLDS.values():
        households = world.households
        if world.id == "evidence":
            assert households.sleep_odds_ratio.value == float(rows["B13"]["value"])
        else:  # fitted to what the report claims (S16), no further than B10 finds for any disorder
            assert households.sleep_odds_ratio.source == "fitted"
            assert households.sleep_odds_ratio.value <= float(rows["B10"]["value"])
        assert households.sleep_base_rate.value == pytest.approx(float(rows["B14"]["value"]) / 100)
        assert households.young_share.value == pytest.approx(float(rows["B22"]["value"]) / 100)
        assert world.collection.agency_commission.value == pytest.approx(
            float(rows["C62"]["value"]) / 100, abs=0.005
        )


def test_both_worlds_declare_the_same_numbers_and_differ() -> None:
    assert set(WORLDS) == {"report", "evidence"}
    for world in WORLDS.values():
        assert tuple(world.collection.channels) == CHANNELS
        assert tuple(world.collection.tones) == TONES
    differing = [
        n for n in world_numbers() if number(WORLDS["report"], n).value != number(WORLDS["evidence"], n).value
    ]
    assert len(differing) > 50


def test_a_rule_set_of_2023_holds_nothing_later() -> None:
    rules = load_rules("china-2023")
    dates = [getattr(rules, name).in_force for name in declared_rules() if getattr(rules, name) is not None]
    assert any(dates)
    assert all(day.year <= 2023 for day in dates if day is not None)
    assert rules.attempts_per_day is None
    assert rules.quiet_start_hour is None


def test_names_are_unique_over_kinds() -> None:
    names = [*scenario_names(), *world_names(), *rule_set_names()]
    assert len(names) == len(set(names))
    for kind, load in (("world", load_world), ("rule set", load_rules)):
        for name in shipped(kind):  # type: ignore[arg-type]
            assert load(name).id == name


@settings(max_examples=80, deadline=None)
@given(
    name=st.sampled_from(sorted(world_numbers())),
    world=st.sampled_from(sorted(WORLDS)),
    field=st.sampled_from(["value", "unit", "drop", "key"]),
    above=st.booleans(),
)
def test_any_shipped_number_that_is_spoilt_is_refused(name: str, world: str, field: str, above: bool) -> None:
    data = WORLDS[world].model_dump(mode="json")
    _, low, high = world_numbers()[name]
    place = data
    for part in name.split("."):
        above_it, place = place, place[part]
    if field == "value":
        place["value"] = high + max(1.0, high) if above else low - 1.0
        place["low"] = place["high"] = None
    elif field == "unit":
        place["unit"] = "furlongs"
    elif field == "drop":
        del above_it[name.rpartition(".")[2]]
    else:
        place["colour"] = "red"
    with pytest.raises(SpecError) as caught:
        validate(World, data, "my.yaml")
    message = str(caught.value)
    assert name in message
    assert caught.value.allowed
    words = {"value": "out of range", "unit": "furlongs", "drop": "is missing", "key": "'colour'"}
    assert words[field] in message


def test_a_value_outside_its_own_interval_is_refused() -> None:
    data = WORLDS["evidence"].model_dump(mode="json")
    data["households"]["sleep_base_rate"]["value"] = 0.5
    with pytest.raises(SpecError, match=r"sleep_base_rate.value: 0.5 is outside its own low and high"):
        validate(World, data, "my.yaml")


@pytest.mark.parametrize("name", schema.MODELS)
def test_stored_schema_is_current(name: str) -> None:
    stored = (scenarios_dir() / "schema" / f"{name}.json").read_text(encoding="utf-8")
    assert stored == schema.text(name), "run: python -m sim.spec.schema"
    assert json.loads(stored)["else"]["$ref"].rpartition("/")[2] in json.loads(stored)["$defs"]


def test_schema_is_written_where_told(tmp_path: Path) -> None:
    files = schema.write(tmp_path)
    assert sorted(file.name for file in files) == [f"{name}.json" for name in sorted(schema.MODELS)]


def test_languages_have_the_same_keys_and_placeholders() -> None:
    english, chinese = (texts(lang) for lang in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key in english:
        assert placeholders(english[key]) == placeholders(chinese[key]), key
        assert english[key].isascii(), key
    missing = [f"channel.{name}" for name in CHANNELS if f"channel.{name}" not in english]
    missing += [f"tone.{name}" for name in TONES if f"tone.{name}" not in english]
    missing += [f"world.{name}" for name in WORLDS if f"world.{name}" not in english]
    assert not missing


def test_texts_are_filled_and_faults_told() -> None:
    assert text("check.sourced", "zh", count=3, total=9) == "9个数值中有3个有来源"
    assert text("stage.middle") == "31 to 90 days late"
    assert name_of("strategy", "my_own", "zh") == "my_own"
    with pytest.raises(SpecError, match=r"did you mean 'stage\.middle'"):
        text("stage.midle")
    with pytest.raises(SpecError, match="'de' is not a language"):
        text("stage.middle", "de")
    with pytest.raises(SpecError, match="no value for count, total"):
        text("check.sourced")


def test_labels_of_worlds_are_those_of_their_files() -> None:
    for name, world in WORLDS.items():
        assert name_of("world", name, "en") == world.label.en
        assert name_of("world", name, "zh") == world.label.zh


def test_shipped_files_are_ordinary_yaml() -> None:
    for kind in ("scenario", "world", "rule set"):
        for file in shipped(kind).values():
            assert yaml.safe_load(file.read_text(encoding="utf-8"))
