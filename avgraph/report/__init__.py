"""Figures of a run."""

from __future__ import annotations

from avgraph.report.coupled import draw_coupled
from avgraph.report.matching_matrix import draw_matchings
from avgraph.report.plane import to_plane
from avgraph.report.shared_space import draw_shared_space

__all__ = ["draw_coupled", "draw_matchings", "draw_shared_space", "to_plane"]
