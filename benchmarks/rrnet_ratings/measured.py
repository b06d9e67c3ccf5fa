"""What the tables of ratings measure: errors on held-out ratings, all of them and those of who is hardly known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.graph.provenance import Provenance
from avgraph.graph.rating_edges import known_ratings
from avgraph.graph.ratings import RATES, TRUSTS
from avgraph.methods.rrnet.rating_heads import Answer
from avgraph.methods.rrnet.rating_results import COLD, known_counts
from avgraph.methods.rrnet.rating_task import RatingTask
from avgraph.metrics import mean_absolute_error, root_mean_squared_error
from avgraph.runs.pipeline import build_task
from benchmarks.training import trained

PARTS = {
    "all": "all ratings",
    "cold": f"of a user or an item with {COLD} training ratings at most",
    "cold users": f"of users with {COLD} training ratings at most",
    "cold users with links": "of those of them who have links, as the data set gives them",
    "cold items": f"of items with {COLD} training ratings at most",
}


def rrnet(experiment: Experiment, graph: HeteroData) -> Answer:
    """The experiment's method, trained on a graph."""
    task = build_task(experiment)
    assert isinstance(task, RatingTask), "expected an experiment with method rrnet_ratings"
    return trained(task, graph, experiment).answer(RATES)


def linked_users(graph: HeteroData) -> Tensor:
    """Who has a link, of either direction [users]."""
    linked = torch.zeros(known_ratings(graph).users, dtype=torch.bool)
    if TRUSTS in graph.edge_types:
        linked[graph[TRUSTS].edge_index.flatten()] = True
    return linked


def measured(graph: HeteroData, answer: Answer, split: str, linked: Tensor) -> Mapping[str, Any]:
    """Errors of an answer on each of `PARTS` that has ratings, how many they are, and where the data are from."""
    edges, known = graph[RATES], known_ratings(graph)
    users, items = known_counts(known, edges.edge_index) <= COLD
    among = {
        "all": torch.ones_like(users),
        "cold": users | items,
        "cold users": users,
        "cold users with links": users & linked[edges.edge_index[0]],
        "cold items": items,
    }
    found: dict[str, Any] = {"source": Provenance.of(graph).source}
    for part, mine in among.items():
        rows = edges[f"{split}_mask"] & mine
        if bool(rows.any()):
            found[part] = {
                "ratings": int(rows.sum()),
                "mae": mean_absolute_error(answer.median[rows], edges.rating[rows]),
                "rmse": root_mean_squared_error(answer.mean[rows], edges.rating[rows]),
            }
    return found
