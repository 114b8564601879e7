"""Scenario, world and rule files: what loads, and what each kind of bad file is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sim.collection import strategy_names
from sim.core.errors import SpecError
from sim.core.paths import scenarios_dir
from sim.spec.check import check_file
from sim.spec.loader import (
    load_rules,
    load_scenario,
    load_world,
    rule_set_names,
    rules_of,
    scenario_names,
    to_yaml,
    world_names,
    world_of,
)

BASE = "include: baseline\nid: mine\n"
STRATEGIES = ["ai_tiered", "app_based", "left_alone", "traditional"]
BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)
)

# name of the case, content, and parts of the sentence: place, value, what is allowed
BAD_FILES: list[tuple[str, str | bytes, list[str]]] = [
    ("unknown key", BASE + "weeeks: 3\n", ["line 3, weeeks", "did you mean 'weeks'", "burn_in"]),
    (
        "unknown nested key",
        BASE + "population:\n  firm: 9\n",
        ["line 4, population.firm", "'firms'", "lenders"],
    ),
    ("wrong type", BASE + "weeks: many\n", ["line 3, weeks", "'many' is not a whole number", "1 to 5,200"]),
    ("number as text", BASE + 'weeks: "20"\n', ["line 3, weeks", "'20' is not a whole number"]),
    ("out of range", BASE + "hold_out: 5\n", ["line 3, hold_out", "5 is out of range", "from 0 to 1"]),
    ("huge number", BASE + f"seed: {10**25}\n", ["line 3, seed", "is out of range", "below"]),
    (
        "yes for true",
        BASE + "channels: {write_off: yes}\n",
        ["line 3, channels.write_off", "'yes'", "true or false"],
    ),
    ("mapping expected", BASE + "population: [1]\n", ["line 3, population", "a list is not a mapping"]),
    ("bad name", "include: baseline\nid: My Run\n", ["line 2, id", "'My Run'", "a-z, 0-9, _ and -"]),
    (
        "unknown strategy",
        BASE + "strategy: apbased\n",
        ["line 3, strategy", "did you mean 'app_based'", "traditional"],
    ),
    ("unknown world", BASE + "world: evidenc\n", ["line 3, world", "did you mean 'evidence'", "report"]),
    ("unknown rules", BASE + "rules: chna-2023\n", ["line 3, rules", "did you mean 'china-2023'", "none"]),
    (
        "unknown event",
        BASE + "events: [{kind: demnad}]\n",
        ["events[0].kind", "did you mean 'demand'", "rollout"],
    ),
    ("event without kind", BASE + "events: [{week: 1}]\n", ["events[0].kind", "is missing", "job_loss"]),
    (
        "event field",
        BASE + "events:\n  - {kind: fail, week: -1, firm: 0}\n",
        ["line 4, events[0].week", "-1 is out of range", "at least 0"],
    ),
    (
        "unknown number of the world",
        BASE + "world_changes: {firms.credit_line_wekes: 3}\n",
        ["line 3, world_changes.firms.credit_line_wekes", "did you mean 'firms.credit_line_weeks'"],
    ),
    (
        "impossible number of the world",
        BASE + "world_changes:\n  firms.credit_line_weeks: -2\n",
        [
            "line 4, world_changes.firms.credit_line_weeks",
            "-2 is out of range",
            "0 to 520 (weeks of hard costs)",
        ],
    ),
    (
        "unknown rule",
        BASE + "rules_changes: {attempts_per_dya: 3}\n",
        ["rules_changes.attempts_per_dya", "did you mean 'attempts_per_day'"],
    ),
    (
        "impossible rule",
        BASE + "rules_changes: {attempts_per_day: 3.5}\n",
        ["rules_changes.attempts_per_day", "3.5 is not a whole number"],
    ),
    (
        "wrong unit",
        "include: evidence\nfirms:\n  credit_line_weeks: {value: 14, unit: days, source: mine}\n",
        ["line 3, firms.credit_line_weeks", "unit 'days'", "allowed: weeks of hard costs"],
    ),
    (
        "missing number",
        "id: w\nlabel: {en: w, zh: w}\nlenders:\n  capital_ratio: {value: 0.1, unit: share, source: mine}\n",
        ["line 1, households: is missing", "more)", "job_loss"],
    ),
    (
        "unknown channel",
        "include: evidence\ncollection: {channels: {humna: {}}}\n",
        ["line 2, collection.channels", "'humna' is not a channel", "did you mean 'human'"],
    ),
    (
        "one end of the quiet hours",
        "include: china-2023\nquiet_start_hour: {value: 22, unit: hour, source: R02}\n",
        ["both quiet_start_hour and quiet_end_hour"],
    ),
    ("not a number", BASE + "hold_out: .nan\n", ["line 3, hold_out", ".nan is not a finite number"]),
    ("infinite", BASE + "hold_out: 1e999\n", ["line 3, hold_out", "1e999 is too large"]),
    ("duplicate key", BASE + "seed: 1\nseed: 2\n", ["line 4, seed", "'seed' is given twice", "once"]),
    ("tab", "id: x\n\tlabel: y\n", ["line 2", "tab", "spaces"]),
    ("not YAML", 'id: "open\n', ["line", "is not YAML"]),
    ("two documents", BASE + "---\nid: b\n", ["line 3", "second document", "one document"]),
    ("empty", "", ["the file is empty", "a mapping"]),
    ("only a comment", "# nothing\n", ["the file is empty"]),
    ("list at the top", "- a\n- b\n", ["line 1", "a list at its top", "a mapping"]),
    ("Big5", "id: 情景\n".encode("big5"), ["line 1", "not UTF-8", "Big5"]),
    ("PNG", b"\x89PNG\r\n\x1a\n\0\0\0", ["is a PNG picture", "UTF-8"]),
    ("NUL", b"id: x\nseed: \0\n", ["line 2", "NUL"]),
    ("control character", b'id: "\x01"\n', ["line 1", "does not permit"]),
    ("too large", b"#" * 1_000_001, ["larger than one megabyte", "1,000,000"]),
    ("YAML bomb", BOMB, ["too many values", "100,000"]),
    ("nested too deeply", "a: " + "[" * 5000, ["nested too deeply", "32"]),
    ("tag", "id: !!python/object/apply:os.system [ls]\n", ["line 1, id", "tag", "plain values"]),
    ("alias of itself", "a: &a [*a]\n", ["alias 'a' has no value before it"]),
    ("merge key", "a: &a {b: 1}\nc: {<<: *a}\n", ["line 2, c", "'<<'", "include"]),
    ("key that is a list", "? [a]\n: 1\n", ["line 1", "key is not a plain text"]),
    ("missing include", "include: bas.yaml\nid: x\n", ["line 1, include", "'bas.yaml' is not a file"]),
    ("include is no name", "include: {a: 1}\n", ["line 1, include", "a file name, or a list"]),
    ("unknown kind of file", "colour: red\n", ["none of the files known here", "'collectors'"]),
]


@pytest.mark.parametrize(
    ("content", "parts"), [case[1:] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES]
)
def test_bad_file_is_one_useful_sentence(tmp_path: Path, content: str | bytes, parts: list[str]) -> None:
    file = tmp_path / "my.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SpecError) as caught:
        check_file(file, strategies=STRATEGIES)
    message = str(caught.value)
    assert message.startswith(str(file))
    assert "\n" not in message
    assert len(message.removeprefix(str(file))) < 600  # the folder of a test may be deep
    assert caught.value.allowed
    for part in parts:
        assert part in message


def test_faults_of_an_included_file_name_that_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("include: baseline\nweeks: 0\n")
    (tmp_path / "my.yaml").write_text("include: base.yaml\nid: mine\n")
    with pytest.raises(SpecError, match=r"base\.yaml \(included by .*my\.yaml\), line 2, weeks: 0 is out"):
        load_scenario(tmp_path / "my.yaml")


def test_circle_of_includes_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("include: b.yaml\n")
    (tmp_path / "b.yaml").write_text("id: b\ninclude: [baseline, a.yaml]\n")
    with pytest.raises(
        SpecError, match=r"b\.yaml, line 2, include: .* circle: a\.yaml -> b\.yaml -> a\.yaml"
    ):
        load_scenario(tmp_path / "a.yaml")


def test_widely_branching_includes_are_refused(tmp_path: Path) -> None:
    for level in range(12):
        (tmp_path / f"f{level}.yaml").write_text(f"include: [f{level + 1}.yaml, f{level + 1}.yaml]\n")
    (tmp_path / "f12.yaml").write_text("include: baseline\n")
    with pytest.raises(SpecError, match="too many files are included"):
        load_scenario(tmp_path / "f0.yaml")


def test_include_merges_mappings_and_replaces_lists(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(
        "include: [downturn]\nid: mine\npopulation: {firms: 500}\n"
        "collectors: [{name: one, kind: agency, stages: [late]}]\n"
    )
    mine, base = load_scenario(file), load_scenario("downturn")
    assert mine.population.firms == 500
    assert mine.population.borrowers == base.population.borrowers
    assert mine.events == base.events
    assert [collector.name for collector in mine.collectors] == ["one"]


def test_later_includes_go_over_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text("weeks: 10\nseed: 7\n")
    (tmp_path / "my.yaml").write_text("include: [baseline, short.yaml]\nid: mine\nseed: 8\n")
    mine = load_scenario(tmp_path / "my.yaml")
    assert (mine.weeks, mine.seed) == (10, 8)


def test_own_world_keeps_sources_only_of_what_it_keeps(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "include: evidence\nid: mine\nhouseholds: {sleep_odds_ratio: 3}\n"
        "firms:\n  credit_line_weeks: {value: 1}\n  shock_sd: {value: 0.2, unit: log, source: my survey}\n"
    )
    mine, evidence = load_world(file), load_world("evidence")
    changed = mine.households.sleep_odds_ratio
    assert (changed.value, changed.source, changed.low) == (3, "changed by the user", None)
    assert mine.firms.credit_line_weeks.source == "changed by the user"
    assert mine.firms.shock_sd.source == "my survey"
    assert mine.households.sleep_base_rate == evidence.households.sleep_base_rate


@pytest.mark.parametrize("name", scenario_names())
def test_shipped_scenarios_load_and_round_trip(tmp_path: Path, name: str) -> None:
    scenario = load_scenario(name, strategies=strategy_names())
    file = tmp_path / "again.yaml"
    file.write_text(to_yaml(scenario), encoding="utf-8")
    assert load_scenario(file) == scenario
    assert world_of(scenario).id in world_names()
    assert rules_of(scenario).id in rule_set_names()


@pytest.mark.parametrize("name", world_names())
def test_shipped_worlds_round_trip(tmp_path: Path, name: str) -> None:
    (tmp_path / "again.yaml").write_text(to_yaml(load_world(name)), encoding="utf-8")
    assert load_world(tmp_path / "again.yaml") == load_world(name)


@pytest.mark.parametrize("name", rule_set_names())
def test_shipped_rule_sets_round_trip(tmp_path: Path, name: str) -> None:
    (tmp_path / "again.yaml").write_text(to_yaml(load_rules(name)), encoding="utf-8")
    assert load_rules(tmp_path / "again.yaml") == load_rules(name)


def test_files_named_in_a_scenario_lie_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "study"
    home.mkdir()
    (home / "edges.csv").write_text("buyer,supplier,weekly_amount\n")
    (home / "world.yaml").write_text("include: report\nid: w\n")
    (home / "my.yaml").write_text(
        BASE + "network: {file: edges.csv}\nportfolio: {file: absent.csv}\nworld: world.yaml\n"
    )
    monkeypatch.chdir(tmp_path)
    scenario = load_scenario("study/my.yaml")
    assert scenario.network.file is not None
    assert Path(scenario.network.file).samefile(home / "edges.csv")
    assert scenario.portfolio.file == "absent.csv"
    assert load_world(scenario.world).id == "w"


def test_unknown_names_get_the_near_one() -> None:
    for load, name, near in (
        (load_scenario, "baselin", "baseline"),
        (load_world, "evidens", "evidence"),
        (load_rules, "china2023", "china-2023"),
    ):
        with pytest.raises(SpecError, match=f"did you mean '{near}'"):
            load(name)
    with pytest.raises(SpecError, match=r"gone\.yaml: there is no such file"):
        load_scenario("gone.yaml")
    with pytest.raises(SpecError, match="is a folder"):
        load_scenario(scenarios_dir())


def test_unknown_sector_of_a_demand_event(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(
        BASE + "events:\n  - kind: demand\n    week: 1\n    weeks: 1\n    change: 0\n    sectors: [mning]\n"
    )
    with pytest.raises(SpecError, match=r"line 8, events\[0\].sectors\[0\]: 'mning' .* 'mining'"):
        load_scenario(file, sectors=["mining", "metals"])
    assert load_scenario(file).events[0].kind == "demand"


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("baseline.yaml", "scenario 'baseline', 20,000 borrowers and 2,000 firms for 104 weeks"),
        ("worlds/report.yaml", "world 'report'"),
        ("regulations/none.yaml", "rule set 'none', jurisdiction none, rules: none"),
    ],
)
def test_check_says_what_a_file_is(file: str, part: str) -> None:
    verdict = check_file(scenarios_dir() / file, strategies=strategy_names())
    assert part in verdict
    assert "\n" not in verdict


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "weeks",
        "collectors",
        "events",
        "population",
        "world_changes",
        "rules_changes",
        "network",
        "world",
        "rules",
        "id",
        "households",
        "collection",
        "jurisdiction",
        "attempts_per_day",
        "include",
        "label",
        "portfolio",
    ]
)


@example(changes={"households": {"\n": None}}, base="evidence")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(FIELDS, PLAIN, max_size=3), base=st.sampled_from(["baseline", "evidence", "none"])
)
def test_any_values_load_or_give_one_sentence(tmp_path: Path, changes: dict[str, object], base: str) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(json.dumps({"include": base} | changes), encoding="utf-8")
    try:
        assert "\n" not in check_file(file).replace(str(changes.get("id")), "")
    except SpecError as error:
        assert "my.yaml" in str(error)
        assert "\n" not in str(error)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=60)
    | st.text(alphabet="a:-[]{}&*!|>'\"#\t\n 1.,?%@", max_size=60).map(str.encode)
)
def test_any_bytes_give_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "my.yaml"
    file.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        check_file(file)
    assert "\n" not in str(caught.value)
