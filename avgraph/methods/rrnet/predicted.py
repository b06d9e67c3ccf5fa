"""Which target new source nodes map to, by a trained RR-Net and the graph of its run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch_geometric.data import HeteroData
from torch_geometric.utils import softmax

from avgraph.methods.predictions import Predictions, class_list, row_names
from avgraph.methods.rrnet.features import edge_features, node_features
from avgraph.methods.rrnet.new_nodes import join
from avgraph.metrics import best_targets

if TYPE_CHECKING:
    from avgraph.methods.rrnet.task import RRNetTask


@torch.no_grad()
def predict_nodes(task: RRNetTask, new: HeteroData, steps: Sequence[Any]) -> Predictions:
    """The class of every new source node, its probability, and all its candidate edges.

    The whole graph is read, also where training took it in batches.

    Args:
        task: bound to the graph of its run, in evaluation.
        new: encoded source nodes with ``name``.
        steps: transforms of the run's graph.

    Raises:
        GraphError: as `avgraph.methods.rrnet.new_nodes.join`.
    """
    source, _, target = task.inter
    joined = join(task.graph, new, task.inter, list(task.attributes), steps)
    graph, like = joined.graph, task.model.decoder.last.weight
    attributes = {
        kind: edge_features(graph, kind, task.options, trained=joined.edges[kind]) for kind in task.attributes
    }
    logits = task.model(
        {
            node: node_features(graph, node, task.options, trained=len(task.graph[node].x)).to(like)
            for node in task.model.channels
        },
        {kind: graph[kind].edge_index.to(like.device) for kind in task.attributes},
        {kind: value.to(like) for kind, value in attributes.items() if value is not None},
        {kind: plan.to(like.device) for kind, plan in joined.plans.items()},
    )[joined.edges[task.inter] :].cpu()
    edges = slice(joined.edges[task.inter], None)
    if task.starts_scored:
        logits = logits + graph[task.inter].edge_weight[edges].to(logits).clamp_min(1e-6).log()
    row, column = graph[task.inter].edge_index[:, edges]
    row, count = row - joined.nodes, new[source].num_nodes
    logits = logits.float()
    probability = logits.sigmoid() if task.options.loss == "bce" else softmax(logits, row, num_nodes=count)
    best = best_targets(logits, torch.stack([row, column]), count)
    chosen = torch.zeros(count).scatter_reduce(0, row, probability, "amax")
    number = task.graph[target].y[best]
    names = class_list(task.graph, source, target)
    found = HeteroData()
    found[source].name, found[source].num_nodes = row_names(new, source), count
    found[source].prediction, found[source].probability = number, chosen
    found[target].name, found[target].num_nodes = row_names(task.graph, target), len(task.graph[target].x)
    edge = found[task.inter]
    edge.edge_index, edge.probability, edge.edge_weight = torch.stack([row, column]), probability, probability
    return Predictions(
        {
            "name": row_names(new, source),
            "prediction": [names[each] for each in number.tolist()],
            "probability": chosen.tolist(),
        },
        found,
    )
