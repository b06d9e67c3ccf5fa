"""The shared space of two modalities in the plane (m-LTM, ICLR 2024, Fig. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.figures.names import short_names
from avgraph.figures.plane import Layout, to_plane
from avgraph.io.pictures import plain_text, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CLASSES = 20  # that colours can tell apart
_MODALITIES = ("#2b6ca3", "#d1541f")
_DIRECTIONS = [(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 16, endpoint=False)]


def draw_shared_space(
    x: Tensor,
    y: Tensor,
    x_label: Tensor,
    y_label: Tensor,
    path: str | Path,
    *,
    y_name: Sequence[str] = (),
    sides: tuple[str, str] = ("audio", "text"),
    title: str = "",
    layout: Layout = "tsne",
    seed: int = 0,
) -> Path:
    """Dots for one side, stars for the other; up to 20 classes in colours, more as pairs joined by a line.

    Args:
        x, y: embeddings of the two sides.
        x_label, y_label: class of each row, or, where every row is of its own, the pair it belongs to.
        path: ``.png`` or ``.svg``.
        y_name: names of the rows of ``y``, written beside their stars without the words that all begin with.
        sides: what the two sides are, for the legend.
        title: written above; ``layout``, ``seed``: see `to_plane`.

    Shapes:
        x [n, d], y [m, d], x_label [n], y_label [m]

    Raises:
        GraphError: as `to_plane`, or if the number of labels or names is not that of the rows.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     own = torch.arange(5)
        ...     draw_shared_space(torch.eye(5), torch.eye(5) + 0.1, own, own, f"{folder}/space.png").name
        'space.png'
    """
    from matplotlib.figure import Figure

    for name, given, rows in (("x_label", x_label, x), ("y_label", y_label, y), ("y_name", y_name, y)):
        if len(given) != len(rows) and not (name == "y_name" and not given):
            raise GraphError(f"{name}: expected {len(rows)}, one per row, got {len(given)}")
    places = to_plane(x, y, layout=layout, seed=seed)
    labels = [np.asarray(label.cpu()) for label in (x_label, y_label)]
    classes = np.unique(np.concatenate(labels))
    figure = Figure(figsize=(6.4, 5.6), facecolor="white")
    axes = figure.add_axes((0.02, 0.07, 0.96, 0.88 if title else 0.91))
    if len(classes) <= _CLASSES:
        _draw_classes(axes, places, labels, classes)
    else:
        _draw_pairs(axes, places, labels)
    axes.set(xticks=[], yticks=[])
    axes.margins(0.08)
    axes.spines[:].set_color("#bbbbbb")
    if title:
        axes.set_title(title, fontsize=11)
    _legend(axes, sides, coloured=len(classes) > _CLASSES)
    if y_name:
        with plain_text():  # while the names are measured
            _write_names(figure, axes, places, short_names(y_name))
    return save_figure(figure, path)


def _draw_classes(axes: Axes, places: Any, labels: Any, classes: Any) -> None:
    from matplotlib import colormaps

    table = colormaps["tab10" if len(classes) <= 10 else "tab20"].colors  # type: ignore[attr-defined]
    colours = [[table[k] for k in np.searchsorted(classes, label)] for label in labels]
    axes.scatter(places[0][:, 0], places[0][:, 1], s=18, c=colours[0], alpha=0.75, linewidths=0, zorder=2)
    axes.scatter(
        places[1][:, 0], places[1][:, 1], s=210, c=colours[1], marker="*", edgecolors="black", linewidths=0.9, zorder=3
    )


def _draw_pairs(axes: Axes, places: Any, labels: Any) -> None:
    from matplotlib.collections import LineCollection

    if len(labels[0]) <= 300:
        left, right = np.nonzero(labels[0][:, None] == labels[1][None, :])
        lines = np.stack([places[0][left], places[1][right]], axis=1)
        axes.add_collection(LineCollection(list(lines), colors="#999999", linewidths=0.5, alpha=0.45, zorder=1))
    size = 26 if len(labels[0]) <= 300 else 9
    axes.scatter(
        places[0][:, 0], places[0][:, 1], s=size * 0.7, color=_MODALITIES[0], alpha=0.8, linewidths=0, zorder=2
    )
    few = len(labels[1]) <= 100
    edge = {"edgecolors": "black", "linewidths": 0.6} if few else {"linewidths": 0}
    axes.scatter(
        places[1][:, 0],
        places[1][:, 1],
        s=120 if few else size * 1.6,
        color=_MODALITIES[1],
        marker="*",
        zorder=3,
        **edge,
    )


def _legend(axes: Axes, sides: tuple[str, str], *, coloured: bool) -> None:
    from matplotlib.lines import Line2D

    colours = _MODALITIES if coloured else ("#555555", "#555555")
    marks = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=size, label=side)
        for marker, size, side, colour in zip(("o", "*"), (5, 12), sides, colours, strict=True)
    ]
    axes.legend(
        handles=marks, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False, fontsize=9, borderpad=0.2
    )


def _write_names(figure: Any, axes: Axes, places: Any, names: Sequence[str]) -> None:
    """Each name beside its star, on the side where it hides least."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer, pixels = FigureCanvasAgg(figure).get_renderer(), axes.transData.transform
    dots, stars = pixels(places[0]), pixels(places[1])
    frame, taken = axes.get_window_extent(renderer), list[Any]()
    behind = {"boxstyle": "square,pad=0.05", "facecolor": "white", "alpha": 0.6, "linewidth": 0}
    for name, star in zip(names, stars, strict=True):
        best: tuple[float, Any, Any] | None = None
        text = axes.text(
            0, 0, name, fontsize=8.5 if len(names) <= 20 else 7, ha="center", va="center", zorder=4, bbox=behind
        )
        size = text.get_window_extent(renderer)
        for cos, sin in _DIRECTIONS:
            middle = star + np.array([cos * (size.width / 2 + 12), sin * (size.height / 2 + 13)])
            low = middle - [size.width / 2, size.height / 2]
            box = (low[0], low[1], low[0] + size.width, low[1] + size.height)
            outside = box[0] < frame.x0 or box[1] < frame.y0 or box[2] > frame.x1 or box[3] > frame.y1
            cost = 1000.0 * outside + 100 * sum(_overlap(box, other) for other in taken)
            cost += 8 * _inside(stars, box, 9) + 0.3 * _inside(dots, box, 2)
            if best is None or cost < best[0]:
                best = (cost, middle, box)
        assert best is not None
        text.set_position(tuple(axes.transData.inverted().transform(best[1])))
        taken.append(best[2])


def _inside(points: Any, box: Any, radius: float) -> int:
    across = (points[:, 0] > box[0] - radius) & (points[:, 0] < box[2] + radius)
    return int((across & (points[:, 1] > box[1] - radius) & (points[:, 1] < box[3] + radius)).sum())


def _overlap(box: Any, other: Any) -> bool:
    return bool(box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3])
