"""A running dashboard and a real browser for all tests of its pages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
#: Milliseconds that a step in a browser may take; slow machines need more.
PATIENCE = 1000 * float(os.environ.get("ARREARS_PATIENCE", "90"))
#: A page whose script has come to its end.
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[str]:
    """The address of a dashboard that runs as its users start it; its results are kept in ``folder``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        sys.executable,
        "-m",
        "arrears",
        "dashboard",
        "--port",
        str(port),
        "--address",
        "127.0.0.1",
        *flags,
    ]
    environment = {**os.environ, "ARREARS_STORE": str(folder / "store")}
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    for _ in range(360):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
            break
        except OSError:
            time.sleep(0.5)
    else:
        process.kill()
        pytest.fail((folder / "log.txt").read_text())
    try:
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One dashboard for all journeys."""
    if shutil.which("chromium") is None:
        pytest.skip("SKIPPED: no chromium on this machine, the dashboard is not opened in a browser")
    with served(tmp_path_factory.mktemp("dashboard")) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests: a process can run the synchronous Playwright only once."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("SKIPPED: no chromium on this machine, nothing is opened in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as tools:
        made = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def tab(browser: Any, server: str) -> Iterator[Any]:
    """A fresh visitor; nothing may go wrong in the page and no request may leave the machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: _outside(request.url, server, wrong))
    yield page
    assert page.locator("[data-testid=stException]").count() == 0
    shots = os.environ.get("ARREARS_SCREENSHOTS")
    if shots:
        Path(shots).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{shots}/{time.monotonic_ns()}.png", full_page=True)
    context.close()
    assert wrong == []


def _outside(url: str, server: str, wrong: list[str]) -> None:
    if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:")):
        wrong.append(url)


def seen(place: Any) -> bool:
    """Whether something comes into sight in time."""
    place.wait_for()
    return bool(place.is_visible())


#: Resolves when nothing in the page has moved for three tenths of a second.
_STILL = """() => new Promise(done => {
    const end = () => { watch.disconnect(); done(); };
    let clock = setTimeout(end, 300);
    const watch = new MutationObserver(() => { clearTimeout(clock); clock = setTimeout(end, 300); });
    watch.observe(document.body, {childList: true, subtree: true, attributes: true});
})"""


def at_rest(tab: Any) -> None:
    """Wait until the script has ended and nothing in the page moves."""
    tab.locator(SETTLED).wait_for()
    tab.evaluate(_STILL)


def offered(tab: Any, file: Any, place: int = 0) -> None:
    """A file given to a field of a page at rest.

    Given within milliseconds of the answer to the file before, Streamlit's field drops it: it is drawn anew.
    """
    tab.locator("input[type=file]").nth(place).wait_for(state="attached")
    at_rest(tab)
    tab.locator("input[type=file]").nth(place).set_input_files(file)
