"""The layers of couplings: equal to the functions and to loops, on edges, complete, batched, hooked and explained."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck
from torch_geometric.explain.algorithm.utils import clear_masks, set_masks

from avgraph.errors import GraphError
from avgraph.nn import (
    BarycentricConv,
    Coupling,
    SinkhornConv,
    complete_batch_edges,
    complete_edges,
    info_nce,
    mahalanobis_cost,
    mahalanobis_edge_cost,
    partial_sinkhorn,
    partial_sinkhorn_edges,
    sinkhorn,
    sinkhorn_edges,
)

EPSILON, EXACT = 0.5, {"tol": 1e-14, "max_iter": 5000}
EDGES = torch.tensor([[3, 0, 1, 0, 2, 3, 1], [2, 0, 1, 1, 2, 1, 0]])
BATCH = torch.tensor([0, 0, 1, 1, 1, 0]), torch.tensor([1, 0, 0, 1, 1])
each_mass = pytest.mark.parametrize("mass", [None, 0.6])


def rows(n: int = 4, m: int = 3, d: int = 2) -> tuple[Tensor, Tensor]:
    return torch.randn(n, d, dtype=torch.float64), torch.randn(m, d, dtype=torch.float64)


def close(found: Tensor, expected: Tensor, atol: float = 1e-12) -> None:
    torch.testing.assert_close(found, expected, atol=atol, rtol=0)


def loop(x: Tensor, y: Tensor, allowed: Tensor) -> Tensor:
    """Rows and columns scaled in turn, entry by entry."""
    plan = [[math.exp(-float((p - q).norm()) / EPSILON) * bool(ok) for q, ok in zip(y, row, strict=True)]
            for p, row in zip(x, allowed, strict=True)]  # fmt: skip
    n, m = len(x), len(y)
    for _ in range(3000):
        for i in range(n):
            total = n * sum(plan[i])
            plan[i] = [value / total for value in plan[i]]
        for j in range(m):
            total = m * sum(plan[i][j] for i in range(n))
            for i in range(n):
                plan[i][j] /= total
    return torch.tensor(plan, dtype=torch.float64)


def every_way(conv: SinkhornConv, x: tuple[Tensor, Tensor], edge_index: Tensor | None) -> list[Coupling]:
    """Fused, and with a hook on the half-steps."""
    found = conv(x, edge_index)
    conv.register_edge_update_forward_hook(lambda module, inputs, output: None)
    return [found, conv(x, edge_index)]


def test_equals_a_double_loop() -> None:
    x = rows()
    allowed = torch.zeros(4, 3, dtype=torch.bool).index_put_(tuple(EDGES), torch.tensor(True))
    for found in every_way(SinkhornConv(EPSILON, **EXACT), x, EDGES):
        close(found.plan, loop(*x, allowed)[EDGES[0], EDGES[1]])
    for found in every_way(SinkhornConv(EPSILON, **EXACT), x, None):
        close(found.plan, loop(*x, torch.ones_like(allowed)))


@each_mass
def test_equals_the_functions_and_edges_of_the_complete_graph_the_dense_coupling(mass: float | None) -> None:
    x, plain, size = rows(), torch.ones(2, dtype=torch.float64), (4, 3)
    cost, listed = mahalanobis_cost(*x, plain), mahalanobis_edge_cost(*x, plain, EDGES)
    close(listed, cost[EDGES[0], EDGES[1]])
    if mass is None:
        dense = sinkhorn(cost, EPSILON, **EXACT)
        sparse = sinkhorn_edges(listed, EDGES, EPSILON, num_nodes=size, **EXACT)
    else:
        dense = partial_sinkhorn(cost, EPSILON, mass, **EXACT)
        sparse = partial_sinkhorn_edges(listed, EDGES, EPSILON, mass, num_nodes=size, **EXACT)
    conv = SinkhornConv(EPSILON, mass, **EXACT)
    assert torch.equal(conv(x).plan, dense.plan)
    assert torch.equal(conv(x, edge_cost=cost).plan, dense.plan)
    close(conv(x, complete_edges(*size)).plan.view(size), dense.plan)
    assert torch.equal(conv(x, EDGES).plan, sparse.plan)
    assert torch.equal(conv(x, EDGES, listed).plan, sparse.plan)
    for index, expected in ((None, dense), (EDGES, sparse)):
        hooked = every_way(SinkhornConv(EPSILON, mass, **EXACT), x, index)[1]
        assert hooked.plan.shape == expected.plan.shape
        for name in ("plan", "cost", "f", "g"):
            close(getattr(hooked, name), getattr(expected, name))


@each_mass
@pytest.mark.parametrize("listed", [True, False])
def test_a_batch_is_each_graph_by_itself(mass: float | None, listed: bool) -> None:
    x, edges, conv = rows(6, 5), complete_batch_edges(*BATCH), SinkhornConv(EPSILON, mass, **EXACT)
    found = conv(x, edges if listed else None, batch=BATCH)
    assert found.converged.tolist() == [True, True]
    for k in (0, 1):
        own = conv((x[0][BATCH[0] == k], x[1][BATCH[1] == k]))
        close(found.plan[BATCH[0][edges[0]] == k], own.plan.flatten())
        close(found.cost[k], own.cost)
        close(found.f[BATCH[0] == k], own.f)
        close(found.g[BATCH[1] == k], own.g)
    close(conv(x, batch=BATCH, edge_cost=mahalanobis_edge_cost(*x, torch.ones(2).double(), edges)).plan, found.plan)


def test_masses_of_a_batch() -> None:
    x, conv = rows(6, 5), SinkhornConv(EPSILON, tol=1e-12)
    a = torch.tensor([0.2, 0.5, 1, 2, 3, 0.3], dtype=torch.float64)
    b = torch.tensor([1, 0.4, 0.6, 2, 3], dtype=torch.float64)
    for index in (None, complete_batch_edges(*BATCH)):
        found = conv(x, index, a=a, b=b, batch=BATCH)
        sent = torch.zeros(6).double().index_add(0, complete_batch_edges(*BATCH)[0], found.plan)
        close(sent, a, atol=1e-11)
    with pytest.raises(GraphError, match=r"a, b: expected equal totals, got 1 and 2\.6"):
        conv(x, complete_batch_edges(*BATCH), a=a, b=b.flip(0).contiguous(), batch=BATCH)


@each_mass
def test_order_of_edges_does_not_matter(mass: float | None) -> None:
    x, order, conv = rows(), torch.randperm(EDGES.shape[1]), SinkhornConv(EPSILON, mass, **EXACT)
    close(conv(x, EDGES[:, order]).plan, conv(x, EDGES).plan[order])
    mapped = BarycentricConv(EPSILON, mass, **EXACT)
    close(mapped(x, EDGES[:, order]), mapped(x, EDGES))


def test_gradcheck_and_hooked_gradients() -> None:
    x = [part.requires_grad_() for part in rows()]
    weight = torch.randn(7, dtype=torch.float64)
    gradients = []
    for fuse in (True, False):
        conv = SinkhornConv(EPSILON, tol=1e-13)
        conv.fuse = fuse
        gradients.append(torch.autograd.grad((conv(tuple(x), EDGES).plan * weight).sum(), x))
    for one, other in zip(*gradients, strict=True):
        close(one, other, atol=1e-10)
    x = [part.detach()[:, :1].clone().requires_grad_() for part in x]
    conv, mapped = SinkhornConv(EPSILON, tol=1e-12), BarycentricConv(EPSILON, tol=1e-12)
    assert gradcheck(lambda s, t: mapped((s, t), EDGES), x)
    batched = (torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1]))
    assert gradcheck(lambda s, t: conv((s, t), batch=batched).cost, x)


def test_the_first_half_step_is_the_row_softmax_of_info_nce() -> None:
    x, y, seen = *rows(5, 5, 3), []
    temperature = 0.1
    similarity = F.normalize(x) @ F.normalize(y).T
    for score in (similarity, similarity.T):
        conv = SinkhornConv(temperature, max_iter=1)
        handle = conv.register_edge_update_forward_hook(lambda module, inputs, output: seen.append(output))
        conv((x, y), edge_cost=-score)
        handle.remove()
    rows_first, columns_first = seen[0].view(5, 5), seen[len(seen) // 2].view(5, 5)
    close(rows_first, (similarity / temperature).log_softmax(1))
    close(-(rows_first.diagonal().mean() + columns_first.diagonal().mean()) / 2, info_nce(x, y, temperature))


@each_mass
def test_barycentric_map_equals_a_loop_and_its_messages(mass: float | None) -> None:
    x = rows()
    for index in (None, EDGES, complete_edges(4, 3)):
        conv = BarycentricConv(EPSILON, mass, **EXACT)
        out, coupling = conv(x, index, return_coupling=True)
        plan = torch.zeros(4, 3, dtype=torch.float64)
        pairs = complete_edges(4, 3) if index is None else index
        plan[pairs[0], pairs[1]] = coupling.plan.flatten()
        for j in range(3):
            close(out[j], sum(plan[i, j] * x[0][i] for i in range(4)) / float(plan[:, j].sum()))
        conv.register_message_forward_hook(lambda module, inputs, output: None)
        close(conv(x, index), out)
    in_batch = BarycentricConv(EPSILON, mass, **EXACT)
    close(in_batch(x, batch=(torch.zeros(4).long(), torch.zeros(3).long())), in_batch(x))


def test_masks_of_an_explainer_reach_the_messages() -> None:
    conv, x = BarycentricConv(EPSILON), rows()
    free = conv(x, EDGES)
    set_masks(conv, torch.zeros(7, dtype=torch.float64), EDGES, apply_sigmoid=False)
    assert not conv(x, EDGES).any()
    clear_masks(conv)
    assert torch.equal(conv(x, EDGES), free)


def test_bad_input_is_named() -> None:
    x, conv = rows(6, 5), SinkhornConv(EPSILON)
    with pytest.raises(GraphError, match="epsilon: expected a finite number above 0, got 0"):
        SinkhornConv(0.0)
    with pytest.raises(GraphError, match=r"edge_cost: expected \[6, 5\], got \[5, 6\]"):
        conv(x, edge_cost=torch.ones(5, 6))
    with pytest.raises(GraphError, match=r"edge_cost: expected \[15\], one a pair within the graphs, got \[3\]"):
        conv(x, edge_cost=torch.ones(3), batch=BATCH)
    with pytest.raises(GraphError, match="edge 0 joins two graphs of the batch"):
        conv(x, torch.tensor([[0], [0]]), batch=BATCH)
    with pytest.raises(GraphError, match=r"batch: expected a graph for each of 5 target nodes, got \[6\]"):
        conv(x, batch=BATCH[0])
    with pytest.raises(GraphError, match="batch: graph 1 has no target node"):
        conv(x, batch=(BATCH[0], torch.zeros(5).long()))
    assert repr(BarycentricConv(0.5, 0.2)) == "BarycentricConv(epsilon=0.5, mass=0.2)"
