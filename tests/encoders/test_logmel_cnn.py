"""The CNN encoder: what it writes, that out of fold is out of fold, the cache, the seed, its errors."""

from pathlib import Path

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets import Synthetic
from avgraph.encoders import EncodeContext, LogmelCNN
from avgraph.encoders.logmel_cnn import prepare
from avgraph.errors import DataError
from avgraph.graph.inner_folds import inner_folds


def clips(seed: int = 0) -> HeteroData:
    """Two classes of noise in different bands, 5 folds × 8 clips, fold 5 for testing."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(40) % 2
    x = torch.randint(0, 100, (40, 32, 32), generator=generator)
    x[y == 0, :8] += 100
    x[y == 1, 16:24] += 100
    data = HeteroData()
    data["audio"].x = x.to(torch.uint8)
    data["audio"].y = y
    data["audio"].fold = torch.arange(40) // 8 + 1
    data["audio"].train_mask = data["audio"].fold < 5
    data["audio"].test_mask = data["audio"].fold == 5
    return data


def encoder(**options: object) -> LogmelCNN:
    settings: dict[str, object] = {
        "channels": 8,
        "width": 4,
        "epochs": 4,
        "inner_epochs": 2,
        "batch_size": 8,
        "lr": 0.01,
        **options,
    }
    if not settings.get("out_of_fold", True):
        del settings["inner_epochs"]
    return LogmelCNN(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("out_of_fold", [False, True])
def test_learns_and_leaves_its_input_alone(out_of_fold: bool) -> None:
    data = clips()
    result = encoder(out_of_fold=out_of_fold, epochs=25).encode(data, "audio", context=EncodeContext())
    assert result["audio"].x.shape == (40, 8)
    torch.testing.assert_close(result["audio"].score.sum(1), torch.ones(40))
    assert "score" not in data["audio"]
    assert data["audio"].x.dtype == torch.uint8
    correct = (result["audio"].score.argmax(1) == data["audio"].y)[data["audio"].test_mask]
    assert correct.float().mean() > 0.8


def test_out_of_fold_scores_do_not_depend_on_the_clip_s_own_label() -> None:
    data, changed = clips(), clips()
    changed["audio"].y = changed["audio"].y.clone()
    changed["audio"].y[:8] = 1 - changed["audio"].y[:8]  # wrong labels in fold 1
    one, other = (encoder().encode(d, "audio", context=EncodeContext())["audio"] for d in (data, changed))
    torch.testing.assert_close(one.score[:8], other.score[:8], rtol=0, atol=0)
    assert not torch.allclose(one.score[8:32], other.score[8:32])


def test_test_clips_never_reach_the_networks() -> None:
    data, changed = clips(), clips()
    changed["audio"].y = changed["audio"].y.clone()
    changed["audio"].y[32:] = 1 - changed["audio"].y[32:]
    one, other = (encoder().encode(d, "audio", context=EncodeContext())["audio"] for d in (data, changed))
    torch.testing.assert_close(one.x, other.x, rtol=0, atol=0)


@pytest.mark.slow
def test_same_seed_same_numbers_and_the_global_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    one, two = (encoder().encode(clips(), "audio", context=EncodeContext(seed=3))["audio"].x for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(before, torch.random.get_rng_state())
    assert not torch.equal(one, encoder().encode(clips(), "audio", context=EncodeContext(seed=4))["audio"].x)


def test_cache_gives_the_same_and_depends_on_the_data(tmp_path: Path) -> None:
    context = EncodeContext(cache=tmp_path)
    first = encoder(out_of_fold=False).encode(clips(), "audio", context=context)["audio"].x
    encodings = list(tmp_path.glob("*.encoded.pt"))
    assert (len(list(tmp_path.iterdir())), len(encodings)) == (2, 1)  # the network, and what it said
    again = encoder(out_of_fold=False).encode(clips(), "audio", context=context)["audio"].x
    assert torch.equal(first, again)
    encodings[0].unlink()
    from_network = encoder(out_of_fold=False).encode(clips(), "audio", context=context)["audio"].x
    assert torch.equal(first, from_network)
    assert len(list(tmp_path.iterdir())) == 2
    encoder(out_of_fold=False).encode(clips(seed=1), "audio", context=context)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_network_read_back_rounds_as_the_one_just_fitted(tmp_path: Path) -> None:
    """On pictures of real size NCHW and channels_last weights differ in the last bits: a first run and a later one."""
    data, context = Synthetic(classes=3, clips_per_class=10).load(), EncodeContext(cache=tmp_path)
    fresh = encoder(out_of_fold=False, epochs=1).encode(data, "audio", context=context)["audio"].x
    for encoded in tmp_path.glob("*.encoded.pt"):
        encoded.unlink()
    assert torch.equal(fresh, encoder(out_of_fold=False, epochs=1).encode(data, "audio", context=context)["audio"].x)


def test_inner_folds_fall_back_to_source_files_then_to_classes() -> None:
    data = HeteroData()
    data["audio"].y = torch.tensor([0, 1, 0, 1, 0, 1])
    train = torch.arange(6)
    assert inner_folds(data["audio"], train, parts=2).tolist() == [0, 0, 1, 1, 0, 0]
    data["audio"].source_file = ["a", "b", "a", "b", "c", "c"]
    assert inner_folds(data["audio"], train, parts=2).tolist() == [0, 0, 0, 0, 1, 1]
    data["audio"].fold = torch.tensor([1, 1, 2, 2, 3, 3])
    assert inner_folds(data["audio"], train).tolist() == [1, 1, 2, 2, 3, 3]


def test_recordings_are_dealt_class_by_class() -> None:
    """Round robin, ten classes in turn would leave two whole classes in each of five folds."""
    data = HeteroData(audio={"y": torch.arange(400) // 2 % 10, "source_file": [f"r{row // 2}" for row in range(400)]})
    fold = inner_folds(data["audio"], torch.arange(400))
    assert torch.equal(fold[::2], fold[1::2])  # a recording stays whole
    for label in range(10):
        assert fold[data["audio"].y == label].bincount().tolist() == [8] * 5


def test_one_recording_cannot_be_held_out() -> None:
    data = clips()
    del data["audio"].fold
    data["audio"].source_file = ["one"] * 40
    with pytest.raises(DataError, match="logmel_cnn: expected at least 2 training rows a class, in two folds"):
        encoder().encode(data, "audio")


def test_prepare_standardises_every_clip() -> None:
    x = prepare(torch.randint(0, 255, (3, 128, 216), dtype=torch.uint8))
    torch.testing.assert_close(x.mean((1, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(x.std((1, 2, 3)), torch.ones(3), atol=1e-3, rtol=0)


def test_bad_input() -> None:
    with pytest.raises(DataError, match=r"log-mels \[clips, bands, frames\] .* got \(4, 16\)"):
        prepare(torch.zeros(4, 16))
    data = clips()
    data["audio"].train_mask = torch.zeros(40, dtype=torch.bool)
    with pytest.raises(DataError, match="'audio' has no training row"):
        encoder().encode(data, "audio", context=EncodeContext())
    del data["audio"].y
    with pytest.raises(DataError, match="'audio' has no 'y'"):
        encoder().encode(data, "audio", context=EncodeContext())
