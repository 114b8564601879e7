"""A classifier: boosted trees of scikit-learn on chosen columns of a table of features."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from sim.core.columns import F32, I64, Bool
from sim.prediction.trees import Trees, chances, trees_of

#: Fewer rows, or fewer of either outcome, teach nothing (assumptions).
LEAST_ROWS = 300
LEAST_OF_EACH = 20
#: Small trees and few of them: thousands of rows and tens of columns (assumptions of size).
TREES, LEAVES, LEAST_IN_LEAF, LEARNING_RATE = 40, 4, 25, 0.12


class Classifier(NamedTuple):
    """A trained model, the columns of the table of features that it was given, and the share of events."""

    #: scikit-learn's; it is asked only where its ``trees`` could not be read.
    model: Any
    trees: Trees | None
    columns: I64
    #: Share of the cases it learned from in which the event happened.
    base: float


@lru_cache(maxsize=1)
def _threads() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def train(features: F32, happened: Bool, columns: I64) -> Classifier | None:
    """Learn the chance that something happens from ``features`` (rows, columns) of past cases.

    The same rows give the same model on any number of threads. None where there are fewer than 300
    rows or 20 of either outcome. Gradient boosting of histogram trees (Ke et al., LightGBM, NeurIPS
    2017; scikit-learn's HistGradientBoostingClassifier).
    """
    events = int(happened.sum())
    if len(happened) < LEAST_ROWS or min(events, len(happened) - events) < LEAST_OF_EACH:
        return None
    # imported when first used: half a second that most commands do not need
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, min_samples_leaf=LEAST_IN_LEAF, learning_rate=LEARNING_RATE,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    with _threads().limit(limits=1, user_api="openmp"):
        model.fit(features[:, columns], happened)
    found = Classifier(model, None, columns, events / len(happened))
    try:
        trees = trees_of(model, columns)
    except (AttributeError, KeyError, ValueError):
        return found
    some = features[:LEAST_ROWS]
    same = np.array_equal(chances(trees, some), predict(found, some))
    return found._replace(trees=trees) if same else found


def predict(classifier: Classifier, features: F32) -> F32:
    """The predicted chance for each row of ``features``, in 0..1."""
    if len(features) == 0:
        return np.zeros(0, np.float32)
    if classifier.trees is not None:
        return chances(classifier.trees, features)
    with _threads().limit(limits=1, user_api="openmp"):
        chance = classifier.model.predict_proba(features[:, classifier.columns])[:, 1]
    return np.asarray(chance, np.float32)
