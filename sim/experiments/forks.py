"""Forks: many policies from one state in mid-run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sim.core.errors import SpecError, StoppedError
from sim.experiments.arms import Arm, Arms
from sim.experiments.comparison import Comparison
from sim.experiments.running import Progress
from sim.experiments.tasks import RunRow, Task, row_of
from sim.spec.content import scenario_digest

if TYPE_CHECKING:
    from sim.model import Ecosystem

#: Name of the arm that goes on as the run would have.
NOW = "now"


def fork(
    start: Ecosystem | str | Path,
    arms: Mapping[str, Mapping[str, object]],
    *,
    weeks: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Let many policies leave one state, each as the run would have gone on under it.

    Parameters
    ----------
    start:
        A model at any week, which is left as it is, or the file of a snapshot.
    arms:
        Changes by arm; see :meth:`sim.model.Ecosystem.branch`.
    weeks:
        Week at which the runs end; none: the scenario's.
    progress:
        Called with (weeks done, weeks in all) over all arms.

    Returns
    -------
    Comparison
        One run, so that there are no intervals. Effects are against the first arm. Measures cover all
        weeks since measurement began, those before the fork included.

    Raises
    ------
    SpecError
        For a file that is no snapshot, an impossible change, or one that acts on the start of a run.
    StoppedError
        When interrupted.
    """
    from sim.model import Ecosystem

    model = start if isinstance(start, Ecosystem) else Ecosystem.restore(start)
    if not arms:
        raise SpecError("arms", "", "there is no arm", 'at least one, such as arms={"now": {}}')
    end = model.spec.weeks if weeks is None else weeks
    if end <= model.week:
        raise SpecError(
            "weeks", "", f"{end} is over: the state is at week {model.week}", f"{model.week + 1} or more"
        )
    branches = {name: model.branch(changes) for name, changes in arms.items()}
    spec = model.spec.model_copy(update={"weeks": end})
    made = tuple(
        Arm(
            name,
            dict(changes),
            branches[name].spec.model_copy(update={"weeks": end}),
            branches[name].spec.strategy,
        )
        for name, changes in arms.items()
    )
    task = Task(spec, model.world, model.world.id, None, model.seed, 0, made)
    rows = _run(task, branches, end, progress)
    return Comparison(
        scenario=spec,
        rules=None,
        worlds=(model.world.id,),
        arms=Arms(made, made[0].name),
        runs=1,
        hash=scenario_digest(spec),
        results=rows,
    )


def _run(task: Task, branches: Mapping[str, Ecosystem], end: int, progress: Progress | None) -> list[RunRow]:
    left = [end - model.week for model in branches.values()]
    total, done, rows = sum(left), 0, []
    try:
        for arm in task.arms:
            model = branches[arm.name]
            while model.week < end:
                model.run(1)
                done += 1
                if progress is not None:
                    progress(done, total)
            rows.append(row_of(task, arm, model))
            model.release()
    except KeyboardInterrupt as error:
        raise StoppedError(f"stopped after {done} of {total} weeks; nothing of it is kept") from error
    return rows
