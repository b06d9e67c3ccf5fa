"""Graphs that PyG users saved as dictionaries, as data; objects are not unpickled, wrong ones are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data, HeteroData

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.datasets import GraphFile
from avgraph.errors import DataError


def clips() -> HeteroData:
    """Twelve clips of two kinds in three splits, and edges between them that weigh."""
    data = HeteroData()
    data["clip"].y = torch.arange(12) % 2
    data["clip"].x = torch.eye(2)[data["clip"].y] + 0.1 * torch.randn(12, 2, generator=torch.Generator().manual_seed(0))
    for number, name in enumerate(("train_mask", "val_mask", "test_mask")):
        data["clip"][name] = torch.arange(12) // 2 % 3 == number
    data["kind"].x, data["kind"].y = torch.eye(2), torch.arange(2)
    data["clip", "near", "clip"].edge_index = torch.stack([torch.arange(11), torch.arange(1, 12)])
    data["clip", "near", "clip"].edge_weight = torch.linspace(0, 1, 11)
    return data


def loaded(content: Any, folder: Path) -> HeteroData:
    torch.save(content, folder / "graph.pt")
    return GraphFile(path=str(folder / "graph.pt")).load()


def test_all_that_a_graph_has_comes_along(tmp_path: Path) -> None:
    data, before = loaded(clips().to_dict(), tmp_path), clips()
    assert torch.equal(data["clip"].x, before["clip"].x)
    assert torch.equal(data["clip"].y, before["clip"].y)
    assert torch.equal(data["clip"].test_mask, before["clip"].test_mask)
    assert torch.equal(data["clip", "near", "clip"].edge_index, before["clip", "near", "clip"].edge_index)
    assert torch.equal(data["clip", "near", "clip"].edge_weight, before["clip", "near", "clip"].edge_weight)


@pytest.mark.slow
def test_a_method_learns_on_it(tmp_path: Path) -> None:
    torch.save(clips().to_dict(), tmp_path / "graph.pt")
    graph = [{"type": "complete", "source": "clip", "target": "kind"}]
    method = {"type": "rrnet", "source": "clip", "target": "kind"}
    declared = {"dataset": {"type": "graph_file", "path": str(tmp_path / "graph.pt")}, "graph": graph, "method": method}
    run = avgraph.train(
        experiment_from_dict({**declared, "train": {"epochs": 100, "threads": 1}, "output": str(tmp_path / "runs")})
    )
    assert run.metrics["test/accuracy"] == 1


def test_a_graph_of_one_type(tmp_path: Path) -> None:
    edges = torch.tensor([[0, 1, 2], [1, 2, 0]])
    data = loaded(Data(x=torch.eye(3), y=torch.tensor([0, 1, 0]), edge_index=edges).to_dict(), tmp_path)
    assert (data.node_types, data.edge_types) == (["node"], [("node", "edge", "node")])
    assert data["node"].y.tolist() == [0, 1, 0]
    assert torch.equal(data["node", "edge", "node"].edge_index, edges)


def test_edges_say_how_many_nodes_there_are(tmp_path: Path) -> None:
    data = HeteroData()
    data["user", "trusts", "user"].edge_index = torch.tensor([[0, 3], [1, 0]])
    assert loaded(data.to_dict(), tmp_path)["user"].name == ["user/0", "user/1", "user/2", "user/3"]


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"graph\.pt: it holds objects, which are not unpickled; write torch\.save"):
        loaded(clips(), tmp_path)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "holds no nodes"),
        ([1], "not a saved graph: expected a dictionary, got list"),
        ({("a", "b"): {"edge_index": torch.ones(2, 1)}}, "expected dictionaries of node types and of"),
        ({"clip": {"x": torch.eye(2).to_sparse()}}, "x: expected a dense tensor, got torch.sparse_coo"),
        (
            {"clip": {"x": torch.eye(2), "val_mask": torch.zeros(2)}},
            r"clip\.val_mask: expected true or false for every",
        ),
        ({"clip": {"num_nodes": -1}}, r"clip\.num_nodes: expected a number of at least 0, got -1"),
        ({("a", "to", "a"): {"edge_index": torch.tensor([[0], [1 << 40]])}}, r"a: \d+ bytes claim to hold"),
        ({"clip": {"x": torch.eye(2), "y": torch.zeros(3)}}, r"clip: expected as many rows of each, got x 2, y 3"),
        ({("a", "to", "a"): {"edge_index": torch.zeros(2, 1)}}, r"edge_index: expected int64 \[2, e\], got \[2, 1\]"),
        ({("a", "to", "a"): {"edge_weight": torch.zeros(1)}}, r"edge_index: expected int64 \[2, e\], got NoneType"),
        (
            {"a": {"x": torch.eye(2)}, ("a", "to", "a"): {"edge_index": torch.tensor([[0], [2]])}},
            r"column 0: target 2, but there are 2 'a' nodes",
        ),
        (
            {"a": {"x": torch.eye(2)}, ("a", "to", "a"): {"edge_index": torch.ones(2, 1).long(), "y": torch.ones(2)}},
            r"to.*y: expected one for each of 1 edges",
        ),
        *(
            (
                {("a", "to", "a"): {"edge_index": torch.zeros(2, 2).long(), name: torch.tensor([0.0, wrong])}},
                rf"graph\.pt: \(a, to, a\)\.{name}: NaN or infinite values in edge 1",
            )
            for name, wrong in (("edge_weight", torch.nan), ("edge_attr", torch.inf))
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, wrong: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        loaded(wrong, tmp_path)
