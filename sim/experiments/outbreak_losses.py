"""Losses of a run, and how much of them passes through each contagion channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from sim.core.errors import SpecError, unknown_name
from sim.experiments.statistics import Estimate, mean_interval
from sim.experiments.tasks import RunRow
from sim.spec.scenario import ChannelSwitches

#: The eight contagion channels in the order of the scenario's switches.
CHANNELS: tuple[str, ...] = tuple(ChannelSwitches.model_fields)


class Loss(NamedTuple):
    """A loss: its unit, the weekly figures it sums, and their sign."""

    unit: str
    figures: tuple[str, ...]
    sign: float = 1.0


#: Losses that are decomposed. Jobs are lay-offs of the run's borrowers; output counts from zero
#: downwards, so only differences of it mean something.
LOSSES: dict[str, Loss] = {
    "failures": Loss("firms", ("failures",)),
    "trade_write_offs": Loss("fen", ("trade_written_off", "bad_trade_debt")),
    "jobs_lost": Loss("jobs", ("laid_off",)),
    "output_lost": Loss("fen", ("output",), -1.0),
    "household_charge_offs": Loss("fen", ("charge_offs",)),
}

#: Settings of a decomposition besides ``without_X`` and ``only_X`` for a channel X.
OPEN, CLOSED = "open", "closed"

#: Values by loss, one a run.
Values = Mapping[str, Sequence[float]]


def read_channels(given: str | Sequence[str] | None, source: str = "channels") -> tuple[str, ...]:
    """Channels that stay open, in their own order: names (list, or joined by commas), ``all`` or ``none``.

    None means all. Raises :class:`SpecError` for an unknown channel or one given twice.
    """
    if given is None or given == "all":
        return CHANNELS
    if given == "none":
        return ()
    names = [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)
    for name in names:
        if name not in CHANNELS:
            problem, allowed = unknown_name(str(name), CHANNELS, "contagion channel")
            raise SpecError(source, "", problem, f"{allowed}; all or none")
        if names.count(name) > 1:
            raise SpecError(source, "", f"{name!r} is given twice", "each channel once")
    return tuple(name for name in CHANNELS if name in names)


def closing(closed: Sequence[str]) -> dict[str, object]:
    """The change that closes channels."""
    return {f"channels.{name}": False for name in closed}


def totals(row: RunRow) -> dict[str, float]:
    """Each loss of :data:`LOSSES` over the weeks of a run, in its unit."""
    series = row["series"]
    return {
        name: loss.sign * sum(float(value or 0) for figure in loss.figures for value in series[figure])
        for name, loss in LOSSES.items()
    }


def collect(rows: Sequence[RunRow], minus: Sequence[RunRow] | None = None) -> dict[str, list[float]]:
    """Losses of runs, or how much they exceed those of the runs they are paired with."""
    found = [totals(row) for row in rows]
    other = [totals(row) for row in minus] if minus is not None else [dict.fromkeys(LOSSES, 0.0)] * len(rows)
    return {name: [new[name] - old[name] for new, old in zip(found, other, strict=True)] for name in LOSSES}


def decomposition(settings: Mapping[str, Values]) -> pd.DataFrame:
    """Total losses, what contagion adds, and the part of each channel.

    Parameters
    ----------
    settings:
        Values by setting: ``open`` (all channels), ``closed`` (none), ``without_X`` (X alone is
        closed) and, where run, ``only_X`` (X alone is open).

    Returns
    -------
    DataFrame
        Columns ``loss, unit, part, channel, mean, low, high, n, share, reason``. Parts: ``open`` and
        ``closed``, the losses themselves; ``contagion`` = open - closed; ``closing`` of a channel =
        open - without it; ``opening`` of a channel = only it - closed; ``interaction`` = contagion -
        sum of the closings, what no channel does alone. ``share`` is of the mean contagion, None where
        its interval holds zero. Intervals are those of paired differences over runs.
    """
    frames = [_of_loss(name, settings) for name in LOSSES]
    return pd.concat(frames, ignore_index=True)


def _of_loss(name: str, settings: Mapping[str, Values]) -> pd.DataFrame:
    opened, closed = settings[OPEN][name], settings[CLOSED][name]
    contagion = _minus(opened, closed)
    remainder = contagion
    lines: list[tuple[str, str | None, list[float]]] = [
        ("open", None, list(opened)),
        ("closed", None, list(closed)),
        ("contagion", None, contagion),
    ]
    for channel in CHANNELS:
        if f"without_{channel}" in settings:
            part = _minus(opened, settings[f"without_{channel}"][name])
            remainder = _minus(remainder, part)
            lines.append(("closing", channel, part))
    lines.append(("interaction", None, remainder))
    for channel in CHANNELS:
        if f"only_{channel}" in settings:
            lines.append(("opening", channel, _minus(settings[f"only_{channel}"][name], closed)))
    whole = mean_interval(contagion)
    rows = [_line(name, part, channel, values, whole) for part, channel, values in lines]
    return pd.DataFrame(rows)


def _line(
    loss: str, part: str, channel: str | None, values: list[float], whole: Estimate
) -> dict[str, object]:
    found = mean_interval(values)
    share = None
    if part not in (OPEN, CLOSED) and whole.mean and found.mean is not None and not holds_zero(whole):
        share = found.mean / whole.mean
    return {
        "loss": loss,
        "unit": LOSSES[loss].unit,
        "part": part,
        "channel": channel,
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "share": share,
        "reason": found.reason,
    }


def holds_zero(estimate: Estimate) -> bool:
    """Whether the interval of a difference holds zero; a single run has none and holds nothing."""
    return estimate.low is not None and estimate.high is not None and estimate.low <= 0.0 <= estimate.high


def _minus(new: Sequence[float], old: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(new, old, strict=True)]
