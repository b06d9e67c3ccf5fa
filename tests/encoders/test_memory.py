"""Results are kept by content: computed once, again when anything they depend on changes, never half-written."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders import EncodeContext, LogmelModulation, TextAligned
from avgraph.encoders.memory import remembered
from avgraph.runtime.settings import run_settings
from tests.encoders.test_logmel_modulation import clips


class Counted:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, Tensor]:
        self.calls += 1
        return {"x": torch.tensor([float(self.calls)])}


def test_computed_once_until_something_changes(tmp_path: Path) -> None:
    compute, inputs = Counted(), [torch.arange(3)]
    context = EncodeContext(cache=tmp_path / "new" / "folder")
    for _ in range(2):
        assert remembered(context, {"format": 1}, inputs, compute)["x"] == 1
    for number, (other, about, tensors) in enumerate(
        [
            (EncodeContext(cache=context.cache, seed=1), {"format": 1}, inputs),
            (context, {"format": 2}, inputs),
            (context, {"format": 1}, [torch.arange(4)]),
            (context, {"format": 1}, [torch.arange(3).float()]),
        ],
        start=2,
    ):
        assert remembered(other, about, tensors, compute)["x"] == number
    assert len(list(context.cache.iterdir())) == compute.calls == 5  # type: ignore[union-attr]


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    compute = Counted()
    for _ in range(2):
        remembered(EncodeContext(), {}, [], compute)
    assert compute.calls == 2


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> dict[str, Tensor]:
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        remembered(EncodeContext(cache=tmp_path), {}, [], fail)
    assert not list(tmp_path.iterdir())


def test_the_second_encoding_equals_the_first(tmp_path: Path) -> None:
    context = EncodeContext(cache=tmp_path)
    first, second, other = (
        LogmelModulation(shrinkage=part).encode(clips(), "audio", context=context)["audio"] for part in (0.4, 0.4, 0.9)
    )
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.score, second.score)
    assert not torch.equal(first.score, other.score)


def test_a_tower_of_another_number_of_threads_is_another_tower(tmp_path: Path) -> None:
    data = HeteroData(text={"x_toy": torch.eye(4)})
    data["audio"].x, data["audio"].text = torch.randn(64, 8), torch.arange(64) % 4
    data["audio"].train_mask = torch.arange(64) < 48
    encoder = TextAligned(space="toy", epochs=3, batch_size=16)

    def rows(threads: int, cache: Path | None) -> Tensor:
        with run_settings(threads):
            found: Tensor = encoder.encode(data, "audio", context=EncodeContext(cache=cache))["audio"].x_toy
        return found

    for threads in (1, 2, 1):
        assert torch.equal(rows(threads, tmp_path), rows(threads, None))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_tower_needs_no_classes_of_recordings_and_fits_no_discriminants() -> None:
    data = clips()
    data["text"].x_toy, data["audio"].text = torch.eye(4), torch.arange(data["audio"].num_nodes) % 4
    encoder = TextAligned(space="toy", features="logmel_modulation", epochs=2, batch_size=8)
    rows = encoder.encode(data, "audio")["audio"].x_toy
    del data["audio"].y
    found = encoder.encode(data, "audio")["audio"]
    assert torch.equal(found.x_toy, rows)
    assert "score" not in found
