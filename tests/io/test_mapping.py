"""Mapping members of archives: what is mapped equals what is read; what cannot be is read, or told as reading does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from avgraph.errors import DataError
from avgraph.io.arrays import map_array, read_array

X = np.random.default_rng(0).normal(size=(5, 3))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_mapped_equals_read(dtype: type, tmp_path: Path) -> None:
    x = X.astype(dtype)
    np.savez(tmp_path / "a.npz", first=np.arange(7), x=x, fortran=np.asfortranarray(x))
    save_file({"first": torch.arange(7), "x": torch.from_numpy(x)}, tmp_path / "a.safetensors")
    np.save(tmp_path / "x.npy", x)
    for reference in ("a.npz:x", "a.npz:fortran", "a.safetensors:x", "x.npy"):
        mapped = map_array(reference, tmp_path)
        assert isinstance(mapped, np.memmap)
        assert mapped.dtype == dtype
        np.testing.assert_array_equal(mapped, read_array(reference, tmp_path))
        with pytest.raises(ValueError, match="read-only"):
            mapped[0] = 0


def test_what_cannot_be_mapped_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=X)
    save_file({"x": torch.from_numpy(X).bfloat16()}, tmp_path / "a.safetensors")
    for reference in ("a.npz:x", "a.safetensors:x"):
        found = map_array(reference, tmp_path)
        assert not isinstance(found, np.memmap)
        np.testing.assert_allclose(found, X, rtol=0.01)


@pytest.mark.parametrize(
    "reference", ["a.npz:y", "a.npz", "a.safetensors:y", "absent.npz:x", "cut.npz:x", "cut.safetensors:x"]
)
def test_what_is_wrong_is_told_as_reading_does(reference: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X)
    save_file({"x": torch.from_numpy(X)}, tmp_path / "a.safetensors")
    for suffix in ("npz", "safetensors"):
        (tmp_path / f"cut.{suffix}").write_bytes((tmp_path / f"a.{suffix}").read_bytes()[:-50])
    with pytest.raises(DataError) as one:
        map_array(reference, tmp_path)
    with pytest.raises(DataError) as other:
        read_array(reference, tmp_path)
    assert str(one.value) == str(other.value)
