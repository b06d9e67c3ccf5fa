"""A picture of a DAG: columns in layers from left to right, edges as wide as their weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from avgraph.dag.layout import Layout, layered
from avgraph.dag.result import DAG
from avgraph.errors import DataError
from avgraph.pictures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FONT, _CHARACTER, _ROW, _MARGIN = 8.0, 0.072, 0.26, 0.35  # points; inches
_LONGEST_NAME = 26
# A picture of more than this many inches is shrunk: some viewers refuse an image of more than 2^16 pixels.
_LARGEST = 200.0


def draw_dag(
    dag: DAG, path: str | Path, *, weights: Float[np.ndarray, "p p"] | None = None, most_edges: int | None = None
) -> Path:
    """Write the picture to ``path`` (``.png`` or ``.svg``); returns the path.

    Columns without edges are listed below the graph.

    Args:
        dag: what to draw.
        path: file; it is whole or absent.
        weights: widths of the edges in proportion (as from `avgraph.dag.dependency_weights`); equal if not given.
        most_edges: draw no more than the heaviest so many edges, and say so; all without it.

    Shapes:
        weights [p, p], parent row → child column.

    Raises:
        DataError: if the suffix is neither, ``weights`` has another shape, or ``most_edges`` comes without weights.

    Example:
        >>> import tempfile
        >>> edge = np.array([[False, True], [False, False]])
        >>> dag = DAG(np.arange(2), edge, -10.0, ("rain", "wet"), True, 1, np.array([-10.0]), edge[None])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_dag(dag, f"{folder}/dag.svg").stat().st_size > 1000
        True
    """
    if weights is not None and weights.shape != dag.adjacency.shape:
        raise DataError(f"weights: expected {list(dag.adjacency.shape)}, got {list(weights.shape)}")
    if most_edges is None or dag.n_edges <= most_edges:
        return save_figure(_figure(dag, weights), path)
    if weights is None:
        raise DataError("most_edges: expected weights, to tell which edges are the heaviest")
    strength = np.where(dag.adjacency, weights, -np.inf)
    heaviest = np.zeros(strength.size, dtype=bool)
    heaviest[np.argsort(-strength, axis=None, kind="stable")[:most_edges]] = True
    part = replace(dag, adjacency=heaviest.reshape(strength.shape))
    return save_figure(_figure(part, weights, f"the {most_edges} heaviest of {dag.n_edges} edges"), path)


def _figure(dag: DAG, weights: Any, shown: str = "") -> Figure:
    from matplotlib.figure import Figure

    layout = layered(dag.adjacency)
    labels = [_shorten(name) for name in dag.names]
    left, right, width = _columns_in_inches(layout, labels, dag.n_edges)
    heights = [*layout.height.values(), *(h for route in layout.route.values() for _, h in route)]
    top, bottom = max(heights, default=0.0), min(heights, default=0.0)
    tall = (top - bottom) * _ROW + 2 * _MARGIN
    note = "\n".join(filter(None, [shown, _isolated_note([labels[k] for k in layout.isolated], width)]))
    tall += 0.16 * (note.count("\n") + 2) if note else 0.0
    scale = min(1.0, _LARGEST / max(width, tall))
    figure = Figure(figsize=(width * scale, tall * scale), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(tall, 0)
    axes.axis("off")

    def y(height: float) -> float:
        return _MARGIN + (height - bottom) * _ROW

    _draw_edges(axes, dag, weights, layout, left, right, y, scale)
    for column, at in layout.layer.items():
        box = {"boxstyle": "round,pad=0.22", "facecolor": "#f4f6fa", "edgecolor": "#5b6b8c", "linewidth": 0.7 * scale}
        axes.text(
            left[at] + 0.06, y(layout.height[column]), labels[column], fontsize=_FONT * scale, va="center", ha="left",
            bbox=box, zorder=3,
        )  # fmt: skip
    if note:
        axes.text(_MARGIN, tall - 0.12, note, fontsize=_FONT * scale, va="bottom", color="#555555")
    return figure


def _columns_in_inches(layout: Layout, labels: list[str], n_edges: int) -> tuple[list[float], list[float], float]:
    """Left and right end of the labels of each layer, and the width of the picture."""
    n_layers = max(layout.layer.values(), default=-1) + 1
    # More edges between two layers need more room to bend.
    room = 0.8 + 0.9 * min(1.0, n_edges / max(n_layers, 1) / 30)
    left, right, x = [], [], _MARGIN
    for at in range(n_layers):
        left.append(x)
        longest = max(len(labels[k]) for k, where in layout.layer.items() if where == at)
        right.append(x + longest * _CHARACTER + 0.16)
        x = right[-1] + room
    return left, right, max(x - room + _MARGIN, 4.0) if n_layers else 4.0


def _draw_edges(
    axes: Any, dag: DAG, weights: Any, layout: Layout, left: list[float], right: list[float], y: Any, scale: float
) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    strength = np.where(dag.adjacency, 1.0 if weights is None else weights, 0.0)
    strongest = float(strength.max()) or 1.0
    for (parent, child), route in sorted(layout.route.items(), key=lambda edge: strength[edge[0]]):
        share = float(strength[parent, child]) / strongest
        at = layout.layer[parent]
        # From under the parent's label straight on to where the longest label of its layer ends, then bend.
        points = [(left[at] + 0.06, y(layout.height[parent])), (right[at], y(layout.height[parent]))]
        codes = [Curve.MOVETO, Curve.LINETO]
        stops = [(left[k], right[k], y(h)) for k, h in route]
        stops.append((left[layout.layer[child]] - 0.01, left[layout.layer[child]] - 0.01, y(layout.height[child])))
        for begin_x, end_x, height in stops:
            x, before = points[-1]
            middle = (x + begin_x) / 2
            points += [(middle, before), (middle, height), (begin_x, height)]
            codes += [Curve.CURVE4] * 3
            if end_x > begin_x:
                points.append((end_x, height))
                codes.append(Curve.LINETO)
        arrow = FancyArrowPatch(
            path=Curve(points, codes), arrowstyle="-|>,head_length=3.2,head_width=1.5", mutation_scale=scale,
            linewidth=(0.5 + (0.7 if weights is None else 3.0 * share)) * scale, alpha=0.35 + 0.5 * share,
            color=f"C{parent % 10}", zorder=1 + share, capstyle="butt", joinstyle="round",
        )  # fmt: skip
        axes.add_patch(arrow)


def _isolated_note(labels: list[str], width: float) -> str:
    """The columns without edges, wrapped to the picture."""
    if not labels:
        return ""
    import textwrap

    text = f"{len(labels)} without edges: {', '.join(labels)}"
    return "\n".join(textwrap.wrap(text, max(int((width - 2 * _MARGIN) / _CHARACTER), 20)))


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
