"""What `RRNet` sees of the nodes and edges of a graph, by the options."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.options import RrnetOptions
from avgraph.methods.rrnet.probabilities import are_probabilities
from avgraph.tensors.rows import standardized

_LEAST = 1e-4  # probability whose logarithm is taken


def edge_features(
    graph: HeteroData, kind: EdgeType, options: RrnetOptions, *, trained: int | None = None
) -> Float[Tensor, "e c"] | None:
    """What an edge brings along: its declared attributes and, with ``edge_score``, its standardised scores.

    Args:
        graph: with the edges.
        kind: their type.
        options: of the method.
        trained: how many of the edges the scale of scores is of, the first ones; all if not given.

    Example:
        >>> graph = HeteroData()
        >>> graph["audio", "near", "audio"].edge_weight = torch.tensor([0.5, 0.7])
        >>> edge_features(graph, ("audio", "near", "audio"), RrnetOptions()).shape
        torch.Size([2, 1])
    """
    store = graph[kind]
    parts = [store.edge_attr.float()] if "edge_attr" in store else []
    if options.edge_score and "edge_weight" in store:
        score = store.edge_weight.float()[:, None]
        if kind[0] == options.source and kind[2] == options.target:
            score = _on_a_scale(store.get("view_score", score), trained)
        parts.append(standardized(score, None if trained is None else torch.arange(trained), added=1e-6, correction=1))
    return torch.cat(parts, 1) if parts else None


def _on_a_scale(score: Float[Tensor, "n c"], trained: int | None) -> Float[Tensor, "n c"]:
    """The logarithm of probabilities, where sure and unsure ones differ; other scores as they are."""
    return score.clamp_min(_LEAST).log() if are_probabilities(score[:trained]) else score


def node_features(
    graph: HeteroData, node: str, options: RrnetOptions, *, trained: int | None = None
) -> Float[Tensor, "n c"]:
    """What the node encoder of a type sees; of source nodes the last columns are the classes that are known.

    Args:
        graph: with the nodes.
        node: their type.
        options: of the method.
        trained: how many of the nodes are those of the run, the first ones; all if not given.

    Raises:
        GraphError: if scores or classes are asked for that source nodes do not have.

    Example:
        >>> data = HeteroData(audio={"x": torch.zeros(2, 3), "y": torch.tensor([1, 0])})
        >>> data["audio"].train_mask = torch.tensor([True, False])
        >>> options = RrnetOptions(batch_size=1, known_labels=True)
        >>> node_features(data, "audio", options)[:, 3:]
        tensor([[0., 1.],
                [0., 0.]])
    """
    store = graph[node]
    x: Tensor = store.x
    if node == options.source and options.node_score:
        if "score" not in store:
            raise GraphError(f"rrnet: node_score: {node!r} nodes have no 'score'; declare an encoder that gives one")
        scores = store.view_score.flatten(1) if "view_score" in store else store.score
        x = torch.cat([x, _on_a_scale(scores.to(x), trained)], 1)
    if options.standardize:
        x = standardized(x, store.get("train_mask"), added=1e-5)
    if node == options.source and options.known_labels:
        if "train_mask" not in store:
            raise GraphError(f"rrnet: known_labels: {node!r} nodes have no 'train_mask': whose classes are known?")
        is_known = store.train_mask & (store.y >= 0)
        known = F.one_hot(store.y.clamp_min(0), known_classes(graph, options)) * is_known[:, None]
        x = torch.cat([x, known.to(x)], 1)
    return x


def known_classes(graph: HeteroData, options: RrnetOptions) -> int:
    """How many columns the known classes take."""
    return int(graph[options.source].y.max()) + 1 if options.known_labels else 0
