"""Scores of vectors: held out for training rows, of the strength that held-out rows prefer, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression as Classifier
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders import LogisticRegression
from avgraph.encoders.class_logits import best_temperature
from avgraph.errors import DataError
from avgraph.graph.inner_folds import inner_folds

N = 120


def noisy(classes: int = 3, width: int = 8, noise: float = 1.5) -> HeteroData:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(N) % classes
    x = torch.randn(classes, width, generator=generator)[y] + noise * torch.randn(N, width, generator=generator)
    return HeteroData(audio={"x": 7 * x + 100, "y": y, "train_mask": torch.arange(N) < 90})


def shape_of(score: Tensor) -> Tensor:
    """Log-scores without their temperature."""
    log = score.log()
    log = log - log.mean(1, keepdim=True)
    return log / log.std(1, keepdim=True)


def test_scores_are_those_of_scikit_learn_at_the_best_strength() -> None:
    data, strengths = noisy(), [0.001, 0.1, 10.0]
    score = LogisticRegression(strengths=strengths).encode(data, "audio")["audio"].score
    store, train = data["audio"], np.arange(90)
    x = ((store.x - store.x[:90].mean(0)) / store.x[:90].std(0, correction=0)).double().numpy()
    folds = PredefinedSplit(inner_folds(store, torch.arange(90)).numpy())
    best = (float("inf"), None)
    for strength in strengths:
        model = Classifier(C=strength, tol=1e-3, max_iter=300)
        held_out = cross_val_predict(model, x[train], store.y[:90], cv=folds, method="decision_function")
        logits = torch.from_numpy(held_out).float()
        temperature = best_temperature(logits, store.y[:90])
        loss = float(F.cross_entropy(logits / temperature, store.y[:90]))
        if loss < best[0]:
            rest = torch.from_numpy(model.fit(x[train], store.y[:90]).decision_function(x[90:])).float()
            best = (loss, torch.cat([logits, rest]) / temperature)
    torch.testing.assert_close(score, best[1].softmax(1), rtol=1e-3, atol=1e-4)


def test_the_score_of_a_training_row_does_not_know_its_class() -> None:
    data, changed = noisy(), noisy()
    changed["audio"].y[4] = (changed["audio"].y[4] + 1) % 3
    changed["audio"].fold = data["audio"].fold = torch.arange(N) % 4  # the same groups, whatever the classes
    one, other = (LogisticRegression(strengths=[0.1]).encode(d, "audio")["audio"].score for d in (data, changed))
    torch.testing.assert_close(shape_of(one)[4], shape_of(other)[4])
    assert not torch.allclose(shape_of(one)[5], shape_of(other)[5], atol=1e-4)


def test_features_stay_and_a_class_without_training_rows_is_the_last_choice() -> None:
    data = noisy()
    data["audio"].y[90:] = 3
    encoded = LogisticRegression().encode(data, "audio")["audio"]
    torch.testing.assert_close(encoded.x, data["audio"].x)
    assert encoded.score.shape == (N, 4)
    torch.testing.assert_close(encoded.score.sum(1), torch.ones(N))
    assert (encoded.score.argmin(1) == 3).float().mean() > 0.5
    assert "score" not in data["audio"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": None}, "logistic_regression: node type 'audio' has no 'y'; it needs vectors with classes"),
        ({"x": None}, "has no 'x'"),
        ({"train_mask": torch.zeros(N, dtype=torch.bool)}, "node type 'audio' has no training row"),
        ({"y": torch.zeros(N, dtype=torch.int64)}, "the training rows hold 1 class; expected at least 2"),
        ({"x": torch.zeros(N, 4, 4)}, r"audio.x: expected floating-point features \[n, d\]"),
    ],
)
def test_what_is_refused(change: dict[str, Tensor | None], message: str) -> None:
    data = noisy()
    for key, value in change.items():
        if value is None:
            del data["audio"][key]
        else:
            data["audio"][key] = value
    with pytest.raises(DataError, match=message):
        LogisticRegression().encode(data, "audio")
