"""Running comparisons: paired runs of several arms, or one run by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sim.core.errors import SpecError, StoppedError
from sim.experiments.adaptive import check_wanted, next_runs, precision
from sim.experiments.comparison import Comparison
from sim.experiments.executors import Given
from sim.experiments.plan import (
    Plan,
    RulesLike,
    ScenarioLike,
    WorldLike,
    base_scenario,
    describe,
    make_plan,
    read_worlds,
)
from sim.experiments.running import Declared, Means, Progress, Starts, run_starts
from sim.experiments.tasks import RunRow, run_task


def compare(
    scenario: ScenarioLike = "baseline",
    arms: Mapping[str, Mapping[str, object]] | None = None,
    *,
    strategies: Iterable[str] | None = None,
    worlds: WorldLike | Iterable[WorldLike] = ("evidence",),
    runs: int = 20,
    until: Mapping[str, float] | None = None,
    max_runs: int | None = None,
    portfolio: str | Path | None = None,
    mapping: str | Path | None = None,
    network: str | Path | None = None,
    rules: RulesLike | None = None,
    weeks: int | None = None,
    seed: int | None = None,
    changes: Mapping[str, object] | None = None,
    interval: str = "seed",
    workers: int | None = None,
    executor: Given = None,
    progress: Progress | None = None,
    cluster: str | None = None,
    store: str | Path | None = None,
) -> Comparison:
    """Compare arms over paired runs.

    Every run index burns in one start in each world; all arms leave it as branches with the same
    random numbers, so that they differ only through what they change. An arm that changes what is
    settled before week 0 (population, network, portfolio, burn-in) has a start of its own with the
    same seed.

    Parameters
    ----------
    scenario:
        Name, path or object.
    arms:
        Changes by arm: ``{"now": {}, "cap": {"rules.attempts_per_day": 1}}``; see
        :func:`sim.spec.changes.apply_changes` for the fields.
    strategies:
        Short for one arm each, named as the strategy. Neither arms nor strategies: the three
        strategies ``traditional``, ``ai_tiered`` and ``app_based``.
    worlds:
        Names, paths or objects.
    runs:
        Paired runs in each world.
    until, max_runs:
        Measures with the width that the intervals of their effects should have: runs are added until all
        are as narrow, or ``max_runs`` (400) are reached or could not be enough. The result says so in
        ``precision``.
    portfolio, mapping, network, rules, weeks, seed:
        Replace what the scenario says.
    changes:
        Further changes to the scenario, for all arms.
    interval:
        What intervals cover: ``"seed"``.
    workers:
        Threads or processes at work; none: one for each core.
    executor:
        ``"threads"`` (default), ``"processes"`` (a script then needs ``if __name__ == "__main__":``)
        or any :class:`concurrent.futures.Executor`. Results are the same.
    progress:
        Called in this thread with (starts finished, starts in all), a start with all its arms.
    cluster:
        Address of a Dask scheduler, instead of workers and executor.
    store:
        Folder of results: finished starts are kept in its run table (:mod:`sim.experiments.run_table`)
        and skipped by the same call later.

    Returns
    -------
    Comparison
        Effects are against a run that leaves everybody alone where arms differ in the strategy
        alone, else against the first arm.

    Raises
    ------
    SpecError
        For anything impossible, before the first run where it can be known then.
    StoppedError
        When the work was interrupted.
    """
    if interval != "seed":
        raise SpecError("interval", "", f"{interval!r} is not a kind of interval", "seed")
    base, rule_set = base_scenario(
        scenario,
        rules=rules,
        portfolio=portfolio,
        mapping=mapping,
        network=network,
        weeks=weeks,
        seed=seed,
        changes=changes,
    )
    plan = make_plan(base, rule_set, read_worlds(worlds), arms, strategies, runs)
    means = Means(workers, executor, cluster, progress, store)
    if until:
        return _run_until(plan, means, until, check_wanted(until, runs, max_runs))
    if max_runs is not None:
        raise SpecError("max_runs", "", "is given without until", "both, or neither")
    return _run(plan, means)


def planned(
    scenario: ScenarioLike = "baseline",
    arms: Mapping[str, Mapping[str, object]] | None = None,
    *,
    strategies: Iterable[str] | None = None,
    worlds: WorldLike | Iterable[WorldLike] = ("evidence",),
    runs: int = 20,
    portfolio: str | Path | None = None,
    mapping: str | Path | None = None,
    network: str | Path | None = None,
    rules: RulesLike | None = None,
    weeks: int | None = None,
    seed: int | None = None,
    changes: Mapping[str, object] | None = None,
) -> Comparison:
    """What :func:`compare` would run, checked and without a single run: for its size and its command line.

    Parameters and errors as there.
    """
    base, rule_set = base_scenario(
        scenario,
        rules=rules,
        portfolio=portfolio,
        mapping=mapping,
        network=network,
        weeks=weeks,
        seed=seed,
        changes=changes,
    )
    return _comparison(make_plan(base, rule_set, read_worlds(worlds), arms, strategies, runs), [])


def run_once(
    scenario: ScenarioLike = "baseline",
    *,
    world: WorldLike | None = None,
    strategy: str | None = None,
    portfolio: str | Path | None = None,
    mapping: str | Path | None = None,
    network: str | Path | None = None,
    rules: RulesLike | None = None,
    weeks: int | None = None,
    seed: int | None = None,
    changes: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """One run, as a comparison of one arm called ``run``: the same rows, without intervals and effects.

    The seed is the scenario's own (or the one given), not one derived from it. ``progress`` is called
    with (weeks done, weeks in all) after the burn-in. Other parameters as in :func:`compare`; no
    world: the scenario's. Raises :class:`SpecError`; :class:`StoppedError` when interrupted.
    """
    plan = one_arm_plan(
        scenario,
        world=world,
        strategy=strategy,
        portfolio=portfolio,
        mapping=mapping,
        network=network,
        rules=rules,
        weeks=weeks,
        seed=seed,
        changes=changes,
    )
    task = replace(plan.tasks()[0], seed=plan.scenario.seed)
    total, done = plan.scenario.weeks, 0

    def weekly(more: int) -> None:
        """Count weeks done and pass the count on."""
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    try:
        rows = run_task(task, weekly=weekly)
    except KeyboardInterrupt as error:
        raise StoppedError(
            f"stopped after {done} of {total} weeks; nothing of a single run is kept"
        ) from error
    return _comparison(plan, rows)


def one_arm_plan(
    scenario: ScenarioLike,
    *,
    world: WorldLike | None,
    strategy: str | None,
    portfolio: str | Path | None,
    mapping: str | Path | None,
    network: str | Path | None,
    rules: RulesLike | None,
    weeks: int | None,
    seed: int | None,
    changes: Mapping[str, object] | None,
    arms: Mapping[str, Mapping[str, object]] | None = None,
) -> Plan:
    """The plan of a single start. Raises :class:`SpecError`."""
    base, rule_set = base_scenario(
        scenario,
        rules=rules,
        portfolio=portfolio,
        mapping=mapping,
        network=network,
        weeks=weeks,
        seed=seed,
        changes={**(changes or {}), **({} if strategy is None else {"strategy": strategy})},
    )
    worlds = read_worlds(base.world if world is None else world)
    return make_plan(base, rule_set, worlds, {"run": {}} if arms is None else arms, None, 1)


def _run(plan: Plan, means: Means) -> Comparison:
    rows, found = run_starts(Declared("compare", plan.hash, describe(plan)), Starts.of(plan.tasks()), means)
    return _comparison(plan, rows, found)


def _run_until(plan: Plan, means: Means, wanted: Mapping[str, float], most: int) -> Comparison:
    """Batch after batch of runs until the intervals are as narrow as wanted, or cannot be."""
    declared = Declared("compare", plan.hash, describe(plan))
    rows: list[RunRow] = []
    resumed = first = 0
    while True:
        more, found = run_starts(declared, Starts.of(plan.tasks(first)), _after(means, len(rows), plan))
        rows, resumed = [*rows, *more], resumed + found
        result = _comparison(plan, rows, resumed)
        widths = precision(result, wanted)
        runs = next_runs(widths, plan.runs, most)
        if runs is None:
            return replace(result, precision=widths)
        first, plan = plan.runs, replace(plan, runs=runs)


def _after(means: Means, rows: int, plan: Plan) -> Means:
    """The same means with progress that counts the starts of earlier batches too."""
    show, before = means.progress, rows // len(plan.arms.all)
    if show is None:
        return means
    return replace(means, progress=lambda done, total: show(done + before, total + before))


def _comparison(plan: Plan, rows: list[RunRow], resumed: int = 0) -> Comparison:
    order = {world: place for place, world in enumerate(plan.worlds)}
    return Comparison(
        scenario=plan.scenario,
        rules=plan.rules,
        worlds=tuple(plan.worlds),
        arms=plan.arms,
        runs=plan.runs,
        hash=plan.hash,
        results=sorted(rows, key=lambda row: (order[row["world"]], row["index"])),
        resumed=resumed,
    )
