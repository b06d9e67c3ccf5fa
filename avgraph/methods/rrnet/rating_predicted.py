"""How users of a run would rate its items: any pairs, by a trained RR-Net for ratings."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError, did_you_mean
from avgraph.graph.ratings import CANDIDATES, ITEM, RATES, USER
from avgraph.methods.predictions import Predictions, row_names
from avgraph.methods.rrnet.rating_pairs import pairs_of

if TYPE_CHECKING:
    from avgraph.methods.rrnet.rating_task import RatingTask

PREDICTED = (USER, "predicted", ITEM)
_ATTRIBUTES = ("edge_attr", "level_probability")


def predict_pairs(task: RatingTask, new: HeteroData, steps: Sequence[Any]) -> Predictions:
    """The rating of every pair and, of an ordinal head, the probability that it is liked.

    Args:
        task: bound to the graph of its run, in evaluation.
        new: users and items by ``name``, a pair a row.
        steps: transforms of the run's graph; one with ``new_pairs(graph, pairs)`` gives attributes of pairs.

    Raises:
        GraphError: naming the row whose user or item the run does not know.
    """
    if not {USER, ITEM} <= set(new.node_types) or len(new[USER].name) != len(new[ITEM].name):
        counts = ", ".join(f"{len(new[node].name)} of '{node}'" for node in new.node_types)
        raise GraphError(f"rrnet_ratings: expected a 'user' and an 'item' for every pair, got {counts}")
    pairs = torch.stack([_numbers(task.graph, node, new[node].name) for node in (USER, ITEM)])
    graph = copy.copy(task.graph)
    if CANDIDATES in graph.edge_types:
        del graph[CANDIDATES]
    graph[CANDIDATES].edge_index = pairs
    for step in steps:
        if callable(getattr(step, "new_pairs", None)):
            for key, value in step.new_pairs(task.graph, pairs).items():
                graph[CANDIDATES][key] = value
    for key in _ATTRIBUTES:
        if key in graph[RATES] and key not in graph[CANDIDATES]:
            raise GraphError(f"rrnet_ratings: no step of the run's graph gives new pairs the {key!r} of its ratings")
    options = task.options
    made = pairs_of(graph, task.known, task.head, task.biases, options.start, standardize=options.standardize)
    answer = task.answer_of(made[CANDIDATES])
    found = HeteroData()
    for node in (USER, ITEM):
        found[node].name, found[node].num_nodes = row_names(task.graph, node), len(row_names(task.graph, node))
    edges = found[PREDICTED]
    edges.edge_index, edges.rating = pairs, answer.mean
    columns: dict[str, Any] = {node: list(new[node].name) for node in (USER, ITEM)}
    columns["prediction"] = answer.mean.tolist()
    if answer.probability is not None:
        edges.probability = answer.probability[:, task.head.levels.cpu() >= task.liked].sum(1)
        columns["probability"] = edges.probability.tolist()
    return Predictions(columns, found)


def _numbers(graph: HeteroData, node: str, names: Sequence[str]) -> Tensor:
    known = {name: row for row, name in enumerate(row_names(graph, node))}
    for row, name in enumerate(names):
        if name not in known:
            close = did_you_mean(name, known)
            raise GraphError(f"{node}: row {row}: the run knows no {node} {name!r}{close and '; '}{close}")
    return torch.tensor([known[name] for name in names])
