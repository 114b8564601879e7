"""The infection tree of firms: households pass on what firms gave them, but are not counted.

Only a firm's liquidity is infected. Borrowers whom a failed firm laid off may default, their lenders lend
less, and another firm fails for it; such a chain is one step from firm to firm here. With K_ff the shares
between firms, K_fb, K_bb and K_bf those from firms to borrowers and so on, the steps between firms are

    K = K_ff + K_fb (I + K_bb + K_bb^2 + ...) K_bf

whose growth is the type-reproduction number of firms (Roberts and Heesterbeek, "A new method for
estimating the effort required to control an infectious disease", Proceedings of the Royal Society B 270,
2003): it is on the same side of one as R_0 of firms and households together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from sim.contagion.tree import InfectionTree
from sim.core.columns import I64, Bool


class FirmTree(NamedTuple):
    """``tree``: of firms alone; ``events`` (F,): their rows in the tree of all; ``carried`` (F, E): share
    of each borrower's default that leads back to each firm's failure, through borrowers alone."""

    tree: InfectionTree
    events: I64
    carried: csr_array


def firm_tree(tree: InfectionTree) -> FirmTree:
    """The tree of firms alone; shares whose origin is no firm in the record have no parent (-1)."""
    is_firm = (tree.events["kind"] == "firm").to_numpy()
    rows = np.flatnonzero(is_firm).astype(np.int64)
    number = np.full(len(tree), -1, np.int64)
    number[rows] = np.arange(len(rows))
    carried = _carried(tree, is_firm, rows)
    edges = tree.edges[is_firm[tree.edges["child"].to_numpy(np.int64)]]
    parent, child = edges["parent"].to_numpy(np.int64), edges["child"].to_numpy(np.int64)
    direct = is_firm[parent]
    parts = [
        pd.DataFrame(
            {
                "event": number[child[direct]],
                "channel": edges["channel"].to_numpy()[direct],
                "parent": number[parent[direct]],
                "share": edges["share"].to_numpy()[direct],
            }
        )
    ]
    through = edges[~direct]
    for channel, part in through.groupby("channel", sort=True):
        cells = (part["parent"].to_numpy(), number[part["child"].to_numpy(np.int64)])
        last = csr_array((part["share"].to_numpy(), cells), shape=(len(tree), len(rows)))
        steps = (carried @ last).tocoo()
        above, below = steps.coords
        parts.append(pd.DataFrame({"event": below, "channel": channel, "parent": above, "share": steps.data}))
    known = pd.concat(parts, ignore_index=True)
    causes = pd.concat([known, _rest(tree, known, rows, number)], ignore_index=True)
    events = tree.events.iloc[rows].reset_index(drop=True)
    agents = events["agent"].to_numpy(np.int64)
    above_known = causes["parent"].to_numpy(np.int64) >= 0
    causes["kind"] = np.where(above_known, "firm", "none")
    causes["agent"] = np.where(above_known, agents[causes["parent"].to_numpy(np.int64)], -1)
    return FirmTree(InfectionTree(events, causes, last_week=tree.last_week), rows, carried)


def _carried(tree: InfectionTree, is_firm: Bool, rows: I64) -> csr_array:
    """Shape (F, E): K_fb (I + K_bb + K_bb^2 + ...), columns of borrowers."""
    borrower = (~is_firm).astype(np.float64)
    everything = tree.matrix
    to_borrowers = csr_array(everything.multiply(borrower[None, :]))
    among = csr_array(to_borrowers.multiply(borrower[:, None]))
    among.eliminate_zeros()
    step = csr_array(to_borrowers[rows, :])
    step.eliminate_zeros()
    total = step
    while step.nnz and among.nnz:
        step = csr_array(step @ among)
        step.eliminate_zeros()
        total = csr_array(total + step)
    return total


def _rest(tree: InfectionTree, known: pd.DataFrame, rows: I64, number: I64) -> pd.DataFrame:
    """What no firm in the record answers for, by channel, so that shares of a firm sum to one."""
    mine = tree.shares[np.isin(tree.shares["child"].to_numpy(np.int64), rows)]
    whole = pd.DataFrame(
        {
            "event": number[mine["child"].to_numpy(np.int64)],
            "channel": mine["channel"].to_numpy(),
            "share": mine["share"].to_numpy(),
        }
    )
    left = whole.groupby(["event", "channel"])["share"].sum()
    answered = known.groupby(["event", "channel"])["share"].sum()
    rest = (left - answered.reindex(left.index, fill_value=0.0)).clip(lower=0.0)
    frame = rest[rest > 0].reset_index()
    frame["parent"] = -1
    return frame[["event", "channel", "parent", "share"]]
