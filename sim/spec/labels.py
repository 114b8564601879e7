"""Texts of the interface in English and Chinese, by dotted key."""

from __future__ import annotations

import string
from collections.abc import Container
from contextvars import ContextVar
from functools import lru_cache

from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir
from sim.spec.yamltext import read_yaml

LANGUAGES = ("en", "zh")
#: Two ways to speak of contagion. A text whose two forms differ has its second one under ``KEY.finance``; in
#: epidemic words only a firm's liquidity is infected, never a person.
VOCABULARIES = ("epidemic", "finance")
#: The vocabulary in which this thread or task speaks.
WORDS_IN_USE: ContextVar[str] = ContextVar("WORDS_IN_USE", default="epidemic")


@lru_cache(maxsize=len(LANGUAGES))
def texts(lang: str) -> dict[str, str]:
    """All texts of a language by key. Raises :class:`SpecError` for an unknown language."""
    if lang not in LANGUAGES:
        raise SpecError("lang", "", *unknown_name(lang, LANGUAGES, "language"))
    data = read_yaml(scenarios_dir() / "texts" / f"{lang}.yaml").plain()
    return {key: str(value) for key, value in data.items()}


def text(key: str, lang: str = "en", **values: object) -> str:
    """A text with its placeholders filled, in the vocabulary of :data:`WORDS_IN_USE`.

    Parameters
    ----------
    key:
        Dotted key, such as ``strategy.app_based``.
    lang:
        ``en`` or ``zh``.
    values:
        Values of the placeholders of the text.

    Raises
    ------
    SpecError
        For an unknown key or language, or a placeholder without a value.
    """
    known = texts(lang)
    if key not in known:
        raise SpecError("text", "", *unknown_name(key, known, "text"))
    key = in_use(key, known)
    missing = placeholders(known[key]) - values.keys()
    if missing:
        raise SpecError(
            "text", key, f"no value for {', '.join(sorted(missing))}", "a value for each placeholder"
        )
    return known[key].format(**values) if values else known[key]


def in_use(key: str, known: Container[str]) -> str:
    """The key of a text's form in the vocabulary in use."""
    other = f"{key}.{WORDS_IN_USE.get()}"
    return other if other in known else key


def name_of(kind: str, name: str, lang: str = "en") -> str:
    """Label of a strategy, world, channel or stage; its own name where it has none (a user's own).

    A strategy with modules bears the labels of all, joined.
    """
    known = texts(lang)
    first, *modules = name.split("+") if kind == "strategy" else [name]
    found = [known.get(f"{kind}.{first}", first), *(known.get(f"module.{part}", part) for part in modules)]
    return " + ".join(found)


def placeholders(pattern: str) -> set[str]:
    """Names in braces in a text."""
    return {field for _, field, _, _ in string.Formatter().parse(pattern) if field}
