"""The figure of a dependency graph: columns in layers from left to right, edges as wide as they are strong."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.layout import Layout, layered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FONT, _CHARACTER, _ROW, _MARGIN = 8.0, 0.072, 0.26, 0.35  # points; inches
_LONGEST_NAME = 26
# A picture of more than this many inches is shrunk: some viewers refuse an image of more than 2^16 pixels.
_LARGEST = 200.0


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a picture shows.

    Attributes:
        adjacency: the edges that are drawn; the layers follow them from left to right.
        undirected: which of them have no arrow head.
        strength: widths in proportion, negative ones dashed; None draws all alike.
        names: of the columns.
        lines: written below.
        left_out: columns all of whose edges are left out of the picture.

    Shapes:
        adjacency, undirected, strength [p, p], parent row → child column.
    """

    adjacency: Bool[np.ndarray, "p p"]
    undirected: Bool[np.ndarray, "p p"]
    strength: Float[np.ndarray, "p p"] | None
    names: tuple[str, ...]
    lines: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()

    def notes(self, width: int) -> list[str]:
        """The lines below the graph, wrapped to ``width`` characters.

        Example:
            >>> none = np.zeros((2, 2), dtype=bool)
            >>> Drawing(none, none, None, ("a", "b"), left_out=(1,)).notes(60)
            ['1 without edges: a', '1 with lighter edges alone: b']
        """
        drawn = self.adjacency.any(axis=0) | self.adjacency.any(axis=1)
        isolated = [k for k in np.flatnonzero(~drawn) if k not in self.left_out]
        lines = list(self.lines)
        if (self.undirected & self.adjacency).any():
            lines.append("no head: the data tell no direction")
        if self.strength is not None and (self.strength[self.adjacency] < 0).any():
            lines.append("dashed: more of one, less of the other")
        for told, which in (("without edges", isolated), ("with lighter edges alone", self.left_out)):
            if len(which):
                lines.append(f"{len(which)} {told}: {', '.join(shortened(self.names[k]) for k in which)}")
        return [part for line in lines for part in textwrap.wrap(line, max(width, 20))]


def figure_of(drawing: Drawing) -> Figure:
    """Draw it.

    Raises:
        GraphError: if the edges form a cycle.
    """
    from matplotlib.figure import Figure

    layout = layered(drawing.adjacency)
    labels = [shortened(name) for name in drawing.names]
    left, right, width = _columns_in_inches(layout, labels, int(drawing.adjacency.sum()))
    heights = [*layout.height.values(), *(h for route in layout.route.values() for _, h in route)]
    top, bottom = max(heights, default=0.0), min(heights, default=0.0)
    tall = (top - bottom) * _ROW + 2 * _MARGIN
    notes = drawing.notes(int((width - 2 * _MARGIN) / _CHARACTER))
    tall += 0.15 * len(notes)
    scale = min(1.0, _LARGEST / max(width, tall))
    figure = Figure(figsize=(width * scale, tall * scale), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(tall, 0)
    axes.axis("off")

    def y(height: float) -> float:
        return _MARGIN + (height - bottom) * _ROW

    _draw_edges(axes, drawing, layout, left, right, y, scale)
    for column, at in layout.layer.items():
        box = {"boxstyle": "round,pad=0.22", "facecolor": "#f4f6fa", "edgecolor": "#5b6b8c", "linewidth": 0.7 * scale}
        axes.text(
            left[at] + 0.06, y(layout.height[column]), labels[column], fontsize=_FONT * scale, va="center", ha="left",
            bbox=box, zorder=3,
        )  # fmt: skip
    if notes:
        axes.text(_MARGIN, tall - 0.12, "\n".join(notes), fontsize=_FONT * scale, va="bottom", color="#555555")
    return figure


def shortened(name: str) -> str:
    """A name as a picture has room for it.

    Example:
        >>> shortened("a" * 30)
        'aaaaaaaaaaaaaaaaaaaaaaaaa…'
    """
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


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
    axes: Any, drawing: Drawing, layout: Layout, left: list[float], right: list[float], y: Any, scale: float
) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    signed = np.where(drawing.adjacency, 1.0 if drawing.strength is None else drawing.strength, 0.0)
    strength = np.abs(signed)
    strongest = float(strength.max(initial=0.0)) or 1.0
    for (parent, child), route in sorted(layout.route.items(), key=lambda edge: strength[edge[0]]):
        share = float(strength[parent, child]) / strongest
        at = layout.layer[parent]
        # From under the parent's label straight on to where the longest label of its layer ends, then bend.
        points = [(left[at] + 0.06, y(layout.height[parent])), (right[at], y(layout.height[parent]))]
        codes = [Curve.MOVETO, Curve.LINETO]
        stops = [(left[k], right[k], y(h)) for k, h in route]
        is_open = bool(drawing.undirected[parent, child])
        end = left[layout.layer[child]] + (0.1 if is_open else 0.03)  # under the label, or with the head before it
        stops.append((end, end, y(layout.height[child])))
        for begin_x, end_x, height in stops:
            x, before = points[-1]
            middle = (x + begin_x) / 2
            points += [(middle, before), (middle, height), (begin_x, height)]
            codes += [Curve.CURVE4] * 3
            if end_x > begin_x:
                points.append((end_x, height))
                codes.append(Curve.LINETO)
        arrow = FancyArrowPatch(
            path=Curve(points, codes), arrowstyle="-" if is_open else "-|>,head_length=3.2,head_width=1.5",
            mutation_scale=scale, linewidth=(0.5 + (0.7 if drawing.strength is None else 3.0 * share)) * scale,
            linestyle=(0, (3, 1.5)) if signed[parent, child] < 0 else "solid",
            alpha=0.35 + 0.5 * share, color=f"C{parent % 10}", zorder=1 + share, capstyle="butt", joinstyle="round",
            shrinkA=0, shrinkB=0,
        )  # fmt: skip
        arrow.set_gid(f"{'undirected' if is_open else 'directed'}-{parent}-{child}")
        axes.add_patch(arrow)
