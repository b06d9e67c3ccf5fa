"""Dependency edges from a matrix of weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.nn import LatentInteraction
from avgraph.transforms import DependencyEdges
from avgraph.transforms.dependency_edges import dependency_matrix

DRIVES = ("concept", "drives", "concept")


def concepts(n: int = 4) -> HeteroData:
    return HeteroData(concept={"x": torch.eye(n)})


def test_there_and_back_from_a_tensor_an_array_and_a_file(tmp_path: Path) -> None:
    weights = torch.rand(4, 4).triu(1)
    np.save(tmp_path / "w.npy", weights.numpy())
    data = concepts()
    for given in (weights, weights.numpy(), tmp_path / "w.npy", str(tmp_path / "w.npy")):
        found = DependencyEdges(given)(data)
        torch.testing.assert_close(dependency_matrix(found), weights)
    assert not data.edge_types
    order = [tuple(edge) for edge in found[DRIVES].edge_index.T.tolist()]
    assert order == sorted(order)


def test_old_edges_are_replaced() -> None:
    data = DependencyEdges(torch.ones(4, 4).triu(1))(concepts())
    data[DRIVES].frequency = torch.ones(6)
    found = DependencyEdges(torch.zeros(4, 4))(data)
    assert found[DRIVES].edge_index.shape == (2, 0)
    assert "frequency" not in found[DRIVES]


def test_edges_of_a_user_are_read_with_weights_or_without() -> None:
    data = concepts(3)
    data[DRIVES].edge_index = torch.tensor([[0, 1], [1, 2]])
    assert dependency_matrix(data).tolist() == [[0, 0.5, 0], [0, 0, 0.5], [0, 0, 0]]
    data[DRIVES].edge_weight = torch.tensor([2.0, 3.0])
    assert dependency_matrix(data)[1, 2] == 3
    data["concept"].name = ["dog", "rain", "wet"]
    data[DRIVES].edge_index = torch.tensor([[0, 1], [1, 0]])
    with pytest.raises(GraphError, match=r"\(concept, drives, concept\): the edges form a cycle: dog → rain → dog"):
        dependency_matrix(data)
    data[DRIVES].edge_index = torch.tensor([[0, 1], [1, 3]])
    with pytest.raises(GraphError, match="an edge names concept 3, but there are 3"):
        dependency_matrix(data)


def test_edges_between_the_same_nodes_add_up_as_in_a_layer() -> None:
    data = concepts(2)
    data[DRIVES].edge_index = torch.tensor([[0, 0, 0], [1, 1, 1]])
    assert dependency_matrix(data)[0, 1] == pytest.approx(1)
    data[DRIVES].edge_weight = weight = torch.tensor([0.25, 2.0, 0.5])
    assert dependency_matrix(data).tolist() == [[0, 2.75], [0, 0]]
    energy = LatentInteraction(["audio", "visual"], inter_weight=0.4)
    clips = {"audio": torch.tensor([[0.0]]), "visual": torch.tensor([[3.0]])}
    active = {("audio", "activates", "concept"): torch.eye(2)[:1], ("visual", "activates", "concept"): torch.eye(2)[1:]}
    index, along = {DRIVES: data[DRIVES].edge_index}, {DRIVES: weight}
    assert float(energy(clips, index, {**active, **along})) == pytest.approx(0.4 * 2.75 * 3)
    data[DRIVES].edge_weight = torch.tensor([-0.25, 2.0, 0.5])
    with pytest.raises(GraphError, match=r"\(concept, drives, concept\): expected weights of at least 0, got -0\.25"):
        dependency_matrix(data)


def test_bad_input_is_named() -> None:
    with pytest.raises(GraphError, match=r"weights: expected \[p, p\], got \[2, 3\]"):
        DependencyEdges(torch.zeros(2, 3))
    with pytest.raises(GraphError, match=r"at least 0, got -1\.0 in row 1"):
        DependencyEdges(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))
    with pytest.raises(GraphError, match="node 1 drives itself"):
        DependencyEdges(torch.diag(torch.tensor([0.0, 1.0])))
    with pytest.raises(GraphError, match="row 0, column 1 is nan"):
        DependencyEdges(torch.tensor([[0.0, torch.nan], [0.0, 0.0]]))
    with pytest.raises(GraphError, match="weights of 3 nodes, but there are 4 'concept' nodes"):
        DependencyEdges(torch.zeros(3, 3))(concepts())
    with pytest.raises(GraphError, match=r"no \(concept, drives, concept\) edges"):
        dependency_matrix(concepts())
    with pytest.raises(GraphError, match="weights: the edges form a cycle: node 1 → node 2 → node 1"):
        DependencyEdges(torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
    assert repr(DependencyEdges(torch.zeros(3, 3))) == "DependencyEdges([3, 3], 'concept', 'drives')"
