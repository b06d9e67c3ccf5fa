"""Sinkhorn's iteration on edges, with a Newton step now and then where it crawls."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn._edge_equations import solve_on_edges
from avgraph.nn.incidence import Incidence, Side
from avgraph.nn.segment import gather_rows, segment_sum

_SPACING = 50  # iterations between two Newton steps, each of which takes some dozen sums over all edges
_HALVINGS = 12


def segment_logsumexp(x: Tensor, side: Side) -> Tensor:
    """log Σ exp(x) over the edges of each node; −∞ for a node without edges.

    Shapes:
        x [e] → [n]

    Example:
        >>> side = Side.from_index(torch.tensor([1, 0, 1]), num_nodes=2)
        >>> segment_logsumexp(torch.zeros(3), side).exp()
        tensor([1., 2.])
    """
    with torch.no_grad():
        top = x.new_full((side.num_nodes,), -torch.inf).scatter_reduce(0, side.index, x, "amax")
        top = top.nan_to_num(neginf=0.0)
    return segment_sum((x - top[side.index]).exp()[:, None], side)[:, 0].log() + top


def iterate(
    score: Tensor, edges: Incidence, log_a: Tensor, log_b: Tensor, *, tol: float, max_iter: int, newton: bool = True
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Log plan, f, g (in units of ε), iterations and error; differentiable without Newton steps.

    Shapes:
        score [e], log_a [n], log_b [m] → [e], [n], [m], scalar, scalar
    """
    a, g, done = log_a.detach().exp(), torch.zeros_like(log_b), 0
    error = score.new_tensor(torch.inf)
    rows = segment_logsumexp(score, edges.source)
    while done < max_iter and not bool(error <= tol):
        f = log_a - rows
        if newton and done % _SPACING == _SPACING - 1:
            f, g = _newton_step(score, edges, log_a, log_b, f, g)
        g = log_b - segment_logsumexp(score + _on_edges(f, edges.source), edges.target)
        rows = segment_logsumexp(score + _on_edges(g, edges.target), edges.source)
        done += 1
        # The columns are exact after their half-step.
        error = ((f + rows).detach().exp() - a).abs().sum()
    log_plan = score + _on_edges(f, edges.source) + _on_edges(g, edges.target)
    return log_plan, f, g, torch.tensor(done, device=score.device), error


def _newton_step(
    score: Tensor, edges: Incidence, log_a: Tensor, log_b: Tensor, f: Tensor, g: Tensor
) -> tuple[Tensor, Tensor]:
    """One damped step on the dual ⟨a, f⟩ + ⟨b, g⟩ − Σ exp(S + f + g), in float64."""
    dtype = score.dtype
    score, a, b, f, g = (part.double() for part in (score, log_a.exp(), log_b.exp(), f, g))
    source, target = edges.source, edges.target
    plan = (score + f[source.index] + g[target.index]).exp()
    row, column = a - segment_sum(plan[:, None], source)[:, 0], b - segment_sum(plan[:, None], target)[:, 0]
    x, y = solve_on_edges(plan, edges, row, column, tol=1e-16)

    def dual(share: float) -> float:
        ahead = (score + (f + share * x)[source.index] + (g + share * y)[target.index]).exp().sum()
        return float(a @ (f + share * x) + b @ (g + share * y) - ahead)

    share, before, slope = 1.0, dual(0.0), float(row @ x + column @ y)
    for _ in range(_HALVINGS):
        if dual(share) >= before + 1e-4 * share * slope - 1e-15:
            return (f + share * x).to(dtype), (g + share * y).to(dtype)
        share /= 2
    return f.to(dtype), g.to(dtype)


def _on_edges(potential: Tensor, side: Side) -> Tensor:
    return gather_rows(potential[:, None], side)[:, 0]
