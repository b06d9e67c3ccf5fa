from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck
from torch.nn.utils import prune
from torch_geometric.explain.algorithm.utils import clear_masks, set_masks

from avgraph.errors import GraphError
from avgraph.nn import Incidence, IntraUnit
from tests.nn import oracle
from tests.nn.graphs import H, assert_same, random_edges, states

every_kind = pytest.mark.parametrize(
    ("aggr", "incidence"), [("mean", "both"), ("sum", "both"), ("mean", "target"), ("sum", "target")]
)


@every_kind
@settings(deadline=None, max_examples=10)
@given(num_nodes=st.integers(1, 5), num_edges=st.integers(0, 8), seed=st.integers(0, 99))
def test_equals_the_loop(aggr: str, incidence: str, num_nodes: int, num_edges: int, seed: int) -> None:
    """Self-loops, repeated edges, isolated nodes and no edge at all are among the drawn graphs."""
    unit, (x, edge_attr) = IntraUnit(H, aggr=aggr, incidence=incidence).double(), states(num_nodes, num_edges)
    edges = random_edges(num_nodes, num_nodes, num_edges, seed)
    assert_same(
        lambda: unit(x, edges, edge_attr), lambda: oracle.intra(unit, x, edges, edge_attr), (x, edge_attr), unit
    )


@every_kind
def test_hooked_steps_equal_the_fused_ones(aggr: str, incidence: str) -> None:
    unit, (x, edge_attr) = IntraUnit(H, aggr=aggr, incidence=incidence).double(), states(5, 12)
    edges, seen = random_edges(5, 5, 12), []

    def hooked() -> tuple[Tensor, Tensor]:
        handle = unit.register_message_forward_hook(lambda module, inputs, output: seen.append(output))
        assert not unit.runs_fused()
        out: tuple[Tensor, Tensor] = unit(x, edges, edge_attr)
        handle.remove()
        unit.fuse = True
        assert unit.runs_fused()
        return out

    assert_same(lambda: unit(x, edges, edge_attr), hooked, (x, edge_attr), unit)
    assert len(seen) == 1


@pytest.mark.parametrize("kind", ["forward_pre_hook", "forward_hook"])
@pytest.mark.parametrize("step", ["propagate", "message", "aggregate", "edge_update"])
def test_every_hook_of_pyg_is_called_at_every_pass(step: str, kind: str) -> None:
    unit, (x, edge_attr), seen = IntraUnit(H).double(), states(4, 6), []
    getattr(unit, f"register_{step}_{kind}")(lambda *given: seen.append(given))
    for _ in range(2):
        unit(x, random_edges(4, 4, 6), edge_attr)
    assert len(seen) == 2


def test_masks_of_an_explainer_reach_the_messages() -> None:
    unit, (x, edge_attr), edges = (
        IntraUnit(H).double(),
        states(4, 6),
        torch.tensor([[0, 1, 2, 3, 0, 1], [1, 2, 3, 0, 2, 3]]),
    )
    assert unit.runs_fused()
    free = unit(x, edges, edge_attr)[0]
    set_masks(unit, torch.zeros(6, dtype=torch.float64), edges, apply_sigmoid=False)
    masked = unit(x, edges, edge_attr)[0]
    torch.testing.assert_close(masked, unit.update_nodes(torch.zeros_like(x), x))
    assert not torch.allclose(masked, free)
    clear_masks(unit)
    assert unit.runs_fused()
    torch.testing.assert_close(unit(x, edges, edge_attr)[0], free)


def test_fuse_can_be_switched_off() -> None:
    unit, (x, edge_attr), edges = IntraUnit(H).double(), states(4, 6), random_edges(4, 4, 6)
    fused = unit(x, edges, edge_attr)
    unit.fuse = False
    assert not unit.runs_fused()
    torch.testing.assert_close(unit(x, edges, edge_attr), fused)


def test_a_pruned_weight_is_the_one_of_its_hook() -> None:
    unit, (x, edge_attr), edges = IntraUnit(H).double(), states(4, 6), random_edges(4, 4, 6)
    prune.random_unstructured(unit.edge_mlp.first, "weight", amount=0.5)
    with torch.no_grad():
        unit.edge_mlp.first.weight_orig.mul_(2)  # a step of training: the hook makes the weight anew
    assert_same(
        lambda: unit(x, edges, edge_attr), lambda: oracle.intra(unit, x, edges, edge_attr), (x, edge_attr), unit
    )


