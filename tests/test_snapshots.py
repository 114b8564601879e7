"""Snapshots: a run goes on from its file bit for bit, and a wrong file is told so."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from pydantic import BaseModel

from sim.collection import register_strategy
from sim.collection.traditional import Traditional
from sim.core.errors import SpecError
from sim.experiments.forks import fork
from sim.model import Ecosystem

SIZE = {"population.borrowers": 500, "population.firms": 100, "burn_in": 6}
PORTFOLIO = "account_id,balance,days_past_due,instalment\n" + "".join(
    f"a{number},{1000 + 7 * number},{(number * 11) % 130},{100 + number}\n" for number in range(200)
)
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline": ("baseline", {}),
    "chains": ("chain-reaction", {}),
    "turnaround": ("bank-turnaround", {}),
    "robots": ("robot-pilot", {}),
    "adoption": ("adoption-subsidy", {}),
    "receivables": ("stuck-receivables", {}),
    "crackdown": ("crackdown", {}),
    "modules": ("baseline", {"strategy": "ai_tiered+shared_ledger+profile_360+leave_alone"}),
    "warning": ("downturn", {"lending.modules": ["early_warning"], "prediction.retrain_weeks": 4}),
}


def same(one: Ecosystem, other: Ecosystem) -> None:
    assert one.week == other.week and one.digest() == other.digest()
    assert one.measures() == other.measures()
    for table in (
        "series",
        "events",
        "causes",
        "lender_losses",
        "curves",
        "cures",
        "hardship",
        "sector_table",
    ):
        pd.testing.assert_frame_equal(getattr(one, table)(), getattr(other, table)(), check_exact=True)
    for name, matrix in one.matrices().items():
        pd.testing.assert_frame_equal(matrix, other.matrices()[name], check_exact=True)
    identical(vars(one.state), vars(other.state), "state")


def identical(one: Any, other: Any, where: str) -> None:
    """Two values hold the same things of the same types, all the way down."""
    assert type(one) is type(other), where
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes(), (
            where
        )
    elif isinstance(one, Mapping):
        assert list(one) == list(other), where
        for key in one:
            if key not in ("keys", "model", "holdings"):
                identical(one[key], other[key], f"{where}[{key!r}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for row, (a, b) in enumerate(zip(one, other, strict=True)):
            identical(a, b, f"{where}[{row}]")
    elif isinstance(one, BaseModel | str | int | float | frozenset | np.generic | None):
        assert one == other or one != one, where
    elif hasattr(one, "__dict__") and type(one).__module__.startswith(("sim", "test")):
        identical(vars(one), vars(other), where)


@pytest.mark.parametrize("name", CASES)
def test_a_restored_run_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    scenario, changes = CASES[name]
    model = Ecosystem(scenario, rng=3, changes={**SIZE, **changes}).run(14)
    model.snapshot(tmp_path / "a.snapshot")
    restored = Ecosystem.restore(tmp_path / "a.snapshot")
    same(model, restored)
    same(model.run(16), restored.run(16))
    restored.ledger.check()


def test_users_data_are_in_the_file(tmp_path: Path) -> None:
    portfolio, network = tmp_path / "p.csv", tmp_path / "n.csv"
    portfolio.write_text(PORTFOLIO)
    links = "".join(f"f{i},f{(i + k) % 60},{9000 + 10 * i}\n" for i in range(60) for k in (1, 5, 9))
    network.write_text("buyer,supplier,weekly_amount\n" + links)
    changes = {"burn_in": 4, "population.borrowers": 500}
    model = Ecosystem("baseline", rng=3, portfolio=portfolio, network=str(network), changes=changes).run(6)
    model.snapshot(tmp_path / "a.snapshot")
    portfolio.unlink()
    network.unlink()
    restored = Ecosystem.restore(tmp_path / "a.snapshot")
    same(model.run(8), restored.run(8))


def test_another_process_goes_on_alike(tmp_path: Path) -> None:
    model = Ecosystem("baseline", rng=3, changes={**SIZE, "strategy": "ai_tiered"}).run(20)
    model.snapshot(tmp_path / "a.snapshot")
    code = (
        "import sys; from sim.model import Ecosystem; "
        "print(Ecosystem.restore(sys.argv[1]).run(10).digest(), end='')"
    )
    words = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "a.snapshot")]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (said.stdout, said.stderr) == (model.run(10).digest(), "")


def test_policies_leave_a_file_as_they_leave_the_run(tmp_path: Path) -> None:
    model = Ecosystem("baseline", rng=3, changes=SIZE).run(10)
    model.snapshot(tmp_path / "a.snapshot")
    arms: dict[str, dict[str, object]] = {
        "now": {},
        "app": {"strategy": "app_based"},
        "limit": {"rules.attempts_per_week": 2},
        "world": {"world.firms.credit_line_weeks": 1.0},
    }
    found = fork(tmp_path / "a.snapshot", arms, weeks=22)
    assert {row["arm"]: row["digest"] for row in found.results} == {
        name: model.branch(changes).run(12).digest() for name, changes in arms.items()
    }
    assert len({row["digest"] for row in found.results}) == 4
    through = Ecosystem("baseline", rng=3, changes=SIZE).run(22)
    assert found.results[0]["digest"] == through.digest()
    assert found.results[0]["measures"]["recovery_rate"] == through.measures()["recovery_rate"].value


def test_events_after_the_snapshot_happen(tmp_path: Path) -> None:
    events = [{"kind": "rules", "week": 8, "rules": "none"}, {"kind": "fail", "week": 9, "firm": 5}]
    model = Ecosystem("baseline", rng=3, changes={**SIZE, "events": events}).run(6)
    model.snapshot(tmp_path / "a.snapshot")
    restored = Ecosystem.restore(tmp_path / "a.snapshot").run(6)
    same(model.run(6), restored)
    assert restored.rules.id == "none" and not restored.state.firms.alive[5]


class Remembering(Traditional):
    """Keeps numbers between weeks."""

    def __init__(self) -> None:
        self.seen = np.zeros(3, np.int64)
        self.weeks: dict[str, int] = {}

    def decide(self, cases: Any, capacity: Any) -> Any:
        self.seen[0] += len(cases.account)
        self.weeks["n"] = self.weeks.get("n", 0) + 1
        return super().decide(cases, capacity)


def test_what_a_users_strategy_keeps_is_kept(tmp_path: Path) -> None:
    register_strategy("remembering")(Remembering)
    model = Ecosystem("baseline", rng=3, strategy="remembering", changes=SIZE).run(5)
    model.snapshot(tmp_path / "a.snapshot")
    restored = Ecosystem.restore(tmp_path / "a.snapshot")
    same(model.run(3), restored.run(3))
    (own, *_) = restored.state.strategies.values()
    assert own.weeks["n"] > 8 and own.seen[0] > 0  # type: ignore[attr-defined]
    own.what = open  # type: ignore[attr-defined]
    before = (tmp_path / "a.snapshot").read_bytes()
    with pytest.raises(SpecError, match="cannot hold a builtin_function_or_method"):
        restored.snapshot(tmp_path / "a.snapshot")
    assert (tmp_path / "a.snapshot").read_bytes() == before


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.snapshot"
    Ecosystem("baseline", rng=3, changes=SIZE).run(2).snapshot(path)
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_told(whole: bytes, share: float, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SpecError, match=r"is no whole snapshot|holds what no"):
        Ecosystem.restore(tmp_path / "a")


def test_flipped_bytes_are_told_or_harmless(whole: bytes, tmp_path: Path) -> None:
    sound = Ecosystem.restore(written(tmp_path, whole)).digest()
    places = np.random.default_rng(7).integers(0, len(whole), 60)
    told = 0
    for place in places.tolist():
        torn = bytearray(whole)
        torn[place] ^= 0x5A
        try:
            found = Ecosystem.restore(written(tmp_path, bytes(torn)))
        except SpecError as error:
            told += 1
            assert "\n" not in str(error)
        else:
            assert found.digest() == sound
    assert told > 40


def written(folder: Path, data: bytes) -> Path:
    (folder / "b.snapshot").write_bytes(data)
    return folder / "b.snapshot"


def forged(whole: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The file with members changed and checksums made to agree."""
    import hashlib

    with zipfile.ZipFile(io.BytesIO(whole)) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist() if name != "SHA256SUMS"}
    change(members)
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in members.items())
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name, data in {**members, "SHA256SUMS": sums.encode()}.items():
            zipped.writestr(name, data)
    return made.getvalue()


