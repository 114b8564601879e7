"""Less to do between two runs of a page."""

from __future__ import annotations

import atexit
import gc
import threading
import time

#: Seconds after which what has ended since is looked for: sessions, and the files that they were given.
PERIOD = 600.0


class _Apart:
    """What was set apart: after which pages, and when."""

    def __init__(self) -> None:
        self.pages: set[str] = set()
        self.at = time.monotonic()
        self.lock = threading.Lock()

    def due(self, page: str) -> bool:
        """Whether to do it now, for one of the threads that ask; what a page loads is new but once."""
        with self.lock:
            if page in self.pages and time.monotonic() - self.at < PERIOD:
                return False
            self.pages.add(page)
            self.at = time.monotonic()
            return True


_APART = _Apart()


def set_apart(page: str) -> None:
    """Take what is loaded out of the search for garbage, when a page is first shown and now and then.

    Streamlit searches all objects for cycles after each run of a page. The libraries, texts and compiled
    kernels are about a million objects that stay as long as the server; to search them took most of the time
    of a small page. Sessions that are open at that time are set apart too, hence the search now and then.
    """
    if not _APART.due(page):
        return
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    atexit.unregister(gc.unfreeze)
    atexit.register(gc.unfreeze)  # else DuckDB tells of leaks at the end
