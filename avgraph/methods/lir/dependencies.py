"""The dependency graph of 2C concepts from a teacher's logits (Eq. 4-6), and graphs to compare it with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from avgraph.dag import infer_dependencies
from avgraph.errors import DataError, GraphError
from avgraph.methods.lir.options import LirOptions


def teacher_dependencies(
    logits: Tensor, names: Sequence[str], options: LirOptions, *, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Weights and frequencies of the graph of a teacher's logits, see `avgraph.dag.infer_dependencies`.

    Args:
        logits: audio classes first.
        names: of the columns.
        options: of the search.
        seed: of the search.

    Shapes:
        logits [n, 2C] → [2C, 2C], [2C, 2C]

    Raises:
        GraphError: if no graph can be learned from these logits: too few clips, or columns that are constant or
            collinear.

    Example:
        >>> x = torch.randn(200, 1) + 0.3 * torch.randn(200, 2)
        >>> weights, frequency = teacher_dependencies(x, ["dog (audio)", "dog (visual)"], LirOptions())
        >>> float(weights.sum())
        1.0
    """
    try:
        found = infer_dependencies(logits, names=names, seed=seed, **options.search())
    except DataError as error:
        raise GraphError(f"lir: no dependency graph from the teacher's logits: {error}") from error
    return torch.from_numpy(found.weights).float(), torch.from_numpy(found.frequency).float()


def random_dependencies(weights: Tensor, seed: int) -> Tensor:
    """Another DAG with as many edges of the same weights, put where chance has it.

    Example:
        >>> found = random_dependencies(torch.tensor([[0.0, 0.6, 0.4], [0, 0, 0], [0, 0, 0]]), seed=1)
        >>> sorted(found[found > 0].tolist(), reverse=True) == torch.tensor([0.6, 0.4]).tolist()
        True
    """
    rng = np.random.default_rng(seed)
    p = len(weights)
    values = weights[weights > 0].cpu()
    above = np.stack(np.triu_indices(p, 1))[:, rng.permutation(p * (p - 1) // 2)[: len(values)]]
    order = torch.from_numpy(rng.permutation(p))
    found = torch.zeros(p, p)
    found[order[above[0]], order[above[1]]] = values[torch.from_numpy(rng.permutation(len(values)))]
    return found.to(weights)


def permuted_dependencies(weights: Tensor, seed: int) -> Tensor:
    """The same graph with its classes exchanged, as heard and as seen alike, no class where it was.

    Edges of a class with itself stay such edges: what is left to chance is which classes go together.

    Example:
        >>> weights = torch.zeros(4, 4)
        >>> weights[0] = torch.tensor([0.0, 0.6, 0.4, 0.0])  # class 0 as heard drives class 1 and itself, as seen
        >>> permuted_dependencies(weights, seed=0)[1]
        tensor([0.6000, 0.0000, 0.0000, 0.4000])
    """
    classes = len(weights) // 2
    order = torch.from_numpy(np.random.default_rng(seed).permutation(classes)).to(weights.device)
    place = torch.empty_like(order)
    place[order] = order.roll(1)  # one cycle through all classes
    place = torch.cat([place, place + classes])
    found = torch.empty_like(weights)
    found[place[:, None], place] = weights
    return found


def stable_dependencies(weights: Tensor, snapshots: Tensor, least: float) -> Tensor:
    """The edges that a share of the snapshots has, in either direction, weighing 1 in all as before.

    Args:
        weights: the graph.
        snapshots: graphs of other epochs.
        least: share of them.

    Shapes:
        weights [p, p], snapshots [s, p, p]; 0 everywhere where no edge is found so often

    Example:
        >>> weights = torch.tensor([[0, 0.5, 0.25], [0, 0, 0.25], [0, 0, 0]])
        >>> snapshots = torch.stack([weights, weights.T * torch.tensor([1.0, 0, 0])])
        >>> stable_dependencies(weights, snapshots, 0.8)[0]
        tensor([0.0000, 0.6667, 0.3333])
    """
    joined = (snapshots > 0) | (snapshots > 0).transpose(1, 2)
    kept = weights * (joined.to(weights).mean(0) >= least - 1e-6)  # 5/7 is no number of a computer
    return kept * (weights.sum() / kept.sum()) if bool(kept.any()) else kept


def identity_dependencies(classes: int) -> Tensor:
    """Every class as heard drives itself as seen, all equally.

    Example:
        >>> identity_dependencies(2).nonzero().tolist()
        [[0, 2], [1, 3]]
    """
    found = torch.zeros(2 * classes, 2 * classes)
    found[range(classes), range(classes, 2 * classes)] = 1 / classes
    return found


def recovery(weights: Tensor, truth: Tensor) -> dict[str, float]:
    """Precision and recall of a graph's edges between different classes, direction left aside.

    Args:
        weights: the graph; audio concepts first.
        truth: pairs of concepts of different classes that truly occur together.

    Shapes:
        weights [2C, 2C], truth [2, e]

    Returns:
        ``edge_precision`` (absent without such edges), ``edge_recall``, and ``edge_chance``: the precision of edges
        put anywhere.

    Example:
        >>> found = torch.zeros(4, 4)
        >>> found[0, 1] = found[0, 2] = 1  # 0 and 2 are one class, heard and seen: not counted
        >>> recovery(found, torch.tensor([[1, 3], [0, 0]]))
        {'edge_recall': 0.5, 'edge_chance': 0.5, 'edge_precision': 1.0}
    """
    p = len(weights)
    concept = torch.arange(p, device=weights.device) % (p // 2)
    between = (concept[:, None] != concept[None, :]).triu(1)
    found = ((weights > 0) | (weights > 0).T) & between
    true = torch.zeros_like(found)
    true[truth[0], truth[1]] = True
    true = (true | true.T) & between
    hits, n_found = int((found & true).sum()), int(found.sum())
    result = {"edge_recall": hits / max(1, int(true.sum())), "edge_chance": int(true.sum()) / int(between.sum())}
    return result | ({"edge_precision": hits / n_found} if n_found else {})
