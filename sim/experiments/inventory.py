"""What a run table holds, a line for each experiment."""

from __future__ import annotations

import pandas as pd

from sim.core.program import program_digest
from sim.experiments.run_table import RunTable
from sim.experiments.run_views import query

_COUNTS = """
    SELECT experiment, count(*) AS runs, count(DISTINCT (world, point, run)) AS starts,
           round(sum(seconds), 1) AS seconds, max(finished) AS finished, any_value(version) AS version
    FROM runs GROUP BY experiment
"""


def inventory(table: RunTable) -> pd.DataFrame:
    """The experiments of a run table, the newest last.

    Columns: ``experiment`` (beginning of its hash), ``kind``, ``scenario``, ``worlds``, ``arms``,
    ``weeks``, ``seed``, ``starts`` and ``runs`` that are finished, ``seconds`` they took, ``finished``
    (time of the last, UTC), ``version``, ``usable`` (made by the present program, so that the same call goes
    on from it).
    """
    counts = {row["experiment"]: row for row in query(table, _COUNTS).to_dict("records")}
    lines = []
    for name, content in table.experiments().items():
        scenario = content.get("scenario", {})
        known = counts.get(name)
        lines.append(
            {
                "experiment": name[:8],
                "kind": content.get("kind"),
                "scenario": scenario.get("id"),
                "worlds": ",".join(content.get("worlds", {})),
                "arms": ",".join(content.get("arms", {})),
                "weeks": scenario.get("weeks"),
                "seed": scenario.get("seed"),
                "starts": 0 if known is None else int(known["starts"]),
                "runs": 0 if known is None else int(known["runs"]),
                "seconds": 0.0 if known is None else float(known["seconds"]),
                "finished": "" if known is None else f"{known['finished']:%Y-%m-%d %H:%M}",
                "version": content.get("versions", {}).get("version"),
                "usable": content.get("versions", {}).get("program") == program_digest(),
            }
        )
    frame = pd.DataFrame(lines, columns=_COLUMNS)
    return frame.sort_values("finished", kind="stable", ignore_index=True)


_COLUMNS = [
    "experiment", "kind", "scenario", "worlds", "arms", "weeks", "seed", "starts", "runs", "seconds",
    "finished", "version", "usable",
]  # fmt: skip
