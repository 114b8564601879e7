"""What was drawn of a recording: kept as long as the recording is, for every session that shows it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from sim.experiments.recording import Recording

Drawing = TypeVar("Drawing")

_KEPT: WeakKeyDictionary[Recording, dict[Hashable, Any]] = WeakKeyDictionary()
_LOCK = Lock()


def drawn(of: Recording, beside: Recording, key: Hashable, make: Callable[[], Drawing]) -> Drawing:
    """What ``make`` draws of a recording beside another one, made once.

    ``key`` says what is drawn and everything else that it depends on, language and vocabulary too. It is
    shared, so it must not be changed.
    """
    with _LOCK:
        mine = _KEPT.setdefault(of, {})
    # weakly: two recordings that hold each other's drawings would otherwise stay for ever
    whole = (key, ref(beside))
    if whole not in mine:
        mine[whole] = make()
    found: Drawing = mine[whole]
    return found
