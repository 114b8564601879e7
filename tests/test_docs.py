"""The documents: their code runs, their links lead somewhere, and they name what is there."""

from __future__ import annotations

import ast
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.collection import strategy_names
from sim.core.ledger import INSTRUMENTS
from sim.measures import MEASURES
from sim.measures.page import SECTIONS, page, path
from sim.phases.week import WEEK
from sim.spec.changes import world_numbers
from sim.spec.scenario import ChannelSwitches
from sim.spec.world import World

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
DOCUMENTS = [ENGLISH, CHINESE, *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _blocks(document: Path, language: str | None = None) -> list[str]:
    """Fenced blocks of one language, or all, in order."""
    return [body for kind, body in _FENCE.findall(_text(document)) if language in (None, kind)]


def _prose(document: Path) -> str:
    return _FENCE.sub("", _text(document))


def _headings(document: Path) -> list[int]:
    """Levels of the headings in order."""
    return [len(found) for found in re.findall(r"^(#+) ", _prose(document), re.MULTILINE)]


def _links(document: Path) -> list[str]:
    text = _prose(document)
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    links = _links(document)
    assert links or document == path()
    for link in links:
        file, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = document.parent / file if file else document
        assert target.exists(), f"{document.name}: {link}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", _prose(target), re.MULTILINE)
            assert anchor in map(_anchor, headings), f"{document.name}: {link}"


def test_files_named_in_documents_exist() -> None:
    named = re.compile(r"`((?:sim|scenarios|benchmarks|docs|tests)/[\w./-]+)`")
    for document in DOCUMENTS:
        found = named.findall(_text(document))
        missing = [name for name in found if not (ROOT / name).exists()]
        assert not missing, f"{document.name} names {missing}"


def test_both_readmes_have_the_same_shape() -> None:
    assert _headings(ENGLISH) == _headings(CHINESE)
    assert _blocks(ENGLISH) == _blocks(CHINESE)
    other = {"README.md", "README.zh-CN.md"}
    assert set(_links(ENGLISH)) - other == set(_links(CHINESE)) - other
    for document in (ENGLISH, CHINESE):
        assert len(set(_links(document)) & other) == 1, f"{document.name} does not lead to the other language"


def test_both_readmes_have_the_same_result() -> None:
    figure = re.compile(r"[+-]?\d+\.\d+")
    blocks = []
    for document in (ENGLISH, CHINESE):
        assert _text(document).count("<!-- result:begin -->") == 1
        block = _text(document).partition("<!-- result:begin -->")[2].partition("<!-- result:end -->")[0]
        blocks.append(figure.findall(block))
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) > 50


