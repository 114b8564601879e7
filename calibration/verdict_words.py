"""Verdicts of the audit in words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calibration.claims import Claim, shipped_claims
from calibration.judgements import shipped_judgements
from sim.report.numbers import figure
from sim.spec.labels import text
from sim.spec.sources import sources


def verdict_name(ruling: Mapping[str, Any], lang: str) -> str:
    """The verdict in a word or two, with the other claims or sources that it names."""
    name = text(f"verdict.{ruling['verdict']}", lang)
    if ruling["verdict"] == "conflict" and ruling["together"]:
        return f"{name} {', '.join(ruling['together'])}"
    return name


def reason(ruling: Mapping[str, Any], lang: str) -> str:
    """Why: the rule that applied, with its figures."""
    claim = shipped_claims()[ruling["claim"]]
    because = str(ruling["because"])
    if because == "excluded":
        said = [
            evidence_words(claim, one, lang)
            for one in ruling["evidence"]
            if one["source"] in ruling["together"]
        ]
        return _between(lang).join(said)
    if because.startswith("arithmetic_"):
        return _between(lang).join(
            conflict_words(one, lang) for one in ruling["conflicts"] if not one["possible"]
        )
    missing = left_out(claim.id, lang)
    together = ", ".join(ruling["together"])
    return text(f"because.{because}", lang, missing=missing, together=together)


def evidence_words(claim: Claim, one: Mapping[str, Any], lang: str) -> str:
    """A source beside the claim: what was found, and what the report implies in the same terms."""
    source = sources()[one["source"]]
    design = text(f"evidence.design_{source.design}", lang)
    said = text(
        "evidence.said", lang, finding=source.said("finding", lang), citation=source.citation,
        year=source.year, design=design,
    )  # fmt: skip
    if one["claimed"] is None:
        return said
    unit = "share" if source.unit in ("share", "relative") else claim.unit
    sign = one["role"] == "effect" or source.unit == "relative"
    ends = [figure(one[end], unit, signed=sign) for end in ("low", "high")]
    found = ends[0] if ends[0] == ends[1] else f"{ends[0]} … {ends[1]}"
    mark = "%" if unit == "share" else ""
    if one["role"] == "effect" and source.unit == "share":  # a difference of shares
        mark = text("evidence.points", lang)
    key = {True: "excludes", False: "allows", None: "shows"}[one["excludes"]]
    claimed = figure(one["claimed"], unit, signed=sign)
    role = "effect" if one["role"] == "effect" else "level"
    told = text(f"evidence.{role}_{key}", lang, found=found, claimed=claimed, mark=mark, source=source.id)
    return f"{told}{_between(lang)}{said}"


def _between(lang: str) -> str:
    """What stands between two sentences; nothing in Chinese."""
    return "" if lang == "zh" else " "


def conflict_words(one: Mapping[str, Any], lang: str) -> str:
    """What other claims imply for one of them."""
    values = {key: figure(one[key], "share") for key in ("needed", "claimed")}
    return text(f"conflict.{one['name']}", lang, of=one["of"], **values)


def left_out(claim: str, lang: str) -> str:
    """What the report does not say of a figure; empty where nothing is left out."""
    missing = shipped_judgements()[claim].missing
    return ("、" if lang == "zh" else ", ").join(text(f"missing.{one}", lang) for one in missing)


def needs(claim: str, lang: str) -> str:
    """What would have to be true for the claim to hold."""
    return str(getattr(shipped_judgements()[claim].needs, lang))
