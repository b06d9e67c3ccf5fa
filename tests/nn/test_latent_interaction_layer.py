"""The layer of latent interactions: equal to the loss and to a loop, along edges and tables, hooked and explained."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch_geometric.explain.algorithm.utils import clear_masks, set_hetero_masks
from torch_geometric.nn import HeteroConv, SAGEConv

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType
from avgraph.nn import LatentInteraction, complete_edges, latent_interaction_loss

N, C, D = 6, 2, 3
HEARD, SEEN = ("audio", "activates", "concept"), ("visual", "activates", "concept")
DRIVES = ("concept", "drives", "concept")
Graph = tuple[dict[str, Tensor], dict[EdgeType, Tensor], dict[EdgeType, Tensor]]
each_weighting = pytest.mark.parametrize("weighting", ["hard", "soft"])
each_distance = pytest.mark.parametrize("distance", ["euclidean", "squared"])


def graph() -> Graph:
    """Two concepts heard and two seen; one of them both."""
    x = {"audio": torch.randn(N, D).double(), "visual": torch.randn(N - 1, D).double()}
    activates = {HEARD: complete_edges(N, 3), SEEN: complete_edges(N - 1, 3) + torch.tensor([[0], [1]])}
    drives = torch.tensor([[0, 0, 1, 3, 2], [1, 2, 3, 0, 1]])
    weight = {kind: torch.rand(edges.shape[1]).double() for kind, edges in activates.items()}
    return x, {**activates, DRIVES: drives}, {**weight, DRIVES: torch.rand(5).double()}


def loop(given: Graph, weighting: str, distance: str) -> Tensor:
    x, index, weight = given
    activity = {"audio": torch.zeros(N, 4).double(), "visual": torch.zeros(N - 1, 4).double()}
    for kind in (HEARD, SEEN):
        for (n, i), w in zip(index[kind].T.tolist(), weight[kind], strict=True):
            activity[kind[0]][n, i] = w if weighting == "soft" else float(w > 0.5)
    total = torch.zeros(()).double()
    for (i, j), w in zip(index[DRIVES].T.tolist(), weight[DRIVES], strict=True):
        for p, q in product(x, x):
            apart, mass = torch.zeros(()).double(), torch.zeros(()).double()
            for n, m in product(range(len(x[p])), range(len(x[q]))):
                if p != q or n != m:
                    both = activity[p][n, i] * activity[q][m, j]
                    length = (x[p][n] - x[q][m]).square().sum()
                    apart, mass = apart + both * (length if distance == "squared" else length.sqrt()), mass + both
            if mass:
                total = total + w * (0.1 if p == q else 0.4) * apart / mass
    return total


@each_weighting
@each_distance
def test_equals_a_loop_by_every_way(weighting: Any, distance: Any) -> None:
    given, layer = graph(), LatentInteraction(weighting=weighting, distance=distance)
    expected, found = loop(given, weighting, distance), [layer(*given)]
    layer.steps["__".join(DRIVES)].register_message_forward_hook(lambda module, inputs, output: None)
    found.append(layer(*given))
    for one in found:
        torch.testing.assert_close(one, expected, atol=1e-12, rtol=1e-12)


@each_weighting
def test_tables_equal_the_loss_and_its_gradients(weighting: Any) -> None:
    x = {"audio": torch.randn(N, D).double().requires_grad_(), "visual": torch.randn(N, D).double().requires_grad_()}
    soft, adjacency = [torch.rand(N, C).double() for _ in range(2)], torch.rand(2 * C, 2 * C).double().triu(1)
    tables = {HEARD: nn.functional.pad(soft[0], (0, C)), SEEN: nn.functional.pad(soft[1], (C, 0)), DRIVES: adjacency}
    expected = latent_interaction_loss(*x.values(), *soft, adjacency, weighting=weighting)
    layer, pairs = LatentInteraction(weighting=weighting), complete_edges(N, 2 * C)
    listed = {kind: table.flatten() for kind, table in tables.items()}
    index = {HEARD: pairs, SEEN: pairs, DRIVES: complete_edges(2 * C, 2 * C)}
    values = [expected, layer(x, {}, tables), layer(x, index, listed)]
    layer.steps["__".join(HEARD)].fuse = False
    values += [layer(x, {}, tables), layer(x, index, listed)]
    for value in values[1:]:
        torch.testing.assert_close(value, expected, atol=1e-12, rtol=1e-12)
        grads = (torch.autograd.grad(one, list(x.values()), retain_graph=True) for one in (value, expected))
        torch.testing.assert_close(*grads, atol=1e-12, rtol=1e-10)


@each_distance
def test_order_of_edges_does_not_matter_and_gradcheck(distance: Any) -> None:
    (x, index, weight), layer = graph(), LatentInteraction(distance=distance, weighting="soft")
    order = {kind: torch.randperm(edges.shape[1]) for kind, edges in index.items()}
    shuffled = {kind: index[kind][:, own] for kind, own in order.items()}
    value = layer(x, shuffled, {kind: weight[kind][own] for kind, own in order.items()})
    torch.testing.assert_close(value, layer(x, index, weight), atol=1e-12, rtol=1e-12)
    leaves = [part.requires_grad_() for part in x.values()]
    for fuse in (True, False):
        layer.steps["__".join(DRIVES)].fuse = fuse
        assert gradcheck(lambda a, v: layer({"audio": a, "visual": v}, index, weight), leaves)


@each_distance
def test_masks_of_an_explainer_reach_every_relation(distance: Any) -> None:
    (x, index, weight), layer = graph(), LatentInteraction(distance=distance, weighting="soft")
    value = layer(x, index, weight)
    masks = {kind: nn.Parameter(torch.ones(edges.shape[1]).double()) for kind, edges in index.items()}
    set_hetero_masks(layer, masks, index, apply_sigmoid=False)
    masked = layer(x, index, weight)
    torch.testing.assert_close(masked, value, atol=1e-12, rtol=1e-12)
    masked.backward()
    assert all(mask.grad is not None and mask.grad.any() for mask in masks.values())
    without = index[HEARD][0] != 2  # an edge masked out is an edge that is not there
    masks[HEARD].data = without.double()
    fewer = layer(x, index, weight)
    clear_masks(layer)
    kept = layer(x, {**index, HEARD: index[HEARD][:, without]}, {**weight, HEARD: weight[HEARD][without]})
    torch.testing.assert_close(fewer, kept, atol=1e-12, rtol=1e-12)


def test_behind_a_hetero_conv() -> None:
    (x, index, weight), layer = graph(), LatentInteraction(weighting="soft")
    x["concept"] = torch.randn(4, D).double()
    back = {("concept", "of", "audio"): index[HEARD].flip(0), ("concept", "of", "visual"): index[SEEN].flip(0)}
    convs = HeteroConv({kind: SAGEConv(D, D).double() for kind in (*back, DRIVES)})
    energy = layer(convs(x, {**index, **back}), index, weight)
    energy.backward()
    assert all(parameter.grad is not None for conv in list(convs.convs.values())[:2] for parameter in conv.parameters())


def test_nothing_active_is_no_energy_and_bad_input_is_named() -> None:
    (x, index, weight), layer = graph(), LatentInteraction()
    assert float(layer(x, index, {**weight, HEARD: 0 * weight[HEARD], SEEN: 0 * weight[SEEN]})) == 0
    empty = {**index, DRIVES: index[DRIVES][:, :0]}
    assert float(layer(x, empty, {**weight, DRIVES: weight[DRIVES][:0]})) == 0
    with pytest.raises(GraphError, match="x_dict: no node type 'visual'"):
        layer({"audio": x["audio"]}, index, weight)
    with pytest.raises(GraphError, match=r"no \(visual, activates, concept\)"):
        layer(x, index, {HEARD: weight[HEARD]})
    with pytest.raises(GraphError, match=r"\(concept, drives, concept\)\]: expected \[5\], got \[4\]"):
        layer(x, index, {**weight, DRIVES: weight[DRIVES][:4]})
    with pytest.raises(GraphError, match="expected finite weights of at least 0"):
        layer(x, index, {**weight, DRIVES: -weight[DRIVES]})
    with pytest.raises(GraphError, match=r"expected one number of 'concept' nodes, got \[3, 4\]"):
        layer(
            {**x, "concept": torch.zeros(3, 1)},
            {HEARD: index[HEARD]},
            {**weight, SEEN: torch.ones(5, 4), DRIVES: torch.ones(4, 4)},
        )
    with pytest.raises((GraphError, TypeError), match="'euclidean'"):
        LatentInteraction(distance="cosine")  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="clips: expected node types, each once"):
        LatentInteraction(["audio", "audio"])
    assert repr(layer) == "LatentInteraction(['audio', 'visual'], weighting='hard', distance='euclidean')"
