"""Numbers as people read them: shares in per cent, money in yuan, few digits."""

from __future__ import annotations

from typing import NamedTuple

from sim.spec.meanings import unit_name


class Shown(NamedTuple):
    """How a unit is shown: values are multiplied by ``factor`` and followed by the unit's name."""

    factor: float
    en: str
    zh: str

    def name(self, lang: str) -> str:
        """The unit's name in ``en`` or ``zh``."""
        return self.zh if lang == "zh" else self.en

    def beside(self, label: str, lang: str) -> str:
        """The unit's name as it stands beside a label; empty where the label says it already."""
        name = self.name(lang)
        return "" if name in label else name


#: Units that are shown otherwise than they are kept. Money is kept in fen, 1/100 yuan.
_UNITS = {
    "share": Shown(100.0, "%", "%"),
    "1": Shown(1.0, "", ""),
    "": Shown(1.0, "", ""),
    "fen": Shown(0.01, "yuan", "元"),
    "fen in millions": Shown(1e-8, "million yuan", "百万元"),
    "fen/week": Shown(0.01, "yuan a week", "元/周"),
    "yuan": Shown(1.0, "yuan", "元"),
    "weeks": Shown(1.0, "weeks", "周"),
    "days": Shown(1.0, "days", "天"),
    "firms": Shown(1.0, "firms", "家"),
    "borrowers": Shown(1.0, "borrowers", "名"),
    "jobs": Shown(1.0, "jobs", "个"),
    "job years": Shown(1.0, "job years", "人年"),
    "0 to 1": Shown(1.0, "0 to 1", "0至1"),
    "normal = 100": Shown(1.0, "normal = 100", "正常=100"),
    "yuan/borrower": Shown(1.0, "yuan/borrower", "元/借款人"),
    "yuan/borrower a year": Shown(1.0, "yuan/borrower a year", "元/借款人·年"),
    "weeks/borrower a year": Shown(1.0, "weeks/borrower a year", "周/借款人·年"),
    "per 1,000 borrowers a year": Shown(1.0, "per 1,000 borrowers a year", "每千名借款人每年"),
    "per 1,000 contacted": Shown(1.0, "per 1,000 contacted", "每千次接触"),
    "per 100 firms a year": Shown(1.0, "per 100 firms a year", "每百家企业每年"),
    "yuan/1,000 borrowers a year": Shown(1.0, "yuan/1,000 borrowers a year", "元/千名借款人·年"),
    "bn yuan a year": Shown(1.0, "bn yuan a year", "十亿元/年"),
    "relative a year": Shown(1.0, "relative a year", "每年相对变化"),
    "breaches a year": Shown(1.0, "breaches a year", "次泄露/年"),
    "collectors": Shown(1.0, "collectors", "家催收机构"),
    "failures per failure": Shown(1.0, "failures per failure", "家/每家倒闭"),
}


#: Units of what is counted: a mean of counts has no hundredths.
_COUNTED = frozenset(("firms", "borrowers", "jobs"))
#: Zeros behind the point that are still counted at a glance, and digits of the power of ten beyond.
_WRITTEN_OUT = 6
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(unit: str) -> Shown:
    """How values of a unit are shown; an unknown unit keeps its own name."""
    return _UNITS.get(unit, Shown(1.0, unit, unit))


def kept_name(unit: str, lang: str) -> str:
    """Name of a unit beside values as they are kept: a share is a fraction of one there."""
    return shown(unit).name(lang) if shown(unit).factor == 1 else unit_name(unit, lang)


def in_millions(unit: str) -> str:
    """The unit in which sums over a whole economy are shown: money in millions of yuan."""
    return "fen in millions" if unit == "fen" else unit


def money_name(unit: str, lang: str) -> str:
    """Name of a unit of money as shown in sums; empty for other units."""
    return shown(in_millions(unit)).name(lang) if unit == "fen" else ""


def figure(value: float, unit: str, *, signed: bool = False) -> str:
    """A value without its unit's name: ``0.1234`` of unit share is ``12.34``.

    Parameters
    ----------
    value:
        In the unit of the measure.
    unit:
        The measure's unit.
    signed:
        Put a sign before positive values too.
    """
    scaled = value * shown(unit).factor
    size = abs(scaled)
    if size == 0:
        return "0"
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 0.1 else 4
    if unit in _COUNTED:
        decimals = 0 if size >= 10 else min(decimals, 2)
    text = f"{scaled:{'+' if signed else ''},.{decimals}f}"
    if not text.strip("+-0.,"):  # too small for the decimals shown
        text = _tiny(scaled, signed)
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text


def _tiny(value: float, signed: bool) -> str:
    """Two significant digits, written out while they are near the point, else with a power of ten."""
    digits, _, power = f"{value:{'+' if signed else ''}.1e}".partition("e")
    if int(power) >= -_WRITTEN_OUT:
        return f"{value:{'+' if signed else ''}.{1 - int(power)}f}"
    return f"{digits} × 10{str(int(power)).translate(_RAISED)}"


def interval(low: float | None, high: float | None, unit: str, *, signed: bool = False) -> str:
    """``[low, high]`` without the unit's name; empty where there is no interval."""
    if low is None or high is None:
        return ""
    return f"[{figure(low, unit, signed=signed)}, {figure(high, unit, signed=signed)}]"
