"""Which spaces of embeddings can be connected: those that hold a common modality, as edges of a graph of spaces."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any

from avgraph.errors import GraphError


def overlap_graph(spaces: Mapping[str, Collection[str]]) -> Any:
    """The spaces as nodes of a `networkx.MultiGraph`, every modality that two of them hold as an edge with that key.

    Args:
        spaces: name of each space → the modalities it holds.

    Raises:
        GraphError: if there are fewer than two spaces, or some cannot be reached from the others; it names them.

    Example:
        >>> graph = overlap_graph({"clap": ["audio", "text"], "clip": ["image", "text"], "ulip": ["image", "shape"]})
        >>> list(graph.edges(keys=True))
        [('clap', 'clip', 'text'), ('clip', 'ulip', 'image')]
        >>> overlap_graph({"clap": ["audio"], "clip": ["image"]})
        Traceback (most recent call last):
        avgraph.errors.GraphError: spaces are not connected: clap (audio) | clip (image) hold no common modality
    """
    import networkx as nx  # not at the top: it would slow down `avgraph validate` of anything else

    if len(spaces) < 2:
        raise GraphError(f"expected at least two spaces to connect, got {', '.join(spaces) or 'none'}")
    graph = nx.MultiGraph()
    graph.add_nodes_from(spaces)
    for one, other in combinations(spaces, 2):
        for modality in spaces[one]:
            if modality in spaces[other]:
                graph.add_edge(one, other, key=modality)
    parts = [[space for space in spaces if space in part] for part in nx.connected_components(graph)]
    if len(parts) > 1:
        listed = [", ".join(f"{space} ({', '.join(spaces[space])})" for space in part) for part in parts]
        raise GraphError(f"spaces are not connected: {' | '.join(listed)} hold no common modality")
    return graph
