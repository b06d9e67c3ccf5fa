"""Composed clips: what is heard is the mask, conditions are what they say, equal options give equal bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets import SoundingShapes
from avgraph.datasets.composed.noise import coloured_noises, noise_backgrounds, white_noises
from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.datasets.sounding_shapes.shapes import SHAPES, shape_cut_outs
from avgraph.datasets.sounding_shapes.timbres import shape_sounds
from avgraph.errors import ConfigError, DataError
from avgraph.graph.segmentation import HEARD, NOISE, OFF_SCREEN, SILENCE, SWAPPED

SMALL = SoundingShapes(
    train_clips=120, val_clips=10, test_clips=40, frames=2, size=32, recordings=5, max_objects=4, max_sounding=2
)


def _changed(**options: Any) -> SoundingShapes:
    return SoundingShapes(**{**SMALL.model_dump(), **options})


@pytest.fixture(scope="module")
def shapes() -> HeteroData:
    return SMALL.load()


def _shown(data: HeteroData, clip: int) -> list[tuple[str, bool]]:
    """Class and whether it sounds, of what a clip shows, from the bottom."""
    heard = data["clip"].heard[clip].split(" + ")
    return [(name.rsplit(" ", 1)[0], name in heard) for name in data["clip"].shown[clip].split(" + ")]


def _classes_of(data: HeteroData, audio: int) -> set[str]:
    return {name.split(" recording")[0] for name in data["audio"].name[audio].split(" + ")}


def test_the_mask_is_what_is_heard(shapes: HeteroData) -> None:
    check_segmentation_graph(shapes)
    audio = dict(zip(*shapes[HEARD].edge_index.flip(0).tolist(), strict=True))
    frame = shapes["frame"]
    sounding = set()
    for row, clip in enumerate(frame.clip.tolist()):
        shown = _shown(shapes, clip)
        heard = [place + 1 for place, (_, on) in enumerate(shown) if on]
        own = torch.isin(frame.objects[row], torch.tensor(heard, dtype=torch.uint8))
        assert torch.equal(frame.mask[row].bool(), own)
        if heard:
            assert _classes_of(shapes, audio[row]) == {name for name, on in shown if on}
            sounding.add(len(heard))
            if len(heard) == 1:
                assert shapes["clip"].class_names[int(shapes["clip"].y[clip])] == shown[heard[0] - 1][0]
        else:
            assert shapes["clip"].y[clip] == -1
            assert shapes["clip"].train_mask[clip]
            silent = shapes["clip"].condition[clip] == "silence"
            assert silent == (not shapes["audio"].x[audio[row]].any())
            assert silent or not _classes_of(shapes, audio[row]) & {name for name, _ in shown}
        classes = [name for name, _ in shown if name in shapes["clip"].class_names]
        assert len(set(classes)) == len(classes), "every cut-out that could sound is of another class"
    assert sounding == {1, 2}


def test_two_sounds_are_the_maximum_of_both(shapes: HeteroData) -> None:
    audio = shapes["audio"]
    mixed = [row for row, name in enumerate(audio.name) if " + " in name]
    assert mixed
    for row in mixed:
        one, two = (audio.name.index(name) for name in audio.name[row].split(" + "))
        assert torch.equal(audio.x[row], torch.maximum(audio.x[one], audio.x[two]))
        assert int(audio.y[row]) == -1
        assert not audio.train_mask[row]


def test_conditions_are_what_they_say(shapes: HeteroData) -> None:
    tested = (~shapes["frame"].train_mask).nonzero().flatten()
    for kind in (OFF_SCREEN, SILENCE, NOISE):
        assert torch.equal(shapes[kind].edge_index[1], tested)
    assert not shapes["audio"].x[shapes[SILENCE].edge_index[0]].any()
    assert {shapes["audio"].name[row][:5] for row in shapes[NOISE].edge_index[0].tolist()} == {"noise"}
    for sound, row in shapes[OFF_SCREEN].edge_index.T.tolist():
        assert not _classes_of(shapes, sound) & {name for name, _ in _shown(shapes, int(shapes["frame"].clip[row]))}
    assert shapes[SWAPPED].edge_index.shape[1] > 10
    for edge, (sound, row) in enumerate(shapes[SWAPPED].edge_index.T.tolist()):
        shown = _shown(shapes, int(shapes["frame"].clip[row]))
        (name,) = _classes_of(shapes, sound)
        assert (name, False) in shown
        own = shapes["frame"].objects[row] == 1 + shown.index((name, False))
        assert torch.equal(shapes[SWAPPED].mask[edge].bool(), own)


def test_recordings_are_in_one_split(shapes: HeteroData) -> None:
    audio, frame = shapes["audio"], shapes["frame"]
    for kind in (HEARD, SWAPPED, OFF_SCREEN):
        for sound, row in shapes[kind].edge_index.T.tolist():
            for part in audio.name[sound].split(" + "):
                if part == "silence":
                    continue
                for mask in ("train_mask", "val_mask", "test_mask"):
                    assert audio[mask][audio.name.index(part)] == frame[mask][row]


@pytest.mark.slow
def test_equal_options_give_equal_bytes_and_splits_are_independent(shapes: HeteroData) -> None:
    for made_once in (coloured_noises, noise_backgrounds, white_noises, shape_sounds):
        made_once.cache_clear()
    again = SMALL.load()
    for store in (*shapes.node_types, *shapes.edge_types):
        for key, value in shapes[store].items():
            assert torch.equal(value, again[store][key]) if torch.is_tensor(value) else value == again[store][key]
    other = _changed(train_clips=60).load()
    for name in ("x", "mask", "objects"):
        assert torch.equal(other["frame"][name][other["frame"].test_mask], shapes["frame"][name][-80:])
    seeded = _changed(seed=1, train_clips=2).load()
    assert not torch.equal(seeded["frame"].x[-80:], shapes["frame"].x[-80:])


def test_a_larger_frame_shows_the_same_scene() -> None:
    small = _changed(train_clips=8, val_clips=0, test_clips=4, max_objects=2)
    one, two = (SoundingShapes(**{**small.model_dump(), "size": size}).load()["frame"] for size in (32, 256))
    reduced = torch.nn.functional.avg_pool2d(two.mask.float(), 8)
    assert one.mask.any()
    assert float((reduced - one.mask).abs().mean()) < 0.04, "outlines alone differ; another scene gives more than .1"
    assert float((torch.nn.functional.avg_pool2d(two.x.float(), 8) - one.x).abs().mean()) < 5


def test_shares_of_negative_audio() -> None:
    shares = {"silence_share": 0.25, "off_screen_share": 0.4, "noise_share": 0.2}
    made = _changed(train_clips=400, size=16, frames=1, max_sounding=1, **shares).load()
    condition = [made["clip"].condition[row] for row in range(400)]
    assert 70 <= condition.count("silence") <= 130
    assert 120 <= condition.count("off_screen") <= 200
    assert 50 <= condition.count("noise") <= 110
    assert set(made["clip"].condition[400:]) == {"heard"}


def test_noise_to_train_with_is_coloured_and_noise_to_test_under_is_white() -> None:
    shares = {"silence_share": 0, "off_screen_share": 0, "noise_share": 1}
    made = _changed(train_clips=20, size=16, frames=1, max_sounding=1, **shares).load()
    trained = made[HEARD].edge_index[0, :20]
    assert {made["audio"].name[row].rsplit(" ", 1)[0] for row in trained.tolist()} == {"coloured noise"}
    assert not made["frame"].mask[:20].any()
    tested = made[NOISE].edge_index[0]
    assert not torch.isin(tested, trained).any()

    def tilt(rows: torch.Tensor) -> torch.Tensor:  # of the spectrum: its upper bands less its lower ones
        bands = made["audio"].x[rows].float().mean(2)
        return bands[:, 96:].mean(1) - bands[:, 16:48].mean(1)

    white = tilt(tested)
    away = (tilt(trained) - white.mean()).abs().min()
    assert float(away) > 3 * float((white - white.mean()).abs().max())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"size": 8}, "size: expected a number of at least 16, got 8"),
        ({"max_sounding": 3}, "max_sounding: expected a number of at most 2, got 3"),
        ({"min_objects": 5}, r"min_objects: expected at most max_objects \(4\), got 5"),
        ({"silence_share": 0.95}, r"off_screen_share: expected at most 1 together with silence_share 0.95, got"),
        (
            {"silence_share": 0.5, "noise_share": 0.45},
            "noise_share: expected at most 1 together with silence_share 0.5 and off_screen_share 0.08, got 0.45",
        ),
        ({"silence_share": float("nan")}, "silence_share: expected a finite number, got nan"),
        ({"classes": 13}, "classes: expected a number of at most 12, got 13"),
        ({"recordings": 4}, "recordings: expected a number of at least 5, got 4"),
        ({"silent_shapes": 2.0}, "silent_shapes: expected a number of at most 1, got 2.0"),
    ],
)
def test_options_out_of_range_are_named(changed: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _changed(**changed)


def test_too_few_classes_are_named() -> None:
    with pytest.raises(DataError, match="train clips: expected at least 5 classes to show 4 and hear another, got 4"):
        _changed(classes=4).load()


def test_shapes_have_the_areas_of_their_formulas() -> None:
    area = shape_cut_outs(0)[::6, ..., 3].astype(float).mean((1, 2)) / 255 * 4
    found = dict(zip(SHAPES, area.tolist(), strict=True))
    five = 5 * 0.42 * np.sin(np.pi / 5)  # ten triangles of sides 1 and .42
    for name, expected in {
        "circle": np.pi, "triangle": 3 * np.sqrt(3) / 4, "ring": np.pi * (1 - 0.55**2), "square": 1.7**2,
        "hexagon": 3 * np.sqrt(3) / 2, "bar": 2 * 0.56, "cross": 2 * 1.9 * 0.6 - 0.36, "star": five,
    }.items():  # fmt: skip
        assert found[name] == pytest.approx(expected, rel=0.01), name


@pytest.mark.slow
def test_timbres_are_told_apart_by_what_was_never_heard() -> None:
    sounds = shape_sounds(12, 6, 0).float().view(12, 6, 128, 216)
    # How loud, how steady and how the spectrum's shape moves, whatever the pitch and the onset.
    loudest = sounds.sort(dim=3, descending=True).values[..., ::24]
    features = torch.cat([loudest.sort(dim=2, descending=True).values[:, :, ::8].flatten(2),
                          sounds.std(3), sounds.mean(3)], 2)  # fmt: skip
    centre = features[:, :3].mean(1)
    told = torch.cdist(features[:, 3:].flatten(0, 1), centre).argmin(1).view(12, 3)
    assert (told == torch.arange(12)[:, None]).float().mean() > 0.6, "chance is 1 in 12"
