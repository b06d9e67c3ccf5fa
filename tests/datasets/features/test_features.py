"""AVE and VEGAS feature files in the layout their community passes on."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from scipy.io import savemat

from avgraph.datasets import AVE, VEGAS
from avgraph.datasets.features.file import read_feature_file
from avgraph.errors import ConfigError, DataError


def arrays(classes: int = 15) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    found = {}
    for split, n in (("train", 4 * classes), ("test", classes)):
        found[f"audio_{split}"] = rng.normal(size=(n, 128)).astype(np.float32)
        found[f"visual_{split}"] = rng.normal(size=(n, 1024)).astype(np.float32)
        found[f"lab_{split}"] = np.arange(n) % classes
    return found


def write(path: Path, content: dict[str, np.ndarray]) -> Path:
    with h5py.File(path, "w") as file:
        for key, value in content.items():
            file.create_dataset(key, data=value)
    return path


def test_graph_of_a_feature_file(tmp_path: Path) -> None:
    content = arrays()
    write(tmp_path / "AVE_feature_updated_squence.h5", content)
    data = AVE(root=tmp_path, val_fraction=0.25).load()
    assert data["audio"].x.shape == (75, 128)
    assert data["visual"].x.shape == (75, 1024)
    assert [int(data["audio"][f"{split}_mask"].sum()) for split in ("train", "val", "test")] == [45, 15, 15]
    assert torch.equal(data["audio"].x[60:], torch.from_numpy(content["audio_test"]))
    assert data["audio"].test_mask[60:].all()
    assert data["concept"].name[0] == "class 0 (audio)"
    assert data.provenance["source"] == "real"


@pytest.mark.parametrize("form", ["column", "from 1", "one-hot", "float", "mat", "matlab 7.3"])
def test_every_form_of_labels_and_file(form: str, tmp_path: Path) -> None:
    content = arrays(10)
    expected = content["lab_train"].copy()
    for key in ("lab_train", "lab_test"):
        label = content[key]
        content[key] = {
            "from 1": label + 1,
            "one-hot": np.eye(10)[label],
            "float": label.astype(np.float32),
        }.get(form, label[:, None])
    path = tmp_path / ("vegas.mat" if form == "mat" else "vegas_feature.h5")
    if form == "mat":
        savemat(path, content)
    elif form == "matlab 7.3":
        write(path, {key: value.T for key, value in content.items()})
        with h5py.File(path, "a") as file:
            for key in file:
                file[key].attrs["MATLAB_class"] = np.bytes_("double")
    else:
        write(path, content)
    assert read_feature_file(path)["lab_train"].tolist() == expected.tolist()
    assert int(VEGAS(root=tmp_path).load()["audio"].y.max()) == 9


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ave.h5"

    def refused(message: str, **change: np.ndarray | None) -> None:
        content = {key: value for key, value in (arrays() | change).items() if value is not None}
        write(path, content)
        with pytest.raises(DataError, match=message):
            AVE(root=tmp_path).load()

    refused("no key 'lab_test'; it has audio_test", lab_test=None)
    refused(r"visual_train: expected \[60, d\], got \[59, 1024\]", visual_train=np.zeros((59, 1024)))
    refused("audio_test: NaN or infinite values in row 0", audio_test=np.full((15, 128), np.nan))
    refused("audio_train has 128 columns, audio_test 64", audio_test=np.zeros((15, 64)))
    refused("expected classes from 0 or from 1, got 7", lab_train=np.full(60, 7), lab_test=np.full(15, 8))
    refused("expected 15 classes, got label 20", lab_test=np.full(15, 20))
    refused("no training example of class 'class 14'", lab_train=np.arange(60) % 14)
    refused("expected one-hot rows", lab_train=np.ones((60, 15)))
    path.write_bytes(b"junk")
    with pytest.raises(DataError, match="neither HDF5 nor MATLAB"):
        AVE(root=tmp_path).load()


def test_names_and_stand_in(tmp_path: Path, no_shared_data: None) -> None:
    with pytest.raises(ConfigError, match="AVE: class_names: expected 15 names, got 2"):
        AVE(class_names=["a", "b"])
    with pytest.raises(ConfigError, match=r"AVE: val_fraction: expected a number below 1, got 1\.0"):
        AVE(val_fraction=1.0)
    with pytest.raises(DataError, match=r"vegas: no vegas_feature.h5 or vegas.h5 or vegas.mat in"):
        VEGAS(on_missing=[]).load()
    with pytest.raises(DataError, match="vegas: no vegas_feature"):
        VEGAS(root=tmp_path).load()  # who names a folder means it
    data = VEGAS().load()
    assert data.provenance["source"] == "synthetic"
    assert data["audio"].x.shape == (600, 128)