def test_hook_on_a_submodule_and_an_overridden_step_are_honoured() -> None:
    class Doubled(IntraUnit):
        def message(self, edge_attr: Tensor) -> Tensor:
            return 2 * edge_attr

    x, edge_attr = states(4, 6)
    edges, unit, doubled = random_edges(4, 4, 6), IntraUnit(H, aggr="sum").double(), Doubled(H, aggr="sum").double()
    doubled.load_state_dict(unit.state_dict())
    assert not doubled.runs_fused()
    assert not torch.allclose(doubled(x, edges, edge_attr)[0], unit(x, edges, edge_attr)[0])
    unit.edge_mlp.register_forward_hook(lambda module, inputs, output: 0 * output)
    assert not unit(x, edges, edge_attr)[1].any()


@every_kind
def test_table_equals_the_edge_list(aggr: str, incidence: str) -> None:
    unit, (x, edge_attr) = IntraUnit(H, aggr=aggr, incidence=incidence).double(), states(5, 10)
    table = torch.tensor([[1, 2], [0, 0], [2, 4], [1, 0], [3, 1]])  # a repeated edge and a self-loop
    edges = torch.stack([table.flatten(), torch.arange(5).repeat_interleave(2)])
    assert_same(
        lambda: unit(x, edges, edge_attr),
        lambda: unit.forward_table(x, table, edge_attr.view(5, 2, H), plan=Incidence.from_table(table)),
        (x, edge_attr),
        unit,
    )
    without_plan = unit.forward_table(x, table, edge_attr.view(5, 2, H))
    torch.testing.assert_close(without_plan[0], unit(x, edges, edge_attr)[0])


def test_table_of_no_neighbours() -> None:
    x, edge_attr = states(3, 0)
    unit = IntraUnit(H).double()
    out, _ = unit.forward_table(x, torch.zeros(3, 0, dtype=torch.int64), edge_attr.view(3, 0, H))
    torch.testing.assert_close(out, unit.node_mlp(torch.cat([torch.zeros_like(x), x], dim=1)))


@every_kind
def test_gradcheck(aggr: str, incidence: str) -> None:
    unit = IntraUnit(H, aggr=aggr, incidence=incidence).double()
    edges = torch.tensor([[0, 2, 1, 1], [1, 0, 1, 3]])
    assert gradcheck(lambda x, edge_attr: unit(x, edges, edge_attr), states(5, 4))


@settings(deadline=None, max_examples=10)
@given(order=st.permutations(range(9)))
def test_order_of_the_edges_does_not_matter(order: list[int]) -> None:
    unit, (x, edge_attr), edges = IntraUnit(H).double(), states(5, 9), random_edges(5, 5, 9)
    nodes, new = unit(x, edges, edge_attr)
    permuted_nodes, permuted = unit(x, edges[:, order], edge_attr[order])
    torch.testing.assert_close(permuted_nodes, nodes)
    torch.testing.assert_close(permuted, new[order])


def test_plan_is_reused_and_the_result_is_bit_for_bit_the_same() -> None:
    unit, (x, edge_attr), edges = IntraUnit(H), states(5, 9, dtype=torch.float32), random_edges(5, 5, 9)
    plan = Incidence.from_edge_index(edges, 5, 5)
    runs = []
    for given_plan in (plan, plan, None):
        out = unit(x, edges, edge_attr, plan=given_plan)
        grads = torch.autograd.grad(out, (x, edge_attr), [torch.ones_like(o) for o in out])
        runs.append((*out, *grads))
    for a, b, c in zip(*runs, strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a, c)


