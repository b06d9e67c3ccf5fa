"""Figures of a run."""

from __future__ import annotations

from avgraph.report.coupled import draw_coupled
from avgraph.report.curves import draw_curves
from avgraph.report.figures import draw_figures
from avgraph.report.gallery import draw_gallery
from avgraph.report.matching_matrix import draw_matchings
from avgraph.report.plane import to_plane
from avgraph.report.shared_space import draw_shared_space
from avgraph.report.snapshots import Snapshots, read_snapshots
from avgraph.report.subgraphs import draw_subgraphs

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
