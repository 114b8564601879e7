"""Reproduction numbers: from next-generation matrices, from growth over generations, from cohorts.

Convention: ``K[a, b]`` is the expected number of direct offspring of type a of one event of type b
(Diekmann, Heesterbeek and Metz, "On the definition and the computation of the basic reproduction ratio
R0 in models for infectious diseases in heterogeneous populations", Journal of Mathematical Biology 28,
1990). R_0 is the spectral radius of K: the growth per generation once the mix of types has settled. The
mean offspring of a random seed is another number wherever types differ.

Intervals are those of :mod:`sim.contagion.intervals`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, issparse

from sim.contagion.intervals import bootstrap_weights, percentile_ends
from sim.contagion.spectral import cyclic_classes, leading_vector, spectral_radius, stacked_radius
from sim.core.columns import F64, I64
from sim.core.errors import SpecError

if TYPE_CHECKING:
    from sim.contagion.tree import InfectionTree


class ReproductionEstimate(NamedTuple):
    """A reproduction number with its interval.

    ``draws`` (b,) holds the bootstrap draws (empty without interval). ``reason`` says why something is
    None; None when there is nothing to say.
    """

    value: float | None
    low: float | None
    high: float | None
    draws: F64
    reason: str | None


def reproduction_number(next_generation: ArrayLike | Any) -> float:
    """Spectral radius of a next-generation matrix.

    Parameters
    ----------
    next_generation:
        Square, dense or scipy.sparse, finite, not negative; ``[a, b]``: offspring of type a of one of type b.

    Returns
    -------
    float
        R_0; exactly 0 where no type leads back to itself.

    Raises
    ------
    SpecError
        If the matrix is not square, is empty, or holds a negative or infinite entry.
    """
    return spectral_radius(_next_generation(next_generation))


def leading_eigenvector(next_generation: ArrayLike | Any) -> F64:
    """The mix of types whose next generation is the same mix, R_0 times as many.

    Seeds drawn with these probabilities grow by R_0 in every generation in expectation. Shape (n,), not
    negative, sum one. Takes and refuses what :func:`reproduction_number` does.
    """
    return leading_vector(_next_generation(next_generation))


def next_generation_matrix(offspring: InfectionTree | ArrayLike, types: ArrayLike, n_types: int) -> F64:
    """Mean offspring by type of child and of parent.

    Parameters
    ----------
    offspring:
        Shape (s, n_types): offspring of each seed by the type of the child, followed to the end; or an
        infection tree, whose events with a complete follow-up of 26 weeks are the seeds.
    types:
        Shape (s,), or one for each event of the tree: 0 to n_types - 1, or -1 for seeds to leave out.
    n_types:
        Number of types.

    Returns
    -------
    F64
        Shape (n_types, n_types), ``[a, b]``: offspring of type a of one seed of type b.

    Raises
    ------
    SpecError
        If a shape or a type is wrong, or a type has no seed.
    """
    counts, kinds = _seeds(offspring, types, n_types)
    sums, seeds = _by_cluster(counts, kinds, n_types, np.zeros(len(kinds), dtype=np.int64), 1)
    return np.asarray(sums[0] / seeds[0])


def reproduction_interval(
    offspring: InfectionTree | ArrayLike,
    types: ArrayLike,
    n_types: int,
    *,
    runs: ArrayLike | None = None,
    draws: int = 1000,
    interval: float = 0.95,
    seed: int = 0,
) -> ReproductionEstimate:
    """R_0 of :func:`next_generation_matrix` with a bootstrap interval.

    Parameters
    ----------
    offspring, types, n_types:
        As there.
    runs:
        Shape (s,): the run of each seed; runs are then drawn as a whole. None: seeds are independent.
    draws:
        Number of bootstrap draws, from 100.
    interval:
        Coverage, between 0 and 1.
    seed:
        Key of the random numbers.

    Raises
    ------
    SpecError
        As :func:`next_generation_matrix`, and when ``runs``, ``draws`` or ``interval`` is out of bounds.
    """
    counts, kinds = _seeds(offspring, types, n_types)
    cluster = np.arange(len(kinds))
    if runs is not None:
        given = np.asarray(runs)
        before = np.asarray(types)
        if given.shape not in (kinds.shape, before.shape):
            raise SpecError("reproduction_interval", "runs", f"has shape {given.shape}", "one run a seed")
        if given.shape != kinds.shape:
            given = given[_used(offspring, before)]
        cluster = np.unique(given, return_inverse=True)[1].reshape(-1)
    clusters = int(cluster.max()) + 1
    sums, seeds = _by_cluster(counts, kinds, n_types, cluster, clusters)
    matrix = sums.sum(axis=0) / seeds.sum(axis=0)
    value = spectral_radius(csr_array(matrix))
    if clusters < 2:
        return ReproductionEstimate(value, None, None, np.empty(0), "one run gives no interval")
    flat = sums.reshape(clusters, -1)
    stack = np.empty((draws, n_types, n_types))
    for draw, weight in enumerate(bootstrap_weights(seed, draws, clusters, interval)):
        stack[draw] = (weight @ flat).reshape(n_types, n_types) / (weight @ seeds)
    found = stacked_radius(stack, cyclic_classes(csr_array(matrix)))
    return ReproductionEstimate(value, *percentile_ends(found, value, interval), found, None)


def generation_growth(
    masses: ArrayLike | Sequence[ArrayLike],
    first: int = 2,
    last: int = 4,
    *,
    draws: int = 1000,
    interval: float = 0.95,
    seed: int = 0,
) -> ReproductionEstimate:
    """Growth per generation of small seeds, over runs.

        R = (sum over runs of M_last / sum over runs of M_first) ** (1 / (last - first))

    Early generations still have the mix of types of the seeds and late ones meet the limits of the
    economy; between generations 2 and 4 the growth is near R_0 (assumption of the default).

    Parameters
    ----------
    masses:
        Shape (runs, G), or one sequence a run: mass of each generation, seeds first. Generations beyond
        the end of a run are empty.
    first, last:
        Generations that are compared, 0 <= first < last.
    draws, interval, seed:
        As in :func:`reproduction_interval`; runs are drawn.

    Returns
    -------
    ReproductionEstimate
        No value where no run reached generation ``first``; no upper end where none reached ``last``.

    Raises
    ------
    SpecError
        If masses are negative or not finite, or another argument is out of bounds.
    """
    if not 0 <= first < last:
        problem = f"are {first} and {last}"
        raise SpecError("generation_growth", "first, last", problem, "0 <= first < last")
    pairs = np.zeros((len(masses), 2))  # type: ignore[arg-type]
    for run, given in enumerate(masses):  # type: ignore[arg-type]
        mass = _numbers(given, "generation_growth", f"masses[{run}]")
        if mass.ndim != 1 or (mass < 0).any():
            raise SpecError("generation_growth", f"masses[{run}]", "is no row of masses", "0 or more each")
        for column, generation in enumerate((first, last)):
            pairs[run, column] = mass[generation] if generation < len(mass) else 0.0
    started, reached = pairs.sum(axis=0)
    nothing = np.empty(0)
    if started == 0:
        return ReproductionEstimate(None, None, None, nothing, f"no run reached generation {first}")
    power = 1.0 / (last - first)
    value = float((reached / started) ** power)
    if reached == 0:
        return ReproductionEstimate(value, 0.0, None, nothing, f"no run reached generation {last}")
    if len(pairs) < 2:
        return ReproductionEstimate(value, None, None, nothing, "one run gives no interval")
    weighted = [weight @ pairs for weight in bootstrap_weights(seed, draws, len(pairs), interval)]
    ends = np.array(weighted)
    found = (ends[:, 1] / ends[:, 0]) ** power
    return ReproductionEstimate(value, *percentile_ends(found, value, interval), found, None)


def loss_next_generation(
    exposures: ArrayLike | Any,
    equity_survival: Callable[[F64, I64], ArrayLike] | ArrayLike,
    *,
    lgd: float = 1.0,
) -> csr_array:
    """Next-generation matrix of a loss cascade among firms whose reserves are random.

        K[i, j] = P(reserve_i < lgd * exposures[i, j])

    With exponential reserves (which forget what they already bore) this holds for every further hit, as
    long as the firm still stands; for other laws it is the first hit alone.

    Parameters
    ----------
    exposures:
        Shape (n, n), dense or scipy.sparse: i's claim on j, the diagonal empty.
    equity_survival:
        Either the exponential rate of the reserves, a scalar or shape (n,), in 1 over the unit of
        exposures; or a function of loss and firm (both of shape (m,)) that gives P(reserve >= loss).
    lgd:
        Share of a claim that is lost, from 0 to 1.

    Returns
    -------
    csr_array
        Shape (n, n): expected direct offspring i of the failure of j.

    Raises
    ------
    SpecError
        If a claim, a rate, a probability or ``lgd`` is out of bounds.
    """
    source = "loss_next_generation"
    claims = _next_generation(exposures, source, "exposures").tocoo()
    creditor, debtor = claims.coords
    if (creditor == debtor).any():
        raise SpecError(source, "exposures", "has a firm with a claim on itself", "an empty diagonal")
    if not 0 <= lgd <= 1:
        raise SpecError(source, "lgd", f"is {lgd}", "a number from 0 to 1")
    loss = lgd * claims.data
    if callable(equity_survival):
        survival = _numbers(equity_survival(loss, creditor.astype(np.int64)), source, "equity_survival")
        wrong = survival.shape != loss.shape or (survival < 0).any() or (survival > 1).any()
        fails = 1.0 - survival
        allowed = "a probability from 0 to 1 for each loss"
    else:
        rate = _numbers(equity_survival, source, "equity_survival")
        wrong = rate.shape not in ((), (claims.shape[0],)) or (rate <= 0).any()
        fails = loss if wrong else -np.expm1(-np.broadcast_to(rate, claims.shape[0])[creditor] * loss)
        allowed = "rates above 0, a scalar or one a firm"
    if wrong:
        raise SpecError(source, "equity_survival", "is out of bounds", allowed)
    return csr_array((fails, (creditor, debtor)), shape=claims.shape)


def _numbers(given: ArrayLike, source: str, field: str) -> F64:
    """The argument as float64; SpecError unless it holds finite numbers only."""
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SpecError(source, field, "is not an array of numbers", "finite numbers") from None
    if not np.isfinite(numbers).all():
        raise SpecError(source, field, "holds a value that is not finite", "finite numbers")
    return numbers


def _next_generation(
    given: ArrayLike | Any, source: str = "reproduction_number", field: str = "next_generation"
) -> csr_array:
    """A square non-negative matrix as csr without stored zeros."""
    matrix: Any = given if issparse(given) else _numbers(given, source, field)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] == 0:
        raise SpecError(source, field, f"has shape {matrix.shape}", "a square matrix")
    sparse: csr_array = csr_array(matrix, dtype=np.float64, copy=True)
    sparse.sum_duplicates()
    _numbers(sparse.data, source, field)
    if (sparse.data < 0).any():
        raise SpecError(source, field, f"holds {sparse.data.min():g}", "entries of 0 or more")
    sparse.eliminate_zeros()
    return sparse


def _used(offspring: InfectionTree | ArrayLike, types: I64) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which seeds count: those with a type, and of a tree those with complete follow-up."""
    used = types >= 0
    return used & offspring.complete() if hasattr(offspring, "complete") else used


