"""Data sets of the file itself: links, references and other files' bytes are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from avgraph.errors import DataError
from avgraph.io.hdf5 import read_hdf5


def external_storage(file: h5py.File) -> None:
    Path(file.filename).with_name("secret.bin").write_bytes(np.ones(3).tobytes())
    file.create_dataset("x", (3,), "f8", external=[(str(Path(file.filename).with_name("secret.bin")), 0, 24)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource(str(Path(file.filename).with_name("other.h5")), "secret", (3,))
    file.create_virtual_dataset("x", layout)


def external_link(file: h5py.File) -> None:
    file["x"] = h5py.ExternalLink(str(Path(file.filename).with_name("other.h5")), "/secret")


def through_a_soft_link(file: h5py.File) -> None:
    file["g"] = h5py.ExternalLink(str(Path(file.filename).with_name("other.h5")), "/")
    file["x"] = h5py.SoftLink("/g/secret")


def references(file: h5py.File) -> None:
    file["y"] = np.ones(3)
    file.create_dataset("x", data=[file["y"].ref], dtype=h5py.ref_dtype)


def text(file: h5py.File) -> None:
    file["x"] = ["a", "b"]


def records(file: h5py.File) -> None:
    file["x"] = np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])


def a_group(file: h5py.File) -> None:
    file.create_group("x")


def nothing(file: h5py.File) -> None:
    file["x"] = h5py.Empty("f8")


def a_bomb(file: h5py.File) -> None:
    file.create_dataset("x", (1 << 40,), "f8", chunks=(1 << 10,))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (external_link, "x: a link to another file, which is not followed"),
        (through_a_soft_link, "x: a link to another place, which is not followed"),
        (external_storage, "x: its values lie in another file"),
        (virtual, "x: its values lie in another file"),
        (references, "x: expected numbers, got object"),
        (text, "x: expected numbers, got object"),
        (records, "x: expected numbers, got"),
        (a_group, "x: expected a data set, got a group"),
        (nothing, "x: expected numbers, got nothing"),
        (a_bomb, "x: 0 bytes claim to hold 8796093022208"),
    ],
)
def test_what_is_not_read(tmp_path: Path, make: Callable[[h5py.File], None], message: str) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = np.ones(3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file)
    with pytest.raises(DataError, match=message):
        read_hdf5(tmp_path / "a.h5", ["x"])


def test_links_beside_the_wanted_keys_are_not_opened(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.ones(3)
        file["z"] = h5py.ExternalLink("/dev/zero", "/")
    np.testing.assert_array_equal(read_hdf5(tmp_path / "a.h5", ["x", "y"])["x"], np.ones(3))
