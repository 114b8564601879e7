"""Claims check: what the report says, what the model shows in both worlds, what others found, the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from calibration import charts as figures
from calibration.audit_document import KEPT, ruling_data
from calibration.beside import CHOSEN
from calibration.beside_tables import accuracy_table, estimated, selection_table
from calibration.claims import Claim, shipped_claims
from calibration.kept import changed_worlds, read_kept
from calibration.page import claimed, mark, simulated_figure
from calibration.verdict_words import evidence_words, left_out, needs, reason, verdict_name
from calibration.verdicts import rulings
from dashboard import charts
from dashboard.links import Field
from dashboard.state import control, headed, language, linked, say, share
from sim.spec.labels import name_of, text
from sim.spec.meanings import meaning

_SIGNS = {
    "emerges": "green", "tuned": "orange", "conflict": "red", "contradicted": "red", "ill_posed": "violet",
    "open": "gray",
}  # fmt: skip
_BOTH = "both"


def fields() -> tuple[Field, ...]:
    """The controls in a link."""
    return (
        Field("claim", "one", CHOSEN, tuple(shipped_claims())),
        Field("world", "one", _BOTH, (_BOTH, "evidence", "report")),
        Field("assignment", "one", "chosen", ("chosen", "chance")),
    )


def show() -> None:
    """The page."""
    st.title(say("claims"))
    st.caption(say("claims_intro"))
    document = read_kept(KEPT)
    if document is None:
        st.info(say("claims_nothing"))
        st.code("arrears audit --runs 6 --keep", language="bash")
        return
    for world in changed_worlds(document):
        st.warning(say("kept_older", world=name_of("world", world, language())), icon=":material/history:")
    verdicts = {name: ruling_data(one) for name, one in rulings(document["rows"]).items()}
    known = fields()
    values = _controls(linked("claims", known), known, verdicts)
    _one(document, verdicts[values["claim"]], values)
    st.divider()
    _all(document, verdicts)


def _controls(
    values: dict[str, Any], known: tuple[Field, ...], verdicts: Mapping[str, Any]
) -> dict[str, Any]:
    lang = language()
    first, second, third = st.columns([3, 2, 2.6])
    ids = [name for name in known[0].allowed if name in verdicts]
    found = {
        "claim": first.selectbox(
            say("claim"),
            ids,
            ids.index(values["claim"]) if values["claim"] in ids else 0,
            format_func=lambda name: f"{name} · {getattr(shipped_claims()[name].claim, lang)}",
            key=control("claims", "claim"),
        ),
        "world": second.selectbox(
            say("world"),
            known[1].allowed,
            known[1].allowed.index(values["world"]),
            format_func=lambda name: say("both_worlds") if name == _BOTH else name_of("world", name, lang),
            key=control("claims", "world"),
        ),
        "assignment": third.segmented_control(
            say("assignment"),
            known[2].allowed,
            default=values["assignment"],
            format_func=lambda name: say(f"assignment_{name}"),
            help=say("assignment_help"),
            key=control("claims", "assignment"),
            required=True,
        ),
    }
    share("claims", known, found)
    return found


def _one(document: Mapping[str, Any], ruling: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    lang, claim = language(), shipped_claims()[ruling["claim"]]
    st.subheader(f"{claim.id} · {getattr(claim.claim, lang)}")
    st.markdown(f":{_SIGNS[ruling['verdict']]}-badge[{verdict_name(ruling, lang)}]")
    st.markdown(reason(ruling, lang))
    heading = text("audit.needs", lang)
    st.markdown(f"**{headed(heading)}** — {needs(claim.id, lang)}")
    missing = left_out(claim.id, lang)
    if missing:
        st.caption(say("left_out", missing=missing))
    worlds = [row["world"] for row in document["rows"] if row["claim"] == claim.id]
    chosen = [world for world in worlds if values["world"] in (_BOTH, world)]
    rows = [row for row in document["rows"] if row["claim"] == claim.id and row["world"] in chosen]
    _tiles(claim, rows)
    charts.show(
        figures.claim_figure(claim, rows, ruling, lang),
        f"claim-{claim.id}",
        lang,
        _meaning(claim, document),
        title=say("chart_claim"),
    )
    evidence, numbers, horizon = st.tabs(
        [headed(text("audit.evidence", lang)), say("rests_on"), say("beside_tab")],
        key=f"claims.tabs.{claim.id}",
    )
    with evidence:
        _evidence(claim, ruling)
    with numbers:
        _numbers(ruling, chosen)
    with horizon:
        _beside(claim, document, chosen, values["assignment"])


def _tiles(claim: Claim, rows: list[Mapping[str, Any]]) -> None:
    lang = language()
    columns = st.columns(1 + len(rows))
    columns[0].metric(say("claimed_by_report"), claimed(claim, lang))
    for column, row in zip(columns[1:], rows, strict=True):
        verdict = f"{text('audit.' + row['verdict'], lang)} · {say('figure_over_runs', runs=row['n'])}"
        _tile(column, name_of("world", row["world"], lang), simulated_figure(claim, row), verdict)


def _meaning(claim: Claim, document: Mapping[str, Any]) -> list[str]:
    lang = language()
    told = [
        f"**{text('audit.numerator', lang)}**: {getattr(claim.numerator, lang)}",
        f"**{text('audit.denominator', lang)}**: {getattr(claim.denominator, lang)}",
        f"**{text('audit.window', lang)}**: {getattr(claim.window, lang)}",
        f"**{text('audit.where', lang)}**: `{claim.scenario}`, {claim.weeks}: {', '.join(claim.figure.arms)}",
        say("claim_interval", runs=document["runs"]),
        f"`arrears audit {claim.id} --runs {document['runs']}`",
    ]
    return [*told, *([getattr(claim.note, lang)] if claim.note else [])]


def _evidence(claim: Claim, ruling: Mapping[str, Any]) -> None:
    if not ruling["evidence"]:
        st.info(say("no_evidence"))
    for one in ruling["evidence"]:
        st.markdown(f"* {evidence_words(claim, one, language())}")


def _numbers(ruling: Mapping[str, Any], worlds: list[str]) -> None:
    """The numbers that decide the claim, in each world."""
    lang = language()
    if not ruling["rests_on"]:
        st.info(say("rests_on_nothing"))
        return
    frame = pd.DataFrame(
        [
            {say("name"): row["field"], text("evidence.meaning", lang): meaning(row["field"], lang)}
            | {name_of("world", world, lang): row[world] for world in worlds}
            for row in ruling["rests_on"]
        ]
    )
    st.dataframe(frame, hide_index=True, width="stretch")


def _beside(claim: Claim, document: Mapping[str, Any], worlds: list[str], assignment: str) -> None:
    lang, drawn = language(), False
    for world in worlds:
        chart = figures.stage_figure(document["stages"], claim.id, world, lang)
        title = f"{text('audit.stages_title', lang)} — {name_of('world', world, lang)}"
        charts.show(chart, f"stages-{claim.id}-{world}", lang, [say("stages_meaning")], title=title)
        drawn = drawn or chart is not None
    accuracy = [row for row in document["accuracy"] if row["claim"] == claim.id and row["world"] in worlds]
    if accuracy:
        title = text("audit.accuracy_title", lang)
        charts.show(
            figures.accuracy_figure(accuracy, lang), "accuracy", lang, [say("accuracy_meaning")], title=title
        )
        _table(accuracy_table(accuracy, lang))
    chosen = [row for row in document["selection"] if row["claim"] == claim.id and row["world"] in worlds]
    if chosen:
        _assigned(chosen, assignment)
        charts.show(
            figures.selection_figure(chosen, lang),
            "selection",
            lang,
            [say("selection_meaning")],
            title=text("audit.selection_title", lang),
        )
        _table(selection_table(chosen, lang))
    if not drawn and not accuracy and not chosen:
        st.info(say("nothing_beside"))


def _assigned(rows: list[Mapping[str, Any]], assignment: str) -> None:
    """Success of users and of others, where borrowers choose or chance decides."""
    lang = language()
    names = (
        ("users who chose", "others beside them", "apparent effect")
        if assignment == "chosen"
        else ("users by chance", "others beside these", "effect by chance")
    )
    for world in dict.fromkeys(row["world"] for row in rows):
        here = {row["quantity"]: row for row in rows if row["world"] == world}
        st.markdown(f"**{name_of('world', world, lang)}** — {say(f'assignment_{assignment}')}")
        for column, name in zip(st.columns(3), names, strict=True):
            label = text(f"selection.{name.replace(' ', '_')}", lang)
            _tile(column, f"{label} (%)", estimated(here[name]))


def _tile(column: Any, label: str, shown: str, more: str = "") -> None:
    """A figure in large type; its interval stands below it, since both are wider than a tile."""
    value, bracket, interval = shown.partition(" [")
    column.metric(headed(label), value)
    column.caption(" · ".join(part for part in (bracket.strip() + interval, more) if part))


def _table(rows: list[list[str]]) -> None:
    st.dataframe(pd.DataFrame(rows[1:], columns=rows[0]), hide_index=True, width="stretch")


def _cell(claim: Claim, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return say("not_measured")
    return f"{simulated_figure(claim, row)} {mark(claim, row['world'])}".strip()


def _all(document: Mapping[str, Any], verdicts: Mapping[str, Mapping[str, Any]]) -> None:
    """Every claim with its figures and verdict."""
    lang = language()
    st.subheader(say("all_claims"))
    counts: dict[str, int] = {}
    for one in verdicts.values():
        counts[one["verdict"]] = counts.get(one["verdict"], 0) + 1
    st.markdown(
        " ".join(
            f":{_SIGNS[name]}-badge[{count} {text(f'verdict.{name}', lang).rstrip('：')}]"
            for name, count in counts.items()
        )
    )
    worlds = list(dict.fromkeys(row["world"] for row in document["rows"]))
    names = {world: name_of("world", world, lang) for world in worlds}
    figures_of = {(row["claim"], row["world"]): row for row in document["rows"]}
    rows = []
    for name, ruling in verdicts.items():
        claim = shipped_claims()[name]
        rows.append(
            {"id": name, say("claim"): getattr(claim.claim, lang),
             say("claimed_by_report"): claimed(claim, lang)}
            | {names[world]: _cell(claim, figures_of.get((name, world))) for world in worlds}
            | {say("verdict"): verdict_name(ruling, lang), text("audit.needs", lang): needs(name, lang)}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, width="stretch", height=520)
    st.caption(say("by_construction"))
    st.download_button(
        say("csv"),
        charts.to_csv(map(str, frame.columns), frame.itertuples(index=False)),
        "arrears-claims.csv",
        "text/csv",
        key="csv.claims",
        on_click="ignore",
        icon=":material/download:",
    )
