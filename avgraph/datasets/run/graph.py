"""Graphs of finished runs, and several of them joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.datasets.run.options import RunGraph
from avgraph.errors import GraphError
from avgraph.graph.nodes import node_attribute, node_count, node_store
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import show_edge
from avgraph.io.graph_file import load_graph
from avgraph.io.run_places import GRAPH, finished_run


def load_run_graph(options: RunGraph) -> HeteroData:
    """The graph of `RunGraph`.

    Raises:
        DataError: if a run is not there or has not finished.
        GraphError: if it lacks a node type or an attribute, or joined runs are not of the same nodes.
    """
    graphs = {stage: load_graph(finished_run(path) / GRAPH) for stage, path in options.stages().items()}
    known = list(dict.fromkeys(node for graph in graphs.values() for node in graph.node_types))
    joined = _Joined(graphs, HeteroData(), {})
    for node in options.nodes or known:
        if node not in known:
            node_store(next(iter(graphs.values())), node)  # which says what there is
        joined.add_nodes(node)
    for _, node, attribute, stage, there in options.sources():
        joined.rename(node, attribute, stage, there)
    joined.drop_moved(options)
    joined.add_edges(options.relations)
    _provenance(graphs).write_to(joined.data)
    return joined.data


@dataclass(frozen=True)
class _Joined:
    """A graph in the making.

    Attributes:
        graphs: of the runs.
        data: what is made of them.
        of: node type → the runs whose numbers of its nodes are those of ``data``, the one that it is taken from first.
    """

    graphs: Mapping[str, HeteroData]
    data: HeteroData
    of: dict[str, list[str]]

    def add_nodes(self, node: str) -> None:
        """All that the first run with these nodes knows of them."""
        stage = next(stage for stage, graph in self.graphs.items() if node in graph.node_types)
        self.of[node] = [stage]
        for key, value in self.graphs[stage][node].items():
            self.data[node][key] = value

    def rename(self, node: str, attribute: str, stage: str | None, there: str) -> None:
        """An attribute under another name, maybe from another run."""
        stage = self.of[node][0] if stage is None else stage
        graph = self.graphs[stage]
        try:
            value = node_attribute(graph, node, there)
        except GraphError as error:
            raise GraphError(f"dataset.nodes.{node}.{attribute}: {_run(stage)}{error}") from None
        if stage not in self.of[node]:
            self._check_same(node, stage)
            self.of[node].append(stage)
        self.data[node][attribute] = value

    def _check_same(self, node: str, stage: str) -> None:
        """Refuse other nodes than those of the first run."""
        first = self.of[node][0]
        one, other = self.graphs[first], self.graphs[stage]
        counts = node_count(one, node), node_count(other, node)
        if counts[0] != counts[1]:
            told = f"{_run(first)}{counts[0]}, {_run(stage)}{counts[1]}"
            raise GraphError(f"dataset.run: '{node}' nodes must be the same in both runs; {told}")
        names = one[node].get("name"), other[node].get("name")
        if names[0] is None or names[1] is None:
            return
        for row, (a, b) in enumerate(zip(*names, strict=True)):
            if a != b:
                told = f"row {row} is {a!r} in run '{first}', {b!r} in run '{stage}'"
                raise GraphError(f"dataset.run: '{node}' nodes must be the same in both runs; {told}")

    def drop_moved(self, options: RunGraph) -> None:
        """Take away the old name of what the run that the nodes are from calls otherwise."""
        taken = {(node, there) for _, node, _, stage, there in options.sources() if stage in (None, self.of[node][0])}
        for node, there in taken:
            if there not in (options.nodes or {})[node]:
                del self.data[node][there]

    def add_edges(self, relations: list[str] | None) -> None:
        """Edges of the runs between nodes whose numbers have stayed."""
        had: dict[Any, str] = {}
        for stage, graph in self.graphs.items():
            for kind in graph.edge_types:
                if relations is not None and kind[1] not in relations:
                    continue
                if any(stage not in self.of.get(node, ()) for node in (kind[0], kind[2])):
                    continue
                if kind in had:
                    both = f"runs '{had[kind]}' and '{stage}' both have edges {show_edge(kind)}"
                    raise GraphError(f"dataset.relations: {both}; name the relations to take")
                had[kind] = stage
                for key, value in graph[kind].items():
                    self.data[kind][key] = value
        if lacking := [each for each in relations or () if each not in [kind[1] for kind in had]]:
            known = {kind[1] for graph in self.graphs.values() for kind in graph.edge_types}
            has = f"the run has {', '.join(sorted(known)) or 'none'}"
            raise GraphError(f"dataset.relations: no edges '{lacking[0]}' between nodes that are taken; {has}")


def _run(stage: str) -> str:
    return f"run '{stage}': " if stage else ""


def _provenance(graphs: Mapping[str, HeteroData]) -> Provenance:
    """That of the one run, or of all together."""
    parts = [Provenance.of(graph) for graph in graphs.values()]
    if len(parts) == 1:
        return parts[0]
    classes = [part.classes for part in parts if part.classes]
    same = bool(classes) and all(each == classes[0] for each in classes)
    by_node = {k: v for each in reversed(classes) if isinstance(each, Mapping) for k, v in each.items()}
    return replace(
        Provenance.joined(parts),
        dataset=" + ".join(dict.fromkeys(str(part.dataset) for part in parts)),
        classes=classes[0] if same else by_node or None,
    )
