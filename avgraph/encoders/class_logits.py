"""Scores of a linear classifier: one column a class, also for classes that it has not seen, and how sure they are."""

from __future__ import annotations

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
    decision = model.decision_function(rows)
    if decision.ndim == 1:  # scikit-learn gives one column for two classes
        decision = np.stack([-decision / 2, decision / 2], 1)
    logits = torch.full((len(rows), classes), float(decision.min()))
    logits[:, torch.from_numpy(model.classes_)] = torch.from_numpy(decision).float()
    return logits


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
