"""Values as plain data and arrays in one zip file, without pickle.

The file holds ``content.json`` (a tree of values), ``arrays/N.npy`` (numpy's own format, no objects)
and ``SHA256SUMS`` over both. In the tree, numbers (finite), texts, booleans, null and lists stand for
themselves; everything else is an object with one key:

``{"tuple": [...]}``, ``{"frozenset": [...]}``, ``{"dict": [[key, value], ...]}``,
``{"array": N}``, ``{"scalar": [dtype, value]}`` (of numpy), ``{"float": "nan" | "inf" | "-inf"}``,
``{"record": [name, {field: value}]}`` for classes that the reader has been told by name.

Nothing in a file names code: a reader makes only what it was told.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.core.errors import SpecError
from sim.core.files import replacing

CONTENT, SUMS = "content.json", "SHA256SUMS"
#: Uncompressed bytes that a reader is willing to take.
LARGEST = 16 * 2**30
_MEMBER = re.compile(r"content\.json|SHA256SUMS|arrays/\d{1,6}\.npy")
_DTYPES = "biuf"


class Kind(NamedTuple):
    """How a class is kept: its fields, and how it is made from them.

    ``make`` may raise ``ValueError``, ``TypeError`` or ``KeyError`` for fields that do not fit.
    """

    type: type
    fields: Callable[[Any], Mapping[str, Any]]
    make: Callable[[dict[str, Any]], Any]


Kinds = Mapping[str, Kind]


def write_archive(path: Path, value: Any, kinds: Kinds) -> None:
    """Write a value to a file in one step.

    Raises
    ------
    SpecError
        When the value holds something that cannot be kept, or the file cannot be written; what stood
        there is untouched.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    names = {kind.type: name for name, kind in kinds.items()}
    tree = _encoded(value, names, kinds, arrays)
    members = {CONTENT: json.dumps(tree, allow_nan=False, ensure_ascii=False).encode()}
    for number, array in enumerate(arrays):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array, allow_pickle=False)
        members[f"arrays/{number}.npy"] = stream.getvalue()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in members.items())
    try:
        with (
            replacing(path) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped,
        ):
            for name, data in {**members, SUMS: sums.encode()}.items():
                zipped.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 1)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise SpecError(str(path), "", problem, "a place with room and the right to write") from error


def read_archive(path: Path, kinds: Kinds) -> Any:
    """The value of a file.

    Raises
    ------
    SpecError
        When there is no such file, it is no whole archive of this kind, or what it holds does not fit.
    """
    try:
        members = _members(path)
        tree = json.loads(members[CONTENT])
        return _decoded(tree, kinds, members)
    except FileNotFoundError:
        raise SpecError(str(path), "", "there is no such file", "a snapshot") from None
    except (OSError, zipfile.BadZipFile, NotImplementedError, RecursionError, EOFError, zlib.error) as error:
        raise SpecError(str(path), "", f"is no whole snapshot ({_words(error)})", "a snapshot") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise SpecError(
            str(path), "", f"holds what no snapshot holds ({_words(error)})", "a snapshot"
        ) from None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _members(path: Path) -> dict[str, bytes]:
    """All members whose sums agree. Raises what :func:`read_archive` catches."""
    with zipfile.ZipFile(path) as zipped:
        found = zipped.infolist()
        if any(not _MEMBER.fullmatch(one.filename) for one in found):
            raise ValueError("a member of another name")
        if sum(one.file_size for one in found) > LARGEST:
            raise ValueError("too large")
        members = {}
        for one in found:
            with zipped.open(one) as stream:
                members[one.filename] = stream.read(one.file_size + 1)
    sums = members.pop(SUMS).decode()
    actual = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    told = {line[66:]: line[:64] for line in sums.splitlines()}
    if actual != told:
        raise ValueError("its checksums do not agree")
    return members


def _encoded(value: Any, names: Mapping[type, str], kinds: Kinds, arrays: list[Any]) -> Any:
    def encoded(one: Any) -> Any:
        return _encoded(one, names, kinds, arrays)

    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if type(value) in names:
        name = names[type(value)]
        return {"record": [name, {key: encoded(one) for key, one in kinds[name].fields(value).items()}]}
    if isinstance(value, np.ndarray) and value.dtype.kind in _DTYPES:
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, np.generic) and value.dtype.kind in _DTYPES:
        return {"scalar": [value.dtype.str, encoded(value.item())]}
    if type(value) is list:
        return [encoded(one) for one in value]
    if type(value) is tuple:
        return {"tuple": [encoded(one) for one in value]}
    if type(value) is frozenset:
        return {"frozenset": [encoded(one) for one in sorted(value)]}
    if type(value) is dict:
        return {"dict": [[encoded(key), encoded(one)] for key, one in value.items()]}
    raise SpecError(
        "snapshot", "", f"cannot hold a {type(value).__name__}", "numbers, texts, arrays and lists"
    )


def _decoded(tree: Any, kinds: Kinds, members: Mapping[str, bytes]) -> Any:
    def decoded(one: Any) -> Any:
        return _decoded(one, kinds, members)

    if isinstance(tree, list):
        return [decoded(one) for one in tree]
    if not isinstance(tree, dict):
        return tree
    ((tag, held),) = tree.items()
    if tag == "record":
        name, fields = held
        return kinds[name].make({key: decoded(one) for key, one in fields.items()})
    if tag == "array":
        return _array(members[f"arrays/{int(held)}.npy"])
    if tag == "scalar":
        dtype = np.dtype(held[0])
        if dtype.kind not in _DTYPES:
            raise ValueError(f"a scalar of type {held[0]}")
        return dtype.type(decoded(held[1]))
    if tag == "float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[held]
    if tag == "tuple":
        return tuple(decoded(one) for one in held)
    if tag == "frozenset":
        return frozenset(decoded(one) for one in held)
    if tag == "dict":
        return {decoded(key): decoded(one) for key, one in held}
    raise ValueError(f"a value of kind {tag!r}")


def _array(data: bytes) -> np.ndarray[Any, Any]:
    """An array from numpy's format; its declared size must be that of its data."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.kind not in _DTYPES or math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise ValueError("an array whose header lies")
    flat = np.frombuffer(data, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C").copy(order="F" if fortran else "C")
