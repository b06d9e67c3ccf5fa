"""The edges of a few concepts over checkpoints ("Inferred Latent Interaction Graphs", Fig. 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from jaxtyping import Float
from torch_geometric.data import HeteroData

from avgraph.dag import edge_frequency
from avgraph.errors import DataError
from avgraph.io.pictures import save_figure

Role = Literal["source", "target"]
AUDIO, VISUAL, ABSENT = "#2f6db3", "#3a923a", "#d0d0d0"
_PANEL, _ROW, _HEAD, _CHARACTER, _FONT = 0.95, 0.19, 0.5, 0.072, 8.0  # inches; points
_LONGEST_NAME = 30


def draw_subgraphs(
    snapshots: Snapshots, path: str | Path, *, focus: Sequence[tuple[int, Role]] | None = None, most: int = 14
) -> Path:
    """Write a row of panels per concept, a panel per checkpoint; returns the path.

    Lines run between the concept and its neighbours, as wide as the weight. A neighbour keeps its place over all
    panels, the most frequent one on top, and is grey where it is none.

    Args:
        snapshots: the graphs.
        path: ``.png`` or ``.svg``; whole or absent.
        focus: concepts and whether their children ("source") or parents ("target") are shown; default `most_stable`.
        most: neighbours of one concept; how many more there are is written below them.

    Raises:
        DataError: if a concept is out of range or the suffix is neither.

    Example:
        >>> import tempfile
        >>> weights = np.array([[[0, 1.0], [0, 0]], [[0, 0.0], [0, 0]]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_subgraphs(Snapshots(("dog (audio)", "dog (visual)"), (3, 5), weights), f"{folder}/s.png").name
        's.png'
    """
    from matplotlib.figure import Figure

    p = len(snapshots.names)
    chosen = most_stable(snapshots) if focus is None else list(focus)
    if bad := [concept for concept, _ in chosen if not 0 <= concept < p]:
        raise DataError(f"focus: expected concepts 0 … {p - 1}, got {bad[0]}")
    rows = [(concept, role, *_neighbours(snapshots, concept, role)) for concept, role in chosen]
    lines = [min(len(order), most) + (len(order) > most) for _, _, order, _ in rows]
    longest = max((len(_shorten(snapshots.names[k])) for _, _, order, _ in rows for k in order[:most]), default=0)
    width = max(0.3 + _PANEL * len(snapshots.epochs) + longest * _CHARACTER + 0.2, 4.0)  # at least a title's
    height = sum(max(count, 2) * _ROW + _HEAD for count in lines) + 0.35
    figure = Figure(figsize=(width, height), facecolor="white")
    top = height - 0.3
    for index, epoch in enumerate(snapshots.epochs):
        x = (0.3 + (index + 0.45) * _PANEL) / width
        figure.text(x, (height - 0.2) / height, f"epoch {epoch}", fontsize=_FONT, ha="center", color="#444444")
    for (concept, role, order, weights), count in zip(rows, lines, strict=True):
        tall = max(count, 2) * _ROW
        title = f"{_shorten(snapshots.names[concept])} {'drives' if role == 'source' else 'is driven by'}"
        colour = _colour(concept, p)
        figure.text(0.3 / width, (top - 0.16) / height, title, fontsize=_FONT + 1, weight="bold", color=colour)
        bottom = top - 0.26 - tall
        shown = order[:most]
        for index in range(len(snapshots.epochs)):
            place = ((0.3 + index * _PANEL) / width, bottom / height, 0.9 * _PANEL / width, tall / height)
            _panel(figure.add_axes(place), weights[index], shown, colour, p, max(count, 2))
        x = 0.3 + _PANEL * len(snapshots.epochs)
        for k, other in enumerate(shown):
            text, y = _shorten(snapshots.names[other]), bottom + tall - (k + 0.5) * _ROW
            figure.text(x / width, y / height, text, fontsize=_FONT, va="center", color=_colour(other, p))
        if len(order) > most:
            more, y = f"and {len(order) - most} less frequent", bottom + 0.5 * _ROW
            figure.text(x / width, y / height, more, fontsize=_FONT, va="center", color="#777777", style="italic")
        top = bottom - (_HEAD - 0.26)
    return save_figure(figure, path)


def most_stable(snapshots: Snapshots) -> list[tuple[int, Role]]:
    """The concept heard and the one seen whose children recur most, and the one seen whose parents do.

    Example:
        >>> weights = np.zeros((2, 4, 4))
        >>> weights[:, 1, 2] = weights[0, 3, 0] = 1
        >>> most_stable(Snapshots(("a (audio)", "b (audio)", "a (visual)", "b (visual)"), (3, 5), weights))
        [(1, 'source'), (3, 'source'), (2, 'target')]
    """
    frequency = snapshots.frequency()
    half = len(frequency) // 2
    out, into = frequency.sum(1), frequency.sum(0)
    return [
        (int(out[:half].argmax()), "source"),
        (int(out[half:].argmax()) + half, "source"),
        (int(into[half:].argmax()) + half, "target"),
    ]


def _neighbours(snapshots: Snapshots, concept: int, role: Role) -> tuple[list[int], npt.NDArray[Any]]:
    """Those of any checkpoint, most frequent and then heaviest first, and all weights [t, p]."""
    weights = snapshots.weights[:, concept] if role == "source" else snapshots.weights[:, :, concept]
    order = np.lexsort((-weights.sum(0), -(weights > 0).sum(0)))
    return [int(other) for other in order if weights[:, other].any()], weights


def _panel(axes: Any, weights: npt.NDArray[Any], shown: list[int], colour: str, p: int, rows: int) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(rows, 0)
    axes.axis("off")
    middle = max(len(shown), 1) / 2
    strongest = float(weights.max()) or 1.0
    for k, other in enumerate(shown):
        y = k + 0.5
        if weights[other] > 0:
            share = float(weights[other]) / strongest
            axes.plot([0.06, 0.86], [middle, y], color=_colour(other, p), linewidth=0.6 + 2.2 * share, alpha=0.75)
            axes.plot([0.9], [y], "o", color=_colour(other, p), markersize=5)
        else:
            axes.plot([0.9], [y], "o", color="white", markeredgecolor=ABSENT, markersize=4)
    axes.plot([0.06], [middle], "o", color=colour, markersize=7, clip_on=False)


def _colour(concept: int, p: int) -> str:
    return AUDIO if concept < p // 2 else VISUAL


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


@dataclass(frozen=True)
class Snapshots:
    """Graphs over the same concepts at several epochs.

    Attributes:
        names: of the concepts, those heard first.
        epochs: when.
        weights: parent row → child column.

    Shapes:
        weights [len(epochs), p, p]
    """

    names: tuple[str, ...]
    epochs: tuple[int, ...]
    weights: Float[np.ndarray, "t p p"]

    def frequency(self) -> Float[np.ndarray, "p p"]:
        """Share of the graphs that have each edge (Eq. 9)."""
        return edge_frequency(self.weights)


def read_snapshots(graph: HeteroData, node: str = "concept") -> Snapshots | None:
    """The (node, drove, node) edges of a learned graph by epoch; None where it has none.

    Example:
        >>> import torch
        >>> graph = HeteroData(concept={"name": ["dog (audio)", "dog (visual)"], "snapshot_epochs": [3, 5]})
        >>> edges = graph["concept", "drove", "concept"]
        >>> edges.edge_index, edges.epoch = torch.tensor([[0], [1]]), torch.tensor([5])
        >>> edges.edge_weight = torch.ones(1)
        >>> read_snapshots(graph).frequency()
        array([[0. , 0.5],
               [0. , 0. ]])
    """
    if (node, "drove", node) not in graph.edge_types:
        return None
    concept, edges = graph[node], graph[node, "drove", node]
    epochs: list[Any] = list(concept.snapshot_epochs)
    weights = np.zeros((len(epochs), len(concept.name), len(concept.name)))
    number = [epochs.index(epoch) for epoch in edges.epoch.tolist()]
    parent, child = edges.edge_index.cpu().numpy()
    weights[number, parent, child] = edges.edge_weight.cpu().numpy()
    return Snapshots(tuple(concept.name), tuple(epochs), weights)
