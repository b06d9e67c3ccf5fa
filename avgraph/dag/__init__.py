"""Dependency graphs: a DAG over the columns of a table by GRaSP, the weights of its edges and how far to trust them."""

from __future__ import annotations

from avgraph.dag.algorithms import discover
from avgraph.dag.bic import bic_score, total_bic_score
from avgraph.dag.cpdag import class_under_knowledge
from avgraph.dag.dependencies import Dependencies, infer_dependencies
from avgraph.dag.draw import draw_dag, draw_graph
from avgraph.dag.heat_map import draw_edge_frequency
from avgraph.dag.learn import grasp
from avgraph.dag.result import DAG
from avgraph.dag.stability import EdgeStability, bootstrap_adjacencies, consensus_graph, edge_frequency, edge_stability
from avgraph.dag.table import Table, read_table
from avgraph.dag.weights import dependency_weights, regression_coefficients

__all__ = [
    "DAG",
    "Dependencies",
    "EdgeStability",
    "Table",
    "bic_score",
    "bootstrap_adjacencies",
    "class_under_knowledge",
    "consensus_graph",
    "dependency_weights",
    "discover",
    "draw_dag",
    "draw_edge_frequency",
    "draw_graph",
    "edge_frequency",
    "edge_stability",
    "grasp",
    "infer_dependencies",
    "read_table",
    "regression_coefficients",
    "total_bic_score",
]
