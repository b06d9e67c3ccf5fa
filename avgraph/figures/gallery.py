"""What queries retrieve ("Inferred Latent Interaction Graphs", Fig. 5)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.errors import DataError
from avgraph.io.pictures import save_figure

RIGHT, WRONG = "#2e9e4f", "#d1383d"
_TILE, _GAP, _FONT = 0.72, 0.1, 7.0  # inches; points
_WIDTH = 11  # characters of a tile


def draw_gallery(
    query: Tensor,
    gallery: Tensor,
    label: Tensor,
    path: str | Path,
    *,
    names: Sequence[str],
    pictures: Tensor | None = None,
    rows: Sequence[int] | None = None,
    top: int = 14,
) -> Path:
    """Write what some queries find first, best first, to ``path``; returns the path.

    A tile is the picture, or the name of its class where there is none; its frame is green where the class is that of
    the query and red where it is not. In front of the row stands the class of the query and its average precision.

    Args:
        query, gallery: embeddings of the clips in two modalities, compared by their cosine.
        label: class of each clip.
        path: ``.png`` or ``.svg``; whole or absent.
        names: of the classes.
        pictures: of the gallery, grey or RGB in 0 … 255.
        rows: queries; default `typical_queries`.
        top: how many are shown.

    Shapes:
        query, gallery [n, d], label [n], pictures [n, h, w] or [n, h, w, 3]

    Raises:
        DataError: if lengths disagree, a class has no name, or the suffix is neither.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = draw_gallery(
        ...         torch.eye(2), torch.eye(2), torch.arange(2), f"{folder}/g.png", names=["cat", "dog"], top=2
        ...     )
        ...     found.name
        'g.png'
    """
    from matplotlib.figure import Figure

    lengths = {len(query), len(gallery), len(label)} | ({len(pictures)} if pictures is not None else set())
    if len(lengths) > 1:
        raise DataError(f"query, gallery, label, pictures: expected equal lengths, got {sorted(lengths)}")
    if int(label.max()) >= len(names):
        raise DataError(f"names: expected one for each of {int(label.max()) + 1} classes, got {len(names)}")
    order, precision = ranking(query, gallery, label)
    chosen = typical_queries(precision, label) if rows is None else list(rows)
    shown = min(top, len(gallery))
    left = 1.25
    width, height = left + shown * (_TILE + _GAP) + 0.1, len(chosen) * (_TILE + _GAP) + 0.3
    figure = Figure(figsize=(width, height), facecolor="white")
    figure.suppressComposite = True  # an SVG keeps a picture a tile
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height), autoscale_on=False)  # in inches
    axes.set_axis_off()
    for k in range(shown):
        x = left + k * (_TILE + _GAP) + _TILE / 2
        axes.text(x, height - 0.18, str(k + 1), fontsize=_FONT, ha="center", color="#555555")
    for number, row in enumerate(chosen):
        bottom = height - 0.25 - (number + 1) * (_TILE + _GAP) + _GAP
        name = "\n".join(textwrap.wrap(names[int(label[row])], 16))
        axes.text(0.1, bottom + _TILE / 2, f"{name}\nAP {precision[row]:.2f}", fontsize=_FONT + 1, va="center")
        for k, item in enumerate(order[row, :shown].tolist()):
            picture = None if pictures is None else pictures[item].cpu().numpy()
            colour = RIGHT if bool(label[item] == label[row]) else WRONG
            _tile(axes, (left + k * (_TILE + _GAP), bottom), picture, names[int(label[item])], colour)
    return save_figure(figure, path)


def ranking(query: Tensor, gallery: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Gallery items of every query, best first, and its average precision.

    Example:
        >>> ranking(torch.eye(2), torch.eye(2).flip(0), torch.arange(2))[1].tolist()
        [0.5, 0.5]
    """
    order = (F.normalize(query.float()) @ F.normalize(gallery.float()).T).argsort(dim=1, descending=True, stable=True)
    hit = (label[order] == label[:, None]).double()
    precision = hit.cumsum(1) / torch.arange(1, len(gallery) + 1)
    return order, (precision * hit).sum(1) / hit.sum(1)


def typical_queries(precision: Tensor, label: Tensor, most: int = 4) -> list[int]:
    """A query of each of up to ``most`` classes, from the class found best to the one found worst: its median query.

    Nothing is picked by hand: the classes are spread evenly over their mean average precision.

    Example:
        >>> typical_queries(torch.tensor([0.9, 0.2, 0.8, 0.1]), torch.tensor([0, 1, 0, 1]), most=2)
        [2, 3]
    """
    classes = label.unique()
    mean = torch.stack([precision[label == c].mean() for c in classes])
    ranked = classes[mean.argsort(descending=True, stable=True)]
    places = np.linspace(0, len(ranked) - 1, min(most, len(ranked))).round().astype(int)
    found = []
    for c in ranked[torch.from_numpy(places)]:
        own = (label == c).nonzero()[:, 0]
        found.append(int(own[precision[own].argsort(stable=True)[(len(own) - 1) // 2]]))
    return found


def _tile(axes: Any, corner: tuple[float, float], picture: npt.NDArray[Any] | None, name: str, colour: str) -> None:
    from matplotlib.patches import Rectangle

    x, y = corner
    ground = "#f4f4f4" if picture is None else "none"  # a patch lies upon pictures
    axes.add_patch(Rectangle(corner, _TILE, _TILE, facecolor=ground, edgecolor=colour, linewidth=2.5))
    if picture is not None:
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255, aspect="auto", extent=(x, x + _TILE, y, y + _TILE))
        return
    lines = textwrap.wrap(name, _WIDTH)
    text = "\n".join(lines[:4]) + ("…" if len(lines) > 4 else "")
    axes.text(x + _TILE / 2, y + _TILE / 2, text, fontsize=_FONT, ha="center", va="center")
