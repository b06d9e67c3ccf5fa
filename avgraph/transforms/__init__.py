"""Transforms add edges to a ``HeteroData`` graph; none changes its input."""

from __future__ import annotations

from avgraph.metrics import top_k_recall
from avgraph.transforms.candidates import Candidates
from avgraph.transforms.complete import Complete
from avgraph.transforms.coupling_edges import CouplingEdges
from avgraph.transforms.dependency_edges import DependencyEdges
from avgraph.transforms.knn import KNN, nearest_neighbours

__all__ = ["KNN", "Candidates", "Complete", "CouplingEdges", "DependencyEdges", "nearest_neighbours", "top_k_recall"]
