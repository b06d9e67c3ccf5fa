"""CIFAR-10 and CIFAR-100 in small files of the published layout; the download from a server of this machine."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from avgraph.datasets import CIFAR10, CIFAR100
from avgraph.datasets.cifar import folder as cifar
from avgraph.datasets.cifar.archive import LAYOUTS, CifarName
from avgraph.errors import ConfigError, DataError
from avgraph.tools import catalog
from tests.datasets.cifar_folder import cifar_files, write_archive, write_cifar

KINDS = {"cifar10": CIFAR10, "cifar100": CIFAR100}


@pytest.mark.parametrize("name", KINDS)
def test_pictures_and_classes_are_those_of_the_records(tmp_path: Path, name: CifarName) -> None:
    data = KINDS[name](root=write_cifar(tmp_path, name)).load()
    layout, image = LAYOUTS[name], data["image"]
    raw = np.concatenate(
        [np.frombuffer(cifar_files(name)[file], np.uint8).reshape(-1, layout.record)
         for file in (*layout.train, layout.test)]
    )  # fmt: skip
    assert image.x.shape == (len(raw), 3, 32, 32)
    assert image.x.dtype == torch.uint8
    assert torch.equal(image.y, torch.from_numpy(raw[:, layout.labels - 1].astype(np.int64)))
    row, colour, line, column = len(raw) - 2, 1, 3, 5
    assert int(image.x[row, colour, line, column]) == raw[row, layout.labels + 1024 * colour + 32 * line + column]
    assert data["label"].name == [f"class {number}" for number in range(layout.classes)]
    assert data["label"].y.tolist() == list(range(layout.classes))
    if name == "cifar100":
        assert data["label"].superclass.tolist() == [number % 20 for number in range(100)]
    assert image.test_mask.tolist() == [row >= len(raw) - 3 * layout.classes for row in range(len(raw))]
    assert torch.equal(image.train_mask.long() + image.val_mask + image.test_mask, torch.ones(len(raw)).long())
    assert set(data.provenance["files"]) == set(layout.files)
    assert data.provenance["source"] == "real"


def test_splits_are_drawn_class_by_class_and_labels_leave_the_validation_alone(tmp_path: Path) -> None:
    write_cifar(tmp_path, "cifar10", per_class=4)
    whole, few = (CIFAR10(root=tmp_path, labels_per_class=labels, val_fraction=0.2).load() for labels in (None, 5))
    for data, count in ((whole, 16), (few, 5)):
        for mask, size in (("train_mask", count), ("val_mask", 4), ("test_mask", 4)):
            assert data["image"].y[data["image"][mask]].bincount().tolist() == [size] * 10
    assert torch.equal(whole["image"].val_mask, few["image"].val_mask)
    assert not bool((few["image"].train_mask & ~whole["image"].train_mask).any())
    other = CIFAR10(root=tmp_path, val_fraction=0.2, seed=1).load()["image"]
    assert not torch.equal(other.val_mask, whole["image"].val_mask)
    assert torch.equal(other.test_mask, whole["image"].test_mask)


def test_a_part_is_kept_of_every_class_and_split(tmp_path: Path) -> None:
    write_cifar(tmp_path, "cifar10", per_class=4)
    image = CIFAR10(root=tmp_path, keep=0.5, val_fraction=0.1).load()["image"]
    for mask, size in (("train_mask", 9), ("val_mask", 1), ("test_mask", 2)):
        assert image.y[image[mask]].bincount().tolist() == [size] * 10
    whole = CIFAR10(root=tmp_path).load()["image"]
    assert torch.equal(image.x, whole.x[image.row])


def test_features_are_read_where_they_are_asked_for(tmp_path: Path) -> None:
    y = np.arange(30) % 10
    x = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float16)
    names = np.array([f"name {number}" for number in range(10)])
    np.savez(tmp_path / "efficientnet_lite0_pca384.npz", x_train=x, y_train=y, x_test=x, y_test=y, classes=names)
    data = CIFAR10(root=tmp_path, content="features", val_fraction=0).load()
    assert data.provenance["content"] == "features"
    assert data["image"].x.shape == (60, 6)
    assert torch.equal(data["image"].x[30:], torch.from_numpy(x.astype(np.float32)))
    assert data["image"].test_mask.tolist() == [False] * 30 + [True] * 30
    assert data["label"].name[3] == "name 3"
    status = catalog.describe("cifar10", tmp_path)
    assert (status.source, status.clips, status.classes) == ("real", 60, 10)
    with pytest.raises(DataError, match=r"cifar10: not found in .*: expected data_batch_1\.bin"):
        CIFAR10(root=tmp_path).load()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_cifar(tmp_path, "cifar10")
    place = tmp_path / "cifar-10-batches-bin"
    whole = (place / "test_batch.bin").read_bytes()
    for content, message in (
        (whole[:-1], r"test_batch\.bin: expected records of 3073 bytes, got 92189 bytes"),
        (b"", r"test_batch\.bin: expected records of 3073 bytes, got 0 bytes"),
        (whole[:3073] + b"\x0a" + whole[3074:], r"test_batch\.bin: record 1: expected a class from 0 to 9, got 10"),
    ):
        (place / "test_batch.bin").write_bytes(content)
        with pytest.raises(DataError, match=message):
            CIFAR10(root=tmp_path).load()
    (place / "test_batch.bin").write_bytes(whole)
    (place / "batches.meta.txt").write_text("cat\ndog\n")
    with pytest.raises(DataError, match=r"batches\.meta\.txt: expected 10 names, one a line, got 2"):
        CIFAR10(root=tmp_path).load()


@pytest.mark.usefixtures("no_shared_data")
@pytest.mark.parametrize("name", KINDS)
def test_what_to_try_is_tried_in_order(name: CifarName, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("avgraph.datasets.cifar.graph.fetch_cifar", asked.append)
    KINDS[name](on_missing=["synthetic", "download"]).load()
    assert not asked
    KINDS[name](on_missing=["download", "synthetic"]).load()
    assert asked == [name]


@pytest.mark.usefixtures("no_shared_data")
@pytest.mark.parametrize(("name", "options"), [("cifar10", {}), ("cifar10", {"content": "features"}), ("cifar100", {})])
def test_a_stand_in_says_so_and_nothing_is_made_up_unasked(name: CifarName, options: dict[str, str]) -> None:
    data = KINDS[name](**options).load()
    assert data.provenance["source"] == "synthetic"
    assert data["image"].x.shape[1:] == ((384,) if options else (3, 32, 32))
    for tried in ([], ["download"]):
        with pytest.raises(DataError, match=f"{name}: no"):
            KINDS[name](**options, on_missing=tried).load()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.mark.usefixtures("no_shared_data")
@pytest.mark.parametrize("name", KINDS)
def test_fetch_downloads_checks_and_unpacks_once(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, name: CifarName
) -> None:
    monkeypatch.delenv("AVGRAPH_OFFLINE")
    layout = LAYOUTS[name]
    files = {f"{layout.folder}/{file}": content for file, content in cifar_files(name).items()}
    archive = write_archive(
        tmp_path / "made.tar.gz", {**files, f"{layout.folder}/readme.html": b"more", "../up": b"no"}
    )
    digits = hashlib.sha256(archive.read_bytes()).hexdigest()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/made.tar.gz"
    monkeypatch.setitem(cifar.ARCHIVES, name, (url, "sha256:" + "0" * 64))
    with pytest.raises(DataError, match="sha256 differs"):
        catalog.fetch(name)
    monkeypatch.setitem(cifar.ARCHIVES, name, (url, f"sha256:{digits}"))
    assert catalog.fetch(name) == own_cache / name
    server.shutdown()
    server.server_close()
    assert catalog.fetch(name) == own_cache / name  # no server is needed any more
    assert sorted(path.name for path in (own_cache / name / layout.folder).iterdir()) == sorted(layout.files)
    assert not (own_cache.parent / "up").exists()
    status = catalog.describe(name)
    assert (status.source, status.clips) == ("real", 3 * layout.classes * (len(layout.train) + 1))
    assert len(KINDS[name](on_missing=[]).load()["image"].y) == status.clips


def test_the_addresses_are_the_publishers_own_and_encrypted() -> None:
    for url, checksum in cifar.ARCHIVES.values():
        assert url.startswith("https://www.cs.toronto.edu/~kriz/cifar-")
        assert len(checksum.removeprefix("sha256:")) == 64


def test_wrong_options_are_refused() -> None:
    for options, message in (
        ({"keep": 0}, "keep: expected a number above 0"),
        ({"labels_per_class": 0}, "labels_per_class: expected a number of at least 1"),
        ({"val_fraction": 1}, "val_fraction: expected a number below 1"),
    ):
        with pytest.raises(ConfigError, match=message):
            CIFAR10(**options)
    with pytest.raises(ConfigError, match="content: unknown key"):
        CIFAR100(content="features")
