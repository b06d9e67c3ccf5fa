"""Class scores of vectors: by a perceptron and by votes, out of fold, and against scikit-learn."""

from __future__ import annotations

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch_geometric.data import HeteroData

from avgraph.encoders import EncodeContext, NeighbourVotes, Perceptron, Views
from avgraph.errors import DataError

QUICK = {"hidden_channels": 16, "epochs": 30, "batch_size": 16, "lr": 0.02}


def blobs(rows: int = 150, classes: int = 3, spread: float = 0.5) -> HeteroData:
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(rows) % classes
    x = torch.eye(classes, 5)[y] + spread * torch.randn(rows, 5, generator=draw)
    return HeteroData(image={"x": x, "y": y, "train_mask": torch.arange(rows) < 2 * rows // 3})


@pytest.mark.parametrize("encoder", [Perceptron(**QUICK), Perceptron(**QUICK, mixup=0.4), NeighbourVotes(k=9)])
def test_scores_are_probabilities_that_tell_classes_apart(encoder: Perceptron | NeighbourVotes) -> None:
    data = blobs()
    image = encoder.encode(data, "image")["image"]
    torch.testing.assert_close(image.score.sum(1), torch.ones(150))
    assert float((image.score.argmax(1) == image.y)[~image.train_mask].float().mean()) > 0.6  # of three classes
    assert torch.equal(image.x, data["image"].x)
    assert "score" not in data["image"]


@pytest.mark.parametrize("encoder", [Perceptron(**QUICK), NeighbourVotes(k=5)])
def test_no_training_row_is_scored_by_its_own_label(encoder: Perceptron | NeighbourVotes) -> None:
    data = blobs(spread=5.0)  # nothing to learn: whoever knows a row's label is far better than chance
    image = encoder.encode(data, "image")["image"]
    assert float((image.score.argmax(1) == image.y)[image.train_mask].float().mean()) < 0.55
    before, changed = encoder.encode(data, "image")["image"].score, blobs(spread=5.0)
    changed["image"].y[0] = (changed["image"].y[0] + 1) % 3
    if isinstance(encoder, NeighbourVotes):  # its own label has no say; a perceptron's folds are made class by class
        torch.testing.assert_close(encoder.encode(changed, "image")["image"].score[0], before[0])


def test_votes_are_those_of_scikit_learn() -> None:
    data = blobs()
    image = NeighbourVotes(k=7, temperature=1e6, smoothing=1e-9).encode(data, "image")["image"]
    train = image.train_mask
    x = torch.nn.functional.normalize(data["image"].x - data["image"].x[train].mean(0))
    model = KNeighborsClassifier(7, metric="cosine").fit(x[train], data["image"].y[train])
    expected = torch.from_numpy(model.predict_proba(x[~train])).float()
    torch.testing.assert_close(image.score[~train], expected, atol=1e-4, rtol=1e-4)


def test_a_cold_temperature_hears_the_nearest_row_alone() -> None:
    data = blobs()
    image = NeighbourVotes(k=7, temperature=1e-6, smoothing=1e-6).encode(data, "image")["image"]
    one = NeighbourVotes(k=1, smoothing=1e-6).encode(data, "image")["image"]
    torch.testing.assert_close(image.score, one.score, atol=1e-2, rtol=0)


def test_scores_are_kept_by_content_options_and_seed(tmp_path) -> None:  # type: ignore[no-untyped-def]
    context, data = EncodeContext(seed=1, cache=tmp_path), blobs()
    encoder = Perceptron(**QUICK)
    first = encoder.encode(data, "image", context=context)["image"].score
    assert torch.equal(encoder.encode(data, "image", context=context)["image"].score, first)
    assert len(list(tmp_path.iterdir())) == 1
    for other in (Perceptron(**{**QUICK, "epochs": 3}), Perceptron(**QUICK, seed=5)):
        assert not torch.equal(other.encode(data, "image", context=context)["image"].score, first)
    assert len(list(tmp_path.glob("*.pt"))) == 3


def test_views_of_the_same_vectors_hold_them_once() -> None:
    image = Views([Perceptron(**QUICK), NeighbourVotes(k=5)]).encode(blobs(), "image")["image"]
    assert image.x.shape == (150, 5)
    assert image.view_score.shape == (150, 2, 3)


@pytest.mark.parametrize("encoder", [Perceptron(), NeighbourVotes()])
def test_what_is_missing_is_named(encoder: Perceptron | NeighbourVotes) -> None:
    name = encoder.type
    data = blobs()
    del data["image"].train_mask
    with pytest.raises(DataError, match=f"{name}: node type 'image' has no 'train_mask'"):
        encoder.encode(data, "image")
    data["image"].train_mask = torch.zeros(150, dtype=torch.bool)
    with pytest.raises(DataError, match=f"{name}: node type 'image' has no training row"):
        encoder.encode(data, "image")


def test_rows_that_cannot_be_used_are_told() -> None:
    data = blobs()
    data["image"].y[data["image"].train_mask] = 0
    with pytest.raises(DataError, match="perceptron: the rows of a fold hold 1 class"):
        Perceptron(**QUICK).encode(data, "image")
    with pytest.raises(DataError, match="neighbour_votes: k = 100 of 100 training rows; expected fewer"):
        NeighbourVotes(k=100).encode(data, "image")
    data["image"].x[3] = 0
    with pytest.raises(DataError, match=r"neighbour_votes: image\.x: row 3 is zero"):
        NeighbourVotes(k=5).encode(data, "image")
