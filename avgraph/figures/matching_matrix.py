"""Matchings as matrices beside each other: the true one and what a coupling makes of it (m-LTM, ICLR 2024, Fig. 3)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from avgraph.errors import GraphError
from avgraph.figures.names import short_names
from avgraph.io.pictures import save_figure


def draw_matchings(
    matchings: Mapping[str, Float[np.ndarray, "n m"]],
    rows: Sequence[str],
    columns: Sequence[str],
    path: str | Path,
    *,
    sides: tuple[str, str] = ("audio", "text"),
) -> Path:
    """One panel per matching, each row scaled to sum 1: the share of a sound's mass that goes to each text.

    Args:
        matchings: title → mass of every pair, not negative.
        rows, columns: names of the two sides.
        path: ``.png`` or ``.svg``.
        sides: what the two sides are.

    Raises:
        GraphError: if a matching is not [rows, columns], or holds negative or no numbers.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_matchings({"true": np.eye(2)}, ["a", "b"], ["dog", "cat"], f"{folder}/m.png").name
        'm.png'
    """
    from matplotlib.figure import Figure

    shape, shares = (len(rows), len(columns)), {}
    for title, mass in matchings.items():
        if mass.shape != shape or not (mass >= 0).all():
            raise GraphError(f"matchings: '{title}': expected masses {list(shape)}, got {list(mass.shape)}")
        total = mass.sum(1, keepdims=True)
        shares[title] = np.divide(mass, total, out=np.zeros(shape), where=total > 0)
    if not shares:
        raise GraphError("matchings: expected at least one, got none")
    below = ["\n".join(textwrap.wrap(name, 27)) for name in short_names(columns, 52)]
    left = short_names(rows)
    cell = 0.32
    margin, bottom = (
        0.35 + 0.065 * max(map(len, left)),
        0.2 + 0.062 * max(len(part) for n in below for part in n.split("\n")),
    )
    side, high = cell * shape[1], cell * shape[0]
    width, height = margin + len(shares) * (side + 0.25) + 0.75, high + bottom + 0.45
    figure = Figure(figsize=(width, height), facecolor="white")
    image = None
    for number, (title, share) in enumerate(shares.items()):
        box = ((margin + number * (side + 0.25)) / width, bottom / height, side / width, high / height)
        axes = figure.add_axes(box)
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1, interpolation="none", aspect="auto")
        axes.set_title(title, fontsize=10)
        axes.set_xticks(range(shape[1]), below, rotation=90, fontsize=8)
        axes.set_yticks(range(shape[0]), left if number == 0 else [], fontsize=8)
        axes.set_xticks(np.arange(-0.5, shape[1]), minor=True)
        axes.set_yticks(np.arange(-0.5, shape[0]), minor=True)
        axes.grid(which="minor", color="#e2e2e2", linewidth=0.5)
        axes.tick_params(which="both", length=0)
        axes.spines[:].set_color("#bbbbbb")
    assert image is not None
    bar = figure.add_axes(((width - 0.72) / width, bottom / height, 0.12 / width, high / height))
    figure.colorbar(image, cax=bar)
    bar.set_ylabel(f"share of the {sides[0]}'s mass", fontsize=8)
    bar.tick_params(labelsize=7, length=2)
    bar.spines[:].set_visible(False)
    return save_figure(figure, path)
