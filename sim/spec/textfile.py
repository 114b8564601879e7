"""Text tables (CSV) from outside, read with a bound on everything and a sentence for every fault.

Nothing here trusts a file: its size, what a compressed file claims to hold, its encoding, the
number of cells in a row. Every fault is a :class:`SpecError` naming file and line.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import stat
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.core.errors import SpecError, unknown_name

MAX_BYTES = 50_000_000
"""Largest file taken, in bytes, before and after decompression."""

MAX_COLUMNS = 2_000

_GZIP = b"\x1f\x8b"
_BINARY = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a numpy array",
    b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"SQLite format 3": "an SQLite database",
}
_TEXT = "UTF-8 or GB18030 text, commas between columns, first line the column names"


@dataclass(frozen=True)
class Rows:
    """A text table in memory.

    ``header`` holds the column names; ``rows[i]`` the cells of a record, as many as the header
    has, stripped of blanks at both ends; ``lines[i]`` the number of the file's line that the
    record ends on (the first line is 1); ``encoding`` what the bytes were read as.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    encoding: str


@dataclass(frozen=True)
class TextTable:
    """A text table still to be walked through: ``records`` gives (line number, cells), once."""

    source: str
    header: list[str]
    encoding: str
    records: Iterator[tuple[int, list[str]]]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _unpacked(source: str, packed: bytes, max_bytes: int) -> bytes:
    # The trailer's claim is checked first: a bomb need not be inflated to be refused.
    claim = int.from_bytes(packed[-4:], "little")
    if claim > max_bytes:
        raise SpecError(
            source, "", f"claims {_megabytes(claim)} when unpacked", f"at most {_megabytes(max_bytes)}"
        )
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as fault:
        raise SpecError(source, "", f"is a damaged gzip file ({fault})", "a complete .gz file") from fault
    if len(data) > max_bytes:
        raise SpecError(
            source, "", f"unpacks to more than {_megabytes(max_bytes)}", f"at most {_megabytes(max_bytes)}"
        )
    return data


