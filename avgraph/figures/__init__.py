"""Pictures: what a method draws of a run (`avgraph.methods.Task.figures`) is made of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.figures.coupled import coupled_figures, draw_coupled
    from avgraph.figures.curves import draw_curves
    from avgraph.figures.explanation import draw_explanation
    from avgraph.figures.figures import draw_figures
    from avgraph.figures.gallery import draw_gallery
    from avgraph.figures.matching_matrix import draw_matchings
    from avgraph.figures.plane import to_plane
    from avgraph.figures.shared_space import draw_shared_space
    from avgraph.figures.subgraphs import Snapshots, draw_subgraphs, read_snapshots

__all__ = [
    "Snapshots",
    "coupled_figures",
    "draw_coupled",
    "draw_curves",
    "draw_explanation",
    "draw_figures",
    "draw_gallery",
    "draw_matchings",
    "draw_shared_space",
    "draw_subgraphs",
    "read_snapshots",
    "to_plane",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "coupled": ["coupled_figures", "draw_coupled"],
        "curves": ["draw_curves"],
        "explanation": ["draw_explanation"],
        "figures": ["draw_figures"],
        "gallery": ["draw_gallery"],
        "matching_matrix": ["draw_matchings"],
        "plane": ["to_plane"],
        "shared_space": ["draw_shared_space"],
        "subgraphs": ["Snapshots", "draw_subgraphs", "read_snapshots"],
    },
)
