"""Public mode: caps that are reached and explained, a queue that tells one's place, no traceback."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Command
from support_dashboard import seen, served

from benchmarks.visitor import Visitor
from dashboard.public import ALLOWANCE, SIZES, command


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in public mode."""
    with served(tmp_path_factory.mktemp("public"), "--public") as address:
        yield address


def _commands(page: Visitor) -> list[str]:
    return [element.code.code_text for element in page.elements() if element.WhichOneof("type") == "code"]


def _runs(page: Visitor) -> str:
    """The command that a page gives for a run over its caps."""
    return next(line for line in _commands(page) if line.startswith("arrears compare"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_run_over_the_cap_is_told_with_the_cap_and_the_command(public: str, lang: str) -> None:
    page = Visitor(f"{public}/strategies?v=1&lang={lang}&runs=40&borrowers=1000")
    assert f"{SIZES['runs']}" in page.words() and "40" in page.words()
    assert ("at most" if lang == "en" else "上限") in page.words()
    assert not page.has("button", "Run") and not page.has("button", "运行")
    assert "--runs 40" in _runs(page)
    page.close()


def test_the_command_that_is_given_runs(public: str, arrears: Command) -> None:
    page = Visitor(f"{public}/policy?v=1&lang=en&attempts_per_week=1&runs=40")
    words = shlex.split(_runs(page))[1:]
    smaller = {"40": "2", "104": "6", "population.borrowers=2000": "population.borrowers=500"}
    smaller["population.firms=400"] = "population.firms=100"
    done = arrears(*(smaller.get(word, word) for word in words), "--set", "burn_in=4", "--json")
    assert done.returncode == 0, done.stderr
    assert {row["arm"] for row in json.loads(done.stdout)["rows"]} == {"now", "changed"}
    page.close()


def test_a_large_network_is_refused_before_it_is_computed(public: str) -> None:
    page = Visitor(f"{public}/outbreak?v=1&lang=en&firms=3000&hit=3")
    assert f"at most {SIZES['firms']} firms" in page.words()
    assert any("arrears outbreak" in line and "population.firms=3000" in line for line in _commands(page))
    page.close()


def test_one_run_at_a_time_and_the_next_visitor_sees_the_place_in_the_queue(public: str) -> None:
    address = f"{public}/policy?v=1&lang=en&runs=8&attempts_per_week="
    first, second, third = (Visitor(f"{address}{calls}") for calls in (1, 2, 3))
    for ahead, page in enumerate((first, second, third)):
        page.press("Run")
        assert f"runs ahead of yours: {ahead}" in _texts(page) or not ahead
    second.press("Cancel")
    third.until(lambda page: "runs ahead of yours: 2" not in _texts(page))
    first.press("Cancel")
    third.until(lambda page: "starts finished" in _texts(page))
    third.press("Cancel")
    for page in (first, second, third):
        page.until(lambda page: page.has("button", "Run"))
        page.close()


def _texts(page: Visitor) -> str:
    bars = [element.progress.text for element in page.elements() if element.WhichOneof("type") == "progress"]
    return page.words() + "\n".join(bars)


def test_an_allowance_is_used_up_and_told(public: str) -> None:
    page = Visitor(f"{public}/classroom?lang=en")
    for _ in range(ALLOWANCE["rooms"]):
        page.press("Open the room")
        page.tick("Delete this room and its weeks")
        page.press("Delete")
    page.press("Open the room")
    assert f"at most {ALLOWANCE['rooms']} rooms a visit" in page.words()
    assert "arrears dashboard --address 0.0.0.0" in _commands(page)
    other = Visitor(f"{public}/classroom?lang=en")  # another visitor has an allowance of its own
    other.press("Open the room")
    assert "room" in other.params
    page.close()
    other.close()


def test_a_fault_of_the_program_shows_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "store-rooms").write_text("a file where a folder should be")
    with served(tmp_path, "--public") as address:
        page = Visitor(f"{address}/classroom?lang=en")
        page.press("Open the room")
        assert "Something went wrong on our side" in page.words()
        kinds = {element.WhichOneof("type") for element in page.elements()}
        assert (
            "exception" not in kinds and "Traceback" not in page.words() and "store-rooms" not in page.words()
        )
        page.close()
    assert (
        "NotADirectoryError" in (tmp_path / "log.txt").read_text()
        or "FileExistsError" in (tmp_path / "log.txt").read_text()
    )


def test_without_public_mode_nothing_is_capped(tmp_path: Path) -> None:
    with served(tmp_path) as address:
        page = Visitor(f"{address}/policy?v=1&lang=en&attempts_per_week=1&runs=40")
        assert page.has("button", "Run") and "--runs 40" not in page.words()
        page.close()


def test_a_command_is_quoted_for_a_shell() -> None:
    line = command("arrears", "compare", "base line", options=[("set", "a[0].b=1"), ("runs", 3)])
    assert shlex.split(line) == ["arrears", "compare", "base line", "--set", "a[0].b=1", "--runs", "3"]


def test_caps_are_reached_in_a_browser(public: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(f"{public}/strategies?v=1&lang=zh&runs=40&borrowers=1000", wait_until="commit")
    assert seen(page.get_by_text("本服务器为多人共用"))
    assert seen(page.get_by_text("--runs 40"))
    assert page.locator("[data-testid=stException]").count() == 0
    context.close()


# ---- the image and the development container ----


def test_what_the_image_copies_and_runs_is_there() -> None:
    """The image cannot be built by a test; its files, commands and paths can be looked at."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert copied and all((ROOT / name).exists() for name in copied)
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied} <= set(kept)
    assert "USER arrears" in lines and lines.index("USER arrears") < len(lines) - 1
    assert not any(re.search(r"\bUSER root\b", line) for line in lines)
    start = json.loads(next(line for line in lines if line.startswith("CMD ")).removeprefix("CMD "))
    assert start[:3] == ["arrears", "dashboard", "--public"]


def test_the_image_is_healthy_when_the_server_answers_and_not_before(public: str) -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])$", text, re.M)
    assert found
    words = json.loads(found[1])
    for address, code in ((public, 0), ("http://127.0.0.1:9", 1)):
        done = subprocess.run(
            [part.replace("http://127.0.0.1:8501", address) for part in words],
            check=False,
            capture_output=True,
        )
        assert done.returncode == code


def test_the_development_container_runs_what_is_there() -> None:
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert (ROOT / shlex.split(told["postCreateCommand"])[0]).is_file()
    assert 8501 in told["forwardPorts"]
