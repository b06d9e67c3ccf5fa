"""A learned graph as a drawing, and as what a page needs to explore it."""

from __future__ import annotations

from typing import Any

from avgraph.report.colours import colour_of
from avgraph.report.drawing import network_svg
from avgraph.report.layout import placed
from avgraph.report.network import Network


def drawn(network: Network) -> dict[str, Any]:
    """A network with places and colours: a drawing, and what a page needs to explore it."""
    place = placed(len(network.nodes), attracting(network))
    ways = {
        "class": [node.label for node in network.nodes],
        "type": [node.kind for node in network.nodes],
        "split": [node.split for node in network.nodes],
        "answer": [("" if not n.answer else "right" if n.answer == n.label else "wrong") for n in network.nodes],
    }
    ways = {way: values for way, values in ways.items() if len(set(values)) > 1 or way == "type"}
    colours = {way: colour_of(values) for way, values in ways.items()}
    if "answer" in colours:
        colours["answer"] |= {"right": "#3f9e5a", "wrong": "#cf4a4a"}
    first = next(iter(ways))
    return {
        "svg": network_svg(network, place, [colours[first][value] for value in ways[first]], first_least(network)),
        "counts": network.relations,
        "all_nodes": network.all_nodes,
        "all_edges": network.all_edges,
        "chosen": f"{network.chosen}, of each the strongest edges first" if network.chosen else "",
        "shown": (len(network.nodes), len(network.edges)),
        "page": {
            "name": [node.name for node in network.nodes],
            "kind": [node.kind for node in network.nodes],
            "label": [node.label for node in network.nodes],
            "split": [node.split for node in network.nodes],
            "answer": [node.answer for node in network.nodes],
            "degree": [node.degree for node in network.nodes],
            "at": place.round(1).tolist(),
            "ways": ways,
            "colours": colours,
            "edges": [[edge.source, edge.target, edge.relation] for edge in network.edges],
            "weights": {
                name: [None if (v := edge.values.get(name)) is None else round(v, 5) for edge in network.edges]
                for name in network.weights
                if not is_flag(network, name)
            },
            "least": first_least(network),
            "relations": list(network.relations),
            "first": network.first,
        },
    }


def strongest(network: Network, most: int = 40) -> list[dict[str, Any]]:
    """The first edges of a graph without a run, with their numbers."""
    flags = {name: is_flag(network, name) for name in network.weights}

    def told(name: str, value: float | None) -> str:
        return "" if value is None else ("no", "yes")[int(value)] if flags[name] else f"{value:.3f}"

    return [
        {
            "source": network.nodes[edge.source].name,
            "target": network.nodes[edge.target].name,
            "values": [told(name, edge.values.get(name)) for name in network.weights],
            "names": network.weights,
        }
        for edge in sorted(network.edges, key=lambda edge: -next(iter(edge.values.values()), 0.0))[:most]
    ]


def is_flag(network: Network, name: str) -> bool:
    """Whether a weight says yes or no of an edge, and no more.

    Example:
        >>> from avgraph.report.network import Edge
        >>> edges = [Edge(0, 1, "drives", {"directed": 1.0, "mass": 0.5})]
        >>> [is_flag(Network([], edges, {}, [], [], 2, 1), name) for name in ("directed", "mass")]
        [True, False]
    """
    return all(edge.values[name] in (0.0, 1.0) for edge in network.edges if name in edge.values)


def attracting(network: Network) -> list[tuple[int, int, float]]:
    """Edges of the first relations, with their most telling weight between 0.02 and 1: what a drawing is laid out by.

    Example:
        >>> from avgraph.report.network import Edge
        >>> edges = [Edge(0, 1, "to", {"mass": 2.0}), Edge(0, 2, "to", {"mass": 4.0})]
        >>> attracting(Network([], edges, {}, ["to"], ["mass"], 3, 2))
        [(0, 1, 0.5), (0, 2, 1.0)]
    """
    edges = [edge for edge in network.edges if edge.relation in network.first]
    values = [abs(next(iter(edge.values.values()), 1.0)) for edge in edges]
    most = max(values, default=1.0) or 1.0
    return [(e.source, e.target, max(value / most, 0.02)) for e, value in zip(edges, values, strict=True)]


def first_least(network: Network) -> float | None:
    """The least weight that is shown at first, so that about two edges a node are; None where all have room.

    Example:
        >>> first_least(Network([], [], {}, [], [], 0, 0)) is None
        True
    """
    if not network.weights:
        return None
    name, room = network.weights[0], max(150, 2 * len(network.nodes))
    edges = [edge for edge in network.edges if edge.relation in network.first and name in edge.values]
    values = sorted((edge.values[name] for edge in edges), reverse=True)
    return values[room - 1] if len(values) > room else None
