"""Why a figure is undefined is said in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest
from conftest import ROOT, Said

import arrears
from sim.measures.reasons import reason_in
from sim.spec.labels import name_of

#: How a reason begins.
BEGINS = re.compile(r"(the run has|there (is|are)|the same|nothing|nobody|no |fewer|collectors )")
#: What may stand in the place of a variable.
NAMES = {"stage": "late", "HEADLINE": "middle", "strategy": "app_based", "per": "firms", "which": None}


def reasons_in_code() -> list[str]:
    """Every reason that measures give, with something in the place of variables."""
    found = []
    for path in sorted((ROOT / "sim" / "measures").glob("*.py")):
        if path.name == "reasons.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    str(part.value) if isinstance(part, ast.Constant)
                    else str(NAMES.get(ast.unparse(part.value), "26"))  # type: ignore[attr-defined]
                    for part in node.values
                ]  # fmt: skip
                whole = "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole = node.value
            else:
                continue
            if BEGINS.match(whole) and "\n" not in whole and not whole.endswith((".", ":", " ")):
                found.append(whole)
    return found


def test_every_reason_of_a_measure_has_its_chinese() -> None:
    reasons = [reason for reason in reasons_in_code() if "None" not in reason and " {" not in reason]
    assert len(reasons) > 30
    missing = [reason for reason in reasons if not re.search("[\u4e00-\u9fff]", reason_in(reason, "zh"))]
    assert not missing


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "effect: undefined in 2 of 6 pairs (in now: no promise fell due)",
            "效应：6对运行中有2对无定义（在“now”中：没有到期的承诺）",
        ),
        ("one run gives no interval; undefined in 1 of 2 runs", "一次运行不能给出区间；2次运行中有1次无定义"),
        ("no account was placed with the app", "没有使用应用的委托账户"),
        ("something new", "something new"),
    ],
)
def test_reasons_within_reasons_are_told_as_well(english: str, chinese: str) -> None:
    assert reason_in(english, "zh") == chinese
    assert reason_in(english, "en") == english


def test_names_in_reasons_are_those_of_the_labels() -> None:
    said = reason_in("no account at stage late was worked by app_based alone", "zh")
    assert name_of("stage", "late", "zh") in said and name_of("strategy", "app_based", "zh") in said


def test_a_short_comparison_gives_its_reasons_in_chinese(cli: Callable[..., Said], small: list[str]) -> None:
    words = ("compare", "baseline", "--strategies", "traditional,app_based", "--runs", "2", *small)
    said = cli(*words, "--lang", "zh", "--all")
    assert said.returncode == 0
    lines = [line for line in said.stdout.splitlines() if line.startswith("—")]
    assert lines and all(not re.search("the run has|no account|undefined", line) for line in lines)
    sizes = {"population.borrowers": 500, "population.firms": 100, "burn_in": 4}
    found = arrears.compare(strategies=["traditional", "app_based"], runs=2, weeks=8, changes=sizes)
    reasons = {row.reason for row in found.rows if row.reason}
    assert reasons
    assert not [one for one in reasons if not re.search("[\u4e00-\u9fff]", reason_in(one, "zh"))]
