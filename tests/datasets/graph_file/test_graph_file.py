"""Graphs of other programs and of runs as data; mistakes with file, node and attribute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch

from avgraph.config import experiment_from_dict
from avgraph.datasets import GraphFile, Synthetic
from avgraph.encoders.context import DEFAULT_CONTEXT
from avgraph.errors import AvgraphError
from avgraph.export import from_networkx, write_graphml, write_json
from avgraph.runs.pipeline import build_graph, build_task


def birds(n: int = 12) -> nx.Graph:
    """Calls of two species that were heard together, and the species."""
    rng, graph = np.random.default_rng(0), nx.Graph()
    for row in range(n):
        x = np.eye(2, 4)[row % 2] + 0.1 * rng.normal(size=4)
        split = ("train", "train", "test")[row // 2 % 3]
        graph.add_node(f"call {row}", node_type="call", x=x, y=("owl", "wren")[row % 2], split=split)
        graph.nodes[f"call {row}"].update(fold=row // 2 % 3, source=f"rec {row // 2}")
    for name in ("owl", "wren"):
        graph.add_node(name, node_type="species")
    for row in range(n):
        graph.add_edge(f"call {row}", f"call {(row + 2) % n}", relation="heard_with", weight=0.5 + row, split="train")
    return graph


def written(graph: nx.Graph, folder: Path, name: str = "birds.json") -> str:
    """A file, by networkx itself: vectors in text where it knows no others."""
    graph = graph.copy()
    for _, attributes in graph.nodes(data=True):
        if "x" in attributes:
            attributes["x"] = json.dumps(attributes["x"].tolist()) if name.endswith("ml") else attributes["x"].tolist()
    if name.endswith("ml"):
        nx.write_graphml(graph, folder / name)
    else:
        (folder / name).write_text(json.dumps(nx.node_link_data(graph, edges="edges")))
    return str(folder / name)


@pytest.mark.parametrize("name", ["birds.json", "birds.graphml"])
def test_a_graph_of_networkx_is_data(tmp_path: Path, name: str) -> None:
    data = GraphFile(path=written(birds(), tmp_path, name)).load()
    call = data["call"]
    assert (call.x.shape, call.x.dtype) == ((12, 4), torch.float32)
    assert call.x[1].tolist() == pytest.approx(birds().nodes["call 1"]["x"].tolist(), abs=1e-6)
    assert call.y.tolist() == [0, 1] * 6
    assert data.provenance["classes"] == {"call": ["owl", "wren"]}
    assert call.test_mask.tolist() == [row // 2 % 3 == 2 for row in range(12)]
    assert (data["species"].name, data["species"].y.tolist()) == (["owl", "wren"], [0, 1])
    edges = data["call", "heard_with", "call"]
    assert edges.edge_index.shape == (2, 24)  # each in both directions
    assert edges.edge_weight[:2].tolist() == [0.5, 0.5]
    assert edges.train_mask.all()


def test_folds_and_sources(tmp_path: Path) -> None:
    path = written(birds(), tmp_path)
    assert GraphFile(path=path).folds() == (0, 1, 2)
    data = GraphFile(path=path, fold=1, val_fold=0).load()
    assert data["call"].test_mask.tolist() == [row // 2 % 3 == 1 for row in range(12)]
    assert data["call"].val_mask.tolist() == [row // 2 % 3 == 0 for row in range(12)]
    graph = birds()
    graph.nodes["call 0"]["source"] = "rec 1"
    kept = GraphFile(path=written(graph, tmp_path), fold=1, on_leakage="drop").load()["call"]
    assert kept.train_mask.tolist() == [row // 2 % 3 != 1 and row != 0 for row in range(12)]


def test_features_are_the_attributes_that_are_named(tmp_path: Path) -> None:
    graph = nx.Graph()
    for row in range(3):
        graph.add_node(row, f0=row, f1=0.5, other=[1, 2])
    data = GraphFile(path=written(graph, tmp_path), features={"node": ["f*", "other"]}).load()
    assert data["node"].x.tolist() == [[row, 0.5, 1, 2] for row in range(3)]
    assert data["node"].f0.tolist() == [0, 1, 2]


@pytest.mark.parametrize("write", [write_json, write_graphml])
def test_what_was_exported_comes_back(tmp_path: Path, write: Any) -> None:
    before = Synthetic(classes=2, clips_per_class=5).load()
    path = tmp_path / f"graph.{'json' if write is write_json else 'graphml'}"
    write(before, path)
    after = GraphFile(path=str(path)).load()
    for node in before.node_types:
        assert set(before[node].keys()) - {"source_file"} <= set(after[node].keys())
    for key in ("x", "y", "train_mask", "val_mask", "test_mask"):
        assert torch.equal(before["audio"][key], after["audio"][key]), key
    assert after.provenance["source"] == "synthetic"  # a stand-in stays one
    assert list(after.provenance["files"]) == [path.name]


def test_a_graph_of_embeddings_is_ready_to_train_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_graphml(from_networkx(birds()), "birds.graphml")
    declared = {
        "dataset": {"type": "graph_file", "path": "birds.graphml"},
        "encoders": {"species": {"type": "hashing", "channels": 4}},
        "graph": [{"type": "complete", "source": "call", "target": "species"}],
        "method": {"type": "rrnet", "source": "call", "target": "species", "hidden_channels": 4},
    }
    experiment = experiment_from_dict(declared)
    task = build_task(experiment)
    graph = build_graph(experiment, task, DEFAULT_CONTEXT)
    task.bind(graph, experiment.train, 0)
    assert graph["call", "candidate", "species"].y.sum() == 12
    assert "heard_with" in {kind[1] for kind in graph.edge_types}


def _node(**attributes: Any) -> Any:
    return lambda graph: graph.nodes["call 3"].update(attributes)


def _edge(**attributes: Any) -> Any:
    return lambda graph: graph.edges["call 3", "call 5"].update(attributes)


@pytest.mark.parametrize(
    ("change", "options", "told"),
    [
        (_node(x=np.ones(3)), {}, r"call\.x: node 3 has 3 numbers, node 0 has 4"),
        (_node(x=np.full(4, np.nan)), {}, r"call\.x: NaN or infinite values in row 3"),
        (lambda graph: graph.nodes["call 3"].pop("x"), {}, r"birds\.graphml: call\.x: node 3 has none, but others"),
        (lambda graph: graph.nodes["call 3"].pop("y"), {}, r"call\.y: node 3 has none, but others have"),
        (_node(y="owll"), {}, r"call\.y: row 3: no class 'owll' in .*species\.name; did you mean 'owl'"),
        (_node(split="dev"), {}, r"call\.split: row 3: expected train, val, test or 0, 1, 2, got 'dev'"),
        (_edge(weight="heavy"), {}, r"\(call, heard_with, call\)\.weight: expected a number for every edge"),
        (_edge(split="dev"), {}, r"\(call, heard_with, call\)\.split: row \d+: expected train, val, test"),
        (None, {"features": {"cal": ["x"]}}, r"dataset\.features: no node type 'cal'; did you mean 'call'"),
        (None, {"features": {"call": ["z"]}}, r"call\.z: there is no such column; it has: fold, name, source"),
        (None, {"features": {"call": ["y"]}}, r"call\.y: node 0: expected a list of numbers, such as .*, got 'owl'"),
        (None, {"fold": 7}, r"dataset\.fold: no row of fold 7 in .*call\.fold; there are 0, 1, 2"),
        (lambda graph: graph.clear(), {}, r"birds\.graphml: holds no nodes"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, change: Any, options: dict[str, Any], told: str) -> None:
    graph = birds()
    if change is not None:
        change(graph)
    with pytest.raises(AvgraphError, match=told) as caught:
        GraphFile(path=written(graph, tmp_path, "birds.graphml"), **options).load()
    assert "\n" not in str(caught.value)


def test_the_file_is_looked_at_before_anything_is_loaded(tmp_path: Path) -> None:
    (one,) = GraphFile(path="birds.gml").inputs()
    assert "birds.gml: expected a graph, .graphml, .json, .pt" in str(one.problem())
    (tmp_path / "birds.json").write_text("{}")
    (one,) = GraphFile(path=str(tmp_path / "bird.json")).inputs()
    assert "no such file; did you mean 'birds.json'" in str(one.problem())
