"""The part of a run's graph that an answer depends on, with how important everything in it is; names of features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.explanation import ImportantFeature
from avgraph.methods.predictions import class_list, row_names
from avgraph.methods.rrnet.question import Question

if TYPE_CHECKING:
    from avgraph.methods.rrnet.task import RRNetTask


def explained_graph(
    task: RRNetTask,
    question: Question,
    probability: Tensor,
    of_edges: Mapping[EdgeType, Tensor],
    of_features: Mapping[str, Tensor],
) -> HeteroData:
    """Nodes with ``name``, ``importance`` (of their features together) and whether they are ``asked`` about; edges with
    ``importance``, 0 where the answer cannot depend on them; the candidates of the source with their ``probability``.
    """
    graph = HeteroData()
    if "provenance" in task.graph:
        Provenance.of(task.graph).write_to(graph)
    for node, value in of_features.items():
        numbers, store, own = question.numbers.nodes[node], graph[node], task.graph[node]
        names = row_names(task.graph, node)
        store.name = [names[number] for number in numbers.tolist()]
        store.number, store.num_nodes = numbers, len(numbers)
        store.importance = value.sum(1).float().cpu()
        store.asked = torch.arange(len(numbers)) == question.row(node)
        if "y" in own:
            store.y = own.y[numbers]
    for kind, index in question.graph.edge_index.items():
        store, count = graph[kind], index.shape[1]
        store.edge_index = index.cpu()
        store.importance = of_edges.get(kind, torch.zeros(count)).float().cpu()
        if "edge_weight" in task.graph[kind]:
            store.edge_weight = task.graph[kind].edge_weight[question.numbers.edges[kind]]
        if kind == question.inter:
            store.asked = torch.zeros(count, dtype=torch.bool)
            store.asked[question.place[question.asked].cpu()] = True
            store.probability = torch.full((count,), torch.nan)  # of other nodes nothing was asked
            store.probability[question.place.cpu()] = probability.float().cpu()
    return graph


def important_features(task: RRNetTask, importance: Tensor, value: Tensor, top: int) -> list[ImportantFeature]:
    """The most important features of a source node.

    Shapes:
        importance, value [d]
    """
    names = feature_names(task, len(importance))
    order = importance.argsort(descending=True, stable=True)[:top].tolist()
    return [ImportantFeature(names[column], float(importance[column]), float(value[column])) for column in order]


def feature_names(task: RRNetTask, width: int) -> list[str]:
    """Of the columns that the network sees of a source node: those of x by number, scores and known classes by class.

    Example:
        >>> from avgraph.methods.rrnet import RrnetOptions, RRNetTask
        >>> task = RRNetTask(RrnetOptions())
        >>> task.graph = HeteroData(audio={"x": torch.zeros(1, 2)})
        >>> feature_names(task, 2)
        ['x[0]', 'x[1]']
    """
    options, store = task.options, task.graph[task.options.source]
    names = [f"x[{column}]" for column in range(store.x.shape[1])]
    if len(names) < width:
        classes = class_list(task.graph, options.source, options.target)
        if options.node_score:
            views = store.view_score.shape[1] if "view_score" in store else 1
            count = store.score.shape[1]
            for view in range(views):
                told = "score" if views == 1 else f"score of view {view + 1}"
                names += [f"{told}: {classes[each] if count <= len(classes) else each}" for each in range(count)]
        names += [f"known class: {name}" for name in classes][: width - len(names)]
    return names
