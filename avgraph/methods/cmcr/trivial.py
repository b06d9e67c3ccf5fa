"""What C-MCR would reach if all rows were projected to one point: nothing connected, ranks by chance."""

from __future__ import annotations

import math
from itertools import permutations

from torch_geometric.data import HeteroData

from avgraph.methods.cmcr.links import training_rows
from avgraph.methods.cmcr.results import held_out_rows
from avgraph.methods.trivial import Trivial
from avgraph.metrics import chance_average_precision
from avgraph.space_states import holders, spaces_of
from avgraph.transforms.space_graph import OVERLAPS, SPACE


def trivial_connection(graph: HeteroData, *, batch_size: int, overlap: bool, pseudo: bool) -> Trivial:
    """The loss of equal rows, log b for every contrast, and the average precision of chance.

    Args:
        graph: with the graph of spaces.
        batch_size: most items per step of each overlap.
        overlap, pseudo: whether items, and what is recalled for them, are contrasted.
    """
    names, held, loss = graph[SPACE].name, holders(graph, training=True), 0.0
    for (one, other), modality in zip(graph[OVERLAPS].edge_index.T.tolist(), graph[OVERLAPS].modality, strict=True):
        items = len(training_rows(graph, modality, names[one]))
        recalled = all(len(held[names[space]]) > 1 for space in (one, other))
        contrasts = int(overlap) + int(pseudo and recalled)
        loss += contrasts * math.log(items / math.ceil(items / batch_size))
    return Trivial(loss or None, _chance(graph), "chance")


def _chance(graph: HeteroData) -> dict[str, float]:
    found = {}
    nodes = [n for n in graph.node_types if "y" in graph[n] and spaces_of(graph[n]) and len(held_out_rows(graph[n]))]
    for split in ("val", "test"):
        masks = {node: graph[node][f"{split}_mask"] for node in nodes if f"{split}_mask" in graph[node]}
        for a, b in permutations(masks, 2):
            value = chance_average_precision(graph[a].y[masks[a]], graph[b].y[masks[b]])
            if value is not None:
                found[f"{split}/map_{a}_to_{b}"] = value
    return found
