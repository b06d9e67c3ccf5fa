"""What a C-MCR run reports, and the graph it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.localisation import proposal_edges
from avgraph.graph.spaces import holders, spaces_of, state_name
from avgraph.graph.vocabulary import SPLITS
from avgraph.methods.cmcr.evaluations import keep_localisation
from avgraph.methods.cmcr.links import overlaps_of, training_rows
from avgraph.metrics import modality_gap
from avgraph.metrics.ranking import rank_by_cosine
from avgraph.transforms import MemoryEdges, dropped_mass
from avgraph.transforms.space_graph import OVERLAPS, SPACE

Project = Callable[[str, Tensor], Tensor]
HELD_OUT = SPLITS[1:]
_KS = (1, 5)


def held_out_rows(store: Any, splits: Sequence[str] = HELD_OUT) -> Tensor:
    """Numbers of the rows of some splits, all but training; a node type of which all may be trained on has none.

    Example:
        >>> graph = HeteroData(audio={"test_mask": torch.tensor([False, True])})
        >>> held_out_rows(graph["audio"])
        tensor([1])
    """
    masks = [store[f"{split}_mask"] for split in splits if f"{split}_mask" in store]
    return torch.stack(masks).any(0).nonzero()[:, 0] if masks else torch.empty(0, dtype=torch.int64)


def embed_rows(store: Any, rows: Tensor, project: Project) -> Tensor:
    """Unit rows of the connected space; of a node type in several spaces, the mean of its projections.

    Shapes:
        rows [m] → [m, channels]
    """
    found = [project(space, torch.as_tensor(store[state_name(space)])[rows].float()) for space in spaces_of(store)]
    return F.normalize(torch.stack(found).mean(0))


def embed_held_out(
    graph: HeteroData, project: Project, splits: Sequence[str] = HELD_OUT
) -> dict[str, tuple[Tensor, Tensor]]:
    """Node type → numbers and embeddings of its rows of some splits, where it has such rows in a space."""
    found = {}
    for node in graph.node_types:
        rows = held_out_rows(graph[node], splits)
        if len(rows) and spaces_of(graph[node]):
            found[node] = (rows, embed_rows(graph[node], rows, project))
    return found


def held_out_metrics(
    graph: HeteroData, embedded: Mapping[str, tuple[Tensor, Tensor]], splits: Sequence[str] = SPLITS
) -> dict[str, float]:
    """Per split and every two node types with ``y``: MAP, recall at 1 and 5 both ways, and the modality gap.

    Rows find those of their ``y``: classes, or one number per pair for retrieval of pairs.

    Example:
        >>> mask, y = torch.tensor([True, True]), torch.tensor([0, 1])
        >>> graph = HeteroData(audio={"test_mask": mask, "y": y}, image={"test_mask": mask, "y": y})
        >>> found = held_out_metrics(graph, {node: (torch.arange(2), torch.eye(2)) for node in ("audio", "image")})
        >>> found["test/map_audio_to_image"], found["test/recall_at_1_image_to_audio"]
        (1.0, 1.0)
    """
    result = {}
    for split in splits:
        parts = {}
        for node, (rows, x) in embedded.items():
            mask = graph[node].get(f"{split}_mask")
            if mask is not None and "y" in graph[node] and bool(mask[rows].any()):
                parts[node] = (x[mask[rows]], graph[node].y[rows][mask[rows]])
        for one, other in combinations(parts, 2):
            if not bool(torch.isin(parts[one][1], parts[other][1]).any()):
                continue  # they have no class in common
            for a, b in ((one, other), (other, one)):
                ranking = rank_by_cosine(parts[a][0], parts[b][0], parts[a][1], parts[b][1])
                result[f"{split}/map_{a}_to_{b}"] = ranking.mean_average_precision()
                for k in _KS:
                    if k <= ranking.size:
                        result[f"{split}/recall_at_{k}_{a}_to_{b}"] = ranking.recall_at_k(k)
            result[f"{split}/modality_gap_{one}_{other}"] = modality_gap(parts[one][0], parts[other][0])
    return result


def connected_graph(
    graph: HeteroData, project: Project, k: int, items: int, *, temperature: float, whole: bool = False
) -> HeteroData:
    """A graph that can be saved however large the embeddings are, unless it is to be ``whole``: with all rows.

    It has the graph of spaces; the held-out rows with their states, ``y``, masks and ``embedding``; and for the first
    ``items`` rows of every overlap the ``k`` rows of each memory that they recall most, with ``attention``; what these
    leave out of an item's attention is its ``dropped_mass_<memory>``. ``row`` is the number of a node in the input.
    """
    edges = memory_edges(graph, k, items, temperature) if k else {}
    result = HeteroData()
    for key in (SPACE, OVERLAPS):
        for name, value in graph[key].items():
            result[key][name] = value
    kept: dict[str, Tensor] = {}
    localised = {kind[side] for kind in proposal_edges(graph) for side in (0, 2)}
    for node in graph.node_types:
        ends = [pair[side] for kind, (pair, _) in edges.items() for side in (0, 1) if kind[2 * side] == node]
        if not spaces_of(graph[node]):
            continue
        every = whole or node in localised
        own = torch.arange(_row_count(graph[node])) if every else held_out_rows(graph[node])
        rows = torch.cat([own, *ends]).unique()
        if len(rows):
            kept[node] = rows
            _keep_rows(result[node], graph[node], rows, project)
    for kind, (pair, attention) in edges.items():
        found = [torch.searchsorted(kept[kind[2 * side]], pair[side].contiguous()) for side in (0, 1)]
        result[kind].edge_index, result[kind].attention = torch.stack(found), attention
        memory, relation, item = kind
        result[item][f"dropped_mass_{memory}"] = dropped_mass(result, memory, item, relation=relation)
    keep_localisation(result, graph)
    if "provenance" in graph:
        result.provenance = graph.provenance
    return result


def _row_count(store: Any) -> int:
    """How many rows a node type with rows in a space has."""
    return len(store[state_name(spaces_of(store)[0])])


def _keep_rows(target: Any, store: Any, rows: Tensor, project: Project) -> None:
    target.row, target.num_nodes = rows, len(rows)
    for space in spaces_of(store):
        target[state_name(space)] = torch.as_tensor(store[state_name(space)][rows.numpy()]).float()
    count = _row_count(store)
    for name, value in store.items():
        if isinstance(value, Tensor) and value.shape == (count,):  # classes, masks, whatever is one number a node
            target[name] = value[rows]
    if "name" in store:
        target.name = [store.name[row] for row in rows.tolist()]
    target.embedding = embed_rows(target, torch.arange(len(rows)), project)


def memory_edges(
    graph: HeteroData, k: int, items: int, temperature: float
) -> dict[tuple[str, str, str], tuple[Tensor, Tensor]]:
    """(memory, recalled, overlap) → pairs of rows and attention; ``recalled_<space>`` where that name is taken."""
    found: dict[tuple[str, str, str], tuple[Tensor, Tensor]] = {}
    held = holders(graph, training=True)
    for modality, spaces in overlaps_of(graph):
        for space in spaces:
            for memory in held[space]:
                if memory == modality:
                    continue
                own, rows = training_rows(graph, modality, space), training_rows(graph, memory, space)
                some = HeteroData()
                some["memory"].x, some["item"].x = rows.whole(), own.take(torch.arange(min(items, len(own))))
                some = MemoryEdges("memory", "item", min(k, len(rows)), temperature=temperature)(some)
                edges = some["memory", "recalled", "item"]
                pair = torch.stack([rows.numbers(edges.edge_index[0]), own.numbers(edges.edge_index[1])])
                kind = (memory, "recalled", modality)
                kind = kind if kind not in found else (memory, f"recalled_{space}", modality)
                found[kind] = (pair, edges.attention)
    return found
