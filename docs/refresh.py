"""Bring results and picture in READMEs and docs/model.md up to date with a finished comparison.

``arrears compare baseline --strategies traditional,ai_tiered,app_based --worlds evidence,report --runs 6
--out out`` and then ``python docs/refresh.py out``. The picture needs Chromium, Playwright and Pillow.
"""

from __future__ import annotations

import json
import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: Measures of the table with names in both languages, the factor that they are shown by, and decimals.
SHOWN = (
    ("cure_rate_90d", "Cured within 90 days, %", "90天内还清（%）", 100, 1),
    ("recovery_rate", "Recovered within a year, %", "一年内回收率（%）", 100, 1),
    ("cost_per_100", "Cost per 100 yuan received", "每回收100元的成本（元）", 1, 2),
    (
        "complaints_per_1000_borrowers",
        "Complaints per 1,000 borrowers a year",
        "每千名借款人每年投诉数",
        1,
        2,
    ),
    ("firm_failures", "Firm failures per 100 a year", "每百家企业每年倒闭数", 1, 2),
)
#: Levels of the baseline that docs/model.md shows, of the first arm.
LEVELS = (
    ("firm_failures", "Firm failures per 100 a year", 1, 2),
    ("trade_overdue_share", "Overdue share of trade receivables, %", 100, 1),
    ("receivable_days", "Receivable days", 1, 1),
    ("output_index", "Output, normal = 100", 1, 1),
    ("consumer_overdue_30_rate", "Household debt 30+ days overdue, %", 100, 2),
    ("npl_ratio", "NPL ratio of household loans, %", 100, 2),
)
#: Pixels of the picture of the report, and milliseconds to wait for it on a busy machine.
SIZE, PATIENCE = {"width": 1200, "height": 2140}, 300_000
WORDS = {
    "en": {"world": "world", "measure": "measure"},
    "zh": {"world": "世界", "measure": "指标"},
}


def cell(row: dict[str, Any], factor: float, digits: int) -> str:
    """Mean with interval, and the effect with its interval where it says more than the mean."""
    if row["mean"] is None:
        return "—"
    mean, low, high = (factor * (row[name] or 0.0) for name in ("mean", "low", "high"))
    text = f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
    if row["effect"] is None or row["effect"] == row["mean"]:
        return text
    effect, low, high = (factor * (row[name] or 0.0) for name in ("effect", "effect_low", "effect_high"))
    return f"{text}<br>Δ {effect:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def table(document: dict[str, Any], lang: str) -> str:
    """The result as a Markdown table: a row for each world and measure, a column for each arm."""
    words = WORDS[lang]
    rows = {(row["world"], row["measure"], row["arm"]): row for row in document["rows"]}
    worlds = list(dict.fromkeys(world for world, _, _ in rows))
    arms = list(dict.fromkeys(arm for _, _, arm in rows))
    lines = [
        f"| {words['world']} | {words['measure']} | " + " | ".join(f"`{arm}`" for arm in arms) + " |",
        "|---" * (2 + len(arms)) + "|",
    ]
    for world in worlds:
        for measure, english, chinese, factor, digits in SHOWN:
            name = english if lang == "en" else chinese
            cells = [cell(rows[world, measure, arm], factor, digits) for arm in arms]
            lines.append(f"| {world} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def levels(document: dict[str, Any]) -> str:
    """Levels of the first arm as a Markdown table: a row for each measure, a column for each world."""
    arm = document["rows"][0]["arm"]
    rows = {(row["world"], row["measure"]): row for row in document["rows"] if row["arm"] == arm}
    worlds = list(dict.fromkeys(world for world, _ in rows))
    lines = ["| level | " + " | ".join(worlds) + " |", "|---" * (1 + len(worlds)) + "|"]
    for measure, name, factor, digits in LEVELS:
        cells = [cell({**rows[world, measure], "effect": None}, factor, digits) for world in worlds]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def counts() -> str:
    """Where the numbers of each world come from, as a Markdown table."""
    from sim.spec.loader import load_world, world_names

    lines = ["| world | numbers | from sources | fitted | assumed |", "|---|---|---|---|---|"]
    for name in world_names():
        sources = [number["source"] for number in numbers(load_world(name).model_dump(mode="json"))]
        fitted, assumed = sources.count("fitted"), sources.count("assumption")
        lines.append(
            f"| {name} | {len(sources)} | {len(sources) - fitted - assumed} | {fitted} | {assumed} |"
        )
    return "\n".join(lines)


def numbers(data: Any) -> list[dict[str, Any]]:
    """All numbers in a world's data, however deep."""
    if not isinstance(data, dict):
        return []
    if "value" in data and "source" in data:
        return [data]
    return [found for below in data.values() for found in numbers(below)]


def put(name: str, mark: str, content: str) -> None:
    """Replace what stands between ``<!-- mark:begin -->`` and ``<!-- mark:end -->`` in a document."""
    path = ROOT / name
    before, begin, rest = path.read_text("utf-8").partition(f"<!-- {mark}:begin -->\n")
    _, end, after = rest.partition(f"<!-- {mark}:end -->")
    if not (begin and end):
        raise SystemExit(f"{name} has no block {mark}")
    path.write_text(f"{before}{begin}{content}\n{end}{after}", encoding="utf-8")


def refresh_blocks(document: dict[str, Any]) -> None:
    """Put the tables between their marks."""
    put("README.md", "result", f"\n{table(document, 'en')}\n")
    put("README.zh-CN.md", "result", f"\n{table(document, 'zh')}\n")
    put("docs/model.md", "levels", levels(document))
    put("docs/model.md", "counts", counts())


def refresh_picture(report: Path) -> None:
    """The top of the HTML report as a picture of few colours."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no chromium was found, so the picture stays as it is")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        page.goto(report.resolve().as_uri(), timeout=PATIENCE)
        page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=PATIENCE)
        page.wait_for_timeout(2000)  # for the eye: fonts and charts settle
        shot = page.screenshot(timeout=PATIENCE)
        browser.close()
    picture = Image.open(BytesIO(shot)).convert("RGB").quantize(64)
    picture.save(ROOT / "docs" / "pictures" / "report.png", optimize=True)


def main() -> None:
    """Read ``comparison.json`` and ``report.html`` of the folder given."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    refresh_blocks(json.loads((folder / "comparison.json").read_text("utf-8")))
    refresh_picture(folder / "report.html")


if __name__ == "__main__":
    main()
