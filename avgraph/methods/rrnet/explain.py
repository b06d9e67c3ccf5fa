"""What an answer of RR-Net rests on: near edges, candidate edges of other nodes, features, the encoder's scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.methods.explainers import importance
from avgraph.methods.explanation import Ablation, ExplainOptions, Explanation, Faithfulness, ImportantEdge
from avgraph.methods.faithful import faithfulness
from avgraph.methods.predictions import class_list, row_names
from avgraph.methods.rrnet.explained import ExplainedRRNet
from avgraph.methods.rrnet.explained_graph import explained_graph, important_features
from avgraph.methods.rrnet.question import Question, ask
from avgraph.metrics.fidelity import largest

if TYPE_CHECKING:
    from avgraph.methods.rrnet.task import RRNetTask

MOST_REMOVALS = 500  # one by one, a second or two


@torch.no_grad()
def explain_answer(task: RRNetTask, source: int, target: int | None, options: ExplainOptions) -> Explanation:
    """Why a source node maps to a target, or would: what its probability rests on.

    Only what the probability can depend on is read, as many hops as there are units.

    Args:
        task: bound to the graph of its run, in evaluation.
        source: number of the node.
        target: number of the candidate; the most probable one if None.
        options: how.

    Raises:
        GraphError: if the target is no candidate of the source.
    """
    question = ask(task, source, target)
    model, full = ExplainedRRNet(question), question.probabilities()
    of_edges = _importance_of_edges(question, model, options)
    x, index = model.inputs()
    by = "gnn_explainer" if options.algorithm == "gnn_explainer" else "gradient"
    of_features = importance(model, x, index, model.target, algorithm=by, over="features", seed=options.seed)
    names = {node: row_names(task.graph, node) for node in question.graph.x}
    edges = _important_edges(question, of_edges, names, options)
    row = question.row(question.inter[0])
    targets = question.targets()
    best, target = int(targets[full.argmax()]), int(targets[question.asked])
    truth = task.graph[task.inter[0]].get("y")
    known = None if truth is None or int(truth[source]) < 0 else int(truth[source])
    return Explanation(
        relation=task.inter,
        source=source,
        target=target,
        source_name=names[task.inter[0]][source],
        target_name=names[task.inter[2]][target],
        probability=float(full[question.asked]),
        predicted=names[task.inter[2]][best],
        truth=None if known is None else class_list(task.graph, task.inter[0], task.inter[2])[known],
        options=options,
        edges=edges,
        features=important_features(task, of_features[task.inter[0]][row], x[task.inter[0]][row], options.top),
        ablations=_ablations(question, names),
        faithfulness=_faithfulness(question, of_edges, of_features[task.inter[0]][row], options),
        graph=explained_graph(task, question, full, of_edges, of_features),
    )


def _importance_of_edges(question: Question, model: ExplainedRRNet, options: ExplainOptions) -> dict[EdgeType, Tensor]:
    """Of every removable edge; 0 of the others.

    Of more than `MOST_REMOVALS` those with the largest gradient are removed, the others count as 0.
    """
    removable, (x, index) = question.removable(), model.inputs()
    by = "gnn_explainer" if options.algorithm == "gnn_explainer" else "gradient"
    many = sum(int(mask.sum()) for mask in removable.values()) > MOST_REMOVALS
    found = {kind: torch.zeros(len(mask), device=mask.device) for kind, mask in removable.items()}
    if options.algorithm != "removal" or many:
        made = importance(model, x, index, model.target, algorithm=by, over="edges", seed=options.seed)
        found = {kind: value.where(removable[kind], 0) for kind, value in made.items()}
    if options.algorithm != "removal":
        return found
    if many:
        removable = largest({kind: value.abs() for kind, value in found.items()}, removable, MOST_REMOVALS)
    full = question.probabilities()[question.asked]
    found = {kind: torch.zeros_like(value) for kind, value in found.items()}
    for kind, mask in removable.items():
        for edge in mask.nonzero()[:, 0].tolist():
            found[kind][edge] = full - question.without(kind, edge)[question.asked]
    return found


def _important_edges(
    question: Question, values: Mapping[EdgeType, Tensor], names: Mapping[str, list[str]], options: ExplainOptions
) -> list[ImportantEdge]:
    found, places = [], []
    for kind, mask in question.removable().items():
        ends = question.ends(kind)
        for edge in mask.nonzero()[:, 0].tolist():
            source, target = ends[:, edge].tolist()
            called = names[kind[0]][source], names[kind[2]][target]
            found.append(ImportantEdge(kind, source, target, *called, float(values[kind][edge])))
            places.append((kind, edge))
    order = sorted(range(len(found)), key=lambda number: -found[number].importance)
    full = question.probabilities()[question.asked]
    for number in order[: options.top]:
        change = float(question.without(*places[number])[question.asked] - full)
        found[number] = replace(found[number], change=change)
    return [found[number] for number in order]


def _ablations(question: Question, names: Mapping[str, list[str]]) -> list[Ablation]:
    """Without all edges of a relation, without the features of some nodes, without what the encoders say."""
    removable, graph = question.removable(), question.graph
    (source, _, target), asked = question.inter, question.asked
    left: dict[str, Tensor] = {}
    for kind, mask in removable.items():
        left[f"edges {show_edge(kind)}"] = question.probabilities({kind: ~mask})
    if len(removable) > 1:
        left["edges of all relations"] = question.probabilities({kind: ~mask for kind, mask in removable.items()})
    ends = {source: question.row(source), target: question.row(target)}
    for node, row in ends.items():
        own = torch.arange(len(graph.x[node]), device=graph.x[node].device) == row
        number = int(question.numbers.nodes[node][row])
        left[f"features of {names[node][number]}"] = question.probabilities(x=question.unknown({node: own}))
    others = {node: torch.arange(len(value), device=value.device) != ends[node] for node, value in graph.x.items()}
    left["features of all other nodes"] = question.probabilities(x=question.unknown(others))
    if question.inter in graph.edge_attr:
        left["attributes and scores of its candidate edges"] = question.probabilities(scores=False)
    if question.offset is not None:
        left["the encoder's probability to start from"] = question.probabilities(offset=False)
    best = int(question.probabilities().argmax())
    return [Ablation(name, float(value[asked]), int(value.argmax()) != best) for name, value in left.items()]


def _faithfulness(
    question: Question, of_edges: Mapping[EdgeType, Tensor], of_features: Tensor, options: ExplainOptions
) -> list[Faithfulness]:
    """Of the edges together, of each relation where there are several, of the source node's features."""
    removable, source = question.removable(), question.inter[0]
    row = question.row(source)
    rng = np.random.default_rng([options.seed, int(question.numbers.nodes[source][row])])

    def edges(gone: Mapping[EdgeType, Tensor]) -> Tensor:
        return question.probabilities({kind: ~mask for kind, mask in gone.items()})

    def features(gone: Mapping[str, Tensor]) -> Tensor:
        x = dict(question.graph.x)
        x[source] = x[source].clone()
        x[source][row] = torch.where(gone[source], question.centre[source][0], x[source][row])
        return question.probabilities(x=x)

    parts = {show_edge(kind): {kind: mask} for kind, mask in removable.items()}
    if len(parts) > 1:
        parts = {"all relations": removable, **parts}
    found = [faithfulness(name, of_edges, among, question.asked, edges, options, rng) for name, among in parts.items()]
    among = {source: torch.ones_like(of_features, dtype=torch.bool)}
    found.append(
        faithfulness(f"features of {source}", {source: of_features}, among, question.asked, features, options, rng)
    )
    return found
