"""Sinkhorn's iteration over costs that are made anew in every pass: its memory is that of some rows of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from avgraph.nn.transport.coupling import check_converged
from avgraph.runtime.progress import counted

Strips = Callable[[], Iterator[tuple[int, Tensor]]]
"""The number of the first row and the costs of some rows with all columns, [r, m], in order."""


@dataclass(frozen=True)
class StreamedCoupling:
    """A coupling by its potentials, in units of ε: log plan = f + g + total − cost / ε.

    Shapes:
        f [n, 1], g [m], total scalar
    """

    f: Tensor
    g: Tensor
    total: Tensor
    epsilon: float

    def edges(self, strips: Strips, least: float) -> tuple[Tensor, Tensor]:
        """Pairs with more mass than ``least``, by source, then target, and their mass.

        Shapes:
            → edge_index [2, e], plan [e]
        """
        ends, masses = [self.g.new_empty(2, 0, dtype=torch.int64)], [self.g.new_empty(0)]
        for start, cost in strips():
            plan = (self.f[start : start + len(cost)] + self.g + self.total - cost / self.epsilon).exp()
            row, column = (plan > least).nonzero(as_tuple=True)
            ends.append(torch.stack([row + start, column]))
            masses.append(plan[row, column])
        return torch.cat(ends, 1), torch.cat(masses)


@torch.no_grad()
def couple_streamed(
    strips: Strips,
    size: tuple[int, int],
    like: Tensor,
    epsilon: float,
    mass: float | None,
    *,
    max_iter: int,
    tol: float,
) -> StreamedCoupling:
    """`avgraph.nn.sinkhorn`, or with a mass `avgraph.nn.partial_sinkhorn`, of equal masses, all in the log domain.

    A pass over the costs does both half-steps: a strip has all columns of its rows, so that their potentials are known
    when it adds to the sums of the columns. Without Newton's steps, it takes as many iterations as Sinkhorn's method
    does. Stops when the mass that a pass moves is at most ``tol``: mass in the wrong place, on either side.

    Raises:
        GraphError: if it does not converge.
    """
    n, m = size
    log_a, log_b = like.new_tensor(1 / n).log(), like.new_tensor(1 / m).log()
    f, g, total = like.new_full((n, 1), -math.inf), like.new_zeros(m), like.new_zeros(())
    error, done = like.new_tensor(math.inf), 0
    with counted(max_iter, "coupling") as advance:
        while True:
            next_f, columns, wrong = torch.empty_like(f), torch.full_like(g, -math.inf), like.new_zeros(())
            for start, cost in strips():
                score, rows = cost.div_(-epsilon), slice(start, start + len(cost))
                of_row = (score + g).logsumexp(1, keepdim=True) + total
                next_f[rows] = log_a - of_row if mass is None else (log_a - of_row).clamp_max(0)
                wrong += ((f[rows] + of_row).exp() - (next_f[rows] + of_row).exp()).abs().sum()
                columns = torch.logaddexp(columns, (score + next_f[rows]).logsumexp(0))
            columns += total
            next_g = log_b - columns if mass is None else (log_b - columns).clamp_max(0)
            if mass is not None:  # without a share to move, the step before has left the columns right
                wrong += ((g + columns).exp() - (next_g + columns).exp()).abs().sum()
            error, done = wrong, done + 1
            if done > 1 and (bool(error <= tol) or done > max_iter):
                break
            f, g = next_f, next_g
            if mass is not None:
                total = math.log(mass) - (columns - total + g).logsumexp(0)
            advance()
    check_converged(error <= tol, torch.tensor(done - 1), error)
    return StreamedCoupling(f, g, total, epsilon)
