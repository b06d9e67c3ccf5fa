"""What a default is measured by: logistic regression, tuned as little as a user would, and the majority class."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks.defaults.data import TEST, TRAIN, VAL, Table

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def logistic_regression(table: Table) -> float:
    """Test accuracy on standardised features, the strength chosen among eight on the validation rows."""
    train = table.split == TRAIN
    x = StandardScaler().fit(table.x[train]).transform(table.x)

    def fitted(strength: float) -> LogisticRegression:
        return LogisticRegression(C=strength, max_iter=2000, tol=1e-3).fit(x[train], table.y[train])

    best = max((fitted(strength) for strength in STRENGTHS), key=lambda model: _score(model, x, table, VAL))
    return _score(best, x, table, TEST)


def majority(table: Table) -> float:
    """Test accuracy of the most frequent class of the training rows."""
    return float((table.y[table.split == TEST] == np.bincount(table.y[table.split == TRAIN]).argmax()).mean())


def _score(model: LogisticRegression, x: np.ndarray, table: Table, split: int) -> float:
    return float(model.score(x[table.split == split], table.y[table.split == split]))
