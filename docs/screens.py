"""Pictures of the dashboard for the README: python docs/screens.py (needs chromium)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PORT = 8790
FOLDER = Path(__file__).parent / "pictures"
LINKS = {
    "outbreak": "outbreak?v=1&lang=en&firms=150&hit=5",
    "strategies": "strategies?v=1&lang=en&runs=4",
    "policy": "policy?v=1&lang=en&attempts_per_week=1&runs=4",
}


def main() -> None:
    """Start the dashboard, open each page, save what is seen."""
    from playwright.sync_api import sync_playwright

    words = [sys.executable, "-m", "arrears", "dashboard", "--port", str(PORT), "--address", "127.0.0.1"]
    with TemporaryDirectory() as store, sync_playwright() as tools:
        server = subprocess.Popen(words, env={**os.environ, "ARREARS_STORE": store})
        try:
            _wait()
            browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for name, link in LINKS.items():
                page = browser.new_page(viewport={"width": 1100, "height": 900})
                page.set_default_timeout(180_000)
                page.goto(f"http://127.0.0.1:{PORT}/{link}")
                _prepare(page, name)
                page.screenshot(path=FOLDER / f"dashboard-{name}.png")
                page.close()
        finally:
            server.terminate()
            server.wait(30)


def _prepare(page: Any, name: str) -> None:
    """Bring a page to what its picture shows."""
    if name == "outbreak":
        page.locator(".net[data-firms='150']").wait_for()
        page.locator(".net canvas").first.focus()
        for _ in range(16):
            page.keyboard.press("ArrowRight")
        page.locator("h1").evaluate("e => e.scrollIntoView()")
    else:
        if name == "policy":
            page.get_by_test_id("stBaseButton-primary").click()
        page.get_by_test_id("stMetric").nth(8).wait_for()
        page.get_by_test_id("stMetric").nth(8).scroll_into_view_if_needed()
    page.wait_for_timeout(2000)  # for the eye: fonts and charts settle


def _wait() -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the dashboard did not start")


if __name__ == "__main__":
    main()
