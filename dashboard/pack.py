"""The board pack: up to six charts and a note as one HTML file, as PDF, and as tables."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from sim.core.program import package_version
from sim.spec.labels import text

#: Charts that a pack may hold.
MOST = 6
#: Longest note that is taken.
LONGEST_NOTE = 4000
_PDF_SECONDS = 90


@dataclass(frozen=True)
class Chart:
    """A chart as it was when it was added: figure as JSON, its table, heading and definitions."""

    key: str
    title: str
    page: str
    figure: str
    csv: bytes
    meanings: tuple[str, ...] = ()


@dataclass
class Pack:
    """What a reader has collected."""

    charts: list[Chart] = field(default_factory=list)

    def add(self, chart: Chart) -> bool:
        """Take a chart in, in place of an older one of the same key; False where the pack is full."""
        for place, one in enumerate(self.charts):
            if one.key == chart.key:
                self.charts[place] = chart
                return True
        if len(self.charts) >= MOST:
            return False
        self.charts.append(chart)
        return True

    def remove(self, key: str) -> None:
        """Take a chart out."""
        self.charts = [one for one in self.charts if one.key != key]

    def move(self, key: str, by: int) -> None:
        """Move a chart up (-1) or down (1), as far as there is room."""
        place = next(number for number, one in enumerate(self.charts) if one.key == key)
        other = min(max(place + by, 0), len(self.charts) - 1)
        self.charts.insert(other, self.charts.pop(place))


def html(charts: Sequence[Chart], heading: str, note: str, lang: str) -> str:
    """One file that needs no other: charts, note, definitions, where each came from; opens offline."""
    folder = Path(__file__).parent
    sections = "\n".join(_section(number, chart) for number, chart in enumerate(charts))
    figures = [_for_paper(chart.figure) for chart in charts]
    plain = json.dumps(figures, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    paragraphs = [part.strip() for part in note[:LONGEST_NOTE].split("\n\n") if part.strip()]
    return Template((folder / "pack.html").read_text(encoding="utf-8")).substitute(
        lang="zh-CN" if lang == "zh" else "en",
        title=escape(heading),
        note="".join(f"<p>{escape(part)}</p>" for part in paragraphs),
        charts=sections,
        figures=plain,
        plotly=get_plotlyjs().replace("</script", "<\\/script"),
        not_real=escape(text("dash.pack_not_real", lang)),
        made=escape(text("dash.pack_made", lang, version=package_version())),
    )


def _section(number: int, chart: Chart) -> str:
    meanings = "".join(f"<li>{escape(_plain(one))}</li>" for one in chart.meanings)
    return (
        f'<section><h2>{escape(chart.title)}</h2><div class="chart" id="chart{number}"></div>'
        f'<ul class="meaning">{meanings}</ul><p class="from">{escape(chart.page)}</p></section>'
    )


def _plain(markdown: str) -> str:
    return markdown.replace("**", "").replace("`", "")


def _for_paper(figure: str) -> dict[str, object]:
    """A figure with its own height and without what only a page needs."""
    made = go.Figure(json.loads(figure))
    made.update_layout(clickmode="none", width=None, autosize=True)
    found: dict[str, object] = json.loads(made.to_json())
    return found


def pdf(page: str, browser: str | None = None) -> bytes:
    """The page on paper, printed by a Chromium.

    Raises :class:`FileNotFoundError` where no Chromium is found, and :class:`RuntimeError` where it fails.
    """
    found = browser or chromium()
    if found is None:
        raise FileNotFoundError("chromium")
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "pack.html", Path(folder) / "pack.pdf"
        source.write_text(page, encoding="utf-8")
        words = [
            found, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", "--virtual-time-budget=15000", f"--print-to-pdf={made}",
            source.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(words, check=True, capture_output=True, timeout=_PDF_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise RuntimeError(f"printing failed: {error}") from None
        if not made.is_file():
            raise RuntimeError("printing made no file")
        return made.read_bytes()


def chromium() -> str | None:
    """A browser that prints, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def tables(charts: Sequence[Chart]) -> bytes:
    """A zip with a CSV for each chart; no cell is a formula."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, chart in enumerate(charts, 1):
            name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in chart.key)
            archive.writestr(f"{number}-{name}.csv", chart.csv)
    return stream.getvalue()
