"""Sounds and texts of a graph: what belongs together, and what of a split is ranked."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.edges import training_edges
from avgraph.graph.nodes import node_attribute
from avgraph.graph.pair_groups import pair_groups
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.methods.mltm.options import MltmOptions
from avgraph.transforms import PairEdges
from avgraph.transforms.corrupt_edges import corrupted_targets


def pairs_of(options: MltmOptions) -> EdgeType:
    """The edges from sounds to texts that are the pairs.

    Example:
        >>> pairs_of(MltmOptions())
        ('audio', 'described', 'text')
    """
    return (options.audio, options.relation, options.text)


def with_classes(graph: HeteroData, options: MltmOptions) -> HeteroData:
    """A graph whose ``y`` says what belongs together: as it is, or by the pairs where neither side has one.

    Raises:
        GraphError: if a side lacks ``x``, or ``y`` where there are no pairs, or as `pair_groups`.

    Example:
        >>> data = HeteroData(audio={"x": torch.eye(2)}, text={"x": torch.eye(2)})
        >>> data["audio", "described", "text"].edge_index = torch.tensor([[0, 1], [1, 0]])
        >>> with_classes(data, MltmOptions())["text"].y
        tensor([1, 0])
    """
    nodes, pairs = (options.audio, options.text), pairs_of(options)
    for node in nodes:
        node_attribute(graph, node, "x")
    if pairs in graph.edge_types and not any("y" in graph[node] for node in nodes):
        graph = graph.clone()
        for node, group in zip(nodes, pair_groups(graph, pairs), strict=True):
            graph[node].y = group
    others = [kind for kind in graph.edge_types if {kind[0], kind[2]} == set(nodes)]
    if others and pairs not in graph.edge_types and not all("y" in graph[node] for node in nodes):
        has, wanted = ", ".join(map(show_edge, others)), show_edge(pairs)
        raise GraphError(f"mltm: no edges {wanted}, the pairs, as method.relation names them; the graph has {has}")
    for node in nodes:
        node_attribute(graph, node, "y")
    return graph


@dataclass(frozen=True)
class TrainingPairs:
    """What is learned from.

    Attributes:
        sound, text: their numbers, of each pair.
        said: a number for what the text says, which texts of one ``y`` share.
        wrong: pairs that are known to have another text than their own.

    Shapes:
        sound, text, said, wrong [n]
    """

    sound: Tensor
    text: Tensor
    said: Tensor
    wrong: Tensor


def with_pairs(graph: HeteroData, options: MltmOptions) -> HeteroData:
    """A graph whose sounds are paired with texts by edges: its own, or those of one ``y``.

    Raises:
        GraphError: as `with_classes`, or if sounds have no ``train_mask``, or a training sound no text.
    """
    graph = with_classes(graph, options)
    sounds, texts = graph[options.audio], graph[options.text]
    if "train_mask" not in sounds:
        raise GraphError(f"mltm: '{options.audio}' nodes have no 'train_mask'")
    if pairs_of(options) in graph.edge_types:
        return graph
    if len(lacking := sounds.y[sounds.train_mask & ~torch.isin(sounds.y, texts.y)]):
        raise GraphError(f"mltm: no '{options.text}' node has y = {int(lacking[0])}, which a training sound has")
    return PairEdges(options.audio, options.text, relation=options.relation)(graph)


def training_pairs(graph: HeteroData, options: MltmOptions, seed: int) -> TrainingPairs:
    """The pairs of training sounds, of which ``noise`` are shuffled.

    Example:
        >>> data = HeteroData(audio={"train_mask": torch.tensor([True, False])}, text={"y": torch.tensor([5, 7])})
        >>> data["audio", "described", "text"].edge_index = torch.tensor([[0, 1], [1, 0]])
        >>> training_pairs(data, MltmOptions(), seed=0).text
        tensor([1])
    """
    edges, training = graph[pairs_of(options)], training_edges(graph, pairs_of(options))
    sound, own = edges.edge_index[:, training]
    text = corrupted_targets(own, "shuffled", options.noise, seed)
    wrong = edges.get("corrupted", torch.zeros_like(training))[training] | (text != own)
    return TrainingPairs(sound, text, graph[options.text].y[text].unique(return_inverse=True)[1], wrong)


def of_split(graph: HeteroData, options: MltmOptions, split: str) -> tuple[Tensor, Tensor] | None:
    """Numbers of the sounds of a split, and of the texts of their classes; None where it has none of either.

    Of many training sounds ``train_sounds``, evenly spaced: 49,274 of AudioCaps would make 2.4e9 pairs.

    Example:
        >>> data = HeteroData(audio={"y": torch.tensor([0, 1]), "test_mask": torch.tensor([False, True])})
        >>> data["text"].y = torch.tensor([1, 0, 1])
        >>> of_split(data, MltmOptions(), "test"), of_split(data, MltmOptions(), "val")
        ((tensor([1]), tensor([0, 2])), None)
    """
    sounds, texts, most = graph[options.audio], graph[options.text], options.train_sounds
    mask = sounds.get(f"{split}_mask")
    if mask is None or not bool(mask.any()):
        return None
    rows = mask.nonzero()[:, 0]
    if split == "train" and len(rows) > most:
        rows = rows[torch.linspace(0, len(rows) - 1, most, dtype=torch.float64).long()]
    columns = torch.isin(texts.y, sounds.y[rows]).nonzero()[:, 0]
    return (rows, columns) if len(columns) else None
