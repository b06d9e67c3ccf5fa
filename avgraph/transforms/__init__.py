"""Transforms add edges to a ``HeteroData`` graph; none changes its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.transforms.activation_edges import ActivationEdges
    from avgraph.transforms.candidates import Candidates
    from avgraph.transforms.co_rated import CoRated
    from avgraph.transforms.complete import Complete
    from avgraph.transforms.compose_edges import ComposeEdges
    from avgraph.transforms.correct_and_smooth import CorrectAndSmooth
    from avgraph.transforms.corrupt_edges import CorruptEdges
    from avgraph.transforms.coupling_edges import CouplingEdges
    from avgraph.transforms.dependency_edges import DependencyEdges
    from avgraph.transforms.infer_dependencies import InferDependencies
    from avgraph.transforms.knn import KNN
    from avgraph.transforms.memory_edges import MemoryEdges, dropped_mass
    from avgraph.transforms.nearest import nearest_neighbours, nearest_rows
    from avgraph.transforms.pair_edges import PairEdges
    from avgraph.transforms.rating_model import RatingModel
    from avgraph.transforms.rating_statistics import RatingStatistics
    from avgraph.transforms.space_graph import SpaceGraph
    from avgraph.transforms.unrated import Unrated

__all__ = [
    "KNN",
    "ActivationEdges",
    "Candidates",
    "CoRated",
    "Complete",
    "ComposeEdges",
    "CorrectAndSmooth",
    "CorruptEdges",
    "CouplingEdges",
    "DependencyEdges",
    "InferDependencies",
    "MemoryEdges",
    "PairEdges",
    "RatingModel",
    "RatingStatistics",
    "SpaceGraph",
    "Unrated",
    "dropped_mass",
    "nearest_neighbours",
    "nearest_rows",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "activation_edges": ["ActivationEdges"],
        "candidates": ["Candidates"],
        "co_rated": ["CoRated"],
        "complete": ["Complete"],
        "compose_edges": ["ComposeEdges"],
        "correct_and_smooth": ["CorrectAndSmooth"],
        "corrupt_edges": ["CorruptEdges"],
        "coupling_edges": ["CouplingEdges"],
        "dependency_edges": ["DependencyEdges"],
        "infer_dependencies": ["InferDependencies"],
        "knn": ["KNN"],
        "memory_edges": ["MemoryEdges", "dropped_mass"],
        "nearest": ["nearest_neighbours", "nearest_rows"],
        "pair_edges": ["PairEdges"],
        "rating_model": ["RatingModel"],
        "rating_statistics": ["RatingStatistics"],
        "space_graph": ["SpaceGraph"],
        "unrated": ["Unrated"],
    },
)
