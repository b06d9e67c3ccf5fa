"""ESC-50 and CIFAR-10 as two spaces: the stand-in, what is held out, the real files, a run on either."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import avgraph
from avgraph.datasets import SoundPictureSpaces
from avgraph.encoders import TextAligned
from avgraph.errors import ConfigError, DataError
from avgraph.io.files_read import files_read
from avgraph.transforms import SpaceGraph

EXAMPLE = Path(__file__).parents[3] / "examples" / "cmcr_esc50_cifar10.yaml"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: tmp_path / "cache")
    return tmp_path


def test_stand_in_is_named_and_pairs_nothing(nowhere: Path) -> None:
    data = SoundPictureSpaces(fold=2, val_fold=3).load()
    assert data.provenance["source"] == "synthetic"
    assert data.edge_types == []
    assert data["text"].x_sound.shape[1] != data["text"].x_picture.shape[1]
    for node, form in (("audio", "This is a sound of"), ("image", "a photo of a")):
        store = data[node]
        assert all(data["text"].name[row].startswith(form) for row in store.text.tolist())
        assert not bool((store.train_mask & (store.val_mask | store.test_mask)).any())
    assert set(data["audio"].fold[data["audio"].test_mask].tolist()) == {2}
    assert set(data["audio"].fold[data["audio"].val_mask].tolist()) == {3}
    with pytest.raises(DataError, match=r"expected esc50/, cifar10/efficientnet_lite0_pca384\.npz and text/minilm"):
        SoundPictureSpaces(on_missing=[]).load()
    with pytest.raises(ConfigError, match="fold: expected a number of at most 5, got 6"):
        SoundPictureSpaces(fold=6)


def test_a_root_that_lacks_a_set_follows_on_missing(nowhere: Path) -> None:
    root = nowhere / "half"
    (root / "cifar10").mkdir(parents=True)
    assert SoundPictureSpaces(root=root).load().provenance["source"] == "synthetic"
    with pytest.raises(DataError, match=r"expected esc50/, .* in .*half; see on_missing"):
        SoundPictureSpaces(root=root, on_missing=[]).load()
    with pytest.raises(DataError, match=r"dataset\.root: .*absent does not exist"):
        SoundPictureSpaces(root=nowhere / "absent").load()


def test_towers_find_the_texts_of_held_out_rows(nowhere: Path) -> None:
    data = SoundPictureSpaces().load()
    made = TextAligned(space="picture", epochs=20).encode(data, "image")
    assert "x_picture" not in data["image"]
    store, text = made["image"], made["text"].x_picture
    torch.testing.assert_close(store.x_picture.norm(dim=1), torch.ones(len(store.y)))
    prompts = store.text.unique()
    named = prompts[(store.x_picture @ text[prompts].T).argmax(1)]
    assert float((named == store.text)[store.test_mask].float().mean()) > 0.8
    again = TextAligned(space="picture", epochs=20).encode(data, "image")
    assert torch.equal(again["image"].x_picture, store.x_picture)
    with pytest.raises(DataError, match="text_aligned: 'text' has no x_pictures; it has"):
        TextAligned(space="pictures").encode(data, "image")
    del data["image"].text
    with pytest.raises(DataError, match="text_aligned: node type 'image' has no 'text'"):
        TextAligned(space="picture").encode(data, "image")


def test_the_example_runs_on_the_stand_in(nowhere: Path) -> None:
    changes = {"train.epochs": 1, "train.device": "cpu", "encoders.audio.epochs": 2, "output": str(nowhere / "runs")}
    run = avgraph.train(EXAMPLE, changes)
    assert run.metrics["data"]["source"] == "synthetic"
    assert {"test/map_audio_to_image", "test/map_image_to_audio"} <= set(run.metrics)
    assert run.graph["audio", "recalled", "text"].edge_index.shape == (2, 500)


@pytest.mark.slow
@pytest.mark.data
def test_the_real_sets(data_root: Path) -> None:
    with files_read() as read:
        data = SoundPictureSpaces(root=data_root, on_missing=[]).load()
    assert {Path(path).name for path in read.checksums()} == {
        "minilm_captions.npz", "minilm_labels.npz", "glove_6b_50d_vocab.npz"
    }  # fmt: skip
    assert data.provenance["source"] == "real"
    assert data["text"].num_nodes == 20_060
    assert data["text"].x_sound.shape == (20_060, 384)
    assert data["text"].x_picture.shape == (20_060, 50)
    assert int(data["audio"].test_mask.sum()) == 56
    assert int(data["image"].test_mask.sum()) == 6000
    shared = set(data["audio"].y[data["audio"].test_mask].tolist())
    assert shared == set(data["image"].y[data["image"].test_mask].tolist()) == set(range(6))
    assert data["text"].name[int(data["audio"].text[0])].startswith("This is a sound of")
    data["audio"].x_sound, data["image"].x_picture = torch.randn(2000, 384), torch.randn(60_000, 50)
    assert SpaceGraph()(data)["space"].name == ["sound", "picture"]
