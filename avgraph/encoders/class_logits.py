"""Scores of a linear classifier: one column a class, also for classes that it has not seen, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from torch import Tensor


def class_logits(model: Any, rows: Float[np.ndarray, "m d"], classes: int) -> Float[torch.Tensor, "m c"]:
    """Logits of ``rows`` by a fitted classifier of scikit-learn; a class it has not seen gets the lowest of all.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[-1.0], [1.0]], [0, 2])
        >>> class_logits(model, np.array([[2.0]]), 3).argmax(1)
        tensor([2])
    """
    return _in_columns(model.decision_function(rows), torch.from_numpy(model.classes_), classes, None)


def _in_columns(decision: np.ndarray, seen: Tensor, classes: int, lowest: float | None) -> Tensor:
    if decision.ndim == 1:  # scikit-learn gives one column for two classes
        decision = np.stack([-decision / 2, decision / 2], 1)
    logits = torch.full((len(decision), classes), float(decision.min()) if lowest is None else lowest)
    logits[:, seen] = torch.from_numpy(decision).float()
    return logits


def classifier_state(model: Any, logits: Float[Tensor, "m c"]) -> dict[str, Tensor]:
    """A linear classifier of scikit-learn as tensors; ``logits`` are what `class_logits` has given for its rows."""
    return {
        "coefficients": torch.from_numpy(model.coef_),
        "intercept": torch.from_numpy(model.intercept_),
        "seen": torch.from_numpy(model.classes_),
        "classes": torch.tensor(logits.shape[1]),
        "lowest": logits.min(),
    }


def state_logits(state: Mapping[str, Tensor], rows: Float[Tensor, "m d"]) -> Float[Tensor, "m c"]:
    """As `class_logits`, of further rows by a kept classifier.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> model, rows = LogisticRegression().fit([[-1.0], [1.0]], [0, 2]), torch.tensor([[2.0], [-2.0]])
        >>> logits = class_logits(model, rows.double().numpy(), 3)
        >>> torch.equal(state_logits(classifier_state(model, logits), rows[:1]), logits[:1])
        True
    """
    decision = rows.double() @ state["coefficients"].double().T + state["intercept"].double()
    column = decision[:, 0] if decision.shape[1] == 1 else decision
    return _in_columns(column.numpy(), state["seen"], int(state["classes"]), float(state["lowest"]))


def best_temperature(logits: Float[Tensor, "n c"], y: Int[Tensor, " n"]) -> float:
    """The temperature with the lowest cross-entropy of softmax(logits / temperature), between 0.05 and 500.

    Example:
        >>> logits = torch.tensor([[8.0, 0.0], [8.0, 0.0], [8.0, 0.0], [8.0, 0.0]])
        >>> round(8 / best_temperature(logits, torch.tensor([0, 0, 0, 1])), 3)  # three right of four: log 3
        1.099
    """
    exact = logits.double()

    def loss(log_temperature: float) -> float:
        return float(F.cross_entropy(exact / float(np.exp(log_temperature)), y))

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(500)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))
