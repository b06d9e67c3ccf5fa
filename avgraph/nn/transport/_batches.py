"""Many couplings in one call: the graphs of a batch, along edges or complete, as one `Coupling` along edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.complete import members
from avgraph.nn.transport._edge_coupling import couple_edges
from avgraph.nn.transport._edge_iteration import HalfStep
from avgraph.nn.transport._inputs import check_totals
from avgraph.nn.transport.coupling import Coupling, Grad
from avgraph.nn.transport.ground_cost import mahalanobis_cost
from avgraph.nn.transport.sinkhorn import partial_sinkhorn, sinkhorn

Batch = tuple[Tensor, Tensor]
_OF_EDGES, _OF_PROBLEMS = ("plan", "log_plan"), ("converged", "n_iter", "error", "cost")


class Solver(TypedDict):
    """How every coupling is solved; see `avgraph.nn.sinkhorn`."""

    max_iter: int
    tol: float
    grad: Grad


def couple_batch_edges(
    cost: Tensor,
    edge_index: Tensor,
    epsilon: float,
    mass: float | None,
    a: Tensor | None,
    b: Tensor | None,
    batch: Batch,
    solver: Solver,
    half_step: HalfStep | None = None,
) -> Coupling:
    """Couplings along edges within the graphs of a batch, all at once (with a mass one after the other).

    ``tol`` is on all of them together; ``converged``, ``n_iter``, ``error`` and ``cost`` are told of each.
    """
    problem = batch[0][edge_index[0]]
    if bool((problem != batch[1][edge_index[1]]).any()):
        edge = int((problem != batch[1][edge_index[1]]).nonzero()[0])
        raise GraphError(f"edge_index: edge {edge} joins two graphs of the batch, {edge_index[:, edge].tolist()}")
    sides = members(*batch)
    a, b = (
        _shares(*side, cost) if own is None else own
        for side, own in (((batch[0], sides[0]), a), ((batch[1], sides[1]), b))
    )
    if mass is not None:
        return _one_by_one(cost, edge_index, epsilon, mass, (a, b), sides, problem, solver, half_step)
    count = len(sides[0])
    totals = [_sums(part, own, count)[:, None] for part, own in ((a, batch[0]), (b, batch[1]))]
    check_totals(*totals)
    size = (len(batch[0]), len(batch[1]))
    found = couple_edges(cost, edge_index, epsilon, None, a, b, num_nodes=size, half_step=half_step, **solver)
    wrong = [
        _sums((_sums(found.plan.detach(), end, len(own)) - part).abs(), own, count)
        for end, part, own in ((edge_index[0], a.detach(), batch[0]), (edge_index[1], b.detach(), batch[1]))
    ]
    error = torch.maximum(*wrong)
    shift = _sums(found.g, batch[1], count) / _sums(torch.ones_like(found.g), batch[1], count)
    return replace(
        found,
        f=found.f + shift[batch[0]],
        g=found.g - shift[batch[1]],
        converged=found.converged | (error <= solver["tol"]),
        n_iter=found.n_iter.expand(count),
        error=error,
        cost=_sums(found.plan * cost, problem, count),
    )


def couple_complete_batch(
    x: tuple[Tensor, Tensor],
    cost: Tensor | None,
    epsilon: float,
    mass: float | None,
    a: Tensor | None,
    b: Tensor | None,
    batch: Batch,
    solver: Solver,
) -> Coupling:
    """Couplings of all pairs within the graphs of a batch, those of one size in one dense call, without padding.

    Costs and plans are in the order of `avgraph.nn.complete_batch_edges`; without costs, Euclidean distances.
    """
    sources, targets = members(*batch)
    sizes = [(len(one), len(other)) for one, other in zip(sources, targets, strict=True)]
    total = sum(n * m for n, m in sizes)
    if cost is not None and cost.shape != (total,):
        raise GraphError(f"edge_cost: expected [{total}], one a pair within the graphs, got {list(cost.shape)}")
    own = None if cost is None else cost.split([n * m for n, m in sizes])
    found: dict[int, Coupling] = {}
    for size in dict.fromkeys(sizes):
        chosen = [k for k, other in enumerate(sizes) if other == size]
        if own is not None:
            table = torch.stack([own[k].view(size) for k in chosen])
        else:
            plain = x[0].new_ones(x[0].shape[1])
            table = torch.stack([mahalanobis_cost(x[0][sources[k]], x[1][targets[k]], plain) for k in chosen])
        masses = [
            None if part is None else torch.stack([part[rows[k]] for k in chosen])
            for part, rows in ((a, sources), (b, targets))
        ]
        if mass is None:
            coupling = sinkhorn(table, epsilon, *masses, **solver)
        else:
            coupling = partial_sinkhorn(table, epsilon, mass, *masses, **solver)
        found |= {k: _take(coupling, row) for row, k in enumerate(chosen)}
    return _joined([found[k] for k in range(len(sizes))], (sources, targets))


def _one_by_one(
    cost: Tensor,
    edge_index: Tensor,
    epsilon: float,
    mass: float,
    masses: tuple[Tensor, Tensor],
    sides: tuple[Sequence[Tensor], Sequence[Tensor]],
    problem: Tensor,
    solver: Solver,
    half_step: HalfStep | None,
) -> Coupling:
    parts, edges = [], []
    for k, (rows, columns) in enumerate(zip(*sides, strict=True)):
        mine = (problem == k).nonzero()[:, 0]
        inside = torch.stack(
            [torch.searchsorted(own, end[mine]) for own, end in zip((rows, columns), edge_index, strict=True)]
        )
        size = (len(rows), len(columns))
        own_masses = (masses[0][rows], masses[1][columns])
        parts.append(
            couple_edges(cost[mine], inside, epsilon, mass, *own_masses, num_nodes=size, half_step=half_step, **solver)
        )
        edges.append(mine)
    found = _joined(parts, sides)
    back = torch.cat(edges).argsort()
    return replace(found, plan=found.plan[back], log_plan=found.log_plan[back])


def _joined(parts: Sequence[Coupling], sides: tuple[Sequence[Tensor], Sequence[Tensor]]) -> Coupling:
    """One coupling of several, edges one after the other, potentials at their nodes."""
    whole = {name: torch.cat([getattr(part, name) for part in parts]) for name in _OF_EDGES}
    whole |= {name: torch.stack([getattr(part, name) for part in parts]) for name in _OF_PROBLEMS}
    for name, rows in zip("fg", sides, strict=True):
        whole[name] = torch.cat([getattr(part, name) for part in parts])[torch.cat(list(rows)).argsort()]
    return Coupling(**whole)


def _take(coupling: Coupling, row: int) -> Coupling:
    """One of stacked couplings, its plan as a list."""
    parts = {name: getattr(coupling, name)[row] for name in (*_OF_EDGES, "f", "g", *_OF_PROBLEMS)}
    return Coupling(**parts | {name: parts[name].flatten() for name in _OF_EDGES})


def _shares(problem: Tensor, rows: Sequence[Tensor], like: Tensor) -> Tensor:
    """1/n for each of the n nodes of a graph."""
    size = torch.tensor([len(own) for own in rows], device=like.device)
    return (1 / size.to(like))[problem]


def _sums(x: Tensor, problem: Tensor, count: int) -> Tensor:
    return x.new_zeros(count).index_add(0, problem, x)
