from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avgraph.dag import DAG, edge_frequency
from avgraph.dag.draw import draw_dag
from avgraph.dag.heat_map import draw_edge_frequency
from avgraph.dag.layout import _crossings, layered
from avgraph.errors import DataError
from tests.dag.graphs import random_dag


def dag_of(adjacency: np.ndarray) -> DAG:
    p = len(adjacency)
    names = tuple(f"$class_{k}" for k in range(p))  # a dollar sign would start a formula in matplotlib
    return DAG(np.arange(p), adjacency, 0.0, names, True, 1, np.zeros(1), adjacency[None])


def test_layers_follow_the_edges_and_labels_keep_apart() -> None:
    graph, _ = random_dag(40, 80, np.random.default_rng(0))
    layout = layered(graph)
    for parent, child in np.argwhere(graph):
        route = [layer for layer, _ in layout.route[int(parent), int(child)]]
        assert route == list(range(layout.layer[int(parent)] + 1, layout.layer[int(child)]))
    for at in set(layout.layer.values()):
        heights = sorted(layout.height[k] for k, where in layout.layer.items() if where == at)
        assert (np.diff(heights) > 1 - 1e-9).all()
    touched = graph.any(axis=0) | graph.any(axis=1)
    assert layout.isolated == np.flatnonzero(~touched).tolist()


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_pictures_are_the_same_bytes_every_time(tmp_path: Path, suffix: str) -> None:
    graph, weights = random_dag(8, 9, np.random.default_rng(0))
    dag = dag_of(graph)
    one = draw_dag(dag, tmp_path / f"one{suffix}", weights=np.abs(weights)).read_bytes()
    assert one == draw_dag(dag, tmp_path / f"two{suffix}", weights=np.abs(weights)).read_bytes()
    assert one != draw_dag(dag, tmp_path / f"plain{suffix}").read_bytes()
    frequency = edge_frequency([graph, graph.T])
    first = draw_edge_frequency(frequency, tmp_path / f"f{suffix}", names=dag.names).read_bytes()
    assert first == draw_edge_frequency(frequency, tmp_path / f"g{suffix}", names=dag.names).read_bytes()


def test_a_graph_without_edges_lists_its_columns(tmp_path: Path) -> None:
    picture = draw_dag(dag_of(np.zeros((3, 3), dtype=bool)), tmp_path / "d.svg").read_text()
    assert "3 without edges: $class_0, $class_1, $class_2" in picture


def test_bad_pictures(tmp_path: Path) -> None:
    dag = dag_of(np.zeros((3, 3), dtype=bool))
    with pytest.raises(DataError, match=r"expected a picture in \.png or \.svg"):
        draw_dag(dag, tmp_path / "d.jpg")
    with pytest.raises(DataError, match=r"weights: expected \[3, 3\], got \[2, 2\]"):
        draw_dag(dag, tmp_path / "d.png", weights=np.zeros((2, 2)))
    with pytest.raises(DataError, match="entries between 0 and 1"):
        draw_edge_frequency(np.full((2, 2), 2.0), tmp_path / "f.png")
    with pytest.raises(DataError, match="blocks: expected a divisor of 3, the number of columns, got 2"):
        draw_edge_frequency(np.zeros((3, 3)), tmp_path / "f.png", blocks=2)
    with pytest.raises(DataError, match="names: expected 2"):
        draw_edge_frequency(np.zeros((2, 2)), tmp_path / "f.png", names=["a"])
    assert not list(tmp_path.iterdir())


def test_a_dense_graph_can_be_cut_to_its_heaviest_edges(tmp_path: Path) -> None:
    graph, weights = random_dag(12, 40, np.random.default_rng(0))
    weights = np.abs(weights)
    drawn = draw_dag(dag_of(graph), tmp_path / "part.svg", weights=weights, most_edges=10).read_text()
    assert f"the 10 heaviest of {int(graph.sum())} edges" in drawn
    threshold = np.sort(weights[graph])[-10]
    by_hand = draw_dag(dag_of(graph & (weights >= threshold)), tmp_path / "hand.svg", weights=weights).read_text()
    assert drawn.count("<path") == by_hand.count("<path")
    whole = draw_dag(dag_of(graph), tmp_path / "whole.svg", weights=weights, most_edges=int(graph.sum())).read_bytes()
    assert whole == draw_dag(dag_of(graph), tmp_path / "all.svg", weights=weights).read_bytes()
    with pytest.raises(DataError, match="most_edges: expected weights"):
        draw_dag(dag_of(graph), tmp_path / "no.svg", most_edges=10)


def test_crossings_are_pairs_of_edges_between_two_layers() -> None:
    rng = np.random.default_rng(0)
    upper, lower = rng.permutation(12).tolist(), (12 + rng.permutation(9)).tolist()
    rank = {item: place for items in (upper, lower) for place, item in enumerate(items)}
    below = {item: (12 + rng.choice(9, size=3, replace=False)).tolist() for item in upper[1:]}
    edges = [(rank[item], rank[other]) for item, others in below.items() for other in others]
    expected = sum(a < c and b > d for a, b in edges for c, d in edges)
    assert expected > 100
    assert _crossings([upper, lower], rank, {item: below.get(item, []) for item in rank}) == expected
