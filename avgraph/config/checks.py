"""What the parts of an experiment demand of each other.

Each check skips what is not known: the edges of a part that is itself wrong, or of a user's own class.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.options.base import DatasetOptions, MethodOptions, TransformOptions
from avgraph.options.problems import Path, suggest_or_list


@dataclass(frozen=True)
class Parts:
    """The parts of an experiment; ``None`` stands for one of which nothing could be read.

    Attributes:
        wrong: paths of the parts that hold mistakes: of those only the node types that they name are taken.
        encoded: node types that have an encoder.
        graph: the transforms; ``None`` where a user's own method tells them.
        own_graph: whether they are declared, not the method's recipe.
    """

    dataset: DatasetOptions | None = None
    encoded: Sequence[str] = ()
    graph: Sequence[TransformOptions | None] | None = None
    method: MethodOptions | None = None
    wrong: Collection[Path] = ()
    own_graph: bool = True


def cross_check(parts: Parts) -> list[tuple[Path, str]]:
    """All (path, message) of mistakes between the parts."""
    return [*_node_types(parts), *_edges_once(parts), *_edges_of_steps(parts), *_needed_edges(parts)]


def _node_types(parts: Parts) -> list[tuple[Path, str]]:
    known = None if parts.dataset is None else parts.dataset.node_types()
    if known is None:
        return []
    named: list[tuple[Path, str]] = [(("encoders", node), node) for node in parts.encoded]
    for index, step in enumerate((parts.graph or ()) if parts.own_graph else ()):
        if step is not None:
            named += [(("graph", index, *path), node) for path, node in _named_nodes(step)]
            known = (*known, *step.made_nodes())
    if parts.method is not None:
        named += [(("method", option), node) for option, node in parts.method.node_fields().items()]
    return [
        (path, f"the data set has no node type '{node}'{suggest_or_list(node, known, 'it has')}")
        for path, node in named
        if isinstance(node, str) and node not in known
    ]


def _named_nodes(step: TransformOptions) -> list[tuple[Path, Any]]:
    """Option, or place in the list that an option holds, and the node type there."""
    found: list[tuple[Path, Any]] = []
    for option, node in step.node_fields().items():
        if isinstance(node, list):
            found += [((option, place), one) for place, one in enumerate(node)]
        else:
            found.append(((option,), node))
    return found


def _edges_once(parts: Parts) -> list[tuple[Path, str]]:
    first: dict[EdgeType, str] = {}
    found: list[tuple[Path, str]] = []
    for path, edge in _edges(parts):
        name = ".".join(map(str, path))
        if edge in first:
            same = f"builds the edges {show_edge(edge)}, as {first[edge]} does"
            found.append((path, f"{same}; give one of them another relation"))
        first.setdefault(edge, name)
    return found


def _edges_of_steps(parts: Parts) -> list[tuple[Path, str]]:
    """Edges that a step names and nothing before it gives."""
    given = None if parts.dataset is None or ("dataset",) in parts.wrong else parts.dataset.edge_types()
    if given is None or not parts.own_graph:
        return []
    known, found = set(given.values()), list[tuple[Path, str]]()
    for index, step in enumerate(parts.graph or ()):
        edges = None if step is None or ("graph", index) in parts.wrong else step.edge_types()
        if step is None or edges is None:
            break  # nobody knows what it adds
        found += [
            (("graph", index, *path), f"no {show_edge(edge)} edges before this step{_instead(edge, known)}")
            for path, edge in step.needed_edges()
            if edge not in known
        ]
        known.update(edges)
    return found


def _instead(edge: EdgeType, known: Collection[EdgeType]) -> str:
    return suggest_or_list(show_edge(edge), map(show_edge, sorted(known)), "there are")


def _needed_edges(parts: Parts) -> list[tuple[Path, str]]:
    if parts.method is None or parts.graph is None or parts.wrong:
        return []
    if parts.dataset is None or parts.dataset.edge_types() is None:
        return []
    if any(step is None or step.edge_types() is None for step in parts.graph):
        return []
    built = {edge for _, edge in _edges(parts)}
    return [
        (("graph",), f"method {parts.method.type} needs edges {show_edge(edge)}; {_how(edge, built)}")
        for edge in parts.method.needed_edges()
        if edge not in built
    ]


def _how(edge: EdgeType, built: Collection[EdgeType]) -> str:
    """Those between the same node types, which may be misnamed or turned round, or a transform."""
    others = [show_edge(kind) for kind in sorted(built) if {kind[0], kind[2]} == {edge[0], edge[2]}]
    return f"there are others: {', '.join(others)}" if others else "add a transform for them"


def _edges(parts: Parts) -> list[tuple[Path, EdgeType]]:
    """Every edge type, by the option that declares it."""
    found: list[tuple[Path, EdgeType]] = []
    if parts.dataset is not None and ("dataset",) not in parts.wrong:
        found += [(("dataset", *path), edge) for path, edge in (parts.dataset.edge_types() or {}).items()]
    for index, step in enumerate(parts.graph or ()):
        edges = None if step is None or ("graph", index) in parts.wrong else step.edge_types()
        found += [(("graph", index), edge) for edge in edges or ()]
    return found
