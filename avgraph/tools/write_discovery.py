"""The files of a discovery: graphs and pictures."""

from __future__ import annotations

import numpy as np

from avgraph.dag import draw_dag, draw_edge_frequency, draw_graph
from avgraph.export import export_graph
from avgraph.tools.dependency_graph import dependency_graph
from avgraph.tools.found import Discovery


def write_discovery(found: Discovery, most_edges: int) -> None:
    """Write ``found.files``, each whole or not at all.

    Args:
        found: what there is to write.
        most_edges: that a picture may have.

    Raises:
        DataError: if a file cannot be written.
    """
    names, stability = found.dag.names, found.stability
    graph, picture, frequencies, *agreed = found.files
    export_graph(dependency_graph(names, found.edges(), found.made_of), graph)
    draw_dag(
        found.dag,
        picture,
        weights=found.coefficients,
        most_edges=most_edges,
        equivalence_class=found.equivalence_class,
    )
    possible = stability.adjacent - stability.directed.T  # an edge of open direction counts for both
    title = f"share of {stability.count} {found.counted}; both ways where the direction is open"
    draw_edge_frequency(possible.clip(0, 1), frequencies, names=names, title=title)
    if found.consensus is not None:
        export_graph(dependency_graph(names, found.agreed(), found.made_of), agreed[0])
        strength = np.maximum(np.abs(found.coefficients), np.abs(found.coefficients).T)
        draw_graph(
            found.consensus, agreed[1], names=names, most_edges=most_edges, ranked="most frequent",
            weights=stability.adjacent + 1e-6 * strength,  # of equally frequent ones, the stronger
        )  # fmt: skip
