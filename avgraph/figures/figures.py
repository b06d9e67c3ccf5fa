"""The figures that a method has for what a run has learned, drawn into a folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.graph.provenance import Provenance
from avgraph.io.pictures import noted

logger = logging.getLogger(__name__)

Draw = Callable[[Path], object]
"""Writes one picture to a path."""
Figures = Callable[[HeteroData, Sequence[Mapping[str, Any]]], Mapping[str, Draw]]
"""File name → what draws it, of a learned graph and the history of its run: `avgraph.methods.Task.figures`."""


def draw_figures(
    figures: Figures, graph: HeteroData, history: Sequence[Mapping[str, Any]], folder: str | Path
) -> list[Path]:
    """Draw what there is to draw; where there is nothing, no folder is left.

    On made-up data every picture says so. What cannot be drawn is told in a warning, and costs no other picture.

    Args:
        figures: of the method.
        graph: as a run leaves it.
        history: the lines of its ``metrics.jsonl``.
        folder: is made.

    Example:
        >>> draw_figures(lambda graph, history: {}, HeteroData(), [], "figures")
        []
    """
    folder = Path(folder)
    made_up = Provenance.of(graph).source == "synthetic"
    drawn: list[Path] = []

    with noted("SYNTHETIC data" if made_up else ""), _told(folder):
        for name, draw in figures(graph, history).items():
            with _told(folder):
                folder.mkdir(exist_ok=True)
                draw(folder / name)
                drawn.append(folder / name)
    return drawn


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """A warning in place of an error: hours of training are worth more than a picture of them."""
    try:
        yield
    except Exception as error:
        logger.warning("%s: a figure could not be drawn: %s: %s", folder, type(error).__name__, error)
