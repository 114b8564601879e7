"""A user's own network: CSV and GraphML read to the fen; each fault is one sentence."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
import pytest

from sim.core.errors import SpecError
from sim.network.describe import describe
from sim.network.generate import generate
from sim.network.read import read_network
from sim.network.sector_table import load_sector_table
from sim.network.supply import SupplyNetwork
from sim.spec.textfile import parse_fen, read_rows

HEAD = "buyer,supplier,weekly_amount\n"
FIRMS = (
    "firm,sector,weekly_sales,cash,employees\n"
    "A,construction,1000.50,12.3,4\nB,metals,2000,0,0\nC,food,900,1,1\n"
)


def _read(tmp_path: Path, edges: str | bytes, firms: str | bytes | None = None) -> SupplyNetwork:
    path = tmp_path / "edges.csv"
    path.write_bytes(edges if isinstance(edges, bytes) else edges.encode())
    table = None
    if firms is not None:
        table = tmp_path / "firms.csv"
        table.write_bytes(firms if isinstance(firms, bytes) else firms.encode())
    network = read_network(path, table)
    network.check()
    return network


def test_edge_list_with_firm_table(tmp_path: Path) -> None:
    edges = "buyer,supplier,weekly_amount,terms_weeks\nA,B,123.45,8\nA,C,.5,\nC,B,7,0\n".replace(
        ",.5", ",0.5"
    )
    network = _read(tmp_path, edges, FIRMS)
    assert network.firm_ids == ("A", "B", "C")
    assert network.buyer().tolist() == [0, 0, 2]
    assert network.supplier.tolist() == [1, 2, 1]
    assert network.weekly_amount.tolist() == [12345, 50, 700]
    assert network.terms_weeks.tolist() == [8, -1, 0]
    assert network.weekly_sales.tolist() == [100050, 200000, 90000]
    assert network.final_sales.tolist() == [100050, 200000 - 13045, 90000 - 50]
    assert network.cash is not None and network.cash.tolist() == [1230, 0, 100]
    assert network.employees is not None and network.employees.tolist() == [4, 0, 1]
    assert network.sectors[network.sector[0]] == "construction"


def test_without_a_firm_table_sales_cover_links_and_inputs(tmp_path: Path) -> None:
    table = load_sector_table()
    network = _read(tmp_path, HEAD + "甲,乙,98\n乙,丙,10\n")
    assert network.firm_ids == ("甲", "乙", "丙")
    share = table.input_shares[network.sector[0]]
    assert network.weekly_sales[0] == int(np.ceil(9800 / share))
    assert network.weekly_sales[1] == 10_000  # 98 / .98
    assert (network.final_sales * 50 >= network.weekly_sales).all()
    assert {item.id for item in describe(network) if item.value is not None} >= {"mean_degree", "strong_core"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_files_in_both_encodings(tmp_path: Path, encoding: str) -> None:
    network = _read(tmp_path, (HEAD + "上海建工,宝钢股份,10.5\n").encode(encoding))
    assert network.firm_ids == ("上海建工", "宝钢股份")


def test_compressed_edge_list(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv.gz"
    path.write_bytes(gzip.compress((HEAD + "a,b,1\n").encode()))
    assert read_network(path).links == 1


@pytest.mark.parametrize(
    ("edges", "firms", "said"),
    [
        (
            "buyer,supplier,weekly_amout\na,b,1\n",
            None,
            r"line 1: column 'weekly_amount' is missing.*weekly_amout",
        ),
        ("buyer;supplier;weekly_amount\na;b;1\n", None, "semicolons"),
        (HEAD + "A,B,1\nA,D,1\n", FIRMS, r"line 3, supplier: 'D' is not in the firm table"),
        (HEAD + "A,A,1\n", None, r"line 2: 'A' supplies itself"),
        (HEAD + "A,B,1\nB,C,2\nA,B,3\n", None, r"line 4: repeats the link of line 2"),
        (HEAD + "A,B,nan\n", None, r"line 2, weekly_amount: 'nan' is not a number"),
        (HEAD + "A,B,-5\n", None, r"'-5' is negative"),
        (HEAD + "A,B,1.005\n", None, "more than two decimals"),
        (HEAD + "A,B,1e5\n", None, "not a plain amount"),
        (HEAD + "A,B,\uff11\n", None, "not a plain amount"),
        (HEAD + "A,B,0\n", None, "is 0"),
        (HEAD + "A,B,\n", None, "empty"),
        (HEAD + "A,B,999999999999\n", None, "too large"),
        (HEAD + "A,B," + "9" * 5000 + "\n", None, "too large"),
        (HEAD + "".join(f"A,B{n},99999999999\n" for n in range(600)), None, "sum of all links"),
        (HEAD + "A," + "x" * 65 + ",1\n", None, "65 characters"),
        (HEAD + ",B,1\n", None, "empty"),
        (HEAD + "A,B\x1b,1\n", None, "control characters"),
        (HEAD + "A,B\n", None, "line 2: has 2 cells, the header has 3"),
        (HEAD + '"A,B,1\n', None, "cannot be parted"),
        (HEAD, None, "holds no link"),
        ("", None, "is empty"),
        ("buyer,supplier,weekly_amount,buyer\nA,B,1,A\n", None, "twice"),
        ("buyer,supplier,weekly_amount,terms_weeks\nA,B,1,27\n", None, r"terms_weeks: '27'"),
        ("buyer,supplier,weekly_amount,terms_weeks\nA,B,1,-1\n", None, r"terms_weeks: '-1'"),
        (HEAD + "A,B,1\n", FIRMS.replace("metals", "metal"), "did you mean 'metals'"),
        (HEAD + "A,B,1\n", FIRMS + "A,food,1,1,1\n", "line 5, firm: 'A' stands there twice"),
        (HEAD + "A,B,3000\n", FIRMS, r"line 3, weekly_sales: 2000.00 yuan is less"),
        (HEAD + "A,B,1\n", FIRMS.replace(",12.3,", ",,"), "line 2, cash: '' is empty"),
        (HEAD + "A,B,1\n", FIRMS.replace(",12.3,4", ",12.3,4.5"), "employees: '4.5'"),
        (HEAD + "A,B,1\n", "firm,sector\nA,food\nB,food\nC,food\n", "neither links nor weekly_sales"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), None, "PNG image"),
        (b"PK\x03\x04" + bytes(50), None, "Excel"),
        ((HEAD + "A,B,1\n").encode("utf-16"), None, "UTF-16"),
        ((HEAD + "A,B,1\n\0").encode(), None, "NUL"),
        ((HEAD + "臺灣積體電路,鴻海精密工業,10\n廣達電腦,聯發科技,5\n").encode("big5"), None, "Big5"),
        ("買方,供應商,每週金額\nA,B,1\n".encode("big5"), None, "no known column|Big5"),
        (HEAD.encode() + b"A,\xff\xff\xff,1\n", None, "line 2: is neither UTF-8 nor GB18030"),
    ],
)
def test_each_fault_is_one_sentence(tmp_path: Path, edges: str | bytes, firms: str | None, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        _read(tmp_path, edges, firms)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 500
    assert str(tmp_path) in caught.value.source


def test_files_that_are_too_large_or_not_there(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as stream:
        stream.truncate(10 * 10**9)  # sparse: claims 10 GB, holds nothing
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(bytes(60_000_000), compresslevel=1))
    liar = tmp_path / "liar.csv.gz"
    liar.write_bytes(bomb.read_bytes()[:-4] + (100).to_bytes(4, "little"))
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(b"buyer,supplier,weekly_amount\na,b,1\n" * 100)[:-20] + bytes(12))
    start = time.perf_counter()
    for path, said in (
        (large, "10,000.0 MB"),
        (bomb, "claims 60.0 MB"),
        (liar, "unpacks to more|damaged"),
        (broken, "damaged"),
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
    ):
        with pytest.raises(SpecError, match=said):
            read_network(path)
    assert time.perf_counter() - start < 5


def _as_graph(network: SupplyNetwork) -> nx.DiGraph:
    graph = nx.DiGraph()
    for firm in range(network.firms):
        sector = network.sectors[network.sector[firm]]
        graph.add_node(f"f{firm}", sector=sector, weekly_sales=float(network.weekly_sales[firm]) / 100)
    for buyer, supplier, fen in zip(network.buyer(), network.supplier, network.weekly_amount, strict=True):
        graph.add_edge(f"f{buyer}", f"f{supplier}", weekly_amount=float(fen) / 100, terms_weeks=3)
    return graph


def test_graphml_round_trip(tmp_path: Path) -> None:
    network = generate(80, 4, 2)
    path = tmp_path / "own.graphml"
    nx.write_graphml(_as_graph(network), path)
    again = read_network(path)
    again.check()
    for name in ("sector", "weekly_sales", "final_sales", "outside_purchases", "buyer_start", "supplier"):
        assert (getattr(again, name) == getattr(network, name)).all(), name
    assert (again.weekly_amount == network.weekly_amount).all()
    assert (again.terms_weeks == 3).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("<graphml", '<!DOCTYPE x [<!ENTITY a "b">]><graphml', 1), "DOCTYPE"),
        (lambda text: text.replace("<graphml", "<!entity a><graphml", 1), "ENTITY"),
        (lambda text: text.replace("utf-8", "cp037", 1), "another encoding"),
        (lambda text: text.replace('edgedefault="directed"', 'edgedefault="undirected"'), "undirected"),
        (lambda text: text.replace("weekly_amount", "weekly_amout"), "weekly_amount' is missing"),
        (lambda text: text[: len(text) // 2], "not XML"),
        (lambda text: text.replace(">metals<", ">metalz<"), "did you mean 'metals'"),
        (lambda text: text.replace(">5.25<", ">NaN<"), "not a number"),
        (lambda text: text.replace('target="b"', 'target="a"'), "supplies itself"),
        (lambda text: text.encode("utf-16"), "NUL"),
    ],
)
def test_faults_in_graphml(tmp_path: Path, change: object, said: str) -> None:
    graph = nx.DiGraph()
    graph.add_node("a", sector="metals")
    graph.add_node("b", sector="food")
    graph.add_edge("a", "b", weekly_amount=5.25)
    path = tmp_path / "own.graphml"
    nx.write_graphml(graph, path)
    assert callable(change)
    changed = change(path.read_text(encoding="utf-8"))
    path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    with pytest.raises(SpecError, match=said):
        read_network(path)


def test_twenty_four_thousand_rows_are_read_quickly(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    head = ",".join(f"c{n}" for n in range(25))
    path.write_text(head + "\n" + "\n".join(",".join(str(r * n) for n in range(25)) for r in range(24_000)))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        rows = read_rows(path)
        seconds.append(time.process_time() - start)
    assert len(rows.rows) == 24_000 and rows.rows[3][24] == "72" and rows.lines[3] == 5
    assert min(seconds) < 0.5


def test_amounts_are_exact() -> None:
    assert parse_fen("0.29", "x", "y") == 29
    assert parse_fen("19.9", "x", "y") == 1990
    assert parse_fen("99999999999.99", "x", "y", max_yuan=10**11) == 9_999_999_999_999
    with pytest.raises(SpecError, match="negative"):
        parse_fen("-1", "x", "y")
