from __future__ import annotations

from collections import defaultdict

import pytest
import torch
from sklearn.linear_model import RidgeClassifier

from avgraph.datasets import Synthetic
from avgraph.datasets.synthetic.options import MOST_CLASSES
from avgraph.datasets.synthetic.sounds import CONTOURS, RHYTHMS, TIMBRES, class_names
from avgraph.errors import ConfigError


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    first, again, other = (Synthetic(classes=3, clips_per_class=6, seed=seed).load() for seed in (5, 5, 6))
    assert torch.equal(first["audio"].x, again["audio"].x)
    assert first["audio"].name == again["audio"].name
    assert not torch.equal(first["audio"].x, other["audio"].x)


def test_layout() -> None:
    data = Synthetic(classes=4, clips_per_class=12, fold=2, val_fold=3).load()
    audio = data["audio"]
    assert (audio.x.shape, audio.x.dtype) == ((48, 128, 216), torch.uint8)
    assert torch.bincount(audio.y).tolist() == [12] * 4
    assert torch.bincount(audio.fold).tolist() == [0, 12, 12, 8, 8, 8]
    assert audio.test_mask.tolist() == (audio.fold == 2).tolist()
    assert audio.val_mask.tolist() == (audio.fold == 3).tolist()
    assert len(set(audio.name)) == 48
    assert data["label"].num_nodes == 4
    assert data.provenance["source"] == "synthetic"
    assert (audio.x.amin((1, 2)) == 0).all()
    assert (audio.x.amax((1, 2)) == 255).all()


def test_a_recording_stays_in_one_fold_and_class() -> None:
    audio = Synthetic(classes=3, clips_per_class=40).load()["audio"]
    seen = defaultdict(list)
    for source, fold, label in zip(audio.source_file, audio.fold.tolist(), audio.y.tolist(), strict=True):
        seen[source].append((fold, label))
    assert all(len(set(places)) == 1 for places in seen.values())
    assert {len(places) for places in seen.values()} == {2}


def test_names_are_distinct_and_cannot_be_taken_for_real() -> None:
    assert len(CONTOURS) * len(RHYTHMS) * len(TIMBRES) == MOST_CLASSES
    names = class_names(MOST_CLASSES)
    assert len(set(names)) == MOST_CLASSES
    assert all(name.startswith("synthetic ") for name in names)


def test_pixels_hint_at_the_class_but_do_not_give_it_away() -> None:
    audio = Synthetic(classes=10, clips_per_class=40).load()["audio"]
    x = audio.x.float().flatten(1) / 255.0
    train, test = audio.train_mask, audio.test_mask
    x = (x - x[train].mean(0)) / x[train].std(0)
    probe = RidgeClassifier(alpha=1e3).fit(x[train].numpy(), audio.y[train].numpy())
    accuracy = probe.score(x[test].numpy(), audio.y[test].numpy())
    assert 0.15 < accuracy < 0.8  # chance is .1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1}, "classes: expected a number of at least 2, got 1"),
        ({"classes": 121}, "classes: expected a number of at most 120, got 121"),
        ({"clips_per_class": 4}, "clips_per_class: expected a number of at least 5, got 4"),
        ({"seed": -1}, "seed: expected a number of at least 0, got -1"),
        ({"fold": 6}, "fold: expected a number of at most 5, got 6"),
    ],
)
def test_bad_options(options: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^Synthetic: {message}$"):
        Synthetic(**options)
