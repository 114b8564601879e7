"""Own files: columns matched by hand, bounds, faults with their line, files for the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest
from support_dashboard import offered, seen, served

from dashboard import by_hand, networks
from dashboard.kept_runs import exported, kept_runs, resume, shown
from dashboard.peek import peek
from sim.core.errors import SpecError
from sim.experiments import compare
from sim.network.read import read_network
from sim.spec.labels import name_of, text
from sim.spec.portfolio import read_portfolio

CHINESE = "借据号,余额,逾期天数,月供\n" + "".join(
    f"甲{n},{900 + n}.50,{n % 120},{90 + n}\n" for n in range(60)
)
MAPPING = {
    "columns": {
        "account_id": "借据号",
        "balance": "余额",
        "days_past_due": "逾期天数",
        "instalment": "月供",
    },
    "currency": "CNY",
    "year": 2025,
    "ratio_to_local_income": 1.0,
    "ratio_basis": "assumption: given on the dashboard",
    "negative_amounts": "refuse",
    "product": "instalment",
}


def _file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_are_guessed_in_both_languages() -> None:
    header = ["借据号", "余额", "逾期天数", "月供", "Customer ID"]
    asked = ("account_id", "balance", "days_past_due", "instalment", "borrower_id", "limit")
    found = [by_hand.guess(name, header) for name in asked]
    assert found == ["借据号", "余额", "逾期天数", "月供", "Customer ID", None]
    assert not by_hand.canonical(header)
    assert by_hand.canonical(["account_id", "balance", "days_past_due", "limit"])


def test_a_mapping_made_by_hand_is_what_the_command_line_reads(tmp_path: Path) -> None:
    file = _file(tmp_path, "mine.csv", CHINESE.encode("gb18030"))
    mapping = _file(tmp_path, "arrears-mapping.yaml", by_hand.mapping_text(MAPPING))
    assert read_portfolio(file, mapping).accounts == 60
    words = [sys.executable, "-m", "arrears", "check", str(file), "--map", str(mapping)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "60" in done.stdout and "gb18030" in done.stdout


def test_the_preview_shows_the_text_as_it_was_decoded(tmp_path: Path) -> None:
    found = peek(_file(tmp_path, "mine.csv", CHINESE.encode("gb18030")))
    assert found.encoding == "gb18030"
    assert found.header[0] == "借据号" and found.rows[0] == ["甲0", "900.50", "0", "90"]
    assert found.values("逾期天数") is None and found.values("逾期天数", 60) is not None


def test_a_file_with_nul_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="NUL"):
        peek(_file(tmp_path, "mine.csv", b"a,b\n1,\x002\n"))


def test_a_network_under_other_names_keeps_its_line_numbers(tmp_path: Path) -> None:
    text = "seller,purchaser,value\nb,a,10\n\nc,b,none\n"
    path = _file(tmp_path, "mine.csv", text)
    names = {"buyer": "purchaser", "supplier": "seller", "weekly_amount": "value"}
    bad = _file(tmp_path, "known.csv", networks.canonical(path, names))
    with pytest.raises(SpecError, match="line 4"):
        read_network(bad)
    good = _file(tmp_path, "good.csv", text.replace("none", "20.5"))
    found = read_network(_file(tmp_path, "known.csv", networks.canonical(good, names)))
    assert found.firm_ids == ("a", "b", "c")
    assert sorted(found.weekly_amount.tolist()) == [1000, 2050]


def test_links_and_firm_table_become_one_file_with_the_same_network(tmp_path: Path) -> None:
    sector = read_network(_file(tmp_path, "x.csv", "buyer,supplier,weekly_amount\na,b,1\n")).sectors[3]
    links = _file(tmp_path, "links.csv", "buyer,supplier,weekly_amount,terms_weeks\na,b,10.25,3\nb,c,20,\n")
    firms = _file(tmp_path, "firms.csv", f"firm,sector,employees\na,{sector},4\nb,{sector},5\nc,{sector},6\n")
    both = _file(tmp_path, "both.graphml", networks.combined(links, firms))
    one, two = read_network(both), read_network(links, firms)
    assert one.firm_ids == two.firm_ids
    for name in ("sector", "weekly_amount", "supplier", "terms_weeks", "weekly_sales"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist(), name


def test_a_network_beyond_the_bounds_is_refused_with_the_command_that_takes_it(tmp_path: Path) -> None:
    rows = "".join(f"a{n},b,1\n" for n in range(networks.MOST_FIRMS))
    path = _file(tmp_path, "mine.csv", "buyer,supplier,weekly_amount\n" + rows)
    with pytest.raises(SpecError, match=r"5,001 are too many.*--network"):
        networks.read_capped(path, None)


HEAD = b"account_id,balance,days_past_due,instalment\n"
FAULTS = {
    "amount.csv": (HEAD + b"a,100,0,10\nb,hundred,0,10\n", r"amount\.csv.*line 3.*balance"),
    "twice.csv": (HEAD + b"a,100,0,10\na,100,0,10\n", r"twice\.csv.*line 3"),
    "nul.csv": (HEAD + b"a,1\x00,0,10\n", r"nul\.csv.*NUL"),
    "cells.csv": (HEAD + b"a,100,0\n", r"cells\.csv.*line 2.*3 cells"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(40), r"picture\.csv.*PNG"),
}


def test_an_upload_is_broken_in_five_ways_and_each_is_told(tab: Any, server: str) -> None:
    tab.goto(f"{server}/data?lang=en")
    tab.get_by_text("Own portfolio", exact=True).click()
    for name, (content, told) in FAULTS.items():
        offered(tab, {"name": name, "mimeType": "text/csv", "buffer": content})
        assert seen(tab.get_by_text(re.compile(told, re.S)).first), name


def test_columns_are_matched_by_hand_on_the_page(tab: Any, server: str, tmp_path: Path) -> None:
    tab.goto(f"{server}/data?lang=zh")
    tab.get_by_text("自己的资产组合", exact=True).click()
    given = {"name": "我的.csv", "mimeType": "text/csv", "buffer": CHINESE.encode("gb18030")}
    offered(tab, given)
    assert seen(tab.get_by_text(re.compile("GB18030")).first)
    assert seen(tab.get_by_text("已读取").or_(tab.get_by_text(re.compile("60"))).first)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="映射文件（YAML）").click()
    mapping, file = tmp_path / "map.yaml", _file(tmp_path, "own.csv", CHINESE.encode("gb18030"))
    waiting.value.save_as(mapping)
    assert read_portfolio(file, mapping).accounts == 60


def test_kept_runs_are_listed_exported_and_resumed_without_running_them_again(tmp_path: Path) -> None:
    small = {"population.borrowers": 200, "population.firms": 60, "burn_in": 4}
    arms = {"now": {}, "cap": {"rules.attempts_per_week": 1}}
    compare("baseline", arms, runs=2, weeks=6, changes=small, store=tmp_path / "policy", workers=1)
    found, problems = kept_runs(tmp_path)
    assert problems == [] and [one.line["starts"] for one in found] == [2]
    lines = exported(found[0], "runs").decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 2 * 2
    told: list[tuple[int, int]] = []
    longer = resume(found[0], 3, lambda done, total: told.append((done, total)))
    assert longer.runs == 3 and shown(found[0]).rows == longer.rows
    assert kept_runs(tmp_path)[0][0].line["starts"] == 3
    assert max(done for done, _ in told) == 3 and min(done for done, _ in told) >= 2


def _data_page() -> None:
    from dashboard.views import data

    data.show()


def test_finished_runs_are_listed_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"population.borrowers": 200, "population.firms": 60, "burn_in": 4}
    call: dict[str, Any] = {"runs": 2, "weeks": 4, "changes": small, "workers": 1}
    compare("baseline", strategies=["app_based+compliance_guard"], store=tmp_path / "strategies", **call)
    rules = {"now": {}, "changed": {"rules.attempts_per_week": 1}}
    compare("baseline", arms=rules, worlds=("evidence", "report"), store=tmp_path / "policy", **call)
    monkeypatch.setenv("ARREARS_STORE", str(tmp_path))
    page = AppTest.from_function(_data_page, default_timeout=300)
    for lang in ("en", "zh"):
        page.session_state.lang = lang
        page.run()
        assert not page.exception
        cells = page.dataframe[1].value.astype(str).to_numpy().ravel().tolist()
        words = [name_of("kind", "compare", lang), name_of("world", "report", lang)]
        words += [name_of("strategy", "app_based+compliance_guard", lang)]
        words += [text("dash.arm_now", lang), text("dash.arm_changed", lang)]
        assert all(any(word in cell for cell in cells) for word in words), cells
        assert not any("_" in cell for cell in cells), cells


def test_nothing_that_was_uploaded_is_left_when_the_dashboard_has_ended(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with served(tmp_path) as address:
        page = browser.new_page()
        page.goto(f"{address}/data?lang=en")
        page.get_by_text("Own portfolio", exact=True).click()
        offered(page, {"name": "mine.csv", "mimeType": "text/csv", "buffer": CHINESE.encode("gb18030")})
        assert seen(page.get_by_text(re.compile("GB18030")).first)
        assert list(temporary.rglob("portfolio-*.csv"))
        page.close()
    assert list(temporary.iterdir()) == []
