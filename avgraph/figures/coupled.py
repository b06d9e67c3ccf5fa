"""What coupled nodes have to show: the shared space and the matching of one split."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.figures.figures import Draw
from avgraph.figures.matching_matrix import draw_matchings
from avgraph.figures.plane import Layout
from avgraph.figures.shared_space import draw_shared_space
from avgraph.graph.vocabulary import EdgeType

MOST_SOUNDS = 1500  # t-SNE of more takes minutes


def draw_coupled(
    graph: HeteroData,
    folder: str | Path,
    *,
    split: str = "test",
    audio: str = "audio",
    text: str = "text",
    pairs: int = 10,
    layout: Layout = "tsne",
) -> tuple[Path, Path]:
    """Write the figures of `coupled_figures` into a folder.

    Raises:
        GraphError: as there.

    Example:
        >>> import avgraph
        >>> run = avgraph.train("examples/mltm_esc50.yaml")  # doctest: +SKIP
        >>> draw_coupled(run.graph, run.directory)  # doctest: +SKIP
    """
    figures = coupled_figures(graph, split=split, audio=audio, text=text, pairs=pairs, layout=layout)
    for name, draw in figures.items():
        draw(Path(folder) / name)
    space, matching = (Path(folder) / name for name in figures)
    return space, matching


def coupled_figures(
    graph: HeteroData,
    *,
    split: str = "test",
    audio: str = "audio",
    text: str = "text",
    pairs: int = 10,
    layout: Layout = "tsne",
) -> dict[str, Draw]:
    """``shared_space_<split>.png`` and ``matching_<split>.png`` of a graph that a run of m-LTM has left.

    Args:
        graph: `avgraph.Run.graph`, whose nodes have ``embedding`` and ``y`` and whose coupled edges have ``mass``.
        split: whose sounds are shown, with the texts of their classes.
        audio, text: node types.
        pairs: sounds in the matching, each of another text, evenly spaced over the labels.
        layout: see `avgraph.figures.to_plane`.

    Raises:
        GraphError: if the graph lacks what it takes, or the split has no sounds.

    Example:
        >>> graph = HeteroData(audio={"y": torch.tensor([0]), "test_mask": torch.tensor([True])})
        >>> graph["text"].y = torch.tensor([0])
        >>> graph["audio", "coupled", "text"].mass = torch.ones(1)
        >>> list(coupled_figures(graph))
        ['shared_space_test.png', 'matching_test.png']
    """
    kind = (audio, "coupled", text)
    if kind not in graph.edge_types or "mass" not in graph[kind]:
        raise GraphError(f"expected a graph with {'-'.join(kind)} edges that have 'mass', as a run of m-LTM leaves it")
    sounds, texts = graph[audio], graph[text]
    mask = sounds.get(f"{split}_mask")
    if mask is None or not bool(mask.any()):
        raise GraphError(f"split: '{audio}' has no nodes of '{split}'")
    rows = mask.nonzero()[:, 0]
    rows = rows[torch.linspace(0, len(rows) - 1, min(len(rows), MOST_SOUNDS), dtype=torch.float64).long()]
    columns = torch.isin(texts.y, sounds.y[rows]).nonzero()[:, 0]
    return {
        f"shared_space_{split}.png": partial(_draw_space, graph, kind, rows, columns, layout),
        f"matching_{split}.png": partial(_draw_matching, graph, kind, rows, columns, pairs),
    }


def _draw_space(graph: HeteroData, kind: EdgeType, rows: Tensor, columns: Tensor, layout: Layout, path: Path) -> Path:
    """The sounds as dots and the texts as stars."""
    sounds, texts = graph[kind[0]], graph[kind[2]]
    names = [texts.name[k] if "name" in texts else f"{kind[2]} {k}" for k in columns.tolist()]
    return draw_shared_space(
        sounds.embedding[rows],
        texts.embedding[columns],
        sounds.y[rows],
        texts.y[columns],
        path,
        y_name=names if len(columns) <= 60 else (),  # more would hide each other
        sides=(kind[0], kind[2]),
        layout=layout,
    )


def _draw_matching(graph: HeteroData, kind: EdgeType, rows: Tensor, columns: Tensor, pairs: int, path: Path) -> Path:
    """The first sound and the first text of some labels, and the mass between them."""
    sounds, texts = graph[kind[0]], graph[kind[2]]
    labels = sounds.y[rows].unique()
    labels = labels[torch.linspace(0, len(labels) - 1, min(pairs, len(labels)), dtype=torch.float64).long()]
    row = torch.stack([rows[(sounds.y[rows] == label).nonzero()[0, 0]] for label in labels])
    column = torch.stack([columns[(texts.y[columns] == label).nonzero()[0, 0]] for label in labels])
    edges = graph[kind]
    inferred = edges.mass.new_zeros(len(sounds.y), len(column))
    place = torch.full((len(texts.y),), -1)
    place[column] = torch.arange(len(column))
    keep = place[edges.edge_index[1]] >= 0
    inferred[edges.edge_index[0][keep], place[edges.edge_index[1][keep]]] = edges.mass[keep]
    names = [
        [store.name[k] if "name" in store else f"{node} {k}" for k in index.tolist()]
        for node, store, index in ((kind[0], sounds, row), (kind[2], texts, column))
    ]
    matchings = {"true": np.eye(len(row)), "inferred": inferred[row].double().numpy()}
    return draw_matchings(matchings, names[0], names[1], path, sides=(kind[0], kind[2]))
