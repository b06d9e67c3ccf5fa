"""The writers of the other formats, the choice of one by suffix, and files that are whole or absent."""

from __future__ import annotations

import json
import math
from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from packaging.version import Version
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export import export_graph, read_graphml, read_json, write_gexf, write_graphml, write_parquet
from tests.export.graphs import assert_same, graphs, small_graph

SUFFIXES = ("graphml", "gexf", "json", "parquet")
every_format = pytest.mark.parametrize("suffix", SUFFIXES)


def bad_graph() -> HeteroData:
    data = small_graph()
    data["audio"].adjacency = torch.eye(3).to_sparse()
    return data


@every_format
def test_a_format_for_each_suffix(tmp_path: Path, suffix: str) -> None:
    assert export_graph(small_graph(), str(tmp_path / f"g.{suffix}")) == tmp_path / f"g.{suffix}"
    assert [path.name for path in tmp_path.iterdir()] == [f"g.{suffix}"]


@every_format
def test_failure_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError, match=r"audio, attribute 'adjacency': expected a dense tensor.*got sparse"):
        export_graph(bad_graph(), tmp_path / f"g.{suffix}")
    assert not list(tmp_path.iterdir())


@every_format
def test_failure_while_writing_leaves_nothing(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("avgraph.export.tables.NodeTable.labels", fail)
    with pytest.raises(DataError, match="cannot write it: No space left on device"):
        export_graph(small_graph(), tmp_path / f"g.{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "json"])
def test_a_file_is_replaced_only_by_a_whole_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"g.{suffix}"
    path.write_text("old")
    with pytest.raises(DataError):
        export_graph(bad_graph(), path)
    assert path.read_text() == "old"
    export_graph(small_graph(), path)
    assert path.read_text("utf-8") != "old"


@every_format
def test_a_folder_is_never_replaced(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"g.{suffix}").mkdir()
    (tmp_path / f"g.{suffix}" / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match=r"it is a folder|already exists"):
        export_graph(small_graph(), tmp_path / f"g.{suffix}")
    assert (tmp_path / f"g.{suffix}" / "mine.txt").read_text() == "keep"


@every_format
def test_missing_folder(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError, match=r"the folder .*nowhere does not exist"):
        export_graph(small_graph(), tmp_path / "nowhere" / f"g.{suffix}")


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"ends in \.graphml, \.gexf, \.json or \.parquet"):
        export_graph(small_graph(), tmp_path / "g.dot")


def test_export_without_vectors(tmp_path: Path) -> None:
    assert "x" not in read_graphml(export_graph(small_graph(), tmp_path / "g.graphml", vectors=False))["audio"]
    assert "x" in read_graphml(export_graph(small_graph(), tmp_path / "h.graphml"))["audio"]


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (torch.tensor([[0], [2]]), r"node type 'a': node index 2, but it has 2 nodes"),
        (torch.tensor([[0], [-1]]), r"node type 'a': node index -1 is negative"),
        (torch.tensor([0, 1]), r"expected edge_index as an integer tensor of shape \[2, e\]; got \[2\]"),
        (torch.tensor([[0.0], [1.0]]), r"expected edge_index as an integer tensor; got torch.float32"),
    ],
)
def test_edges_that_do_not_fit(tmp_path: Path, edges: torch.Tensor, message: str) -> None:
    data = HeteroData()
    data["a"].num_nodes = 2
    data["a", "to", "a"].edge_index = edges
    with pytest.raises(DataError, match=message):
        write_graphml(data, tmp_path / "g.graphml")


@pytest.mark.parametrize("value", [{1, 2}, object(), torch.zeros(3, dtype=torch.complex64), b"bytes"])
def test_values_that_cannot_be_stored(tmp_path: Path, value: object) -> None:
    data = HeteroData()
    data.note = {"deep": [value]}
    with pytest.raises(DataError, match=r"the graph, attribute 'note': (cannot store|expected a dense tensor)"):
        write_graphml(data, tmp_path / "g.graphml")


def test_number_of_nodes_that_cannot_be_known(tmp_path: Path) -> None:
    data = HeteroData()
    data["a"].one, data["a"].two = torch.zeros(2), torch.zeros(3)
    with pytest.raises(DataError, match=r"node type 'a': attributes disagree.*set num_nodes"):
        write_graphml(data, tmp_path / "g.graphml")