def test_bfloat16_and_autocast() -> None:
    unit, (x, edge_attr), edges = IntraUnit(H), states(5, 9, dtype=torch.float32), random_edges(5, 5, 9)
    exact = unit(x, edges, edge_attr)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = unit(x, edges, edge_attr)
    mixed[0].float().sum().backward()
    assert unit.edge_mlp.first.weight.grad is not None
    assert x.grad is not None
    assert x.grad.dtype == unit.edge_mlp.first.weight.grad.dtype == torch.float32
    low = unit.bfloat16()(x.bfloat16(), edges, edge_attr.bfloat16())
    for a, b, c in zip(exact, mixed, low, strict=True):
        assert b.dtype == c.dtype == torch.bfloat16
        torch.testing.assert_close(a, b.float(), rtol=0.05, atol=0.05)
        torch.testing.assert_close(a, c.float(), rtol=0.05, atol=0.05)


def test_str_and_reset() -> None:
    unit = IntraUnit(16, incidence="target")
    assert str(unit) == "IntraUnit(16, aggr=mean, incidence=target)"
    before = [parameter.clone() for parameter in unit.parameters()]
    unit.reset_parameters()
    assert all(not torch.equal(a, b) for a, b in zip(before, unit.parameters(), strict=True))
    shapes = {name: tuple(parameter.shape) for name, parameter in unit.named_parameters() if "weight" in name}
    assert sorted(shapes.values()) == [(16, 16), (16, 16), (16, 32), (16, 48)]


@pytest.mark.parametrize(
    ("x", "edge_attr", "message"),
    [
        ((3, 4), (2, H), r"IntraUnit: x: expected \[\*, 3\], got \[3, 4\]"),
        ((3, H), (2, 5), r"IntraUnit: edge_attr: expected \[2, 3\], got \[2, 5\]"),
        ((3, H), (4, H), r"IntraUnit: edge_attr: expected \[2, 3\], got \[4, 3\]"),
        ((2, H), (2, H), r"edge_index row 1 \(target\): expected node numbers 0 … 1 \(2 nodes\), got 2"),
    ],
)
def test_bad_shapes(x: tuple[int, int], edge_attr: tuple[int, int], message: str) -> None:
    unit = IntraUnit(H)
    with pytest.raises(GraphError, match=message):
        unit(torch.zeros(x), torch.tensor([[0, 1], [1, 2]]), torch.zeros(edge_attr))


def test_bad_plan_and_options() -> None:
    edges = torch.tensor([[0, 1], [1, 0]])
    plan = Incidence.from_edge_index(edges, 2, 2)
    with pytest.raises(GraphError, match=r"plan: expected .* = \(2, 3, 3\), got \(2, 2, 2\)"):
        IntraUnit(H)(torch.zeros(3, H), edges, torch.zeros(2, H), plan=plan)
    other = torch.tensor([[0, 1], [1, 1]])
    with pytest.raises(GraphError, match="IntraUnit: plan: is of other edges than edge_index"):
        IntraUnit(H)(torch.zeros(2, H), other, torch.zeros(2, H), plan=plan)
    IntraUnit(H)(torch.zeros(2, H), edges.clone(), torch.zeros(2, H), plan=plan)
    with pytest.raises(ValueError, match="aggr: expected 'mean' or 'sum', got 'max'"):
        IntraUnit(H, aggr="max")
    with pytest.raises(ValueError, match="incidence: expected 'both' or 'target', got 'source'"):
        IntraUnit(H, incidence="source")
    with pytest.raises(ValueError, match="channels: expected a positive number, got 0"):
        IntraUnit(0)


@pytest.mark.gpu
def test_cuda_equals_cpu_and_is_deterministic() -> None:
    unit, (x, edge_attr), edges = IntraUnit(H).double(), states(50, 400), random_edges(50, 50, 400)
    expected = unit(x, edges, edge_attr)
    gradients = torch.autograd.grad(expected, (x, edge_attr), [torch.ones_like(out) for out in expected])
    unit, plan = unit.cuda(), Incidence.from_edge_index(edges, 50, 50).to("cuda")
    runs = []
    for _ in range(2):
        out = unit(x.cuda(), edges.cuda(), edge_attr.cuda(), plan=plan)
        runs.append((*out, *torch.autograd.grad(out, (x, edge_attr), [torch.ones_like(o) for o in out])))
    for a, b, c in zip((*expected, *gradients), *runs, strict=True):
        torch.testing.assert_close(a, b.cpu())
        assert torch.equal(b, c)
