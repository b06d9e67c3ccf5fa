"""Every format that can be read gives back the graph that was written, whatever it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from avgraph.export import (
    from_networkx,
    read_graphml,
    read_json,
    to_networkx,
    write_graphml,
    write_json,
)
from avgraph.export.array_text import number_texts, parse_rows
from avgraph.export.cells import escape_forbidden, unescape_forbidden
from tests.export.graphs import CANDIDATE, EDGE, assert_same, graphs, small_graph, texts

few = settings(deadline=None, max_examples=50, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))


def through_graphml(data: HeteroData, folder: Path, *, vectors: bool = True) -> HeteroData:
    write_graphml(data, folder / "g.graphml", vectors=vectors)
    return read_graphml(folder / "g.graphml")


def through_json(data: HeteroData, folder: Path, *, vectors: bool = True) -> HeteroData:
    write_json(data, folder / "g.json", vectors=vectors)
    return read_json(folder / "g.json")


def through_networkx(data: HeteroData, folder: Path, *, vectors: bool = True) -> HeteroData:
    return from_networkx(to_networkx(data, vectors=vectors))


Through = Callable[..., HeteroData]
every_way = pytest.mark.parametrize("through", [through_graphml, through_json, through_networkx])


@every_way
@few
@given(data=graphs())
def test_any_graph_comes_back(through: Through, tmp_path_factory: pytest.TempPathFactory, data: HeteroData) -> None:
    assert_same(data, through(data, tmp_path_factory.mktemp("graph")))


@every_way
def test_small_graph_comes_back(through: Through, tmp_path: Path) -> None:
    data = small_graph()
    assert_same(data, through(data, tmp_path))


@every_way
def test_the_data_is_not_changed(through: Through, tmp_path: Path) -> None:
    data = small_graph()
    through(data, tmp_path)
    assert_same(data, small_graph())


@every_way
def test_without_vectors_the_rest_comes_back(through: Through, tmp_path: Path) -> None:
    back = through(small_graph(), tmp_path, vectors=False)
    assert "x" not in back["audio"]
    assert "edge_attr" not in back[EDGE]
    assert back["audio"].num_nodes == 3
    assert back["audio"].name == small_graph()["audio"].name
    assert torch.equal(back[CANDIDATE].probability, small_graph()[CANDIDATE].probability)
    assert back.provenance == small_graph().provenance


@every_way
def test_no_nodes_no_edges(through: Through, tmp_path: Path) -> None:
    assert_same(HeteroData(), through(HeteroData(), tmp_path))


@every_way
def test_arrays_unsigned_and_edge_stores_without_edges(through: Through, tmp_path: Path) -> None:
    data = HeteroData()
    data["a"].num_nodes = 2
    data["a"].array = np.array([[1.5], [np.nan]], dtype=np.float32)
    data["a"].big = torch.tensor([2**64 - 1, 0], dtype=torch.uint64)
    data["a"].small = torch.tensor([2**16 - 1, 0], dtype=torch.uint16)
    data["a"].mean = torch.tensor(0.1)
    data["a"].names = ("one", None)
    data["a", "to", "a"].note = "no edge_index"
    assert_same(data, through(data, tmp_path))


@every_way
def test_number_of_nodes_is_inferred_and_not_added(through: Through, tmp_path: Path) -> None:
    data = HeteroData()
    data["label"].name = ["dog", "cat"]
    data["audio", "is", "label"].edge_index = torch.tensor([[4], [1]])
    back = through(data, tmp_path)
    assert "num_nodes" not in back["label"]
    assert back["audio"].num_nodes == 5  # known only from the edges: an equal graph says so


def test_a_float32_that_double_rounding_would_change(tmp_path: Path) -> None:
    awkward = np.array([float.fromhex("0x1.5c87fap-84")], dtype=np.float32)
    assert np.float32(float(str(awkward[0]))) != awkward[0]  # its shortest text misses it by one bit
    assert parse_rows(number_texts(awkward), "float32", ())[0] == awkward[0]


def test_graphml_survives_networkx(tmp_path: Path) -> None:
    data = small_graph()
    write_graphml(data, tmp_path / "a.graphml")
    graph = nx.read_graphml(tmp_path / "a.graphml", force_multigraph=True)
    nx.write_graphml(graph, tmp_path / "b.graphml")
    back = read_graphml(tmp_path / "b.graphml")
    for edge_type in back.edge_types:
        back[edge_type].pop("id", None)
    assert_same(data, back)


def test_what_a_user_adds_or_removes_in_networkx(tmp_path: Path) -> None:
    graph = to_networkx(small_graph())
    for rank, node in enumerate(graph.nodes):
        graph.nodes[node]["rank"] = rank
    graph.remove_node("audio/1")
    data = from_networkx(graph)
    assert data["audio"].name == ["rain & wind.wav", "Gewölbe <3"]
    assert data["audio"].rank.tolist() == [0, 2]
    assert data[EDGE].edge_index.tolist() == [[1], [0]]
    assert data[EDGE].edge_weight.tolist() == pytest.approx([0.9])


def test_json_is_strict(tmp_path: Path) -> None:
    write_json(small_graph(), tmp_path / "g.json")

    def refuse(word: str) -> float:
        raise AssertionError(word)

    content = json.loads((tmp_path / "g.json").read_text("utf-8"), parse_constant=refuse)
    graph = nx.node_link_graph(content, edges="edges")
    assert graph.number_of_nodes() == 5
    assert graph.number_of_edges() == 5
    assert_same(small_graph(), from_networkx(graph))


@given(text=st.text() | texts | st.text("_x0041A\x01\ufffe", max_size=20))
@few
def test_escapes_are_undone(text: str) -> None:
    escaped = escape_forbidden(text)
    assert not set(escaped) & {*map(chr, range(9)), "\x0b", "\x0c", "\ufffe", "\uffff", "\ud800"}
    assert unescape_forbidden(escaped) == text
