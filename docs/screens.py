"""Pictures of every page of the dashboard: python docs/screens.py [PAGE ...] (needs chromium)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

FOLDER = Path(__file__).parent / "pictures"
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
#: Settings of a page's picture; a page that is not named here is opened as it is.
LINKS = {
    "start": "?lang=en",
    "outbreak": "outbreak?v=1&lang=en&firms=150&hit=5&twin=calm",
    "strategies": "strategies?v=1&lang=en&runs=4",
    "boardpack": "strategies?v=1&lang=en&runs=4",  # where its chart comes from
    "policy": "policy?v=1&lang=en&attempts_per_week=1&runs=4",
}
#: Width of a picture in pixels, and its colours: enough to read, small enough to ship.
WIDTH, COLOURS, SURFACES = 1100, 96, 16


def main(names: list[str]) -> None:
    """Start the dashboard, open each page, save what is seen."""
    from playwright.sync_api import sync_playwright

    from dashboard.navigation import all_pages

    known = [page.name for page in all_pages()]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "arrears", "dashboard", "--port", str(port), "--address", "127.0.0.1"]
    with TemporaryDirectory() as store, sync_playwright() as tools:
        server = subprocess.Popen(words, env={**os.environ, "ARREARS_STORE": store})
        try:
            _wait(port)
            browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for name in names or known:
                page = browser.new_page(viewport={"width": WIDTH, "height": 900}, reduced_motion="reduce")
                page.set_default_timeout(400_000)
                page.goto(f"http://127.0.0.1:{port}/{LINKS.get(name, f'{name}?lang=en')}")
                page.locator("h1").first.wait_for()
                page.locator(SETTLED).wait_for()
                _prepare(page, name)
                _save(page.screenshot(), FOLDER / f"dashboard-{name}.png")
                page.close()
        finally:
            server.terminate()
            server.wait(30)


def _prepare(page: Any, name: str) -> None:
    """Bring a page to what its picture shows."""
    if name == "outbreak":
        page.locator(".net[data-firms='150']").wait_for()
        page.locator(".net canvas").first.focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        page.locator("h1").evaluate("e => e.scrollIntoView()")
    elif name in ("strategies", "policy"):
        if name == "policy":
            page.get_by_test_id("stBaseButton-primary").first.click()
        page.locator(".card .value").nth(5).wait_for()
        page.locator(".card .value").nth(5).scroll_into_view_if_needed()
    elif name == "boardpack":
        page.get_by_role("button", name="Add to board pack").first.click()
        page.get_by_role("button", name="In the board pack: replace").first.wait_for()
        page.get_by_role("link", name="Board pack").first.click()
        note = page.get_by_label("Note", exact=True)
        note.fill("Four paired runs of each strategy; intervals cover the luck of seeds.")
        note.press("Control+Enter")
        page.locator("[data-testid=stPlotlyChart] .main-svg").first.wait_for()
        page.locator(SETTLED).wait_for()
    elif name == "data":
        page.get_by_role("tab", name="Numbers and sources").click()
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_timeout(2500)  # for the eye: fonts and charts settle


def _save(picture: bytes, path: Path) -> None:
    """A picture with few colours, which is a third of the size; those of small marks are kept."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    few = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).getpalette() or []
    counted = sorted(image.getcolors(WIDTH * 10_000) or [], reverse=True)
    surfaces = [part for _, colour in counted[:SURFACES] for part in colour]  # kept as they are
    palette = Image.new("P", (1, 1))
    palette.putpalette(surfaces + few)
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)


def _wait(port: int) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the dashboard did not start")


if __name__ == "__main__":
    main(sys.argv[1:])
