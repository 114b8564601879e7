"""Less to do between two runs of a page."""

from __future__ import annotations

import atexit
import gc
from functools import cache


@cache
def set_apart(page: str) -> None:
    """Take what is loaded out of the search for garbage, once for each page that is first shown.

    Streamlit searches all objects for cycles after each run of a page. The libraries, texts and compiled
    kernels are about a million objects that stay as long as the server; to search them took most of the time
    of a small page.
    """
    gc.collect()
    gc.freeze()
    atexit.unregister(gc.unfreeze)
    atexit.register(gc.unfreeze)  # else DuckDB tells of leaks at the end
