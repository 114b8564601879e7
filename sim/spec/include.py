"""``include:`` in YAML files: one file laid over another."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir
from sim.spec.yamltext import Node, read_yaml

Kind = Literal["scenario", "world", "rule set", "sweep", "calibration", "lesson"]

#: Source of a number that replaces one of a shipped world or rule set.
CHANGED = "changed by the user"
MAX_FILES = 32

_FOLDERS: dict[Kind, str] = {
    "scenario": "",
    "world": "worlds",
    "rule set": "regulations",
    "sweep": "sweeps",
    "calibration": "calibrations",
    "lesson": "lessons",
}


def shipped(kind: Kind) -> dict[str, Path]:
    """Shipped files of a kind by name."""
    return {path.stem: path for path in sorted((scenarios_dir() / _FOLDERS[kind]).glob("*.yaml"))}


def locate(name: str | Path, kind: Kind, folder: Path | None = None) -> tuple[Path, str] | None:
    """File and shown name of a shipped name or of a user's path; none when there is neither.

    A relative path is looked for in ``folder`` first, then in the working directory.
    """
    text = str(name)
    if not text or "\0" in text:
        return None
    known = shipped(kind)
    if isinstance(name, str) and text in known:
        return known[text], f"{text}.yaml"
    for base in (folder, Path()):
        if base is not None and (base / text).exists():
            return base / text, str(base / text)
    stem = text.removesuffix(".yaml")
    return (known[stem], f"{stem}.yaml") if stem in known else None


def read_included(path: Path, source: str, kind: Kind | None = None) -> Node:
    """A YAML file with all its includes merged in.

    The included files come first, in their order; then the file's own keys replace or extend them.
    Mappings are merged key by key; everything else is replaced. A value that replaces a sourced
    number loses that number's source, range and note: its source becomes ``changed by the user``.

    Raises
    ------
    SpecError
        As :func:`sim.spec.yamltext.read_yaml`; for includes that are missing, cyclic or too many.
    """
    return _read(path, source, kind, [], [0])


def _read(
    path: Path, source: str, kind: Kind | None, chain: list[tuple[Path, str]], files: list[int]
) -> Node:
    real = path.resolve()
    files[0] += 1
    if files[0] > MAX_FILES:
        raise SpecError(source, "include", "too many files are included", f"at most {MAX_FILES}")
    top = read_yaml(path, source)
    assert isinstance(top.value, dict)
    wanted = top.value.get("include")
    own = Node(
        {key: node for key, node in top.value.items() if key != "include"}, source, top.line, top.folder
    )
    merged: Node | None = None
    for node in _wanted(wanted):
        found = _find(str(node.value), kind, path.parent)
        if found is None:
            names_known = [name for each in _kinds(kind) for name in shipped(each)]
            problem, allowed = unknown_name(str(node.value), names_known, "file or shipped name")
            raise node.fault("include", problem, f"a YAML file beside this one, or one of {allowed}")
        if found[0].resolve() in [real, *(seen for seen, _ in chain)]:
            circle = " -> ".join(Path(name).name for _, name in [*chain, (real, source), found])
            raise node.fault("include", f"the files include each other in a circle: {circle}", "no circle")
        base = _read(found[0], found[1], kind, [*chain, (real, source)], files)
        merged = base if merged is None else merge(merged, base)
    return own if merged is None else merge(merged, own)


def _wanted(node: Node | None) -> list[Node]:
    """The nodes of the names to include."""
    if node is None:
        return []
    items = node.value if isinstance(node.value, list) else [node]
    for item in items:
        if not isinstance(item.value, str) or not item.value:
            raise item.fault("include", "is not the name of a file", "a file name, or a list of them")
    return items


def _kinds(kind: Kind | None) -> list[Kind]:
    return [kind] if kind is not None else list(_FOLDERS)


def _find(name: str, kind: Kind | None, folder: Path) -> tuple[Path, str] | None:
    for each in _kinds(kind):
        if (folder / name).is_file():
            return folder / name, str(folder / name)
        found = locate(name, each, folder)
        if found is not None:
            return found
    return None


def merge(base: Node, over: Node) -> Node:
    """``over`` laid on ``base``: mappings merged, everything else replaced."""
    if _is_sourced(base):
        return _merge_sourced(base, over)
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return Node(merged, over.source, over.line, over.folder)


def _is_sourced(node: Node) -> bool:
    return isinstance(node.value, dict) and {"value", "unit", "source"} <= node.value.keys()


def _merge_sourced(base: Node, over: Node) -> Node:
    """A sourced number replaced by a plain one, or by a mapping that may omit the unit."""
    assert isinstance(base.value, dict)
    if over.value is None:
        return over
    given = over.value if isinstance(over.value, dict) else {"value": over}
    if "value" not in given:
        return Node(base.value | given, over.source, over.line, over.folder)
    changed = Node(CHANGED, over.source, over.line, over.folder)
    kept = {"unit": base.value["unit"], "source": changed}
    return Node(kept | given, over.source, over.line, over.folder)
