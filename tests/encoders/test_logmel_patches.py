"""Scores from dictionaries of patches: out of fold, from training clips alone, textures that spectra do not tell."""

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.encoders import EncodeContext, LogmelPatches
from avgraph.errors import DataError
from tests.encoders.test_logmel_modulation import clips

ENCODER = LogmelPatches(centres=6)


def glides(each: int = 10) -> HeteroData:
    """Few short glides in noise, up or down by class, at places of their own; the last fold is for testing."""
    generator = torch.Generator().manual_seed(0)
    n = 8 * each
    y = torch.arange(n) % 2
    x = 0.3 * torch.randn(n, 16, 64, generator=generator)
    step = torch.arange(12)
    for clip in range(n):
        for start in torch.randint(0, 52, (4,), generator=generator).tolist():
            x[clip, 2 + (step if y[clip] else 11 - step), start + step] += 2.0
    data = HeteroData()
    data["audio"].x, data["audio"].y, data["audio"].fold = x, y, torch.arange(n) // (2 * each)
    data["audio"].train_mask = data["audio"].fold < 3
    return data


def test_short_glides_are_told_apart_in_clips_not_seen() -> None:
    data = glides()
    store = ENCODER.encode(data, "audio")["audio"]
    right = store.score.argmax(1) == data["audio"].y
    train = data["audio"].train_mask
    assert right[~train].float().mean() > 0.9
    assert right[train].float().mean() > 0.9  # out of fold
    torch.testing.assert_close(store.score.sum(1), torch.ones(len(right)))


def test_nothing_of_a_test_clip_is_learned() -> None:
    data, other = clips(), clips()
    test = ~other["audio"].train_mask
    other["audio"].y[test] = other["audio"].y[test].flip(0)
    other["audio"].x[test] = other["audio"].x[test].flip(2) + torch.rand(int(test.sum()), 16, 64)
    first, second = (ENCODER.encode(graph, "audio")["audio"] for graph in (data, other))
    torch.testing.assert_close(first.score[~test], second.score[~test])
    torch.testing.assert_close(first.x[~test], second.x[~test], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(first.x[test], second.x[test], atol=1e-2)


def test_a_class_reaches_no_score_of_its_own_fold() -> None:
    data, other = clips(), clips()
    own = other["audio"].fold == 1
    other["audio"].y[own] = other["audio"].y[own].flip(0)
    first, second = (ENCODER.encode(graph, "audio")["audio"].score[own].log() for graph in (data, other))
    ratio = (first - first.mean(1, keepdim=True)) / (second - second.mean(1, keepdim=True))
    torch.testing.assert_close(ratio, ratio.flatten()[0].expand_as(ratio), atol=1e-2, rtol=1e-2)


def test_without_scores_no_classes_are_needed() -> None:
    data, bare = clips(), clips()
    del bare["audio"].y
    store = LogmelPatches(centres=6, scores=False).encode(bare, "audio")["audio"]
    assert "score" not in store
    torch.testing.assert_close(store.x, ENCODER.encode(data, "audio")["audio"].x)
    with pytest.raises(DataError, match="logmel_patches: node type 'audio' has no 'y'; it needs log-mels with classes"):
        ENCODER.encode(bare, "audio")


def test_there_are_no_more_components_than_training_clips() -> None:
    data = clips()
    assert ENCODER.encode(data, "audio")["audio"].x.shape[1] == int(data["audio"].train_mask.sum())
    assert LogmelPatches(centres=6, components=5).encode(data, "audio")["audio"].x.shape[1] == 5


def test_the_seed_of_the_experiment_unless_one_is_given() -> None:
    data = clips()
    seeds = [(None, 0), (0, 3), (None, 3), (3, 0)]
    of = [
        LogmelPatches(centres=6, seed=own).encode(data, "audio", context=EncodeContext(seed=seed))["audio"].x
        for own, seed in seeds
    ]
    assert torch.equal(of[0], of[1])
    assert torch.equal(of[2], of[3])
    assert not torch.allclose(of[0], of[2], atol=1e-2)


def test_errors() -> None:
    data = clips()
    data["audio"].x = data["audio"].x[:, :8]
    with pytest.raises(
        DataError, match=r"logmel_patches: expected log-mels \[clips, bands, frames\] of at least 16 × 16"
    ):
        ENCODER.encode(data, "audio")
    data = clips()
    data["audio"].train_mask[:] = False
    with pytest.raises(DataError, match="logmel_patches: node type 'audio' has no training row"):
        ENCODER.encode(data, "audio")
