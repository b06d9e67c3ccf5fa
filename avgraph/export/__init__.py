"""Graphs for other programs: networkx, GraphML, GEXF, node-link JSON and Parquet."""

from __future__ import annotations

from avgraph.export.any_format import export_graph
from avgraph.export.gexf import write_gexf
from avgraph.export.graphml import read_graphml, write_graphml
from avgraph.export.json_graph import read_json, write_json
from avgraph.export.networkx_graph import from_networkx, to_networkx
from avgraph.export.parquet import write_parquet

__all__ = [
    "export_graph",
    "from_networkx",
    "read_graphml",
    "read_json",
    "to_networkx",
    "write_gexf",
    "write_graphml",
    "write_json",
    "write_parquet",
]
