"""What visitors leave behind is found, though what is loaded is set apart from the search for garbage."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from dashboard import garbage


class Session:
    """A session of a visitor; like Streamlit's, it is part of a cycle."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_a_session_that_was_open_when_pages_were_set_apart_is_found_after_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session()
    gone = weakref.ref(session)
    garbage.set_apart("outbreak")
    del session
    gc.collect()
    assert gone() is not None  # set apart
    garbage.set_apart("outbreak")
    assert gone() is not None  # too soon
    monkeypatch.setattr(garbage, "PERIOD", 0.0)
    garbage.set_apart("outbreak")
    assert gone() is None
