"""The trees of a classifier as arrays: predictions without scikit-learn, which costs more than they do."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.core.columns import F32, F64, I64, Bool
from sim.core.kernel import kernel


class Trees(NamedTuple):
    """Binary trees, shapes (trees, nodes): at a node the left branch is taken where the feature is at most
    the threshold, or is unknown and ``unknown_left``. The sum of the leaves' values is a log of odds."""

    start: float
    feature: I64
    threshold: F64
    left: I64
    right: I64
    leaf: Bool
    unknown_left: Bool
    value: F64


@kernel
def _log_odds(t, features, odds):  # type: ignore[no-untyped-def]
    """The log of the odds of each row of ``features``, into ``odds``."""
    for row in range(features.shape[0]):
        odds[row] = t.start
        for tree in range(t.value.shape[0]):
            node = 0
            while not t.leaf[tree, node]:
                x = np.float64(features[row, t.feature[tree, node]])
                left = t.unknown_left[tree, node] if np.isnan(x) else x <= t.threshold[tree, node]
                node = t.left[tree, node] if left else t.right[tree, node]
            odds[row] += t.value[tree, node]


def chances(trees: Trees, features: F32) -> F32:
    """The predicted chance for each row of ``features``, in 0..1."""
    from scipy.special import expit

    odds = np.empty(len(features))
    _log_odds(trees, features, odds)
    return np.asarray(expit(odds), np.float32)


def trees_of(model: Any, columns: I64) -> Trees:
    """The trees of scikit-learn's HistGradientBoostingClassifier (two outcomes, no categories) that was
    trained on ``columns`` of the features.

    scikit-learn does not document them: whoever reads them compares the predictions. Raises
    AttributeError, ValueError or KeyError where they are kept in another way.
    """
    nodes = [one.nodes for (one,) in model._predictors]
    most = max(len(tree) for tree in nodes)
    table = np.zeros((len(nodes), most), nodes[0].dtype)
    for row, tree in zip(table, nodes, strict=True):
        row[: len(tree)] = tree
    return Trees(
        start=float(model._baseline_prediction.item()),
        feature=columns[table["feature_idx"].astype(np.int64)],
        threshold=table["num_threshold"].astype(np.float64),
        left=table["left"].astype(np.int64),
        right=table["right"].astype(np.int64),
        leaf=table["is_leaf"].astype(np.bool_),
        unknown_left=table["missing_go_to_left"].astype(np.bool_),
        value=table["value"].astype(np.float64),
    )