def replaced(old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        text = members["content.json"].decode()
        assert old in text
        members["content.json"] = text.replace(old, new, 1).encode()

    return change


def state_field(name: str, value: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        content = json.loads(members["content.json"])
        fields = dict(dict(content["dict"])["state"]["dict"])
        fields[name] = value
        pairs = [[key, one] for key, one in content["dict"] if key != "state"]
        content["dict"] = [*pairs, ["state", {"dict": [[key, one] for key, one in fields.items()]}]]
        members["content.json"] = json.dumps(content).encode()

    return change


def lying_header(members: dict[str, bytes]) -> None:
    members["arrays/0.npy"] = members["arrays/0.npy"].replace(b"(500,)", b"(999,)")


def pickled(members: dict[str, bytes]) -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([print, 1], dtype=object), allow_pickle=True)
    members["arrays/0.npy"] = stream.getvalue()


def other_type(members: dict[str, bytes]) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros(500))
    members["arrays/0.npy"] = stream.getvalue()


FORGERIES: dict[str, Callable[[dict[str, bytes]], None]] = {
    "a later schema": replaced('["schema", 1]', '["schema", 2]'),
    "another digest": replaced('["digest", "', '["digest", "0'),
    "a class of another module": replaced('"record": ["BorrowerColumns"', '"record": ["os.system"'),
    "a missing array": lambda members: members.__delitem__("arrays/0.npy") or None,  # type: ignore[func-returns-value]
    "a member elsewhere": lambda members: members.__setitem__("../evil", b"x"),
    "a header that lies": lying_header,
    "a pickle": pickled,
    "a column of another type": other_type,
    "a further field": state_field("surprise", 1),
    "a clock of words": state_field("clock", "noon"),
    "no ledger": state_field("ledger", None),
    "borrowers that are a list": state_field("borrowers", [1, 2]),
    "an unknown strategy": replaced('"traditional"', '"nobody_knows"'),
    "no JSON": lambda members: members.__setitem__("content.json", b"{"),
    "another JSON": lambda members: members.__setitem__("content.json", b'{"dict": []}'),
    "deep JSON": lambda members: members.__setitem__("content.json", b"[" * 100_000 + b"]" * 100_000),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_told_in_one_sentence(name: str, whole: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, forged(whole, FORGERIES[name]))
    with pytest.raises(SpecError) as error:
        Ecosystem.restore(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 600


def test_a_forgery_that_changes_nothing_is_accepted(whole: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, forged(whole, lambda members: None))
    same(Ecosystem.restore(path), Ecosystem.restore(written(tmp_path, whole)))


def test_another_version_is_restored_with_a_warning(whole: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, forged(whole, replaced('["program", "', '["program", "0')))
    with pytest.warns(UserWarning, match="another version"):
        Ecosystem.restore(path)


def test_commands(cli: Any, small: list[str], tmp_path: Path) -> None:
    file = tmp_path / "s.snapshot"
    said = cli("snapshot", "--week", 5, "--to", file, "--seed", 4, *small[:-2])
    assert said.returncode == 0 and "week 5 of 'baseline' with seed 4" in said.stderr, said.stderr
    done = cli("fork", file, "--strategies", "traditional,app_based", "--weeks", 9, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {row["arm"] for row in rows} == {"traditional", "app_based"}
    for words, message in (
        (("fork", tmp_path / "none"), "there is no such file"),
        (("fork", file, "--weeks", 5), "weeks: 5 is over"),
        (("fork", file, "--arm", "x:burn_in=3"), "burn_in"),
        (("fork", ROOT / "README.md"), "is no whole snapshot"),
        (("snapshot", "--to", "/dev/null/x", *small[:-2]), "cannot be written"),
    ):
        wrong = cli(*words)
        assert wrong.returncode == 2 and message in wrong.stderr, wrong.stderr
        assert wrong.stderr.count("\n") <= 2
