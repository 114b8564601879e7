"""Files of the reader: kept for the session, checked, told with line and field."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import by_hand
from dashboard.networks import canonical, combined, read_capped
from dashboard.peek import Peek, peek
from dashboard.public import ALLOWANCE, taken
from dashboard.state import say
from sim.core.errors import SpecError
from sim.spec.portfolio import read_portfolio, summary

#: Largest upload.
MOST_BYTES = 5_000_000
_SUFFIXES = (".csv", ".gz", ".parquet", ".yaml", ".graphml")
Upload = Any


def kept(upload: Upload, purpose: str) -> Path:
    """The path of an upload: its content decides the name, never the reader's name for it.

    Raises :class:`SpecError` for a file that is too large or of an unknown kind.
    """
    data = upload.getvalue()
    suffix = next((end for end in _SUFFIXES if upload.name.lower().endswith(end)), None)
    if suffix is None:
        raise SpecError(
            "upload", "name", f"{upload.name[:60]!r} is no file of a known kind", ", ".join(_SUFFIXES)
        )
    if len(data) > MOST_BYTES:
        raise SpecError("upload", "size", f"{len(data):,} bytes are too many", f"up to {MOST_BYTES:,}")
    read: set[str] = st.session_state.setdefault("uploads.read", set())
    digest = hashlib.sha256(data).hexdigest()
    if digest not in read and not taken("uploads"):
        most = ALLOWANCE["uploads"]
        allowed = f"{most} a visit on this shared server; on your own machine: arrears check FILE"
        raise SpecError("upload", "number", f"{most} files were read already", allowed)
    read.add(digest)
    return written(data, purpose, suffix)


def written(data: bytes, purpose: str, suffix: str) -> Path:
    """A file of this session with this content; its name is made from the content."""
    if "folder" not in st.session_state:
        st.session_state["folder"] = tempfile.TemporaryDirectory(prefix="arrears-")
    name = f"{purpose}-{hashlib.sha256(data).hexdigest()[:16]}{suffix}"
    path = Path(st.session_state["folder"].name) / name
    if not path.exists():
        path.write_bytes(data)
    return path


def told(error: SpecError, names: dict[Path, str]) -> str:
    """The sentence of a fault with the reader's own names of the files."""
    sentence = str(error)
    for path, name in names.items():
        sentence = sentence.replace(str(path), name).replace(path.name, name)
    return sentence


def _guarded(names: dict[Path, str], read: Callable[[], Any]) -> Any:
    """What ``read`` gives; None and a sentence on the page where it refuses."""
    try:
        return read()
    except SpecError as error:
        st.error(told(error, names), icon=":material/error:")
        return None


def portfolio_upload(page: str) -> tuple[Path, Path | None] | None:
    """The reader's own portfolio with its mapping, once it is read without fault.

    File and mapping as ``compare(portfolio=..., mapping=...)`` takes them.
    """
    with st.expander(say("own_portfolio"), icon=":material/upload_file:"):
        st.caption(say("own_portfolio_help"))
        left, right = st.columns(2)
        file = left.file_uploader(say("portfolio_file"), ["csv", "gz", "parquet"], key=f"{page}.portfolio")
        map_file = right.file_uploader(say("mapping_file"), ["yaml"], key=f"{page}.mapping")
        if file is None:
            return None
        names: dict[Path, str] = {}
        found: tuple[Path, Path | None] | None = _guarded(names, lambda: _mapped(file, map_file, page, names))
        if found is None:
            return None
        facts = _guarded(names, lambda: _portfolio_facts(*found))
        if facts is None:
            return None
        st.success(say("portfolio_read"), icon=":material/check_circle:")
        _facts(facts)
        return found


def _mapped(
    file: Upload, map_file: Upload, page: str, names: dict[Path, str]
) -> tuple[Path, Path | None] | None:
    """The kept file, and its mapping: none where its columns are the known ones, a file, or by hand."""
    path = kept(file, "portfolio")
    names[path] = file.name
    seen = peek(path)
    _preview(seen)
    if map_file is not None:
        mapping = kept(map_file, "mapping")
        names[mapping] = map_file.name
        return path, mapping
    whole = by_hand.canonical(seen.header)
    if not st.toggle(say("map_by_hand"), value=not whole, key=f"{page}.by_hand"):
        return path, None
    made = by_hand.form(seen, page)
    if made is None:
        return None
    mapping = written(made.encode(), "mapping", ".yaml")
    names[mapping] = say("mapping_file")
    st.download_button(
        say("mapping_download"), made, "arrears-mapping.yaml", "application/yaml",
        key=f"{page}.mapping_download", on_click="ignore", icon=":material/download:",
        help=say("mapping_download_help"),
    )  # fmt: skip
    return path, mapping


def _preview(seen: Peek) -> None:
    """The first lines as they were decoded: whether they make sense, only eyes can see."""
    if seen.encoding == "gb18030":
        st.warning(say("as_gb18030"), icon=":material/translate:")
    st.caption(say("preview", encoding=seen.encoding))
    st.dataframe(pd.DataFrame(seen.rows, columns=seen.header), hide_index=True, width="stretch")


@st.cache_data(max_entries=8, show_spinner=False)
def _portfolio_facts(path: Path, mapping: Path | None) -> dict[str, object]:
    return summary(read_portfolio(path, mapping))


def _facts(facts: dict[str, Any]) -> None:
    """What a portfolio holds, in a few figures; the rest behind a fold."""
    columns = st.columns(3)
    columns[0].metric(say("accounts"), f"{facts['accounts']:,}")
    columns[1].metric(say("borrowers"), f"{facts['borrowers']:,}")
    late = sum(part["accounts"] for name, part in facts["late"].items() if name != "0")
    columns[2].metric(say("late_accounts"), f"{late:,}")
    st.json({name: value for name, value in facts.items() if name != "file"}, expanded=False)


def network_upload(page: str) -> Path | None:
    """The reader's own supply network, once it is read without fault; as ``network=`` takes it."""
    with st.expander(say("own_network"), icon=":material/hub:"):
        st.caption(say("own_network_help"))
        left, right = st.columns(2)
        file = left.file_uploader(say("network_file"), ["csv", "gz", "graphml"], key=f"{page}.network")
        firms = right.file_uploader(say("firms_file"), ["csv", "gz"], key=f"{page}.firms_file")
        if file is None:
            return None
        names: dict[Path, str] = {}
        found: Path | None = _guarded(names, lambda: _network(file, firms, page, names))
        return found


def _network(file: Upload, firms: Upload, page: str, names: dict[Path, str]) -> Path | None:
    path = given = kept(file, "network")
    names[path] = file.name
    if path.suffix != ".graphml":
        seen = peek(path)
        _preview(seen)
        chosen = by_hand.links(seen, page)
        if chosen is None:
            return None
        if chosen != {name: name for name in chosen}:
            path = written(canonical(path, chosen), "network", ".csv")
            names[path] = file.name
    table = None if firms is None else kept(firms, "firms")
    if table is not None:
        names[table] = firms.name
    count, links = read_capped(path, table)
    if table is not None:
        path = written(combined(path, table), "network", ".graphml")
    st.success(say("network_read", firms=f"{count:,}", links=f"{links:,}"), icon=":material/check_circle:")
    if path != given:
        st.download_button(
            say("network_download"), path.read_bytes(), f"arrears-network{path.suffix}",
            key=f"{page}.network_download", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
    return path
