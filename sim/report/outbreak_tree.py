"""A readable drawing of an infection tree: generations from left to right, firms only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.contagion.tree import InfectionTree
from sim.core.columns import I64

#: Firms that a drawing shows at most, and the least share of a failure that must lead back to the seeds.
MOST_DRAWN, LEAST_SHARE = 300, 0.01


class Drawing(NamedTuple):
    """``nodes``: columns ``event, x`` (generation), ``y``, ``agent, sector, week, channel`` (the largest of
    its causes), ``mass`` (share that the seeds answer for); ``lines``: ``x0, y0, x1, y1, share``."""

    nodes: pd.DataFrame
    lines: pd.DataFrame


def draw_tree(
    tree: InfectionTree, seeds: Sequence[int] | I64, generation: I64, most: int = MOST_DRAWN
) -> Drawing:
    """Places the failed firms that lead back to the seeds, those with most mass.

    ``tree`` is of firms alone. A firm stands one step right of the drawn firm that answers for most of its
    failure, or in its own ``generation`` (F,) where that firm is not drawn.
    """
    mass = tree.generations(seeds).mass
    mass[np.asarray(seeds, np.int64)] = 2.0  # before all others
    order = np.argsort(-mass, kind="stable")[:most]
    drawn = np.sort(order[mass[order] >= LEAST_SHARE]).astype(np.int64)
    parents = _parents(tree, drawn)
    x = _steps(drawn, parents, generation)
    y = _heights(drawn, parents, x)
    main = tree.shares.sort_values("share", kind="stable").drop_duplicates("child", keep="last")
    channel = main.set_index("child")["channel"]
    nodes = pd.DataFrame(
        {
            "event": drawn,
            "x": [x[event] for event in drawn.tolist()],
            "y": [y[event] for event in drawn.tolist()],
            "agent": tree.events["agent"].to_numpy()[drawn],
            "sector": tree.events["sector"].to_numpy()[drawn],
            "week": tree.week[drawn],
            "channel": channel.reindex(drawn).to_numpy(),
            "mass": np.minimum(1.0, mass[drawn]),
        }
    )
    lines = [(x[p], y[p], x[c], y[c], share) for c, (p, share) in parents.items()]
    return Drawing(nodes, pd.DataFrame(lines, columns=["x0", "y0", "x1", "y1", "share"]))


def _parents(tree: InfectionTree, drawn: I64) -> dict[int, tuple[int, float]]:
    """The drawn firm behind most of each drawn firm's failure, with its share over all channels."""
    edges = tree.edges[tree.edges["child"].isin(drawn) & tree.edges["parent"].isin(drawn)]
    pairs = edges.groupby(["child", "parent"])[["share"]].sum().reset_index()
    ordered = pairs.sort_values(["share", "parent"], ascending=[False, True], kind="stable")
    best = ordered.drop_duplicates("child")
    return {
        int(child): (int(parent), float(share))
        for child, parent, share in best[["child", "parent", "share"]].itertuples(index=False)
    }


def _steps(drawn: I64, parents: dict[int, tuple[int, float]], generation: I64) -> dict[int, int]:
    steps: dict[int, int] = {}
    for event in drawn.tolist():  # parents come before their children
        steps[event] = steps[parents[event][0]] + 1 if event in parents else max(0, int(generation[event]))
    return steps


def _heights(drawn: I64, parents: dict[int, tuple[int, float]], x: dict[int, int]) -> dict[int, float]:
    """Leaves below each other in the order of a walk down the tree, parents in the middle of theirs."""
    below: dict[int, list[int]] = {event: [] for event in drawn.tolist()}
    for child, (parent, _) in parents.items():
        below[parent].append(child)
    roots = sorted((event for event in drawn.tolist() if event not in parents), key=lambda e: (x[e], e))
    heights: dict[int, float] = {}
    leaves = 0
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        event, seen = stack.pop()
        children = below[event]
        if not children:
            heights[event] = float(-leaves)
            leaves += 1
        elif seen:
            heights[event] = float(np.mean([heights[child] for child in children]))
        else:
            stack.append((event, True))
            stack += [(child, False) for child in sorted(children, reverse=True)]
    return heights