def test_code_of_the_readme_runs(tmp_path: Path) -> None:
    script = tmp_path / "readme.py"
    script.write_text("\n".join(_blocks(ENGLISH, "python")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "MeasureValue(value=" in done.stdout
    assert "borrowers are over 90 days late" in done.stdout
    assert re.search(r"calls_last +\d", done.stdout), "the user's own strategy has no figures"


def test_strategy_of_the_readme_is_about_fifteen_lines() -> None:
    block = next(block for block in _blocks(ENGLISH, "python") if "register_strategy" in block)
    body = block[block.index("@arrears") : block.index("small =")]
    assert len([line for line in body.splitlines() if line.strip()]) <= 16


def test_tables_of_the_readme_are_read(tmp_path: Path) -> None:
    accounts, links = _blocks(ENGLISH, "csv")
    (tmp_path / "accounts.csv").write_text(accounts, encoding="utf-8")
    (tmp_path / "links.csv").write_text(links, encoding="utf-8")
    portfolio = sim.read_portfolio(tmp_path / "accounts.csv")
    assert portfolio.balance.tolist() == [820_050, 120_000, 1_500_000]
    assert portfolio.days_past_due.tolist() == [0, 45, 0]
    network = sim.read_network(tmp_path / "links.csv")
    assert (network.firms, network.links) == (3, 3)
    assert sorted(network.weekly_amount.tolist()) == [450_050, 800_000, 5_200_000]


def test_commands_of_documents_exist() -> None:
    import arrears
    from sim.cli.app import app
    from sim.cli.entry import mount

    for room in arrears.ROOMS:
        mount(app, room)
    commands = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    } | {str(group.name) for group in app.registered_groups}
    named = re.compile(r"(?:^|`|bin/)arrears ([a-z]+)", re.MULTILINE)
    for document in DOCUMENTS:
        assert set(named.findall(_text(document))) <= commands, document.name


def test_page_of_measures_is_not_stale() -> None:
    assert _text(path()) == page(), "run python -m sim.measures.page"


def test_every_measure_is_on_the_page_once() -> None:
    text = page()
    assert set(SECTIONS) <= set(MEASURES)
    for name, measure in MEASURES.items():
        assert text.count(f"| `{name}` |") == 1
        assert measure.definition.zh in text


def test_every_phase_is_described_in_order() -> None:
    phases = [phase.name for phase in WEEK]
    headings = re.findall(r"^### \d+\. `(\w+)`$", _text(ROOT / "docs" / "model.md"), re.MULTILINE)
    assert headings == phases
    rows = re.findall(r"^\| `(\w+)` \| `\w+\.py`", _text(ROOT / "docs" / "architecture.md"), re.MULTILINE)
    assert rows == phases


def test_every_number_of_a_world_is_described() -> None:
    text = _text(ROOT / "docs" / "model.md")
    deep = re.compile(r"\w+\.(channels|tones|text_response|messenger_response)\.")
    names = {name.rpartition(".")[2] if deep.match(name) else name for name in world_numbers()}
    missing = sorted(name for name in names if f"`{name}`" not in text)
    assert not missing, missing


def test_no_number_of_a_world_is_invented() -> None:
    groups = [name for name in World.model_fields if name not in ("id", "label")]
    named = re.findall(rf"`((?:{'|'.join(groups)})\.[a-z_0-9.]+)`", _text(ROOT / "docs" / "model.md"))
    known = {*world_numbers(), "collection.channels", "collection.tones"}
    known |= {"collection.text_response", "collection.messenger_response"}
    assert set(named) <= known, set(named) - known


def test_every_channel_strategy_and_flow_is_described() -> None:
    text = _text(ROOT / "docs" / "model.md")
    rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert set(ChannelSwitches.model_fields) <= set(rows)
    shipped = {
        name for name in strategy_names() if sim.collection.strategy(name).__module__.startswith("sim.")
    }
    assert shipped <= set(rows)
    model = sim.Ecosystem(rng=1, borrowers=500, firms=100, burn_in=4).run(4)
    flows = [name for name in model.ledger.flows().index if not name.startswith("change in ")]
    assert len(flows) > 20
    missing = [name for name in flows if f"`{name}`" not in text]
    assert not missing, missing
    for instrument in INSTRUMENTS:
        assert instrument.replace("_", " ") in text


#: Postings of the books; their first argument names the flow.
POSTINGS = {"pay", "lend", "repay", "accrue", "write_off", "assign"}


def _posted(file: Path) -> set[str]:
    """Names of flows that a file posts, whichever of several it chooses."""
    calls = (node for node in ast.walk(ast.parse(_text(file))) if isinstance(node, ast.Call) and node.args)
    names = [
        ast.walk(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in POSTINGS
    ]
    constants = (part for name in names for part in name if isinstance(part, ast.Constant))
    return {part.value for part in constants if isinstance(part.value, str)}


def test_table_of_flows_names_what_is_posted_and_each_row_once() -> None:
    text = _text(ROOT / "docs" / "model.md")
    table = text[text.index("| who pays whom |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z' ]+) \| `", table, re.MULTILINE)
    assert len(rows) > 5 and len(set(rows)) == len(rows), rows
    posted = set[str]().union(*map(_posted, (ROOT / "sim").rglob("*.py")))
    named = re.findall(r"`(\w+)`", table)
    assert set(named) == posted
    assert len(set(named)) == len(named)


def test_counts_of_sources_are_not_stale() -> None:
    refresh = runpy.run_path(str(ROOT / "docs" / "refresh.py"))
    assert refresh["counts"]() in _text(ROOT / "docs" / "model.md"), "run python docs/refresh.py"


#: Floors of the rooms as docs/architecture.md states them.
FLOORS = {
    "sim.core": 0, "sim.spec": 1, "sim.agents": 2, "sim.network": 2, "sim.collection": 2, "sim.contagion": 2,
    "sim.measures": 2, "sim.phases": 3, "sim.model": 3, "sim.experiments": 4, "sim.report": 4, "sim.cli": 7,
}  # fmt: skip


def _imported(node: ast.AST) -> Iterator[str]:
    """Modules that a file imports when it runs, not those for its type annotations alone."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.If) and ast.unparse(inner.test) == "TYPE_CHECKING":
            continue
        if isinstance(inner, ast.ImportFrom):
            yield inner.module or ""
        elif isinstance(inner, ast.Import):
            yield from (name.name for name in inner.names)
        yield from _imported(inner)


def test_rooms_never_import_upwards() -> None:
    seen = set()
    for file in sorted((ROOT / "sim").glob("*/*.py")):
        room = f"sim.{file.parent.name}"
        if room not in FLOORS:
            continue
        seen.add(room)
        for module in _imported(ast.parse(_text(file))):
            other = ".".join(module.split(".")[:2])
            assert FLOORS.get(other, 0) <= FLOORS[room], f"{file.name} imports {module}"
    assert seen == FLOORS.keys() - {"sim.model"}
    text = _text(ROOT / "docs" / "architecture.md")
    for room, floor in FLOORS.items():
        name = "sim/model.py" if room == "sim.model" else f"{room.replace('.', '/')}/"
        assert re.search(rf"^\| {floor} \|.*`{name}`", text, re.MULTILINE), room


def test_documents_name_no_place_of_a_machine() -> None:
    for document in DOCUMENTS:
        found = re.search(r"(?<![\w.])/(?:work|home|root|tmp|usr)/|\.\./shared", _text(document))
        assert found is None, f"{document.name}: {found}"


def test_picture_of_the_report_is_small() -> None:
    picture = ROOT / "docs" / "pictures" / "report.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size < 300_000