def _seeds(offspring: InfectionTree | ArrayLike, types: ArrayLike, n_types: int) -> tuple[F64, I64]:
    """Offspring by type of the seeds that count, and their types; every type has a seed."""
    source = "next_generation_matrix"
    kinds = np.asarray(types)
    if kinds.ndim != 1 or kinds.dtype.kind not in "iu" or n_types < 1:
        raise SpecError(source, "types", f"has shape {kinds.shape}", "whole numbers, one a seed")
    if (kinds < -1).any() or (kinds >= n_types).any():
        raise SpecError(source, "types", "names an unknown type", f"-1 to {n_types - 1}")
    if hasattr(offspring, "offspring_by_type"):
        counts = offspring.offspring_by_type(kinds, n_types)
    else:
        counts = _numbers(offspring, source, "offspring")
    if counts.shape != (len(kinds), n_types) or (counts < 0).any():
        problem = f"has shape {counts.shape} or a negative entry"
        raise SpecError(source, "offspring", problem, f"({len(kinds)}, {n_types}), 0 or more")
    used = _used(offspring, kinds)
    counts, kinds = counts[used], kinds[used].astype(np.int64)
    missing = np.setdiff1d(np.arange(n_types), kinds)
    if len(missing):
        raise SpecError(source, "types", f"type {missing[0]} has no seed", "at least one seed of each type")
    return counts, kinds


def _by_cluster(counts: F64, kinds: I64, n_types: int, cluster: I64, clusters: int) -> tuple[F64, F64]:
    """Sums of offspring (clusters, child type, parent type), and seeds (clusters, parent type)."""
    sums = np.zeros((clusters, n_types, n_types))
    seeds = np.zeros((clusters, n_types))
    np.add.at(sums.transpose(0, 2, 1), (cluster, kinds), counts)
    np.add.at(seeds, (cluster, kinds), 1.0)
    return sums, seeds
