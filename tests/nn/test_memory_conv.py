"""The layer of the memory readout: equal to the functions and to loops, on edges, complete, hooked and explained."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import MemoryConv, memory_log_total, memory_readout, memory_readout_edges

TEMPERATURE = 0.2
EDGES = torch.tensor([[4, 0, 3, 0, 2, 2, 5], [0, 1, 0, 0, 2, 1, 2]])  # query 3 has none, memory row 1 neither


def rows(b: int = 4, n: int = 6, d: int = 5) -> tuple[Tensor, Tensor]:
    return torch.randn(n, d, dtype=torch.float64), torch.randn(b, d, dtype=torch.float64)


def loop(memory: Tensor, query: Tensor, edge_index: Tensor) -> Tensor:
    out = torch.zeros_like(query)
    for i, q in enumerate(query):
        mass = torch.zeros((), dtype=q.dtype)
        for k, m in enumerate(memory):
            for _ in range(int(((edge_index[0] == k) & (edge_index[1] == i)).sum())):
                weight = ((q @ m) / (q.norm() * m.norm()) / TEMPERATURE).exp()
                out[i], mass = out[i] + weight * m, mass + weight
        out[i] = out[i] / mass.clamp(min=1e-300)
    return out


def ways(conv: MemoryConv, x: tuple[Tensor, Tensor], edge_index: Tensor | None, total: Tensor | None) -> list[Tensor]:
    """Fused, with the attention, and step by step."""
    found = [conv(x, edge_index, log_total=total)]
    found.append(conv(x, edge_index, log_total=total, return_attention_weights=True)[0])
    conv.register_message_forward_hook(lambda module, inputs, output: None)
    return [*found, conv(x, edge_index, log_total=total)]


def test_equals_the_function_and_a_double_loop() -> None:
    memory, query = rows()
    expected = loop(memory, query, EDGES)
    every = [memory_readout_edges(query, memory, EDGES, TEMPERATURE)]
    for found in every + ways(MemoryConv(TEMPERATURE), (memory, query), EDGES, None):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    assert not expected[3].any()


def test_edges_of_the_complete_graph_equal_the_stream() -> None:
    memory, query = rows()
    expected = memory_readout(query, memory, TEMPERATURE)
    conv = MemoryConv(TEMPERATURE)
    assert torch.equal(conv((memory, query)), expected)
    assert torch.equal(conv((memory.numpy(), query)), expected)
    _, (edges, attention) = conv((memory, query), return_attention_weights=True)
    torch.testing.assert_close(attention.view(6, 4).sum(0), torch.ones(4, dtype=torch.float64))
    for found in (conv((memory, query), edges), *ways(conv, (memory, query), None, None)):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(conv(query), memory_readout(query, query, TEMPERATURE), atol=1e-12, rtol=0)


def test_with_the_total_of_the_memory_few_edges_weigh_as_in_the_complete_graph() -> None:
    memory, query = rows()
    total = memory_log_total(query, memory, TEMPERATURE)
    attention = torch.softmax(F.normalize(query) @ F.normalize(memory).T / TEMPERATURE, 1)
    kept = torch.zeros_like(attention).index_put_((EDGES[1], EDGES[0]), torch.ones(7).double(), accumulate=True)
    for found in ways(MemoryConv(TEMPERATURE), (memory, query), EDGES, total):
        torch.testing.assert_close(found, (attention * kept) @ memory, atol=1e-12, rtol=0)


def test_order_of_edges_does_not_matter() -> None:
    x, order = rows(), torch.randperm(EDGES.shape[1])
    conv = MemoryConv(TEMPERATURE)
    torch.testing.assert_close(conv(x, EDGES[:, order]), conv(x, EDGES), atol=1e-12, rtol=0)


@pytest.mark.parametrize("fuse", [True, False])
def test_gradcheck(fuse: bool) -> None:
    conv, x = MemoryConv(TEMPERATURE), [part.requires_grad_() for part in rows(3, 6, 2)]
    conv.fuse, edges = fuse, EDGES[:, EDGES[1] < 3]
    assert gradcheck(lambda m, q: conv((m, q), edges), x)
    assert gradcheck(lambda m, q, z: conv((m, q), edges, log_total=z), [*x, torch.ones(3).double().requires_grad_()])


def test_hooks_see_attention_and_messages() -> None:
    conv, x, seen = MemoryConv(TEMPERATURE), rows(), []
    conv.register_edge_update_forward_hook(lambda module, inputs, output: seen.append(output))
    conv.register_message_forward_hook(lambda module, inputs, output: seen.append(output))
    conv(x, EDGES)
    torch.testing.assert_close(seen[1], seen[0][:, None] * x[0][EDGES[0]])


def test_half_precision_is_computed_in_single() -> None:
    memory, query = (part.bfloat16() for part in rows())
    found = MemoryConv(TEMPERATURE)((memory, query), EDGES)
    assert found.dtype == torch.bfloat16
    wide = MemoryConv(TEMPERATURE)((memory.float(), query.float()), EDGES)
    assert torch.equal(found, wide.bfloat16())


def test_bad_input_is_named() -> None:
    memory, query = rows()
    conv = MemoryConv(TEMPERATURE)
    with pytest.raises(GraphError, match="temperature: expected a number above 0, got 0"):
        MemoryConv(0.0)
    with pytest.raises(GraphError, match=r"edge_index row 0 \(source\): expected node numbers 0 … 5 .* got 6"):
        conv((memory, query), EDGES + 1)
    with pytest.raises(GraphError, match=r"log_total: expected floating point \[4\], one a query, got .* \[3\]"):
        conv((memory, query), EDGES, log_total=torch.zeros(3))
    with pytest.raises(GraphError, match="memory: row 0 is zero"):
        conv((memory * 0, query), EDGES)
    with pytest.raises(GraphError, match="expected a tensor along edges, got an array"):
        conv((np.ones((6, 5)), query), EDGES)
    assert repr(conv) == "MemoryConv(temperature=0.2)"
