"""The streamed readout against the materialised softmax: values, gradients, chunks, files, and what is refused."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import memory_readout
from avgraph.nn.contrast import memory_rows
from avgraph.nn.contrast.memory_readout import blocked_forward


@pytest.fixture(autouse=True, params=["fused", "blocked"])
def forward(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test also runs with the forward pass of other devices."""
    if request.param == "blocked":
        module = sys.modules["avgraph.nn.contrast.memory_readout"]
        monkeypatch.setattr(module, "fused_forward", blocked_forward)


def materialised(query: Tensor, memory: Tensor, temperature: float) -> Tensor:
    similarity = F.normalize(query) @ F.normalize(memory).T
    return torch.softmax(similarity / temperature, 1) @ memory


def rows(b: int, n: int, d: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    return torch.randn(b, d, dtype=dtype), torch.randn(n, d, dtype=dtype)


@pytest.mark.parametrize("temperature", [0.01, 0.1, 10.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_the_materialised_softmax(temperature: float, dtype: torch.dtype) -> None:
    query, memory = rows(50, 5000, 32, dtype)
    memory = F.normalize(memory)
    expected = materialised(query.double(), memory.double(), temperature)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(
        memory_readout(query, memory, temperature).double(), expected, atol=tolerance, rtol=tolerance
    )


def test_equals_a_double_loop() -> None:
    query, memory = rows(3, 4, 5)
    for i, q in enumerate(query):
        weight = [float((q @ m / (q.norm() * m.norm()) / 0.3).exp()) for m in memory]
        expected = sum(w * m for w, m in zip(weight, memory, strict=True)) / sum(weight)
        torch.testing.assert_close(memory_readout(query, memory, 0.3)[i], expected)


def test_is_attention() -> None:
    query, memory = (F.normalize(x) for x in rows(7, 30, 8))
    attention = F.scaled_dot_product_attention(query[None], memory[None], memory[None], scale=1 / 0.05)[0]
    torch.testing.assert_close(memory_readout(query, memory, 0.05), attention)


@pytest.mark.parametrize("chunk_size", [1, 7, 100, 1000])
def test_chunks_and_blocks_do_not_matter(chunk_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    query, memory = (x.requires_grad_() for x in rows(10, 100, 6))
    weight = torch.randn(10, 6, dtype=torch.float64)
    results = []
    for size, block in ((None, 1024), (chunk_size, 3)):
        monkeypatch.setattr(memory_rows, "BLOCK_QUERIES", block)
        out = memory_readout(query, memory, 0.05, chunk_size=size)
        results.append((out, *torch.autograd.grad((out * weight).sum(), (query, memory))))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("chunk_size", [1, 5])
@pytest.mark.parametrize("descending", [False, True])
def test_similarities_that_rise_by_more_than_exp_can_hold(
    dtype: torch.dtype, chunk_size: int, descending: bool
) -> None:
    query, memory = rows(4, 60, 3, dtype)
    cosine = F.normalize(query) @ F.normalize(memory).T
    memory = memory[cosine[0].argsort(descending=descending)]  # scores from -1000 to 1000 at τ = 0.001
    expected = materialised(query.double(), memory.double(), 1e-3).to(dtype)
    out = memory_readout(query, memory, 1e-3, chunk_size=chunk_size)
    torch.testing.assert_close(out, expected, atol=1e-3 if dtype == torch.float32 else 1e-10, rtol=1e-4)


def test_order_of_the_memory_does_not_matter() -> None:
    query, memory = rows(4, 50, 6)
    shuffled = memory[torch.randperm(50)]
    torch.testing.assert_close(
        memory_readout(query, memory, 0.02, chunk_size=8), memory_readout(query, shuffled, 0.02, chunk_size=8)
    )


@pytest.mark.parametrize("chunk_size", [None, 3])
def test_gradcheck(chunk_size: int | None) -> None:
    query, memory = (x.requires_grad_() for x in rows(4, 8, 3))
    assert gradcheck(lambda q, m: memory_readout(q, m, 0.3, chunk_size=chunk_size), (query, memory))
    assert gradcheck(lambda q: memory_readout(q, memory.detach(), 0.3, chunk_size=chunk_size), (query,))
    assert gradcheck(lambda m: memory_readout(query.detach(), m, 0.3, chunk_size=chunk_size), (memory,))


@pytest.mark.parametrize("temperature", [0.01, 0.2])
def test_gradient_equals_that_of_the_materialised_softmax(temperature: float) -> None:
    query, memory = (x.requires_grad_() for x in rows(6, 40, 5))
    weight = torch.randn(6, 5, dtype=torch.float64)
    ours, theirs = (
        torch.autograd.grad((way(query, memory, temperature) * weight).sum(), (query, memory))
        for way in (lambda q, m, t: memory_readout(q, m, t, chunk_size=7), materialised)
    )
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


def test_one_sharp_row_and_one_flat_temperature() -> None:
    memory = torch.eye(4)
    assert torch.equal(memory_readout(memory, memory, 1e-3), memory)
    torch.testing.assert_close(memory_readout(memory, memory, 1e6), torch.full((4, 4), 0.25), atol=1e-5, rtol=0)
    assert memory_readout(torch.empty(0, 4), memory, 0.1).shape == (0, 4)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_length_of_the_query_does_not_matter(scale: float) -> None:
    query, memory = rows(3, 9, 4, torch.float32)
    torch.testing.assert_close(memory_readout(query * scale, memory, 0.1), memory_readout(query, memory, 0.1))
    torch.testing.assert_close(
        memory_readout(query, memory * scale, 0.1) / scale, memory_readout(query, memory, 0.1), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_wide(dtype: torch.dtype) -> None:
    query, memory = rows(5, 300, 16, torch.float32)
    query, memory = query.to(dtype), memory.to(dtype)
    out = memory_readout(query, memory, 0.05)
    assert out.dtype == dtype
    torch.testing.assert_close(out, materialised(query.float(), memory.float(), 0.05).to(dtype))
    assert memory_readout(query.float(), memory, 0.05).dtype == torch.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_memory_mapped_file(tmp_path: Path, dtype: type, mode: str) -> None:
    query, memory = rows(5, 300, 16, torch.float32)
    np.save(tmp_path / "memory.npy", memory.numpy().astype(dtype))
    mapped = np.load(tmp_path / "memory.npy", mmap_mode=mode)
    if mode == "c":
        mapped[:] += 1  # kept by the map only: giving its pages back would lose it
    held = torch.from_numpy(np.array(mapped))
    query.requires_grad_()
    for view, expected in ((mapped, held), (mapped[20:], held[20:]), (np.asarray(mapped)[::2], held[::2])):
        out = memory_readout(query, view, 0.05, chunk_size=64)
        torch.testing.assert_close(out, memory_readout(query, expected, 0.05))
        assert out.dtype == torch.float32
        (gradient,) = torch.autograd.grad(out.sum(), query)
        (of_tensor,) = torch.autograd.grad(memory_readout(query, expected, 0.05).sum(), query)
        torch.testing.assert_close(gradient, of_tensor, atol=1e-4, rtol=1e-4)  # other chunks, single precision


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED") or not Path("/proc/self/statm").exists(), reason="not Linux")
def test_mapped_pages_are_given_back(tmp_path: Path) -> None:
    shape = (16384, 256)  # 16 MiB
    file = np.lib.format.open_memmap(tmp_path / "memory.npy", "w+", np.float32, shape)
    file[:] = 1
    del file
    mapped = np.load(tmp_path / "memory.npy", mmap_mode="r")
    memory_readout(torch.ones(1, 256), mapped, 0.1, chunk_size=256)
    # Resident pages of this very map, which no other allocation can disturb.
    smaps = Path("/proc/self/smaps").read_text().split(str(tmp_path / "memory.npy"))[1]
    resident = next(int(line.split()[1]) for line in smaps.splitlines() if line.startswith("Rss:"))
    assert resident < 1024, f"{resident} KiB of a file of 16 MiB are still resident"


@pytest.mark.parametrize("name", ["query", "memory"])
@pytest.mark.parametrize(("value", "what"), [(0.0, "is zero"), (torch.nan, "is not finite"), (torch.inf, "is not")])
def test_rows_without_direction_are_named(name: str, value: float, what: str) -> None:
    given = dict(zip(("query", "memory"), rows(20, 20, 4, torch.float32), strict=True))
    given[name][13] = value
    with pytest.raises(GraphError, match=f"{name}: row 13 {what}"):
        memory_readout(given["query"], given["memory"], 0.1, chunk_size=4)


def test_refused() -> None:
    query, memory = rows(2, 3, 4)
    with pytest.raises(GraphError, match=r"expected one width above 0, got \[2, 4\] and \[3, 3\]"):
        memory_readout(query, memory[:, :3], 0.1)
    with pytest.raises(GraphError, match=r"query: expected floating-point rows \[n, d\], got torch\.float64 \[4\]"):
        memory_readout(query[0], memory, 0.1)
    with pytest.raises(GraphError, match=r"memory: expected floating-point rows \[n, d\], got int64 \[3, 4\]"):
        memory_readout(query, np.ones((3, 4), dtype=np.int64), 0.1)
    with pytest.raises(GraphError, match=r"memory: expected at least 1 row, got \[0, 4\]"):
        memory_readout(query, memory[:0], 0.1)
    for temperature in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(GraphError, match=f"temperature: expected a number above 0, got {temperature}"):
            memory_readout(query, memory, temperature)
    with pytest.raises(GraphError, match="chunk_size: expected at least 1 row, got 0"):
        memory_readout(query, memory, 0.1, chunk_size=0)


@pytest.mark.parametrize("length", [1e-15, 1e-19, 1e-21, 3e-23, 1e-30])
def test_very_short_rows_have_a_direction(length: float) -> None:
    memory = torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1]])
    query = torch.full((1, 4), length)
    torch.testing.assert_close(memory_readout(query, memory, 1.0), memory_readout(torch.ones(1, 4), memory, 1.0))


def test_autocast_changes_neither_rising_scores_nor_the_gradient() -> None:
    query, memory = rows(20, 3000, 8, torch.float32)
    memory = memory[(F.normalize(query) @ F.normalize(memory).T)[0].argsort()].requires_grad_()
    query.requires_grad_()
    results = []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            out = memory_readout(query, memory, 0.01)
            results.append((out.detach(), *torch.autograd.grad(out.sum(), (query, memory))))
    torch.testing.assert_close(results[1], results[0], rtol=0, atol=0)
