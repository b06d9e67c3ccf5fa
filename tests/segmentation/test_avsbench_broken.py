"""Files of AVSBench that are broken are refused by name, and no pickle is run."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avgraph.datasets import AVSBenchS4
from avgraph.datasets.avsbench.layout import BenchClip, Layout, read_clips
from avgraph.errors import DataError


def _pickled(layout: Layout, clip: BenchClip) -> None:
    layout.sound(clip, ".npz").unlink()
    layout.sound(clip, ".pkl").write_bytes(pickle.dumps(torch.zeros(5, 1, 96, 64)))


def _with_code(layout: Layout, clip: BenchClip) -> None:
    layout.sound(clip, ".npz").unlink()
    torch.save(Path("/"), layout.sound(clip, ".pkl"))


def _sound(value: Any) -> Callable[[Layout, BenchClip], None]:
    return lambda layout, clip: np.savez(layout.sound(clip, ".npz"), log_mel=value)


def _table(text: str) -> Callable[[Layout, BenchClip], None]:
    def write(layout: Layout, clip: BenchClip) -> None:
        layout.table.write_text(text.replace("NAME", clip.name).replace("KIND", str(clip.category)))

    return write


BROKEN: dict[str, tuple[Callable[[Layout, BenchClip], Any], str]] = {
    "frame": (lambda layout, clip: layout.frame(clip, 3).unlink(), r"_3.png: no such file"),
    "mask": (lambda layout, clip: layout.mask(clip, 1).unlink(), r"gt_masks/.*_1.png: no such file"),
    "no picture": (lambda layout, clip: layout.frame(clip, 2).write_text("x"), r"_2.png: not a readable picture"),
    "no sound": (lambda layout, clip: layout.sound(clip, ".npz").unlink(), r"pkl: no such file, nor .*npz .*nor .*wav"),
    "a pickle": (_pickled, r"pkl: a pickle that could run code is not read; put .*npz \(key 'log_mel', .*or .*wav"),
    "an archive with code": (_with_code, r"pkl: a pickle that could run code is not read; put .*npz"),
    "seconds": (_sound(np.zeros((4, 1, 96, 64))), r"npz: expected floating point \[5, 1, 96, 64\], got .*\[4, 1"),
    "whole numbers": (_sound(np.zeros((5, 1, 96, 64), int)), r"npz: expected floating point .* got torch.int64"),
    "text": (_sound(np.array(["a", "b"])), "npz: not a readable .npz file: TypeError"),
    "not finite": (_sound(np.full((5, 1, 96, 64), np.inf)), "npz: holds NaN or infinite values"),
    "no split": (_table("name,category\nNAME,KIND\n"), "csv: no column 'split' after the first; it has name, category"),
    "no category": (_table("name,split\nNAME,train\n"), "csv: no column 'category' after the first"),
    "split": (_table("name,split,category\nNAME,dev,KIND\n"), "csv: line 2: split: .* got 'dev'"),
    "columns": (_table("name,split,category\nNAME,train\n"), "csv: line 2: expected 3 columns, got 2"),
    "twice": (_table("name,split,category\nNAME,train,KIND\nNAME,train,KIND\n"), "csv: clip .* is listed twice"),
    "elsewhere": (
        _table("name,split,category\n../NAME,train,KIND\n"),
        r"csv: line 2: expected a plain name, got '\.\./",
    ),
    "no training": (_table("name,split,category\n"), "csv: expected training clips, got none"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(tmp_path: Path, bench: Path, name: str) -> None:
    spoil, message = BROKEN[name]
    folder = tmp_path / "bench"
    shutil.copytree(bench, folder)
    layout = Layout("s4", folder / "s4_meta_data.csv", folder / "s4_data")
    spoil(layout, next(clip for clip in read_clips(layout) if clip.split == "train"))
    with pytest.raises(DataError, match=message):
        AVSBenchS4(folder, size=16).load()
