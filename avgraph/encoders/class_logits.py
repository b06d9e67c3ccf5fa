"""Scores of a linear classifier as one column a class, also for classes that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from avgraph.errors import DataError


def class_logits(model: Any, rows: Float[np.ndarray, "m d"], classes: int) -> Float[torch.Tensor, "m c"]:
    """Logits of ``rows`` by a fitted classifier of scikit-learn; a class it has not seen gets the lowest of all.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[-1.0], [1.0]], [0, 2])
        >>> class_logits(model, np.array([[2.0]]), 3).argmax(1)
        tensor([2])
    """
    decision = model.decision_function(rows)
    if decision.ndim == 1:  # scikit-learn gives one column for two classes
        decision = np.stack([-decision / 2, decision / 2], 1)
    logits = torch.full((len(rows), classes), float(decision.min()))
    logits[:, torch.from_numpy(model.classes_)] = torch.from_numpy(decision).float()
    return logits


def check_two_classes(encoder: str, y: torch.Tensor) -> None:
    """Refuse training rows that a classifier cannot tell apart.

    Raises:
        DataError: if they are of fewer than two classes.

    Example:
        >>> check_two_classes("logistic_regression", torch.tensor([1, 1]))
        Traceback (most recent call last):
        avgraph.errors.DataError: logistic_regression: the rows of a fold hold 1 class; expected at least 2
    """
    seen = len(y.unique())
    if seen < 2:
        raise DataError(f"{encoder}: the rows of a fold hold {seen} class; expected at least 2")
