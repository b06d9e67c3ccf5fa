"""`logistic_regression`: class probabilities of vectors, the linear model that everything else has to beat.

RR-Net proposes candidates by a model that exists already; for vectors without one this is the simplest. Features are
standardised. The strength of the L2 penalty is chosen by the log-loss of training rows that were held out, at the best
temperature of each strength: a strong penalty is right about the class long before it is right about how sure it is.
Every training row is scored by a model that has not seen it, so that the scores of training and test rows are alike.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Classifier
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.class_logits import best_temperature, class_logits, classifier_state, state_logits
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.labelled_rows import LabelledRows, labelled_rows
from avgraph.encoders.memory import as_learned, remembered
from avgraph.encoders.precomputed import kept_features
from avgraph.encoders.vectors import LogisticRegression
from avgraph.graph.inner_folds import checked_folds
from avgraph.runtime.progress import progress
from avgraph.tensors.rows import column_scale

_FORMAT = 2  # raise when the scores change, so that old results are not taken for new ones
_TOLERANCE, _MAX_ITERATIONS = 1e-3, 300  # beyond these the held-out loss moves no more


def encode(options: LogisticRegression, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
    rows = labelled_rows("logistic_regression", data, node)
    groups = checked_folds("logistic_regression", data, node, rows.train)
    about = {"encoder": "logistic_regression", "format": _FORMAT, "strengths": options.strengths}
    found = remembered(
        context, about, [rows.x, rows.y, rows.train, groups],
        lambda: _scores(options.strengths, rows, groups),
    )  # fmt: skip
    result = copy.copy(data)
    result[node].x, result[node].score = rows.x, found["score"]
    return result


def encode_new(data: HeteroData, node: str, learned: Mapping[str, Tensor]) -> HeteroData:
    """Scores of further rows by the model of all training rows."""
    x = kept_features(f"{node}.x", data[node].x)
    logits = state_logits(learned, (x - learned["mean"]) / learned["deviation"])
    result = copy.copy(data)
    result[node].x, result[node].score = x, (logits / learned["temperature"].item()).softmax(1)
    return result


def _scores(strengths: Sequence[float], rows: LabelledRows, groups: Int[Tensor, " m"]) -> dict[str, Tensor]:
    """Probabilities by the strength that is best on held-out rows."""
    train, own = rows.train, rows.y[rows.train]
    mean, deviation = column_scale(rows.x, train, added=1e-6)
    x = ((rows.x - mean) / deviation).double().numpy()
    held_out, temperature, loss = {}, {}, {}
    for strength in progress(strengths, "logistic regression"):
        logits = torch.empty(len(train), rows.classes)
        for fold in groups.unique():
            shared, left = groups != fold, groups == fold
            fitted = _fitted(x[train[shared].numpy()], own[shared], strength)
            logits[left] = class_logits(fitted, x[train[left].numpy()], rows.classes)
        held_out[strength], temperature[strength] = logits, best_temperature(logits, own)
        loss[strength] = float(F.cross_entropy(logits / temperature[strength], own))
    best = min(loss, key=lambda strength: loss[strength])
    model = _fitted(x[train.numpy()], own, best)
    logits = class_logits(model, x, rows.classes)
    scale = {"mean": mean, "deviation": deviation, "temperature": torch.tensor(temperature[best], dtype=torch.float64)}
    state = as_learned(scale | classifier_state(model, logits))
    logits[train] = held_out[best]
    return {"score": (logits / temperature[best]).softmax(1), **state}


def _fitted(x: np.ndarray, y: Tensor, strength: float) -> Classifier:
    model = Classifier(C=strength, tol=_TOLERANCE, max_iter=_MAX_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near the end is good enough for a score
        return model.fit(x, y.numpy())
