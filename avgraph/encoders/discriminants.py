"""Class probabilities by linear discriminants: out of fold for training rows, at one temperature, kept for new rows.

Shrinkage keeps the covariance of more features than rows regular (Ledoit & Wolf 2004). Such discriminants are far too
sure of themselves, so their scores are divided by one temperature, chosen on training rows they have not seen (Guo et
al., "On Calibration of Modern Neural Networks", 2017).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor

from avgraph.encoders.class_logits import best_temperature, class_logits, classifier_state, state_logits
from avgraph.encoders.memory import as_learned
from avgraph.errors import DataError


@dataclass(frozen=True)
class LinearModel:
    """A linear classifier with the names of scikit-learn: a row a class, or one row where there are two."""

    coef_: Float[np.ndarray, "rows d"]
    intercept_: Float[np.ndarray, " rows"]
    classes_: Int[np.ndarray, " c"]

    def decision_function(self, rows: Float[np.ndarray, "m d"]) -> np.ndarray:
        """Logits [m, c]; [m] of the second class where there are two."""
        found: np.ndarray = rows @ self.coef_.T + self.intercept_
        return found[:, 0] if len(self.coef_) == 1 else found


def linear_discriminants(
    x: Float[np.ndarray, "m d"], y: Int[np.ndarray, " m"], shrinkage: float, components: int | None = None
) -> LinearModel:
    """Linear discriminants with a shrunk covariance, of so many principal components of these rows where that is said.

    Example:
        >>> rows = np.array([[0.0, 1.0], [0.2, 0.0], [4.0, 1.0], [4.2, 0.0]])
        >>> model = linear_discriminants(rows, np.array([0, 0, 1, 1]), 0.5)
        >>> (model.decision_function(np.array([[0.0, 0.5], [5.0, 0.5]])) > 0).tolist()
        [False, True]
    """
    if components is None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Only one sample available", UserWarning)  # of a class: it has no spread
            fitted = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(x, y)
        return LinearModel(fitted.coef_, fitted.intercept_, fitted.classes_)
    pca = PCA(min(components, len(x) - 1, x.shape[1]), svd_solver="full").fit(x)
    inside = linear_discriminants(pca.transform(x), y, shrinkage)
    coefficients = inside.coef_ @ pca.components_
    return LinearModel(coefficients, inside.intercept_ - coefficients @ pca.mean_, inside.classes_)


def discriminant_scores(
    x: Float[Tensor, "n d"],
    y: Int[Tensor, " n"],
    train: Int[Tensor, " m"],
    groups: Int[Tensor, " m"],
    *,
    shrinkage: float,
    components: int | None = None,
    encoder: str = "linear discriminants",
) -> dict[str, Tensor]:
    """``score`` [n, classes], every training row's by a model that has not seen its group, and what new rows need.

    Args:
        x: standardised features.
        y: classes; those of the training rows are read, and how many there are.
        train: numbers of the training rows.
        groups: the fold of each, see `inner_folds`.
        shrinkage: of the covariance within classes.
        components: principal components of the training rows to look at; none takes the features as they are.
        encoder: to be named where there are too few rows.

    Raises:
        DataError: if a fold leaves no more rows than classes to learn from.
    """
    rows, classes = x.double().numpy(), int(y.max()) + 1
    for fold in groups.unique():
        left = y[train[groups != fold]]
        if len(left) <= (count := len(left.unique())):
            told = f"but one fold or recording leaves {len(left)} training rows of {count} classes"
            raise DataError(f"{encoder}: {told}; discriminants need more rows than classes: 3 of a class, or more")

    def fitted(numbers: Tensor) -> LinearModel:
        return linear_discriminants(rows[numbers.numpy()], y[numbers].numpy(), shrinkage, components)

    whole = fitted(train)
    logits = class_logits(whole, rows, classes)
    state = classifier_state(whole, logits)
    for fold in sorted(set(groups.tolist())):
        own = train[groups == fold]
        logits[own] = class_logits(fitted(train[groups != fold]), rows[own.numpy()], classes)
    temperature = best_temperature(logits[train], y[train])
    state["temperature"] = torch.tensor(temperature, dtype=torch.float64)
    return {"score": (logits / temperature).softmax(1), **as_learned(state)}


def new_scores(learned: Mapping[str, Any], x: Float[Tensor, "n d"]) -> Float[Tensor, "n classes"]:
    """Scores of further rows, standardised alike, by the model of all training rows."""
    score: Tensor = (state_logits(learned, x) / learned["temperature"].item()).softmax(1)
    return score
