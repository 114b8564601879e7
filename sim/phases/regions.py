"""Regions: staff sits where it sits, and most collectors cannot lend it to each other's regions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim.collection import Capacity, Cases, Treatment, ration
from sim.collection.ration import rationed, shares
from sim.core.columns import F64, I64
from sim.core.kernel import kernel
from sim.core.remember import remembered
from sim.core.rng import normal_rows
from sim.phases.staff import whole

if TYPE_CHECKING:
    from sim.phases.state import State
    from sim.spec.world import World

#: Staff is split over regions in whole dials and visits, by weights of this many parts.
_PARTS = 1_000_000
#: Regions are numbered in one byte.
_MOST_REGIONS = 256


@kernel
def _earners(wage, region, people):  # type: ignore[no-untyped-def]
    """Borrowers with a wage by region, into ``people``; returns how many regions there are."""
    regions = 0
    for i in range(wage.shape[0]):
        if wage[i] > 0:
            people[region[i]] += 1.0
            regions = max(regions, region[i] + 1)
    return regions


@remembered
def _weights(world: World, seed: int, number: int) -> F64:
    """A keyed lognormal weight of each region for a collector's staff."""
    collection = world.collection
    drawn = normal_rows(seed, f"collection.staff.{number}", round(collection.regions.value))
    return np.asarray(np.exp(collection.regional_mismatch.value * drawn), np.float64)


def staff_shares(state: State, number: int) -> F64:
    """Share of a collector's staff in each region: the region's borrowers times a keyed lognormal weight."""
    people: F64 = np.zeros(_MOST_REGIONS)
    weights = _weights(state.world, state.seed, number)
    regions = max(len(weights), _earners(state.borrowers.wage, state.borrowers.region, people))
    weight = people[:regions] * weights
    return np.asarray(weight / weight.sum(), np.float64)


def ration_here(
    state: State,
    number: int,
    treatment: Treatment,
    cases: Cases,
    capacity: Capacity,
    pooled: bool,
    *,
    visits: float | None = None,
) -> Treatment:
    """Limit a treatment to the staff of each region; visits never move, dials do where ``pooled``.

    ``visits`` a week, fractions included (none: the capacity's): each region carries over its own part.
    """
    if round(state.world.collection.regions.value) == 1:
        return ration(treatment, cases, capacity)
    share = staff_shares(state, number)
    parts = (share * _PARTS).astype(np.int64)
    most = int(parts.sum())
    rate = capacity.visits if visits is None else visits
    here = np.array([whole(rate * part, state.clock) for part in share.tolist()], np.int64)
    if pooled:
        unlimited = int(treatment.attempts.sum(dtype=np.int64))
        treatment = ration(treatment, cases, Capacity(capacity.dials, unlimited))
        dials: I64 = np.full(len(parts), unlimited, np.int64)
    else:
        dials = _split(parts, most, capacity.dials)
    region = state.borrowers.region[state.accounts.borrower[cases.account]]
    attempts = rationed(
        treatment.attempts, treatment.priority, cases.stage, cases.account, region, dials, here
    )
    return replace(treatment, attempts=attempts)


def _split(parts: I64, most: int, total: int) -> I64:
    """Whole numbers in proportion to ``parts`` that add up to ``total``."""
    if total <= most:
        return shares(parts, total)
    whole, rest = divmod(total, most)
    return whole * parts + shares(parts, rest)
