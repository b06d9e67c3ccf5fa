"""The cache: computed once, read back, made again where a file is damaged."""

from pathlib import Path

import numpy as np
import pytest
import torch

from avgraph.encoders.context import EncodeContext
from avgraph.encoders.memory import remembered
from avgraph.io.cache import kept, kept_array
from tests.logged import Logged


def test_written_once_and_whole(tmp_path: Path) -> None:
    written = []

    def write(path: Path) -> None:
        written.append(path)
        path.write_text("content")

    path = tmp_path / "kind" / "a.txt"
    assert [kept(path, Path.read_text, write) for _ in range(3)] == ["content"] * 3
    assert len(written) == 1
    assert [found.name for found in path.parent.iterdir()] == ["a.txt"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        path.write_text("half")
        raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        kept(tmp_path / "a.txt", Path.read_text, write)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_encoding_is_computed_again(tmp_path: Path, logged: Logged) -> None:
    context = EncodeContext(cache=tmp_path)
    calls = []

    def compute() -> dict[str, torch.Tensor]:
        calls.append(1)
        return {"x": torch.arange(4.0)}

    first = remembered(context, {}, [], compute)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    again = remembered(context, {}, [], compute)
    assert torch.equal(again["x"], first["x"])
    assert len(calls) == 2
    assert f"{path}: damaged, made again" in logged.text
    assert torch.equal(remembered(context, {}, [], compute)["x"], first["x"])
    assert len(calls) == 2


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((2, 2), np.float32)])
def test_an_array_of_another_shape_or_type_is_made_again(tmp_path: Path, wrong: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", wrong)
    found = kept_array(tmp_path / "a.npy", (3,), np.float32, lambda array: array.fill(2))
    assert isinstance(found, np.memmap)
    assert found.tolist() == [2, 2, 2]


def test_without_a_folder_that_can_be_written_nothing_is_kept(tmp_path: Path, logged: Logged) -> None:
    (tmp_path / "file").write_text("in the way")
    found = kept_array(tmp_path / "file" / "a.npy", (2,), np.float64, lambda array: array.fill(1))
    assert found.tolist() == [1, 1]
    assert "nothing is kept, the folder cannot be written" in logged.text
