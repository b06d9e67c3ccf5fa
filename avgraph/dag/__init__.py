"""Dependency graphs: a DAG over the columns of a table by GRaSP, the weights of its edges and how far to trust them."""

from __future__ import annotations

from avgraph.dag.algorithms import discover
from avgraph.dag.bic import bic_score, total_bic_score
from avgraph.dag.draw import draw_dag
from avgraph.dag.frequency import bootstrap_adjacencies, edge_frequency
from avgraph.dag.heat_map import draw_edge_frequency
from avgraph.dag.learn import grasp
from avgraph.dag.result import DAG
from avgraph.dag.table import Table, read_table
from avgraph.dag.weights import dependency_weights

__all__ = [
    "DAG",
    "Table",
    "bic_score",
    "bootstrap_adjacencies",
    "dependency_weights",
    "discover",
    "draw_dag",
    "draw_edge_frequency",
    "edge_frequency",
    "grasp",
    "read_table",
    "total_bic_score",
]
