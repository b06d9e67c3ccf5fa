"""The overlaps of a graph of spaces with their rows and readouts: what training draws from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.spaces import holders, state_name
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.cmcr.readouts import Gathered, Recall, recall, recall_by_edges
from avgraph.runtime.settings import epoch_generator
from avgraph.transforms.compose_edges import edge_weights
from avgraph.transforms.space_graph import OVERLAPS, SPACE


@dataclass(frozen=True)
class End:
    """One end of an overlap.

    Attributes:
        space: its name.
        own: the items that the spaces overlap in, as this space has them.
        memories: the other modalities of the space → their rows.
        recalled: what each of them recalls for the items.
        told: the memories of which edges of the graph say what they recall.
    """

    space: str
    own: Gathered
    memories: dict[str, Gathered]
    recalled: dict[str, Gathered]
    told: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Link:
    """Two spaces and the modality they overlap in."""

    modality: str
    ends: tuple[End, End]


def training_rows(graph: HeteroData, node: str, space: str) -> Gathered:
    """Rows of a node type in a space that may be trained on.

    Example:
        >>> mask = torch.tensor([True, False])
        >>> graph = HeteroData(audio={"x_clap": torch.eye(2), "train_mask": mask})
        >>> len(training_rows(graph, "audio", "clap"))
        1
    """
    rows, mask = graph[node][state_name(space)], graph[node].get("train_mask")
    return Gathered(rows, None if mask is None else mask.nonzero()[:, 0])


def overlaps_of(graph: HeteroData) -> list[tuple[str, tuple[str, str]]]:
    """Modality and the two spaces of every overlap.

    Example:
        >>> graph = HeteroData(space={"name": ["clap", "clip"]})
        >>> graph[OVERLAPS].edge_index, graph[OVERLAPS].modality = torch.tensor([[0], [1]]), ["text"]
        >>> overlaps_of(graph)
        [('text', ('clap', 'clip'))]
    """
    names, edges = graph[SPACE].name, graph[OVERLAPS]
    ends = edges.edge_index.T.tolist()
    return [(modality, (names[one], names[other])) for modality, (one, other) in zip(edges.modality, ends, strict=True)]


def own_edges(graph: HeteroData, memory: str, item: str, space: str) -> EdgeType | None:
    """The edges of the graph that say what a memory recalls for items in a space, if there are any.

    Example:
        >>> data = HeteroData(audio={"num_nodes": 1}, text={"num_nodes": 1})
        >>> data["audio", "recalled", "text"].edge_index = torch.tensor([[0], [0]])
        >>> own_edges(data, "audio", "text", "clap")
        ('audio', 'recalled', 'text')
    """
    kinds = ((memory, name, item) for name in (f"recalled_{space}", "recalled"))
    return next((kind for kind in kinds if kind in graph.edge_types), None)


def read_links(
    graph: HeteroData, how: Recall, temperature: float, *, seed: int, device: torch.device | str
) -> list[Link]:
    """Every overlap with its rows and readouts.

    Where the graph has edges (memory, recalled, overlap) of its own, or ``recalled_<space>`` for one space alone, they
    say what is recalled; other readouts come from the cache where they have been computed before.

    Raises:
        GraphError: if the two spaces of an overlap have different numbers of rows, or rows or edges cannot be used.
    """
    names, held = graph[SPACE].name, holders(graph, training=True)
    links = []
    for column, (modality, spaces) in enumerate(overlaps_of(graph)):
        ends = []
        for number, space in ((names.index(space), space) for space in spaces):
            own = training_rows(graph, modality, space)
            memories = {node: training_rows(graph, node, space) for node in held[space] if node != modality}
            given = {node: kind for node in memories if (kind := own_edges(graph, node, modality, space))}
            try:
                recalled = {
                    node: recall_by_edges(own, memory, graph[kind].edge_index, edge_weights(graph, kind))
                    if (kind := given.get(node))
                    else recall(own, memory, how, temperature, seed=(seed, column, number, place), device=device)
                    for place, (node, memory) in enumerate(memories.items())
                }
            except GraphError as error:
                told = f"query = {modality}, memory = {', '.join(memories)}"
                raise GraphError(f"cmcr: space '{space}': {error} ({told})") from error
            ends.append(End(space, own, memories, recalled, frozenset(given)))
        if len(ends[0].own) != len(ends[1].own):
            counts = " and ".join(f"{len(end.own)} in {end.space}" for end in ends)
            raise GraphError(f"cmcr: '{modality}' rows: expected as many in both spaces, got {counts}")
        links.append(Link(modality, (ends[0], ends[1])))
    return links


class Batches:
    """Rows of each set of items for every step of an epoch: a function of seed and epoch alone.

    Each set is cut into batches of nearly equal size; one that is used up before the epoch ends begins anew.

    Args:
        sizes: rows of each set.
        most: rows of each set per step, at most.
        seed: of all epochs.

    Example:
        >>> batches = Batches([5, 2], [2, 2], seed=0)
        >>> [len(batches.rows(0, 0, step)) for step in range(3)]
        [2, 2, 1]
    """

    def __init__(self, sizes: Sequence[int], most: Sequence[int], seed: int) -> None:
        self.sizes, self.most, self.seed = sizes, most, seed
        self.orders: tuple[int, list[Tensor]] = (-1, [])

    def rows(self, number: int, epoch: int, step: int) -> Tensor:
        """Sorted, so that a mapped file is read in order."""
        if self.orders[0] != epoch:
            rng = epoch_generator(self.seed, epoch)
            self.orders = (epoch, [torch.from_numpy(rng.permutation(size)) for size in self.sizes])
        order = self.orders[1][number]
        batches = math.ceil(len(order) / self.most[number])
        size, larger = divmod(len(order), batches)  # of the batches the first ones have a row more
        place = step % batches
        start = place * size + min(place, larger)
        return order[start : start + size + (place < larger)].sort().values
