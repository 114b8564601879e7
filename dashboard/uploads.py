"""Files of the reader: kept for the session, checked, told with line and field."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.state import say
from sim.core.errors import SpecError
from sim.network.read import read_network
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
    if "folder" not in st.session_state:
        st.session_state["folder"] = tempfile.TemporaryDirectory(prefix="arrears-")
    path = (
        Path(st.session_state["folder"].name) / f"{purpose}-{hashlib.sha256(data).hexdigest()[:16]}{suffix}"
    )
    path.write_bytes(data)
    return path


def told(error: SpecError, path: Path, upload: Upload) -> str:
    """The sentence of a fault with the reader's own name of the file."""
    return str(error).replace(str(path), upload.name).replace(path.name, upload.name)


def portfolio_upload(page: str) -> tuple[Path, Path | None] | None:
    """The reader's own portfolio with its mapping, once it is read without fault."""
    with st.expander(say("own_portfolio"), icon=":material/upload_file:"):
        st.caption(say("own_portfolio_help"))
        left, right = st.columns(2)
        file = left.file_uploader(say("portfolio_file"), ["csv", "gz", "parquet"], key=f"{page}.portfolio")
        map_file = right.file_uploader(say("mapping_file"), ["yaml"], key=f"{page}.mapping")
        if file is None:
            return None
        path = None
        try:
            path = kept(file, "portfolio")
            mapping = None if map_file is None else kept(map_file, "mapping")
            found = read_portfolio(path, mapping)
        except SpecError as error:
            st.error(str(error) if path is None else told(error, path, file), icon=":material/error:")
            return None
        st.success(say("portfolio_read"))
        st.json(summary(found), expanded=False)
        return path, mapping


def network_upload(page: str) -> None:
    """The reader's own supply network, checked."""
    file = st.file_uploader(say("network_file"), ["csv", "graphml"], key=f"{page}.network")
    if file is None:
        return
    path = None
    try:
        path = kept(file, "network")
        found = read_network(path)
    except SpecError as error:
        st.error(str(error) if path is None else told(error, path, file), icon=":material/error:")
        return
    st.success(say("network_read", firms=f"{found.firms:,}", links=f"{len(found.supplier):,}"))
