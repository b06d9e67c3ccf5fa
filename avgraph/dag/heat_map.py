"""A picture of how often each edge was found."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from avgraph.dag.columns import check_names
from avgraph.dag.figure import shortened
from avgraph.errors import DataError
from avgraph.io.pictures import save_figure


def draw_edge_frequency(
    frequency: Float[np.ndarray, "p p"],
    path: str | Path,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    blocks: int = 1,
) -> Path:
    """Write a heat map of `avgraph.dag.edge_frequency` to ``path`` (``.png`` or ``.svg``); returns the path.

    Args:
        frequency: parent row → child column, between 0 and 1.
        path: file; it is whole or absent.
        names: of the columns (default: x0, x1, …).
        title: written below.
        blocks: into how many equal blocks lines divide rows and columns, such as two modalities.

    Raises:
        DataError: if an entry is not in [0, 1], the names do not agree, the blocks cannot be equal, or the suffix is
            neither.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_edge_frequency(np.array([[0.0, 0.8], [0.1, 0.0]]), f"{folder}/f.png").name
        'f.png'
    """
    from matplotlib.figure import Figure

    labels = check_names(names, len(frequency))
    if not ((frequency >= 0) & (frequency <= 1)).all():
        raise DataError("frequency: expected entries between 0 and 1")
    p = len(frequency)
    if blocks < 1 or p % blocks:
        raise DataError(f"blocks: expected a divisor of {p}, the number of columns, got {blocks}")
    labels = tuple(shortened(name) for name in labels)
    # A row is 0.14 inch: labels of 7 points just fit. Beyond 400 columns they would not be read anyway.
    cell, font = (0.14, 7.0) if p <= 400 else (56 / p, 7.0 * 400 / p)
    text = max(len(name) for name in labels) * 0.0083 * font
    room, side = text + 0.45, max(p * cell, 2.0)
    width = side + room + 0.9
    lines = textwrap.wrap(title, max(int(width / 0.085), 20))
    bottom = 0.35 + 0.16 * len(lines)
    height = bottom + side + text + 0.2
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((room / width, bottom / height, side / width, side / height))
    shown = np.ma.masked_where(frequency == 0, frequency)
    image = axes.imshow(shown, cmap=_colours(), vmin=0, vmax=1, interpolation="none")
    axes.set_xticks(range(p), labels, rotation=90, fontsize=font)
    axes.set_yticks(range(p), labels, fontsize=font)
    axes.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False, length=0, pad=2)
    axes.set_xticks(np.arange(-0.5, p), minor=True)
    axes.set_yticks(np.arange(-0.5, p), minor=True)
    axes.grid(which="minor", color="#e6e6e6", linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    for boundary in range(p // blocks, p, p // blocks):
        axes.axhline(boundary - 0.5, color="#444444", linewidth=0.8)
        axes.axvline(boundary - 0.5, color="#444444", linewidth=0.8)
    axes.set_ylabel("parent", fontsize=9)
    axes.set_xlabel("child", fontsize=9)
    figure.text(0.12 / width, 0.08 / height, "\n".join(lines), fontsize=8, va="bottom", color="#555555")
    bar = figure.add_axes(((room + side + 0.15) / width, bottom / height, 0.15 / width, min(side, 3.0) / height))
    figure.colorbar(image, cax=bar)
    bar.set_ylabel("fraction of graphs", fontsize=8)
    bar.tick_params(labelsize=7)
    return save_figure(figure, path)


def _colours() -> Any:
    """Light to dark blue; the lightest is still told from white, which means never."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["Blues"](np.linspace(0.2, 1.0, 256)))
