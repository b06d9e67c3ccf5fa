"""Transforms add edges to a ``HeteroData`` graph; none changes its input."""

from __future__ import annotations

from avgraph.metrics import top_k_recall
from avgraph.transforms.candidates import Candidates
from avgraph.transforms.complete import Complete
from avgraph.transforms.coupling_edges import CouplingEdges
from avgraph.transforms.dependency_edges import DependencyEdges
from avgraph.transforms.knn import KNN, nearest_neighbours
from avgraph.transforms.memory_edges import MemoryEdges, dropped_mass
from avgraph.transforms.space_graph import SpaceGraph

__all__ = [
    "KNN",
    "Candidates",
    "Complete",
    "CouplingEdges",
    "DependencyEdges",
    "MemoryEdges",
    "SpaceGraph",
    "dropped_mass",
    "nearest_neighbours",
    "top_k_recall",
]
