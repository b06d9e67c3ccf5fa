"""What the data can tell: equivalence classes under knowledge, how often an edge is identified, the consensus."""

from __future__ import annotations

from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avgraph.dag import EdgeStability, class_under_knowledge, consensus_graph, edge_stability
from avgraph.dag.cpdag import cpdag_of
from avgraph.errors import AvgraphError, DataError, GraphError
from tests.dag.graphs import Graph, random_dag

SETTINGS = settings(deadline=None, max_examples=60)


def colliders(graph: Graph) -> set[tuple[int, int, int]]:
    joined = graph | graph.T
    p = range(len(graph))
    return {(a, b, c) for a in p for b in p for c in p if a < c and graph[a, b] and graph[c, b] and not joined[a, c]}


def equivalent_graphs(graph: Graph) -> list[Graph]:
    """Every DAG with the skeleton and the colliders of a DAG, by trying all orientations."""
    pairs, wanted, found = np.argwhere(graph), colliders(graph), []
    for turned in product([False, True], repeat=len(pairs)):
        other = np.zeros_like(graph)
        for (a, b), turn in zip(pairs, turned, strict=True):
            other[(b, a) if turn else (a, b)] = True
        if colliders(other) == wanted and nx.is_directed_acyclic_graph(nx.DiGraph(other.astype(int))):
            found.append(other)
    return found


def random_case(seed: int) -> tuple[Graph, np.random.Generator]:
    rng = np.random.default_rng(seed)
    p = int(rng.integers(2, 7))
    return random_dag(p, int(rng.integers(0, min(p * (p - 1) // 2, 9) + 1)), rng)[0], rng


@SETTINGS
@given(st.integers(0, 2**32))
def test_a_class_under_knowledge_is_what_all_graphs_that_obey_it_share(seed: int) -> None:
    graph, rng = random_case(seed)
    required = graph & (rng.random(graph.shape) < 0.25)
    forbidden = ~graph & (rng.random(graph.shape) < 0.25)
    obeying = [g for g in equivalent_graphs(graph) if not (required & ~g).any() and not (forbidden & g).any()]
    np.testing.assert_array_equal(class_under_knowledge(graph, forbidden, required), np.any(obeying, axis=0))


def test_the_direction_that_only_the_fourth_rule_gives() -> None:
    """Meek 1995, Figure 1."""
    edges = [(0, 1), (0, 2), (0, 3), (2, 3), (3, 1)]  # a = 0, b = 1, c = 2, d = 3; b and c are not joined
    graph = np.zeros((4, 4), dtype=bool)
    graph[tuple(np.transpose(edges))] = True
    assert cpdag_of(graph).sum() == 10  # nothing is told without knowledge
    required = np.zeros_like(graph)
    required[[2, 3], [3, 1]] = True
    assert not class_under_knowledge(graph, required=required)[1, 0]
    assert class_under_knowledge(graph, required=required)[[0, 2], [2, 0]].all()


@pytest.mark.parametrize(
    ("edges", "undirected"),
    [
        ([(0, 1), (1, 2)], {(0, 1), (1, 2)}),  # a chain
        ([(0, 1), (2, 1)], set()),  # a collider
        ([(0, 1), (2, 1), (1, 3)], set()),  # and what follows from it
        ([(0, 1), (0, 2), (1, 2)], {(0, 1), (0, 2), (1, 2)}),  # covered edges
        ([(0, 1), (2, 1), (2, 3)], {(2, 3)}),
    ],
)
def test_known_classes(edges: list[tuple[int, int]], undirected: set[tuple[int, int]]) -> None:
    graph = np.zeros((4, 4), dtype=bool)
    graph[tuple(np.transpose(edges))] = True
    found = class_under_knowledge(graph)
    assert {(i, j) for i, j in edges if found[j, i]} == undirected


def test_knowledge_that_the_graph_does_not_obey_is_refused() -> None:
    edge = np.array([[False, True], [False, False]])
    for knowledge in ({"forbidden": edge}, {"required": edge.T}):
        with pytest.raises(GraphError, match="does not obey the knowledge"):
            class_under_knowledge(edge, **knowledge)


@SETTINGS
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_stability_counts_classes(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    graphs = [random_dag(5, int(rng.integers(0, 9)), rng)[0] for _ in range(count)]
    found = edge_stability(graphs)
    for i, j in product(range(5), repeat=2):
        classes = [cpdag_of(graph) for graph in graphs]
        assert found.directed[i, j] == pytest.approx(np.mean([c[i, j] and not c[j, i] for c in classes]))
        assert found.adjacent[i, j] == pytest.approx(np.mean([g[i, j] or g[j, i] for g in graphs]))
    assert found.count == count


def test_stability_needs_a_graph_and_dags() -> None:
    with pytest.raises(DataError, match="expected at least one graph"):
        edge_stability([])
    with pytest.raises(AvgraphError, match="cycle"):
        edge_stability([~np.eye(2, dtype=bool)])


@SETTINGS
@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(2, 9))
def test_a_consensus_has_no_cycle_and_the_majoritys_edges(seed: int, count: int, p: int) -> None:
    rng = np.random.default_rng(seed)
    most = p * (p - 1) // 2
    graphs = [random_dag(p, int(rng.integers(most // 2, most + 1)), rng)[0] for _ in range(count)]
    stability = edge_stability(graphs)
    found = consensus_graph(stability)
    directed = found & ~found.T
    assert nx.is_directed_acyclic_graph(nx.DiGraph(directed.astype(int)))
    np.testing.assert_array_equal(found | found.T, stability.adjacent > 0.5)
    assert (stability.directed[directed] > stability.directed.T[directed]).all()
    if count == 1:
        np.testing.assert_array_equal(found, cpdag_of(graphs[0]))


def test_the_least_frequent_direction_of_a_cycle_gives_way() -> None:
    directed = np.zeros((3, 3))
    directed[0, 1], directed[1, 2], directed[2, 0] = 0.9, 0.8, 0.7
    found = consensus_graph(EdgeStability(directed, np.maximum(directed, directed.T), 10))
    assert found.astype(int).tolist() == [[0, 1, 1], [0, 0, 1], [1, 0, 0]]  # 2 → 0 has lost its direction
