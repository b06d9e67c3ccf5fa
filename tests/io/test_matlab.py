"""Matrices of .mat files as scipy reads them; damage is one line and never a crash."""

from __future__ import annotations

import struct
import zlib
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest
from scipy.io import loadmat, savemat
from scipy.sparse import eye

from avgraph.errors import DataError
from avgraph.io.matlab import read_matlab
from avgraph.io.reading import reading

TYPES = ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?")
SHAPES = ((3, 4), (1, 1), (0, 3), (2, 3, 4), (1, 300))


@pytest.mark.parametrize("compressed", [False, True])
def test_as_scipy_reads_them(tmp_path: Path, compressed: bool) -> None:
    rng = np.random.default_rng(0)
    others = {"text": "dog", "cell": np.array([1, "a"], object), "sparse": eye(3), "struct": {"a": 1}}
    for number, (dtype, shape) in enumerate(product(TYPES, SHAPES)):
        x = (rng.random(shape) * 100).astype(dtype)
        path = tmp_path / f"{number}.mat"
        savemat(path, {**others, "x": x, "y": x + x}, do_compression=compressed)
        found, expected = read_matlab(path, ["x", "y", "absent"]), loadmat(path)
        assert list(found) == ["x", "y"]
        for key, value in found.items():
            assert value.dtype == expected[key].dtype
            np.testing.assert_array_equal(value, expected[key])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("dog", "x: expected a matrix of real numbers, got text"),
        (np.array([1, "a"], object), "x: expected a matrix of real numbers, got a cell array"),
        (eye(3), "x: expected a matrix of real numbers, got a sparse matrix"),
        (np.array([1j]), "x: expected a matrix of real numbers, got complex numbers"),
    ],
)
def test_other_values_are_named(tmp_path: Path, value: object, message: str) -> None:
    savemat(tmp_path / "a.mat", {"x": value})
    with pytest.raises(DataError, match=message):
        read_matlab(tmp_path / "a.mat", ["x"])


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_is_an_array_or_one_line(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"x": np.arange(12.0).reshape(3, 4), "y": np.eye(3)}, do_compression=compressed)
    whole, rng, refused = path.read_bytes(), Random(0), 0
    for at in range(124, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :])
        told = ""
        try:
            with reading(path, "MATLAB"):
                read_matlab(path, ["x", "y"])
        except DataError as error:
            told = str(error)
        assert told.isprintable()
        refused += bool(told)
    assert refused > 30


def test_a_compressed_bomb_is_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"x": np.zeros((3, 3))})
    whole = (tmp_path / "a.mat").read_bytes()
    packed = zlib.compress(struct.pack("<II", 14, 1 << 30) + whole[136:])
    (tmp_path / "a.mat").write_bytes(whole[:128] + struct.pack("<II", 15, len(packed)) + packed)
    with pytest.raises(DataError, match=r"a compressed matrix: \d+ bytes claim to hold 1073741824"):
        read_matlab(tmp_path / "a.mat", ["x"])
