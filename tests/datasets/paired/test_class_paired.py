"""Pairs by class, unannotated co-occurrence, and the sets they are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from avgraph.datasets import ClassPaired
from avgraph.datasets.paired.cifar10 import FILE as CIFAR
from avgraph.datasets.paired.cifar10 import load_cifar10_features
from avgraph.datasets.paired.cooccurrence import draw_cooccurrence
from avgraph.datasets.paired.digits import FILE as FSDD
from avgraph.datasets.paired.digits import load_digit_pictures, load_spoken_digits, spoken_digit_features
from avgraph.datasets.paired.esc50_sounds import mix_logmels
from avgraph.datasets.paired.labelled import Labelled
from avgraph.datasets.paired.pairing import pair_by_class
from avgraph.errors import ConfigError, DataError

MAP = {"dog": ["bark", "howl"], "cat": ["meow"], "bird": ["song"]}


def sounds(per_class: int = 12) -> Labelled:
    y = torch.arange(4 * per_class) % 4
    split = torch.arange(len(y)) // 4 % 3
    x = y[:, None] + torch.zeros(len(y), 2)
    return Labelled(x, y, split, ("bark", "howl", "meow", "song"), attributes={"row": torch.arange(len(y))})


def pictures(per_class: int = 9) -> Labelled:
    y = torch.arange(3 * per_class) % 3
    return Labelled(10.0 * y[:, None], y, torch.arange(len(y)) // 3 % 3, ("bird", "cat", "dog"))


def test_pairs_are_of_one_class_and_one_split() -> None:
    audio, visual = sounds(), pictures()
    pairs = pair_by_class(audio, visual, MAP)
    assert pairs.classes == ("dog", "cat", "bird")
    home = {sound: picture for picture, names in MAP.items() for sound in names}
    for k in range(len(pairs.y)):
        picture = visual.classes[int(visual.y[pairs.visual[k]])]
        assert picture == home[audio.classes[int(audio.y[pairs.audio[k]])]] == pairs.classes[int(pairs.y[k])]
    assert torch.equal(audio.split[pairs.audio], visual.split[pairs.visual])
    assert torch.equal(pairs.split, audio.split[pairs.audio])
    assert sorted(pairs.audio.tolist()) == list(range(48))  # every sound once
    # 8 dogs are heard per split and 3 seen: each is taken before any is taken again.
    of_dogs = pairs.visual[(pairs.y == 0) & (pairs.split == 0)].bincount()
    assert of_dogs[of_dogs > 0].tolist() == [3, 3, 2] or sorted(of_dogs[of_dogs > 0].tolist()) == [2, 3, 3]


def test_pairs_depend_on_the_seed_alone() -> None:
    one, same, other = (pair_by_class(sounds(), pictures(), MAP, seed) for seed in (0, 0, 1))
    assert torch.equal(one.visual, same.visual)
    assert not torch.equal(one.visual, other.visual)


def test_bad_maps_are_named() -> None:
    with pytest.raises(DataError, match="no class 'barks'; did you mean 'bark'"):
        pair_by_class(sounds(), pictures(), {"dog": ["barks"], "cat": ["meow"]})
    with pytest.raises(ConfigError, match=r"class_map\.cat\.0: 'meow' is under 'dog' and 'cat'; expected it once"):
        ClassPaired(class_map={"dog": ["meow"], "cat": ["meow"]})
    with pytest.raises(ConfigError, match="class_map: expected at least 2 entry"):
        ClassPaired(class_map={"dog": ["bark"]})
    with pytest.raises(ConfigError, match=r"class_map\.cat: expected at least 1 entry, got an empty list"):
        ClassPaired(class_map={"dog": ["bark"], "cat": []})
    without = pictures()
    without.split[without.y == 2] = 0
    with pytest.raises(DataError, match="class 'dog': 8 validation sounds, but no validation picture"):
        pair_by_class(sounds(), without, MAP)


def test_labelled_rows_must_agree() -> None:
    with pytest.raises(DataError, match="expected equal lengths"):
        Labelled(torch.zeros(2, 1), torch.tensor([0]), torch.tensor([0]), ("a",))
    with pytest.raises(DataError, match=r"expected classes 0 … 0, got up to 1"):
        Labelled(torch.zeros(1, 1), torch.tensor([1]), torch.tensor([0]), ("a",))


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_the_fraction_of_every_class_and_split_is_mixed(fraction: float) -> None:
    pairs = pair_by_class(sounds(), pictures(), MAP)
    found = draw_cooccurrence(pairs, fraction)
    assert sorted(found.companion.tolist()) == [0, 1, 2]
    assert (found.companion != torch.arange(3)).all()
    for c in range(3):
        for split in range(3):
            own = (pairs.y == c) & (pairs.split == split)
            partner = found.partner[own]
            assert int((partner >= 0).sum()) == round(fraction * int(own.sum()))
            mixed = partner[partner >= 0]
            assert (pairs.y[mixed] == found.companion[c]).all()
            assert (pairs.split[mixed] == split).all()


def test_the_truth_names_every_pair_of_concepts() -> None:
    pairs = pair_by_class(sounds(), pictures(), MAP)
    found = draw_cooccurrence(pairs, 0.5)
    truth = set(zip(*found.concept_pairs().tolist(), strict=True))
    assert truth == {(c + 3 * m, int(found.companion[c]) + 3 * k) for c in range(3) for m in range(2) for k in range(2)}


def test_mixed_log_mels_are_sums_of_power() -> None:
    first, second = torch.randint(0, 256, (2, 3, 4, 5), dtype=torch.uint8)
    mixed = mix_logmels(first, second, 1.0)
    assert (mixed.int() >= torch.maximum(first, second).int() - 1).all()
    assert torch.equal(mixed, mix_logmels(second, first, 1.0))
    assert (mix_logmels(first, second, 1e-4).int() - first.int()).abs().max() <= 1
    equal = mix_logmels(
        torch.full((1, 1, 1), 100, dtype=torch.uint8), torch.full((1, 1, 1), 100, dtype=torch.uint8), 1.0
    )
    assert int(equal) == 100 + round(10 * np.log10(2) * 255 / 80)  # 3 dB more


def test_spoken_digit_features_do_not_depend_on_loudness_or_silence() -> None:
    sound = torch.zeros(1, 8192)
    sound[0, 1000:4000] = torch.randn(3000)
    later = torch.roll(sound, 128 * 8, dims=1)
    torch.testing.assert_close(spoken_digit_features(0.1 * sound), spoken_digit_features(sound), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(spoken_digit_features(later), spoken_digit_features(sound), rtol=1e-3, atol=1e-3)


def test_digit_pictures_have_all_digits_in_every_part() -> None:
    digits = load_digit_pictures(fold=2, val_fold=3)
    for split in range(3):
        assert len(digits.y[digits.split == split].unique()) == 10
    assert int((digits.split == 2).sum()) == 180


def write_sets(root: Path) -> None:
    rng = np.random.default_rng(0)
    (root / "fsdd").mkdir()
    digit = np.tile(np.arange(10), 10).astype(np.uint8)
    np.savez(
        root / "fsdd" / FSDD, waveform=rng.integers(-9999, 9999, 100 * 400).astype(np.int16),
        offset=np.arange(101) * 400, digit=digit, speaker=np.array(["ann"] * 100),
        take=np.repeat(np.arange(10), 10).astype(np.uint8),
    )  # fmt: skip
    (root / "cifar10").mkdir()
    y = np.arange(60).astype(np.uint8) % 3
    x = rng.normal(size=(60, 4)).astype(np.float16)
    np.savez(
        root / "cifar10" / CIFAR, x_train=x, y_train=y, x_test=x, y_test=y, classes=np.array(["cat", "dog", "frog"])
    )


def test_spoken_digits_from_files(tmp_path: Path) -> None:
    write_sets(tmp_path)
    data = ClassPaired(sets="fsdd_digits", root=tmp_path, fold=1, val_fold=2, cooccurrence=0.4).load()
    assert data["audio"].x.shape == (100, 384)
    assert data["visual"].x.shape == (100, 64)
    assert int(data["audio"].test_mask.sum()) == 50
    assert torch.equal(data["audio"].y, data["visual"].y)
    assert data["audio"].name[3] == "3_ann_0"
    assert int((data["audio"].second_y >= 0).sum()) == 40
    assert data["concept", "co_occurs", "concept"].edge_index.shape == (2, 40)
    assert data["concept"].name[11] == "one (visual)"
    assert data.provenance["source"] == "real"
    assert len(data.provenance["files"]) == 1
    spoken = load_spoken_digits(tmp_path / "fsdd")
    plain = ClassPaired(sets="fsdd_digits", root=tmp_path).load()
    torch.testing.assert_close(plain["audio"].x, spoken_digit_features(spoken.x))
    assert "second_y" not in plain["audio"]
    untouched = data["audio"].second_y < 0
    torch.testing.assert_close(data["audio"].x[untouched], plain["audio"].x[untouched])
    assert not torch.allclose(data["audio"].x[~untouched], plain["audio"].x[~untouched])


def test_cifar10_features_from_a_file(tmp_path: Path) -> None:
    write_sets(tmp_path)
    found = load_cifar10_features(tmp_path / "cifar10")
    assert found.x.shape == (120, 4)
    assert found.split.bincount().tolist() == [54, 6, 60]
    np.savez(tmp_path / CIFAR, x_train=np.eye(2))
    with pytest.raises(DataError, match="no key 'y_train'; did you mean 'x_train'"):
        load_cifar10_features(tmp_path)
    (tmp_path / CIFAR).write_bytes(b"PKjunk")
    with pytest.raises(DataError, match=r"not an \.npz archive"):
        load_cifar10_features(tmp_path)


@pytest.mark.parametrize("sets", ["esc50_cifar10", "fsdd_digits"])
def test_without_data_a_stand_in_says_so(sets: str, tmp_path: Path, no_shared_data: None) -> None:
    data = ClassPaired(sets=sets, cooccurrence=0.2).load()  # type: ignore[arg-type]
    assert data.provenance["source"] == "synthetic"
    assert "random numbers" in data.provenance["note"]
    assert bool(data["audio"].test_mask.any())
    with pytest.raises(DataError, match=r"class_paired: no .* see on_missing"):
        ClassPaired(sets=sets, root=tmp_path, on_missing=[]).load()  # type: ignore[arg-type]


def test_options_out_of_range_are_named() -> None:
    with pytest.raises(ConfigError, match=r"second_level: expected a number above 0, got 0"):
        ClassPaired(cooccurrence=0.2, second_level=0)
    with pytest.raises(ConfigError, match=r"cooccurrence: expected a number of at most 1, got 1.5"):
        ClassPaired(cooccurrence=1.5)
    with pytest.raises(ConfigError, match="fsdd_digits"):
        ClassPaired(sets="esc50")  # type: ignore[arg-type]


def test_the_level_of_second_classes_is_an_error_where_there_are_none() -> None:
    with pytest.raises(ConfigError, match=r"second_level: no clip has a second class with cooccurrence 0"):
        ClassPaired(second_level=0.7)
    assert "second_level" not in ClassPaired().model_dump()
    assert ClassPaired(cooccurrence=0.1, second_level=0.7).model_dump()["second_level"] == 0.7


@pytest.mark.slow
@pytest.mark.data
def test_real_sets(data_root: Path) -> None:
    data = ClassPaired(root=data_root, cooccurrence=0.2).load()
    assert data["audio"].x.shape == (280, 128, 216)
    assert data["visual"].x.shape == (280, 384)
    assert data["audio"].y.bincount().tolist() == [40, 80, 40, 40, 40, 40]
    assert len(data["visual"].row.unique()) == 280
    digits = ClassPaired(sets="fsdd_digits", root=data_root).load()
    assert int(digits["audio"].test_mask.sum()) == 300
