"""Class scores of vectors: by a perceptron and by votes, out of fold, and against scikit-learn."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders import EncodeContext, LogisticRegression, NeighbourVotes, Perceptron, PictureCNN, Views
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.options.base import EncoderOptions
from tests.logged import Logged

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


def test_no_training_row_votes_on_itself() -> None:
    encoder, data, changed = NeighbourVotes(k=5), blobs(spread=5.0), blobs(spread=5.0)
    changed["image"].y[0] = (changed["image"].y[0] + 1) % 3
    before, after = (encoder.encode(graph, "image")["image"].score for graph in (data, changed))
    torch.testing.assert_close(after[0], before[0])
    assert not torch.equal(after, before)


@pytest.mark.parametrize("where", ["source_file", "fold"])
def test_no_vote_comes_from_the_own_recording_or_fold(where: str) -> None:
    """Four clips of a recording are all but equal, and what the recordings of a class share is nothing."""
    draw = torch.Generator().manual_seed(0)
    recording = torch.arange(200) // 4
    y = torch.randint(2, (50,), generator=draw)[recording]
    x = torch.randn(50, 6, generator=draw)[recording] + 1e-3 * torch.randn(200, 6, generator=draw)
    data = HeteroData(image={"x": x, "y": y, "train_mask": torch.ones(200, dtype=torch.bool)})
    encoder = NeighbourVotes(k=3)
    assert bool((encoder.encode(data, "image")["image"].score.argmax(1) == y).all())  # each knows its copies
    data["image"][where] = recording if where == "fold" else [f"r{number}" for number in recording]
    score = encoder.encode(data, "image")["image"].score
    assert float((score.argmax(1) == y).float().mean()) < 0.7
    naive = torch.nn.functional.normalize(x - x.mean(0))
    for row in (0, 77, 199):
        others = (recording != recording[row]).nonzero()[:, 0]
        value, place = (naive[others] @ naive[row]).topk(3)
        votes = torch.zeros(2).index_add(0, y[others[place]], (value / encoder.temperature).softmax(0))
        expected = (3 * votes + encoder.smoothing) / (3 + 2 * encoder.smoothing)
        torch.testing.assert_close(score[row], expected, atol=1e-5, rtol=1e-4)


def test_too_few_rows_of_other_recordings_to_vote() -> None:
    data = blobs()
    data["image"].source_file = ["long"] * 95 + [f"r{row}" for row in range(55)]
    told = "neighbour_votes: k = 6 of 100 training rows, of which 5 are of other folds or recordings; expected fewer"
    with pytest.raises(DataError, match=told):
        NeighbourVotes(k=6).encode(data, "image")


@pytest.mark.parametrize("encoder", [Perceptron(**QUICK), NeighbourVotes(k=5), LogisticRegression()])
def test_rows_without_a_class_are_scored_and_not_learned_from(encoder: EncoderOptions) -> None:
    data, fewer = blobs(), blobs()
    data["image"].y[90:] = -1  # ten training rows and all others
    fewer["image"].train_mask[90:] = False
    score = encoder.encode(data, "image")["image"].score
    torch.testing.assert_close(score, encoder.encode(fewer, "image")["image"].score)
    assert score.shape == (150, 3)


def test_networks_of_consecutive_seeds_share_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    def fitted(options: Perceptron, x: Tensor, rows: object, own: Tensor) -> torch.nn.Module:
        starts.append(float(torch.rand(())))
        return torch.nn.Linear(x.shape[1], 3)

    monkeypatch.setattr("avgraph.encoders.perceptron._fitted", fitted)
    for seed in range(3):
        Perceptron(**QUICK, seed=seed).encode(blobs(), "image")
    assert len(set(starts)) == 15


def test_no_training_row_is_scored_by_a_perceptron_that_has_seen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []

    def fitted(options: Perceptron, x: Tensor, rows: object, own: Tensor) -> torch.nn.Module:
        seen.append(set(own.tolist()))
        network = torch.nn.Linear(x.shape[1], 3)
        torch.nn.init.zeros_(network.weight)
        network.bias.data = torch.tensor([float(len(seen)), 0.0, 0.0])
        return network

    monkeypatch.setattr("avgraph.encoders.perceptron._fitted", fitted)
    score = Perceptron(**QUICK).encode(blobs(), "image")["image"].score
    of_network = torch.stack([torch.tensor([float(number), 0.0, 0.0]).softmax(0) for number in range(1, 6)])
    torch.testing.assert_close(score[100:], of_network.mean(0).expand(50, 3))
    for row in range(100):
        (network,) = (number for number in range(5) if row not in seen[number])
        torch.testing.assert_close(score[row], of_network[network])


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


@pytest.mark.parametrize(("names", "told"), [(None, "2"), (["cat", "dog", "owl"], "'owl'")])
def test_a_class_in_one_recording_is_told(logged: Logged, names: list[str] | None, told: str) -> None:
    data = blobs()
    Provenance(classes=names).write_to(data)
    data["image"].source_file = ["one" if label == 2 else f"r{row}" for row, label in enumerate(data["image"].y)]
    LogisticRegression().encode(data, "image")
    assert logged.text == (
        f"logistic_regression: 1 of 3 classes ({told}) have all their training rows in one fold, or recording: "
        "these are scored by what has not seen their class\n"
    )


def test_views_of_the_same_vectors_hold_them_once_in_any_type() -> None:
    data, learned = blobs(), {}
    data["image"].x = data["image"].x.double()
    views = Views([Perceptron(**{**QUICK, "epochs": 1}), NeighbourVotes(k=5)])
    x = views.encode(data, "image", context=EncodeContext(learned=learned))["image"].x
    assert x.shape == (150, 5)
    for dtype in (torch.float32, torch.float64):
        new = HeteroData(image={"x": data["image"].x.to(dtype)})
        torch.testing.assert_close(views.encode_new(new, "image", learned)["image"].x, x)


def test_scores_are_kept_by_content_options_and_seed(tmp_path) -> None:  # type: ignore[no-untyped-def]
    context, data = EncodeContext(seed=1, cache=tmp_path), blobs()
    quick = {**QUICK, "epochs": 2}
    encoder = Perceptron(**quick)
    first = encoder.encode(data, "image", context=context)["image"].score
    assert torch.equal(encoder.encode(data, "image", context=context)["image"].score, first)
    assert len(list(tmp_path.iterdir())) == 1
    for other in (Perceptron(**{**quick, "epochs": 3}), Perceptron(**quick, seed=5)):
        assert not torch.equal(other.encode(data, "image", context=context)["image"].score, first)
    assert len(list(tmp_path.glob("*.pt"))) == 3


def test_views_of_the_same_vectors_hold_them_once() -> None:
    image = Views([Perceptron(**{**QUICK, "epochs": 1}), NeighbourVotes(k=5)]).encode(blobs(), "image")["image"]
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
    with pytest.raises(DataError, match="perceptron: the training rows hold 1 class"):
        Perceptron(**QUICK).encode(data, "image")
    with pytest.raises(DataError, match="neighbour_votes: k = 100 of 100 training rows; expected fewer"):
        NeighbourVotes(k=100).encode(data, "image")


def test_a_row_that_is_the_mean_has_no_direction_and_one_of_zeros_has() -> None:
    x, train = torch.tensor([[1.0, 2.0], [3.0, 2.0], [3.0, 4.0], [1.0, 4.0]]), torch.ones(4, dtype=torch.bool)
    data = HeteroData(image={"x": x, "y": torch.arange(4) % 2, "train_mask": train})
    moved = copy.copy(data)
    moved["image"].x = x - x[0]  # its first row is zeros
    votes = NeighbourVotes(k=2)
    assert torch.equal(votes.encode(moved, "image")["image"].score, votes.encode(data, "image")["image"].score)
    data["image"].x = torch.cat([x, x.mean(0)[None]])
    data["image"].y, data["image"].train_mask = torch.arange(5) % 2, torch.arange(5) < 4
    with pytest.raises(DataError, match=r"neighbour_votes: image\.x: row 4 is the mean of the training rows: it has"):
        votes.encode(data, "image")


@pytest.mark.parametrize("encoder", [Perceptron(**QUICK), LogisticRegression(strengths=[0.1])])
def test_one_label_a_class_is_too_few_to_hold_any_out(encoder: Perceptron | LogisticRegression) -> None:
    data = blobs()
    data["image"].train_mask = torch.arange(150) < 3
    told = f"{encoder.type}: expected at least 2 training rows a class, in two folds; of class 0 all \\(1\\) are in one"
    with pytest.raises(DataError, match=told):
        encoder.encode(data, "image")
    data["image"].train_mask = torch.arange(150) < 6
    encoder.encode(data, "image")


@pytest.mark.parametrize("encoder", [Perceptron(**QUICK), PictureCNN(width=2, epochs=1, batch_size=4)])
def test_what_another_number_of_threads_computed_is_not_taken(
    encoder: Perceptron | PictureCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, context = blobs(rows=20, classes=2), EncodeContext(cache=tmp_path)
    if isinstance(encoder, PictureCNN):
        data["image"].x = torch.randint(0, 256, (20, 3, 8, 8)).to(torch.uint8)
    for threads in (1, 2):
        monkeypatch.setattr(torch, "get_num_threads", partial(int, threads))
        encoder.encode(data, "image", context=context)
        assert len(list(tmp_path.glob("*.pt"))) == threads
