"""Figures of a run."""

from __future__ import annotations

from avgraph.figures.coupled import draw_coupled
from avgraph.figures.curves import draw_curves
from avgraph.figures.figures import draw_figures
from avgraph.figures.gallery import draw_gallery
from avgraph.figures.matching_matrix import draw_matchings
from avgraph.figures.plane import to_plane
from avgraph.figures.shared_space import draw_shared_space
from avgraph.figures.snapshots import Snapshots, read_snapshots
from avgraph.figures.subgraphs import draw_subgraphs

__all__ = [
    "Snapshots",
    "draw_coupled",
    "draw_curves",
    "draw_figures",
    "draw_gallery",
    "draw_matchings",
    "draw_shared_space",
    "draw_subgraphs",
    "read_snapshots",
    "to_plane",
]