def read_bytes(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a regular file, unpacked when it is gzip, never above ``max_bytes``."""
    source = str(path)
    allowed = f"a text file of at most {_megabytes(max_bytes)}"
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SpecError(source, "", "is not a regular file", allowed)
        if status.st_size > max_bytes:
            raise SpecError(source, "", f"is {_megabytes(status.st_size)} large", allowed)
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except FileNotFoundError as fault:
        raise SpecError(source, "", "does not exist", allowed) from fault
    except (OSError, ValueError) as fault:
        raise SpecError(source, "", f"cannot be read ({fault})", allowed) from fault
    if len(data) > max_bytes:
        raise SpecError(source, "", f"is larger than {_megabytes(max_bytes)}", allowed)
    if data.startswith(_GZIP):
        return _unpacked(source, data, max_bytes)
    return data


def _outside_gb2312(text: str) -> float:
    """Share of the first 2,000 non-ASCII characters that simplified Chinese text hardly uses."""
    seen = outside = 0
    for match in re.finditer(r"[^\x00-\x7f]", text):
        seen += 1
        try:
            match.group().encode("gb2312")
        except UnicodeEncodeError:
            outside += 1
        if seen == 2_000:
            break
    return outside / seen if seen else 0.0


def detect_encoding(source: str, data: bytes) -> str:
    """``utf-8-sig`` or ``gb18030``; refuses binary files, NUL bytes and what looks like Big5.

    GB18030 decodes almost any bytes, so it is accepted only where the result reads like
    simplified Chinese or the bytes are not valid Big5 (assumption: at most a fifth of the
    characters outside GB 2312).
    """
    for magic, what in _BINARY.items():
        if data.startswith(magic):
            raise SpecError(source, "", f"is {what}, not a text table", _TEXT)
    if data.startswith(_GZIP):
        raise SpecError(source, "", "is compressed twice", "one layer of gzip")
    nul = data.find(b"\0")
    if nul >= 0:
        guess = "UTF-16 or UTF-32 text" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "not text"
        raise SpecError(source, f"byte {nul + 1:,}", f"is NUL, so the file is {guess}", _TEXT)
    try:
        data.decode("utf-8")
        return "utf-8-sig"
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise SpecError(source, f"line {line}", "is neither UTF-8 nor GB18030 text", _TEXT) from fault
    if _outside_gb2312(text) > 0.2:
        try:
            data.decode("big5")
        except UnicodeDecodeError:
            return "gb18030"
        raise SpecError(source, "", "looks like Big5 text", _TEXT)
    return "gb18030"


def _checked_header(source: str, cells: list[str], encoding: str, known: Collection[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if len(header) > MAX_COLUMNS:
        raise SpecError(source, "line 1", f"has {len(header):,} columns", f"at most {MAX_COLUMNS:,}")
    if known and not set(header) & set(known):
        columns = ", ".join(known)
        for mark, name in (
            (";", "semicolons"),
            ("\t", "tabs"),
            ("|", "bars"),
            ("\uff0c", "full-width commas"),
        ):
            if len(header) == 1 and mark in header[0]:
                raise SpecError(source, "line 1", f"columns are parted by {name}", "commas between columns")
        if encoding == "gb18030":
            raise SpecError(
                source,
                "line 1",
                "no known column name; the encoding may be neither UTF-8 nor GB18030",
                columns,
            )
    for position, name in enumerate(header):
        if name == "":
            raise SpecError(source, "line 1", f"column {position + 1} has no name", "a name for each column")
        if name in header[:position]:
            raise SpecError(source, "line 1", f"column {name[:64]!r} stands there twice", "each column once")
    return header


def _records(
    source: str, reader: Iterator[list[str]], width: int, line: object
) -> Iterator[tuple[int, list[str]]]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise SpecError(
                source,
                f"line {getattr(line, 'line_num', 0)}",
                f"cannot be parted into cells ({fault})",
                _TEXT,
            ) from fault
        number: int = getattr(line, "line_num", 0)
        if len(cells) != width:
            if not any(cell.strip() for cell in cells):
                continue
            raise SpecError(
                source, f"line {number}", f"has {len(cells)} cells, the header has {width}", f"{width} cells"
            )
        yield number, [cell.strip() for cell in cells]


def open_table(
    path: Path, *, max_bytes: int = MAX_BYTES, known: Collection[str] = (), comments: bool = False
) -> TextTable:
    """Open a CSV file (plain or gzip) and check its bytes, encoding and header.

    Parameters
    ----------
    path:
        The file.
    max_bytes:
        Bound on its size, before and after unpacking.
    known:
        Column names of which at least one must stand in a header that is not UTF-8 (nearly any
        bytes decode as GB18030); also used to notice other separators.
    comments:
        Whether lines before the header that start with ``#`` are skipped.

    Raises :class:`SpecError` now for file, encoding and header, while walking for the records.
    """
    source = str(path)
    data = read_bytes(path, max_bytes=max_bytes)
    encoding = detect_encoding(source, data)
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    skipped = 0
    lines: Iterator[str] = iter(stream)
    first = next(lines, "")
    while (comments and first.startswith("#")) or (first and not first.strip()):
        skipped += 1
        first = next(lines, "")
    if not first:
        raise SpecError(source, "", "is empty", _TEXT)
    return _parted(source, encoding, first, lines, skipped, known)


class _Numbered:
    """Line number of the file that a csv reader has reached."""

    def __init__(self, skipped: int) -> None:
        self.skipped = skipped
        self.reader: object = None

    @property
    def line_num(self) -> int:
        reached: int = getattr(self.reader, "line_num", 0)
        return reached + self.skipped


def _parted(
    source: str, encoding: str, first: str, rest: Iterator[str], skipped: int, known: Collection[str]
) -> TextTable:
    def lines() -> Iterator[str]:
        yield first
        yield from rest

    reader = csv.reader(lines(), strict=True)
    number = _Numbered(skipped)
    number.reader = reader
    try:
        cells = next(reader)
    except csv.Error as fault:
        raise SpecError(source, "line 1", f"cannot be parted into cells ({fault})", _TEXT) from fault
    header = _checked_header(source, cells, encoding, known)
    return TextTable(source, header, encoding, _records(source, reader, len(header), number))


def read_rows(
    path: Path, *, max_bytes: int = MAX_BYTES, known: Collection[str] = (), comments: bool = False
) -> Rows:
    """Read a whole CSV file (plain or gzip); parameters and faults as :func:`open_table`."""
    table = open_table(path, max_bytes=max_bytes, known=known, comments=comments)
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, cells in table.records:
        lines.append(line)
        rows.append(cells)
    return Rows(table.header, rows, lines, table.encoding)


def column_index(source: str, header: list[str], required: Collection[str]) -> dict[str, int]:
    """Position of each column by name; a required one that is missing is a :class:`SpecError`."""
    for name in required:
        if name not in header:
            near, _ = unknown_name(name, header, "column")
            hint = near[near.index("did you mean") :] if "did you mean" in near else ""
            problem = f"column {name!r} is missing" + (f"; is it {hint[13:-1]}?" if hint else "")
            raise SpecError(source, "line 1", problem, "columns " + ", ".join(required))
    return {name: position for position, name in enumerate(header)}


_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]{1,2}))?", re.ASCII)


def parse_fen(text: str, source: str, field: str, *, max_yuan: int = 10**11) -> int:
    """Whole fen of an amount in yuan written as digits with at most two decimals.

    Raises :class:`SpecError` for anything else: signs, separators, exponents, NaN, more decimals,
    or more than ``max_yuan``.
    """
    match = _AMOUNT.fullmatch(text)
    allowed = f"yuan from 0 to {max_yuan:,} in digits, at most two decimals"
    if match is None:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise SpecError(source, field, f"{shown!r} is {_fault(text)}", allowed)
    whole, cents = match.groups()
    if len(whole) > 18 or int(whole) > max_yuan:
        raise SpecError(source, field, f"{text[:40]} is too large", allowed)
    return int(whole) * 100 + (int(cents.ljust(2, "0")) if cents else 0)


def _fault(text: str) -> str:
    if text == "":
        return "empty"
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity", "null", "none", "na", "n/a"):
        return "not a number"
    if re.fullmatch(r"-[0-9]+(\.[0-9]*)?", text, re.ASCII):
        return "negative"
    if re.fullmatch(r"[0-9]+\.[0-9]{3,}", text, re.ASCII):
        return "given to more than two decimals"
    return "not a plain amount"
