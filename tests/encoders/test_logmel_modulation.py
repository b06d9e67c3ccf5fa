"""Scores by linear discriminants: equal to scikit-learn's, out of fold, calibrated; errors."""

import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch_geometric.data import HeteroData

from avgraph.encoders import LogmelModulation
from avgraph.errors import DataError


def clips(classes: int = 3, folds: int = 4, each: int = 6) -> HeteroData:
    """Bands that flicker at a rate of their class; the last fold is for testing."""
    generator = torch.Generator().manual_seed(0)
    n = classes * folds * each
    y, frame = torch.arange(n) % classes, torch.arange(64)
    flicker = torch.cos(2 * torch.pi * (3 * y[:, None] + 2) * frame / 64)[:, None]
    data = HeteroData()
    data["audio"].x = flicker + 2 * torch.randn(n, 16, 64, generator=generator)
    data["audio"].y = y
    data["audio"].fold = torch.arange(n) // (classes * each) + 1
    data["audio"].train_mask = data["audio"].fold < folds
    return data


def test_every_clip_is_scored_by_the_scikit_learn_model_that_has_not_seen_its_fold() -> None:
    data = clips()
    store = LogmelModulation(shrinkage=0.3).encode(data, "audio")["audio"]
    x, y, fold = store.x.double().numpy(), data["audio"].y.numpy(), data["audio"].fold.numpy()
    for held_out in (1, 2, 3, 4):
        others = (fold != held_out) & (fold != 4)
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(x[others], y[others])
        decision = torch.from_numpy(model.decision_function(x[fold == held_out])).float()
        own = store.score[torch.from_numpy(fold == held_out)].log()
        # One temperature for all: centred log-scores are the centred decisions divided by it.
        ratio = (decision - decision.mean(1, keepdim=True)) / (own - own.mean(1, keepdim=True))
        torch.testing.assert_close(ratio, ratio.flatten()[0].expand_as(ratio), atol=1e-2, rtol=1e-2)
    test = fold == 4
    assert (store.score.argmax(1).numpy() == y)[test].mean() > 0.8
    torch.testing.assert_close(store.score.sum(1), torch.ones(len(y)))


def test_labels_of_test_clips_change_nothing() -> None:
    data, other = clips(), clips()
    test = ~other["audio"].train_mask
    other["audio"].y[test] = other["audio"].y[test].flip(0)
    first, second = (LogmelModulation().encode(graph, "audio")["audio"] for graph in (data, other))
    assert torch.equal(first.score, second.score)
    assert torch.equal(first.x, second.x)


def test_without_scores_no_classes_are_needed() -> None:
    data, bare = clips(), clips()
    del bare["audio"].y
    store = LogmelModulation(scores=False).encode(bare, "audio")["audio"]
    assert "score" not in store
    assert torch.equal(store.x, LogmelModulation().encode(data, "audio")["audio"].x)
    with pytest.raises(DataError, match="has no 'y'; it needs log-mels with classes"):
        LogmelModulation().encode(bare, "audio")


def test_two_classes() -> None:
    store = LogmelModulation().encode(clips(classes=2), "audio")["audio"]
    assert store.score.shape[1] == 2
    assert (store.score.argmax(1) == clips(classes=2)["audio"].y).float().mean() > 0.8


def test_errors_name_what_is_missing() -> None:
    data = clips()
    del data["audio"].train_mask
    with pytest.raises(DataError, match="logmel_modulation: node type 'audio' has no 'train_mask'"):
        LogmelModulation().encode(data, "audio")
    data = clips()
    data["audio"].train_mask[:] = False
    with pytest.raises(DataError, match="has no training row"):
        LogmelModulation().encode(data, "audio")
    data = clips()
    data["audio"].y[data["audio"].fold != 1] = 0
    with pytest.raises(
        DataError, match=r"at least 2 training rows a class, in two folds; of class 1 all \(6\) are in one"
    ):
        LogmelModulation().encode(data, "audio")
