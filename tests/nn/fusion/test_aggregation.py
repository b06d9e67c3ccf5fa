"""Fusion over edges against the functions, node by node."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck
from torch_geometric.nn import SimpleConv

from avgraph.errors import GraphError
from avgraph.nn import ExpertAggregation, geometric_mean_of_experts, mixture_moments, product_of_experts

FUNCTIONS = {"product": product_of_experts, "geometric": geometric_mean_of_experts, "mixture": mixture_moments}
INDEX = torch.tensor([2, 0, 1, 0, 2, 2, 0, 3])
each_fusion = pytest.mark.parametrize("fusion", FUNCTIONS)


def messages(count: int = 8, width: int = 3) -> Tensor:
    return torch.randn(count, 2 * width, dtype=torch.float64)


def node_by_node(fusion: str, x: Tensor, index: Tensor, nodes: int, weights: Tensor | None = None) -> Tensor:
    rows = []
    for node in range(nodes):
        own = index == node
        mean, logvar = x[own].chunk(2, 1)
        rows.append(torch.cat(FUNCTIONS[fusion](mean, logvar, None if weights is None else weights[own])))
    return torch.stack(rows)


@each_fusion
def test_edges_are_the_function_node_by_node(fusion: str) -> None:
    x, weights = messages(), torch.rand(8, dtype=torch.float64)
    aggregate = ExpertAggregation(fusion)
    torch.testing.assert_close(aggregate(x, INDEX), node_by_node(fusion, x, INDEX, 4))
    torch.testing.assert_close(aggregate(x, INDEX, weights=weights), node_by_node(fusion, x, INDEX, 4, weights))


def plainly(fusion: str, x: Tensor, index: Tensor) -> list[list[float]]:
    """Node by node, number by number, from the definitions."""
    found = []
    for node in range(int(index.max()) + 1):
        means, logvars = [], []
        for c in range(x.shape[1] // 2):
            own = [(float(row[c]), math.exp(float(row[c + x.shape[1] // 2]))) for row in x[index == node]]
            if fusion == "mixture":
                mean = sum(m for m, _ in own) / len(own)
                variance = sum(v + (m - mean) ** 2 for m, v in own) / len(own)
            else:
                share = 1 / len(own) if fusion == "geometric" else 1
                variance = 1 / sum(share / v for _, v in own)
                mean = variance * sum(share * m / v for m, v in own)
            means, logvars = [*means, mean], [*logvars, math.log(variance)]
        found.append(means + logvars)
    return found


@each_fusion
def test_edges_are_a_double_loop(fusion: str) -> None:
    x = messages()
    expected = torch.tensor(plainly(fusion, x, INDEX), dtype=torch.float64)
    torch.testing.assert_close(ExpertAggregation(fusion)(x, INDEX), expected, atol=1e-12, rtol=0)


@each_fusion
def test_order_of_edges_does_not_matter(fusion: str) -> None:
    x, order = messages(), torch.randperm(8)
    aggregate = ExpertAggregation(fusion)
    torch.testing.assert_close(aggregate(x[order], INDEX[order]), aggregate(x, INDEX))


@each_fusion
def test_pointers_are_sorted_indices(fusion: str) -> None:
    x, aggregate = messages(), ExpertAggregation(fusion)
    ptr = torch.tensor([0, 3, 4, 7, 8])
    torch.testing.assert_close(aggregate(x, ptr=ptr), aggregate(x, torch.tensor([0, 0, 0, 1, 2, 2, 2, 3])))
    torch.testing.assert_close(aggregate(x), aggregate(x, torch.zeros(8, dtype=torch.int64)))


@each_fusion
def test_missing_modality_is_a_dropped_edge(fusion: str) -> None:
    """Frames with picture and sound, some without: the fused code is that of what is there."""
    visual, audio = messages(5), messages(5)
    heard = torch.tensor([True, False, True, False, True])
    frames = torch.arange(5)
    x, index = torch.cat([visual, audio[heard]]), torch.cat([frames, frames[heard]])
    fused = ExpertAggregation(fusion)(x, index, dim_size=5)
    for frame in range(5):
        there = [visual[frame], audio[frame]] if heard[frame] else [visual[frame]]
        mean, logvar = torch.stack(there).chunk(2, 1)
        torch.testing.assert_close(fused[frame], torch.cat(FUNCTIONS[fusion](mean, logvar)))
    weights = torch.cat([torch.ones(5), heard.double()])
    both = torch.cat([visual, torch.where(heard[:, None], audio, torch.nan)])
    torch.testing.assert_close(ExpertAggregation(fusion)(both, frames.repeat(2), weights=weights), fused)


@each_fusion
def test_it_is_the_aggregation_of_a_message_passing_layer(fusion: str) -> None:
    experts, edge_index = messages(4), torch.tensor([[0, 1, 3, 2, 3], [0, 0, 1, 2, 2]])
    layer = SimpleConv(aggr=ExpertAggregation(fusion))
    out = layer((experts, torch.zeros(3, 6, dtype=torch.float64)), edge_index, size=(4, 3))
    torch.testing.assert_close(out, node_by_node(fusion, experts[edge_index[0]], edge_index[1], 3))


@each_fusion
def test_gradcheck(fusion: str) -> None:
    x, weights = messages(6, 2).requires_grad_(), torch.rand(6, dtype=torch.float64).requires_grad_()
    index = torch.tensor([1, 0, 1, 2, 1, 0])
    assert gradcheck(lambda x: ExpertAggregation(fusion)(x, index), (x,))
    assert gradcheck(lambda x, w: ExpertAggregation(fusion)(x, index, weights=w), (x, weights))


@each_fusion
@pytest.mark.parametrize("size", [300.0, 1e30])
def test_extreme_variances_are_finite(fusion: str, size: float) -> None:
    x = torch.tensor([[1.0, size], [3.0, -size], [2.0, size], [2.0, -size], [4.0, -size]], requires_grad=True)
    fused = ExpertAggregation(fusion)(x, torch.tensor([0, 0, 1, 2, 2]))
    fused.sum().backward()
    assert x.grad is not None
    assert bool(fused.isfinite().all() and x.grad.isfinite().all())


def test_node_without_an_expert() -> None:
    x = messages(2)
    index = torch.tensor([0, 2])
    for fusion in FUNCTIONS:
        with pytest.raises(GraphError, match=r"node 1: no expert comes in \(2 such nodes of 4\)"):
            ExpertAggregation(fusion)(x, index, dim_size=4)
        with pytest.raises(GraphError, match=r"node 0: no expert comes in \(1 such nodes of 3\)"):
            ExpertAggregation(fusion)(
                torch.cat([x, x]), torch.tensor([0, 1, 2, 2]), weights=torch.tensor([0.0, 1, 1, 1])
            )
    fused = ExpertAggregation("product", standard_normal=True)(x, index, dim_size=4)
    assert torch.equal(fused[[1, 3]], torch.zeros(2, 6).double())
    for row, node in enumerate((0, 2)):
        mean, logvar = x[row : row + 1].chunk(2, 1)
        torch.testing.assert_close(fused[node], torch.cat(product_of_experts(mean, logvar, standard_normal=True)))
    none = ExpertAggregation("product", standard_normal=True)(messages(0), torch.zeros(0).long(), dim_size=2)
    assert torch.equal(none, torch.zeros(2, 6).double())


def test_bad_input_is_named(unchecked: None) -> None:
    with pytest.raises(GraphError, match="fusion: expected 'product', 'geometric' or 'mixture', got 'sum'"):
        ExpertAggregation("sum")  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="standard_normal: expected the fusion 'product', got 'mixture'"):
        ExpertAggregation("mixture", standard_normal=True)
    with pytest.raises(GraphError, match=r"x: expected floating point \[e, 2d\], mean beside logvar, got .* \[8, 5\]"):
        ExpertAggregation()(messages()[:, :5], INDEX)
    with pytest.raises(GraphError, match=r"index: expected a node for each of 8 edges, got \[7\]"):
        ExpertAggregation()(messages(), INDEX[:7])
    with pytest.raises(GraphError, match=r"weights: expected one for each of 8 edges, got \[2\]"):
        ExpertAggregation()(messages(), INDEX, weights=torch.ones(2))
    with pytest.raises(GraphError, match="x: row 0 is not finite"):
        ExpertAggregation()(messages() * torch.nan, INDEX)


def test_repr() -> None:
    assert str(ExpertAggregation("geometric")) == "ExpertAggregation('geometric', standard_normal=False)"
