"""Dependency graphs: a DAG over the columns of a table by GRaSP, the weights of its edges and how far to trust them."""

from __future__ import annotations

from avgraph.dag.bic import bic_score, total_bic_score
from avgraph.dag.frequency import bootstrap_adjacencies, edge_frequency
from avgraph.dag.grasp import grasp
from avgraph.dag.result import DAG
from avgraph.dag.weights import dependency_weights

__all__ = [
    "DAG",
    "bic_score",
    "bootstrap_adjacencies",
    "dependency_weights",
    "edge_frequency",
    "grasp",
    "total_bic_score",
]
