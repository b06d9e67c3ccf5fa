"""Two modalities of different spaces, compared through what the spaces overlap in: targets, and a free baseline."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.spaces import holders, state_name
from avgraph.methods.cmcr.links import overlaps_of, training_rows
from avgraph.methods.cmcr.readouts import Gathered
from avgraph.metrics import scored_average_precision
from avgraph.nn import path_similarity

# Targets are sharpened by squaring them.
_SHARPER = 2
# What belongs to none of a batch is to spread over it evenly; squared, a lower number would be 0 in float32.
_LEAST = 1e-18
_MOST_ITEMS = 50_000  # of an overlap that rows are compared through; of more, a random part


@dataclass(frozen=True)
class Path:
    """Rows of a modality of one space and of a modality of the other, and how much they belong together.

    Shapes:
        target [rows of the source, rows of the goal]
    """

    source: tuple[str, Gathered]
    goal: tuple[str, Gathered]
    target: Tensor


def read_paths(graph: HeteroData, temperature: float, most: int, *, seed: int) -> list[Path]:
    """The paths of every overlap, from each other modality of its one space to each of its other space.

    Args:
        graph: with its spaces and overlaps.
        temperature: of `path_similarity`.
        most: rows of a modality; of more, a random part is taken.
        seed: of that part.
    """
    rng, found = np.random.default_rng(seed), []
    held = holders(graph, training=True)
    for modality, spaces in overlaps_of(graph):
        through = _through(graph, modality, spaces, rng)
        for ends in product(*([node for node in held[space] if node != modality] for space in spaces)):
            rows = [_part(training_rows(graph, *end), most, rng) for end in zip(ends, spaces, strict=True)]
            together = path_similarity(rows[0].loaded(), rows[1].loaded(), through, temperature)
            target = together.clamp_min(_LEAST) ** _SHARPER
            found.append(Path((spaces[0], rows[0]), (spaces[1], rows[1]), target))
    return found


def bridge_metrics(graph: HeteroData, temperature: float, *, seed: int) -> dict[str, float]:
    """MAP between held-out rows that are compared through an overlap, with nothing trained: the free baseline.

    ``<split>/bridge_map_<one>_to_<other>``, where both node types have ``y``.

    Args:
        graph: with its spaces and overlaps.
        temperature: of `path_similarity`.
        seed: of the part that is taken of an overlap of very many rows.
    """
    rng, found = np.random.default_rng(seed), {}
    for modality, spaces in overlaps_of(graph):
        through = _through(graph, modality, spaces, rng)
        for split in ("val", "test"):
            for one, other in product(*(_held_out(graph, modality, space, split) for space in spaces)):
                masks = [graph[node][f"{split}_mask"] for node in (one, other)]
                y, y_other = (graph[node].y[mask] for node, mask in zip((one, other), masks, strict=True))
                if one == other or not bool(torch.isin(y, y_other).any()):
                    continue
                ends = zip((one, other), spaces, masks, strict=True)
                x, x_other = (Gathered(graph[n][state_name(s)], mask.nonzero()[:, 0]).loaded() for n, s, mask in ends)
                score = path_similarity(x, x_other, through, temperature)
                found[f"{split}/bridge_map_{one}_to_{other}"] = scored_average_precision(score, y, y_other)
                found[f"{split}/bridge_map_{other}_to_{one}"] = scored_average_precision(score.T, y_other, y)
    return found


def _held_out(graph: HeteroData, overlap: str, space: str, split: str) -> list[str]:
    """Node types of a space with rows of a split, and classes to score them by."""
    stores = {node: graph[node] for node in graph.node_types if node != overlap}
    return [
        node
        for node, store in stores.items()
        if state_name(space) in store
        and "y" in store
        and f"{split}_mask" in store
        and bool(store[f"{split}_mask"].any())
    ]


def _through(
    graph: HeteroData, modality: str, spaces: tuple[str, str], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    one, other = (training_rows(graph, modality, space) for space in spaces)
    chosen = _chosen(len(one), _MOST_ITEMS, rng)
    return one.take(chosen), other.take(chosen)


def _part(rows: Gathered, most: int, rng: np.random.Generator) -> Gathered:
    return Gathered(rows.rows, rows.numbers(_chosen(len(rows), most, rng)))


def _chosen(size: int, most: int, rng: np.random.Generator) -> Tensor:
    if size <= most:
        return torch.arange(size)
    return torch.from_numpy(np.sort(rng.choice(size, most, replace=False)))
