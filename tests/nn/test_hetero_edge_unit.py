"""RR-Net's units on dicts: equal to their loops, in any order, along lists, tables and complete graphs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch_geometric.explain.algorithm.utils import clear_masks, set_hetero_masks
from torch_geometric.nn import HeteroConv, SAGEConv

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType
from avgraph.nn import HeteroEdgeUnit, Incidence, complete_edges
from tests.nn import oracle
from tests.nn.graphs import H, random_edges

NEAR, TRUSTS, RATES = ("user", "near", "user"), ("user", "trusts", "user"), ("user", "rates", "item")
KINDS = [NEAR, TRUSTS, RATES]
INDEX = {NEAR: random_edges(4, 4, 7, 1), TRUSTS: random_edges(4, 4, 5, 2), RATES: random_edges(4, 3, 6, 3)}


def made(**options: str) -> HeteroEdgeUnit:
    torch.manual_seed(0)
    return HeteroEdgeUnit(H, KINDS, **options).double()


def states() -> tuple[dict[str, Tensor], dict[EdgeType, Tensor]]:
    x = {node: torch.randn(n, H, dtype=torch.float64) for node, n in (("user", 4), ("item", 3), ("other", 2))}
    return x, {kind: torch.randn(edges.shape[1], H, dtype=torch.float64) for kind, edges in INDEX.items()}


def loop(unit: HeteroEdgeUnit, x: dict[str, Tensor], edge: dict[EdgeType, Tensor]) -> tuple[Tensor, Tensor]:
    users = [oracle.intra(unit.units["__".join(kind)], x["user"], INDEX[kind], edge[kind])[0] for kind in KINDS[:2]]
    by_rates = oracle.inter(unit.units["__".join(RATES)], x["user"], x["item"], INDEX[RATES], edge[RATES])
    return (users[0] + users[1] + by_rates[0]) / 3, by_rates[1]


@pytest.mark.parametrize("aggr", ["mean", "sum"])
def test_equals_the_loop_of_each_relation_and_their_mean(aggr: str) -> None:
    unit, (x, edge) = made(aggr=aggr), states()
    nodes, edges = unit(x, INDEX, edge)
    users, items = loop(unit, x, edge)
    torch.testing.assert_close(nodes["user"], users, atol=1e-12, rtol=0)
    torch.testing.assert_close(nodes["item"], items, atol=1e-12, rtol=0)
    assert nodes["other"] is x["other"]
    for kind in KINDS[:2]:
        expected = oracle.intra(unit.units["__".join(kind)], x["user"], INDEX[kind], edge[kind])[1]
        torch.testing.assert_close(edges[kind], expected, atol=1e-12, rtol=0)
    plans = {kind: Incidence.from_edge_index(INDEX[kind], 4, 4 if kind != RATES else 3) for kind in KINDS}
    assert torch.equal(unit(x, INDEX, edge, plans=plans)[0]["user"], nodes["user"])


def test_order_of_relations_and_of_edges_does_not_matter() -> None:
    unit, (x, edge) = made(), states()
    nodes, edges = unit(x, INDEX, edge)
    torch.manual_seed(0)
    other = HeteroEdgeUnit(H, KINDS[::-1]).double()
    backwards = (dict(reversed(part.items())) for part in (x, INDEX, edge))
    again, _ = other(*backwards)
    assert torch.equal(again["user"], nodes["user"])
    order = {kind: torch.randperm(len(edge[kind])) for kind in KINDS}
    shuffled, moved = unit(x, {k: INDEX[k][:, order[k]] for k in KINDS}, {k: edge[k][order[k]] for k in KINDS})
    torch.testing.assert_close(shuffled["user"], nodes["user"], atol=1e-12, rtol=0)
    torch.testing.assert_close(moved[RATES], edges[RATES][order[RATES]], atol=1e-12, rtol=0)


@pytest.mark.parametrize("fuse", [True, False])
def test_complete_and_fixed_degree_equal_their_lists(fuse: bool) -> None:
    unit, (x, _) = made(), states()
    for part in unit.units.values():
        part.fuse = fuse
    table = torch.tensor([[1, 2], [0, 0], [3, 2], [1, 0]])
    listed = {
        NEAR: torch.stack([table.flatten(), torch.arange(4).repeat_interleave(2)]),
        TRUSTS: complete_edges(4, 4),
        RATES: complete_edges(4, 3),
    }
    attr = {k: torch.randn(index.shape[1], H).double() for k, index in listed.items()}
    shape = {NEAR: (4, 2, H), TRUSTS: (4, 4, H), RATES: (4, 3, H)}
    expected, expected_edges = unit(x, listed, attr)
    found, edges = unit(x, {NEAR: table}, {k: attr[k].view(shape[k]) for k in KINDS})
    for node in ("user", "item"):
        torch.testing.assert_close(found[node], expected[node], atol=1e-12, rtol=0)
    for kind in KINDS:
        assert edges[kind].shape == shape[kind]
        torch.testing.assert_close(edges[kind].flatten(0, 1), expected_edges[kind], atol=1e-12, rtol=0)


def test_gradcheck() -> None:
    unit, (x, edge) = made(), states()
    leaves = [part.requires_grad_() for part in (x["user"], x["item"], *edge.values())]

    def run(user: Tensor, item: Tensor, *attr: Tensor) -> tuple[Tensor, ...]:
        nodes, edges = unit({"user": user, "item": item}, INDEX, dict(zip(KINDS, attr, strict=True)))
        return (*nodes.values(), edges[RATES])

    assert gradcheck(run, leaves, fast_mode=True)


def test_masks_of_an_explainer_and_hooks_reach_every_relation() -> None:
    unit, (x, edge), seen = made(), states(), []
    free = unit(x, INDEX, edge)[0]["user"]
    masks = {kind: nn.Parameter(torch.ones(edges.shape[1]).double()) for kind, edges in INDEX.items()}
    set_hetero_masks(unit, masks, INDEX, apply_sigmoid=False)
    masked = unit(x, INDEX, edge)[0]["user"]
    torch.testing.assert_close(masked, free)
    masked.sum().backward()
    assert all(mask.grad is not None and mask.grad.any() for mask in masks.values())
    clear_masks(unit)
    for part in unit.units.values():
        part.register_message_forward_hook(lambda module, inputs, output: seen.append(module))
    unit(x, INDEX, edge)
    assert seen == [unit.units["__".join(kind)] for kind in sorted(KINDS)]


def test_between_a_hetero_conv_and_another_unit() -> None:
    x, edge = states()
    back = ("item", "rated", "user")
    convs = HeteroConv({back: SAGEConv(H, H).double(), RATES: SAGEConv(H, H).double()})
    x = convs(x, {**INDEX, back: INDEX[RATES].flip(0)})
    first, second = made(), made()
    out, _ = second(*_with_index(first(x, INDEX, edge)))
    out["item"].sum().backward()
    assert all(parameter.grad is not None for parameter in convs.parameters())


def _with_index(found: tuple[dict[str, Tensor], dict[EdgeType, Tensor]]) -> tuple[object, object, object]:
    return found[0], INDEX, found[1]


def test_names_with_dots() -> None:
    kind = ("v1.5", "near", "v1.5")
    unit = HeteroEdgeUnit(H, [kind])
    x, _ = unit({"v1.5": torch.ones(4, H)}, {kind: INDEX[NEAR]}, {kind: torch.ones(7, H)})
    assert x["v1.5"].shape == (4, H)
    assert HeteroEdgeUnit(H, [kind]).load_state_dict(unit.state_dict())


def test_reset_and_bad_input_is_named() -> None:
    unit, (x, edge) = made(), states()
    before = [weight.clone() for weight in unit.parameters()]
    unit.reset_parameters()
    assert not any(torch.equal(*pair) for pair in zip(before, unit.parameters(), strict=True))
    assert repr(HeteroEdgeUnit(2, [RATES])) == "HeteroEdgeUnit(2, ['(user, rates, item)'])"
    with pytest.raises(GraphError, match="edge_types: expected relations, each once, got none"):
        HeteroEdgeUnit(2, [])
    with pytest.raises(GraphError, match="x_dict: no node type 'item'"):
        unit({"user": x["user"]}, INDEX, edge)
    with pytest.raises(GraphError, match=r"edge_attr_dict: no \(user, rates, item\)"):
        unit(x, INDEX, {NEAR: edge[NEAR], TRUSTS: edge[TRUSTS]})
    with pytest.raises(GraphError, match=r"\(user, rates, item\): edge_attr: expected \[n, m, h\] without edge_index"):
        unit(x, {NEAR: INDEX[NEAR], TRUSTS: INDEX[TRUSTS]}, edge)
    with pytest.raises(
        GraphError, match=r"\(user, near, user\): IntraUnit: edge_attr: expected \[7, 3\], got \[7, 2\]"
    ):
        unit(x, INDEX, {**edge, NEAR: edge[NEAR][:, :2]})
