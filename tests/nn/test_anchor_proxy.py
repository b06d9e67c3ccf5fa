"""Proxies by attention: equal to the functions and to loops, over all or along edges, hooked and explained."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import AnchorProxy, attention_proxy, attention_proxy_edges, complete_edges

C = 3
EDGES = torch.tensor([[4, 0, 2, 0, 3, 3, 1], [0, 1, 0, 0, 2, 3, 1]])  # anchor 3 has its own pair only
each_mask = pytest.mark.parametrize("mask", [False, True])


def rows(n: int = 5, m: int = 5) -> tuple[Tensor, Tensor]:
    return torch.randn(m, C, dtype=torch.float64), torch.randn(n, C, dtype=torch.float64)


def loop(layer: AnchorProxy, other: Tensor, anchor: Tensor, edge_index: Tensor) -> Tensor:
    out = []
    for n, z in enumerate(anchor):
        total, mass = torch.zeros_like(z), 0.0
        for m, y in enumerate(other):
            for _ in range(int(((edge_index[0] == m) & (edge_index[1] == n)).sum())):
                if not (layer.mask_own_pair and m == n):
                    weight = math.exp(float((layer.query(z) @ layer.key(y)).detach()) / math.sqrt(C))
                    total, mass = total + weight * layer.value(y), mass + weight
        out.append(z + total / mass if mass else z)
    return torch.stack(out)


def ways(layer: AnchorProxy, x: tuple[Tensor, Tensor], edge_index: Tensor | None) -> list[Tensor]:
    """Fused, and step by step."""
    found = [layer(x, edge_index)]
    layer.register_message_forward_hook(lambda module, inputs, output: None)
    return [*found, layer(x, edge_index)]


@each_mask
def test_equals_the_functions_and_a_double_loop(mask: bool) -> None:
    x, layer = rows(), AnchorProxy(C, mask_own_pair=mask).double()
    ends = (layer.query(x[1]), layer.key(x[0]), layer.value(x[0]))
    every = complete_edges(5, 5)
    along = [attention_proxy_edges(x[1], *ends, EDGES, mask_own_pair=mask), *ways(layer, x, EDGES)]
    layer.fuse = True
    among_all = [attention_proxy(x[1], *ends, mask_own_pair=mask), layer(x, every), *ways(layer, x, None)]
    for edge_index, found in ((EDGES, along), (every, among_all)):
        for one in found:
            torch.testing.assert_close(one, loop(layer, *x, edge_index), atol=1e-12, rtol=0)
    assert bool((along[0][3] == x[1][3]).all()) == mask


def test_a_masked_proxy_does_not_see_its_pair() -> None:
    other, anchor = rows()
    layer, changed = AnchorProxy(C, mask_own_pair=True).double(), other.clone()
    changed[2] += 1
    same = (layer((other, anchor)) == layer((changed, anchor))).all(1)
    assert same.tolist() == [n == 2 for n in range(5)]
    alone = layer((other[:1], anchor[:1]))
    torch.testing.assert_close(alone, anchor[:1] + layer.value(other[:1]))


def test_order_of_edges_does_not_matter() -> None:
    x, layer, order = rows(), AnchorProxy(C).double(), torch.randperm(EDGES.shape[1])
    torch.testing.assert_close(layer(x, EDGES[:, order]), layer(x, EDGES), atol=1e-12, rtol=0)


@each_mask
@pytest.mark.parametrize("fuse", [True, False])
def test_gradcheck(mask: bool, fuse: bool) -> None:
    layer = AnchorProxy(C, mask_own_pair=mask).double()
    layer.fuse = fuse
    assert gradcheck(lambda other, anchor: layer((other, anchor), EDGES), [part.requires_grad_() for part in rows()])
    assert gradcheck(
        lambda other, anchor: layer((other, anchor)), [part[:3].detach().requires_grad_() for part in rows()]
    )


def test_hooks_see_attention_and_messages() -> None:
    x, layer, seen = rows(), AnchorProxy(C).double(), []
    layer.register_edge_update_forward_hook(lambda module, inputs, output: seen.append(output))
    layer.register_message_forward_hook(lambda module, inputs, output: seen.append(output))
    layer(x, EDGES)
    torch.testing.assert_close(seen[1], seen[0][:, None] * layer.value(x[0])[EDGES[0]])


def test_reset_draws_anew_and_bad_input_is_named() -> None:
    layer = AnchorProxy(C, mask_own_pair=True)
    before = [weight.clone() for weight in layer.parameters()]
    layer.reset_parameters()
    assert not any(torch.equal(*pair) for pair in zip(before, layer.parameters(), strict=True))
    assert repr(layer) == "AnchorProxy(3, mask_own_pair=True)"
    x = torch.zeros(4, 3)
    with pytest.raises(GraphError, match=r"expected \[n, c\], \[n, d\], \[m, d\], \[m, c\], got"):
        attention_proxy(x, x[:, :2], x, x)
    with pytest.raises(GraphError, match="mask_own_pair: expected at least 2 paired rows, got 1 and 1"):
        attention_proxy(x[:1], x[:1], x[:1], x[:1], mask_own_pair=True)
    with pytest.raises(GraphError, match=r"anchor: expected \[n, 3\], got \[4, 2\]"):
        layer((x, x[:, :2]))
    with pytest.raises(GraphError, match=r"edge_index row 0 \(source\): expected node numbers 0 … 3 .* got 4"):
        layer((x, x), EDGES)
    with pytest.raises(GraphError, match="channels: expected at least 1, got 0"):
        AnchorProxy(0)
