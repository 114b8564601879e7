"""The page of all measures, made from their definitions: ``python -m sim.measures.page``."""

from __future__ import annotations

from pathlib import Path

from sim.measures.definitions import MEASURES, Measure
from sim.measures.recovery import HEADLINE, HORIZONS, STAGES
from sim.measures.weekly import WINDOW

#: First measure of each section of the page and the section's title.
SECTIONS = {
    "cure_rate_30d_early": "Cure",
    "direct_effect_90d": "Effect, recovery and time",
    "cost_per_100": "Cost of collection",
    "contact_rate": "Contacts, conduct and complaints",
    "market_size": "The market",
    "prediction_accuracy": "Prediction",
    "consumer_overdue_30_rate": "Households and lenders",
    "trade_overdue_share": "Firms and trade credit",
}
_BETTER = {"higher": "higher", "lower": "lower", None: "—"}


def page() -> str:
    """The page in Markdown: every measure with id, unit, names in both languages and definition."""
    lines = [*_opening()]
    for measure in MEASURES.values():
        if measure.id in SECTIONS:
            lines += ["", f"## {SECTIONS[measure.id]}", ""]
            lines += ["| id | name | unit | better | definition |", "|---|---|---|---|---|"]
        lines.append(_row(measure))
    return "\n".join(lines) + "\n"


def _opening() -> list[str]:
    horizons = ", ".join(f"{name[:-1]} days = {weeks} weeks" for name, weeks in HORIZONS.items())
    return [
        "# Measures",
        "",
        "Made by `python -m sim.measures.page`; edit `scenarios/texts/measures.yaml` and "
        "`sim/measures/definitions.py`, not this page.",
        "",
        "A measure has one definition, used by the screen table, `--json`, the report and "
        "`Ecosystem.measures()` alike. Where it is undefined it is null with a reason, never a made-up "
        "number. Shares are kept as fractions and shown as per cent; money is kept in fen and shown in yuan.",
        "",
        "* **Window**: the weeks after the burn-in. Levels (overdue shares, output, stress) are means over "
        f"the last {WINDOW} weeks of the run; flows are sums over the run, scaled to a year.",
        "* **Common list**: the accounts that are in arrears when measurement starts. All arms of a "
        "comparison share it, since who becomes late afterwards depends on the treatment.",
        f"* **Horizons**: {horizons}. A placement counts once it was followed that long or was cured before.",
        f"* **Stages** at placement: {', '.join(STAGES)}; an id without a stage means `{HEADLINE}`.",
        "* **Cured**: cash received since placement covers the arrears at placement. Plans and promises "
        "that are being kept are not cure.",
    ]


def _row(measure: Measure) -> str:
    cells = (
        f"`{measure.id}`",
        f"{measure.label.en}<br>{measure.label.zh}",
        measure.unit,
        _BETTER[measure.better],
        f"{measure.definition.en}<br>{measure.definition.zh}",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def path() -> Path:
    """Where the page is kept in the repository."""
    return Path(__file__).parents[2] / "docs" / "measures.md"


def main() -> None:
    """Write the page."""
    path().write_text(page(), encoding="utf-8")
    print(f"{len(MEASURES)} measures written to {path()}")


if __name__ == "__main__":
    main()
