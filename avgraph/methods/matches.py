"""New rows in a shared space: what of the run lies nearest, by the cosine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.methods.predictions import Predictions
from avgraph.tensors.rows import unit_rows_of
from avgraph.transforms.nearest import similarities
from avgraph.transforms.top_k import stable_top_k

MOST = 5
"""Edges of a new node to nodes of a type."""


def matched(
    node: str,
    names: Sequence[str],
    x: Float[Tensor, "q d"],
    galleries: Mapping[str, tuple[Sequence[str], Tensor]],
    columns: Mapping[str, Sequence[Any]] | None = None,
) -> Predictions:
    """What lies nearest to every new row.

    Args:
        node: what the new rows are called in the graph.
        names: of each of them.
        x: their embeddings.
        galleries: node type → names and embeddings of its nodes.
        columns: what else is known of each row; its nearest is then ``match``, else the ``prediction``.

    Example:
        >>> found = matched("audio", ["a"], torch.tensor([[1.0, 0.1]]), {"text": (["dog", "cat"], torch.eye(2))})
        >>> found.rows()
        [{'name': 'a', 'prediction': 'dog', 'of': 'text', 'similarity': 0.9950371980667114}]
    """
    graph, new = HeteroData(), f"new_{node}"  # the run's own nodes of the type may be among the matches
    graph[new].name, graph[new].num_nodes, graph[new].embedding = list(names), len(names), x
    best: list[tuple[float, str, str]] = [(-2.0, "", "")] * len(names)
    for kind, (called, gallery) in galleries.items():
        found = [
            stable_top_k(each, min(MOST, len(gallery)))
            for _, each in similarities(unit_rows_of(x), unit_rows_of(gallery))
        ]
        number, value = (torch.cat(parts) for parts in zip(*found, strict=True))
        graph[kind].name, graph[kind].num_nodes = list(called), len(called)
        edges = graph[new, "matches", kind]
        row = torch.arange(len(x)).repeat_interleave(number.shape[1])
        edges.edge_index, edges.edge_weight = torch.stack([row, number.reshape(-1)]), value.reshape(-1)
        for place, (first, similarity) in enumerate(zip(number[:, 0].tolist(), value[:, 0].tolist(), strict=True)):
            if similarity > best[place][0]:
                best[place] = (similarity, called[first], kind)
    made: dict[str, Sequence[Any]] = {"name": list(names), **(columns or {})}
    made["match" if columns else "prediction"] = [each[1] for each in best]
    made["of"] = [each[2] for each in best]
    made["similarity"] = [each[0] for each in best]
    return Predictions(made, graph, x)
