"""Sinkhorn's iteration in the log domain, every step on the tape: the reference for the implicit gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn._transport_inputs import Problem


def unrolled(problem: Problem, *, tol: float, max_iter: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Log plan, f, g (in units of ε), iterations and error; all problems stop together, when the last one may.

    Its memory grows with the number of iterations.
    """
    score, log_a, log_b, log_mass = problem
    f, g = torch.zeros_like(log_a), torch.zeros_like(log_b)
    total = torch.zeros_like(f[:, :1])
    error, done = torch.full_like(total[:, 0], torch.inf), 0
    while done < max_iter and not bool((error <= tol).all()):
        f = log_a - total - (score + g[:, None, :]).logsumexp(2)
        f = f if log_mass is None else f.clamp(max=0)
        g = log_b - total - (score + f[:, :, None]).logsumexp(1)
        if log_mass is not None:
            g = g.clamp(max=0)
            total = (log_mass - (score + f[:, :, None] + g[:, None, :]).logsumexp((1, 2)))[:, None]
        done += 1
        with torch.no_grad():
            error = _error(problem, f, g, total)
    log_plan = score + f[:, :, None] + (g + total)[:, None, :]
    return log_plan, f, g + total, torch.full_like(error, done, dtype=torch.int64), error


def _error(problem: Problem, f: Tensor, g: Tensor, total: Tensor) -> Tensor:
    """How much mass the next half-step of either side would move [B]."""
    plan = (problem.score + f[:, :, None] + (g + total)[:, None, :]).exp()
    sides = []
    for potential, log_mass, dim in ((f, problem.log_a, 2), (g, problem.log_b, 1)):
        sums, mass = plan.sum(dim), log_mass.exp()
        goal = mass if problem.log_mass is None else torch.minimum(mass, sums * (-potential).exp())
        sides.append((sums - goal).abs().sum(1))
    return torch.maximum(*sides)