@pytest.mark.skipif(Version(nx.__version__) < Version("3.6"), reason="reads no GEXF 1.3")
def test_gexf_opens_in_networkx(tmp_path: Path) -> None:
    write_gexf(small_graph(), tmp_path / "g.gexf")
    graph = nx.read_gexf(tmp_path / "g.gexf", version="1.3")
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (5, 5)
    assert graph.nodes["audio/2"]["label"] == "Gewölbe <3"
    assert graph.nodes["audio/0"]["train_mask"] is True
    near = graph.get_edge_data("audio/2", "audio/0")
    assert near["e0"]["weight"] == pytest.approx(0.9)
    assert "x" not in graph.nodes["audio/0"]


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
@given(data=graphs())
def test_any_graph_as_gexf_and_parquet(tmp_path_factory: pytest.TempPathFactory, data: HeteroData) -> None:
    folder = tmp_path_factory.mktemp("graph")
    write_gexf(data, folder / "g.gexf")
    if Version(nx.__version__) >= Version("3.6"):
        graph = nx.read_gexf(folder / "g.gexf", version="1.3")
        assert graph.number_of_nodes() == sum(store["num_nodes"] for store in data.node_stores)
    write_parquet(data, folder / "g.parquet")
    tables = [pq.read_table(path) for path in (folder / "g.parquet").glob("*.parquet")]
    edges = sum(store["edge_index"].shape[1] for store in data.edge_stores)
    assert len(tables) == len(data.node_types) + len(data.edge_types)
    assert sum(table.num_rows for table in tables) == graph.number_of_nodes() + edges


def test_parquet_tables(tmp_path: Path) -> None:
    data = small_graph()
    data["a-b"].num_nodes = 1
    write_parquet(data, tmp_path / "g.parquet")
    names = {path.name for path in (tmp_path / "g.parquet").iterdir()}
    assert {"nodes-audio.parquet", "nodes-a%2Db.parquet", "edges-audio-candidate-label.parquet"} <= names
    nodes = pq.read_table(tmp_path / "g.parquet" / "nodes-audio.parquet")
    assert str(nodes.schema.field("x").type) == "fixed_size_list<element: float>[2]"
    assert nodes["y"].to_pylist() == [1, 0, 1]
    assert math.isnan(nodes["x"].to_pylist()[1][0])
    edges = pq.read_table(tmp_path / "g.parquet" / "edges-audio-candidate-label.parquet")
    assert edges["source_name"].to_pylist() == ["rain & wind.wav", "bell\x07.wav"]
    assert edges["target_name"].to_pylist() == ["cat", "dog"]
    assert edges["target"].to_pylist() == [1, 0]
    graph = json.loads((tmp_path / "g.parquet" / "graph.json").read_text())
    assert graph["values"]["provenance"] == data.provenance


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"nodes": [\n}', r"g\.json: line 2, column 1: not JSON"),
        ("[]", r"expected node-link JSON"),
        ('{"nodes": []}', r'expected a list under "edges"'),
        ('{"nodes": [{}], "edges": []}', r'nodes\[0\]: expected an object with an "id"'),
        ('{"nodes": [{"id": 1}], "edges": [{"source": 1}]}', r'edges\[0\]: expected an object with "source"'),
        ('{"nodes": [{"id": 1}], "edges": [{"source": 1, "target": 2}]}', r"there is no node 2"),
        ('{"nodes": [{"id": 1}], "edges": [{"source": 1, "target": [2]}]}', r"edges\[0\]: expected the ids"),
        ("[" * 100_000, r"nested too deeply"),
    ],
)
def test_malformed_json(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "g.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_json(tmp_path / "g.json")


def test_json_that_networkx_wrote(tmp_path: Path) -> None:
    graph = nx.Graph([("a", "b")])
    (tmp_path / "g.json").write_text(json.dumps(nx.node_link_data(graph, edges="links")))
    data = read_json(tmp_path / "g.json")
    assert data["node"].name == ["a", "b"]
    assert data["node", "edge", "node"].edge_index.tolist() == [[0, 1], [1, 0]]


def test_a_json_file_replaced_by_an_equal_one(tmp_path: Path) -> None:
    export_graph(small_graph(), tmp_path / "g.json")
    first = (tmp_path / "g.json").read_bytes()
    export_graph(read_json(tmp_path / "g.json"), tmp_path / "g.json")
    assert (tmp_path / "g.json").read_bytes() == first
    assert_same(read_json(tmp_path / "g.json"), small_graph())
