"""Rows of mapped files: blocks, gathering, checks, and that a large file does not stay in memory."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from avgraph.errors import DataError
from avgraph.io.mapped_rows import check_embeddings, mapping_of, row_blocks, take_rows


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_blocks_are_the_rows_in_order(size: int, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float16)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for rows in (x, mapped, torch.from_numpy(x)):
        starts, blocks = zip(*row_blocks(rows, size), strict=True)
        assert list(starts) == list(range(0, 7, size))
        np.testing.assert_array_equal(np.concatenate(blocks), x.astype(np.float32))
    assert mapping_of(mapped) is not None
    assert mapping_of(np.asarray(mapped)[2:]) is not None
    assert mapping_of(np.load(tmp_path / "x.npy", mmap_mode="c")) is None


def test_gathered_rows() -> None:
    x, index = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float16), torch.tensor([8, 0, 0])
    torch.testing.assert_close(take_rows(x, index), torch.from_numpy(x).float()[index])
    assert torch.equal(take_rows(torch.from_numpy(x), index), take_rows(x, index))


def test_bad_rows_are_named() -> None:
    good = np.eye(4, dtype=np.float32).repeat(10_000, 0)
    check_embeddings(good, "x.npy", unit=True, expected=4)
    check_embeddings(good * 3, "x.npy", unit=False)
    for row, value, message in (
        (20_001, 0.0, r"x\.npy: row 20001 is zero: it has no direction"),
        (3, np.nan, r"x\.npy: row 3 has NaN or infinite values"),
        (39_999, np.inf, r"x\.npy: row 39999 has NaN or infinite values"),
    ):
        bad = good.copy()
        bad[row] = value
        for unit in (True, False):
            with pytest.raises(DataError, match=message):
                check_embeddings(bad, "x.npy", unit=unit)
    bad = good.copy()
    bad[5] *= 2.5
    with pytest.raises(DataError, match=r"row 5 has length 2\.5, expected 1; normalize: true scales all rows"):
        check_embeddings(bad, "x.npy", unit=True)
    for rows, message in (
        (good[:, :3], r"expected 4 columns, got \[40000, 3\]"),
        (good.astype(np.int64), r"expected floating-point rows \[n, d\], got int64"),
        (good[0], r"got float32 \[4\]"),
        (good[:0], r"got float32 \[0, 4\]"),
    ):
        with pytest.raises(DataError, match=message):
            check_embeddings(rows, "x.npy", unit=False, expected=4)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read from /proc")
def test_a_checked_file_does_not_stay_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    file = np.lib.format.open_memmap(path, "w+", np.float16, (300_000, 256))  # 146 MB
    file[:] = 1 / 16
    del file
    rows = np.load(path, mmap_mode="r")
    check_embeddings(rows, "x.npy", unit=True)
    # Resident pages of this very map, which no other allocation can disturb.
    smaps = Path("/proc/self/smaps").read_text().split(str(path))[1]
    resident = next(int(line.split()[1]) for line in smaps.splitlines() if line.startswith("Rss:"))
    assert resident < 75 * 1024, f"{resident} KiB of a file of 146 MiB are still resident"
