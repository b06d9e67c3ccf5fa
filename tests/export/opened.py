"""The edges of an exported graph as another program has them, and not the package's own readers."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pandas as pd

from avgraph.graph.vocabulary import EdgeType

SUFFIXES = (".graphml", ".gexf", ".json", ".parquet")


def opened_edges(path: Path, kind: EdgeType) -> pd.DataFrame:
    """The attributes of the edges of one type, by networkx and pandas, in the order that they were written."""
    source, relation, target = kind
    if path.suffix == ".parquet":
        return pd.read_parquet(path / f"edges-{source}-{relation}-{target}.parquet")
    graph = _graph(path)
    types = dict(graph.nodes(data="node_type"))
    ends = ((types[one], types[other], edge) for one, other, edge in graph.edges(data=True))
    kept = [edge for one, other, edge in ends if (one, edge["relation"], other) == kind]
    return pd.DataFrame(kept).sort_values("index")


def _graph(path: Path) -> nx.Graph:
    if path.suffix == ".json":
        return nx.node_link_graph(json.loads(path.read_text()), edges="edges")
    return {".graphml": nx.read_graphml, ".gexf": nx.read_gexf}[path.suffix](path)
