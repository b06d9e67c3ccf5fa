"""Arrays of an .npz by their keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avgraph.errors import DataError
from avgraph.io.npz import read_npz


def test_the_named_arrays_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.eye(2), y=np.arange(3), z=np.zeros(1))
    found = read_npz(path, ["y", "x"])
    assert list(found) == ["y", "x"]
    np.testing.assert_array_equal(found["x"], np.eye(2))


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(DataError, match=r"a\.npz: no such file"):
        read_npz(path, ["x"])
    np.savez(path, x=np.eye(2), y=np.arange(3))
    with pytest.raises(DataError, match=r"a\.npz: no key 'z'; it has: x, y"):
        read_npz(path, ["x", "z"])
    whole = path.read_bytes()
    for damaged in (b"", b"junk", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.npz: not an? (readable )?\.npz"):
            read_npz(path, ["x"])
    np.savez(path, x=np.array([{}], dtype=object))
    with pytest.raises(DataError, match=r"a\.npz: array 'x' cannot be read: .*pickle"):
        read_npz(path, ["x"])


def test_any_damaged_byte_of_a_compressed_file_is_named_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).integers(0, 4, (50, 50)))
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            read_npz(path, ["x"])
        except DataError:
            refused += 1
    assert refused > len(whole) / 6
