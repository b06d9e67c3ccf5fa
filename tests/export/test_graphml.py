"""GraphML: what other programs see, and every way a file can be wrong."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import igraph
import networkx as nx
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch_geometric.data import HeteroData
from torch_geometric.utils import to_networkx as pyg_to_networkx

from avgraph.errors import DataError
from avgraph.export import read_graphml, to_networkx, write_graphml
from tests.export.graphs import CANDIDATE, EDGE, graphs, small_graph

NS = "{http://graphml.graphdrawing.org/xmlns}"
TYPES = {"boolean", "int", "long", "float", "double", "string"}


def check_rules(path: Path, data: HeteroData) -> None:
    """What Gephi and the GraphML schema ask of a file."""
    root = ET.parse(path).getroot()
    keys = {key.get("id"): key for key in root.findall(f"{NS}key")}
    assert len(keys) == len(root.findall(f"{NS}key"))
    assert {key.get("attr.type") for key in keys.values()} <= TYPES
    titles = [(key.get("for"), key.get("attr.name")) for key in keys.values()]
    assert len(set(titles)) == len(titles)
    (graph,) = root.findall(f"{NS}graph")
    nodes, edges = graph.findall(f"{NS}node"), graph.findall(f"{NS}edge")
    ids = {node.get("id") for node in nodes}
    sizes = [store["num_nodes"] for store in data.node_stores]
    assert len(ids) == len(nodes) == sum(sizes)
    assert len({edge.get("id") for edge in edges}) == len(edges)
    assert len(edges) == sum(store["edge_index"].shape[1] for store in data.edge_stores)
    assert all(edge.get("source") in ids and edge.get("target") in ids for edge in edges)
    for domain, elements in (("graph", [graph]), ("node", nodes), ("edge", edges)):
        for element in elements:
            cells = [cell.get("key") for cell in element.findall(f"{NS}data")]
            assert len(set(cells)) == len(cells)
            assert all(keys[cell].get("for") == domain for cell in cells)


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
@given(data=graphs())
def test_any_graph_is_valid_and_networkx_opens_it(tmp_path_factory: pytest.TempPathFactory, data: HeteroData) -> None:
    path = tmp_path_factory.mktemp("graph") / "g.graphml"
    write_graphml(data, path)
    check_rules(path, data)
    graph = nx.read_graphml(path, force_multigraph=True)
    assert graph.number_of_nodes() == sum(store["num_nodes"] for store in data.node_stores)
    assert graph.number_of_edges() == sum(store["edge_index"].shape[1] for store in data.edge_stores)


def sized_small_graph() -> HeteroData:
    data = small_graph()
    data["audio"].num_nodes, data["label"].num_nodes = 3, 2
    return data


def test_small_graph_follows_the_rules(tmp_path: Path) -> None:
    write_graphml(sized_small_graph(), tmp_path / "g.graphml")
    check_rules(tmp_path / "g.graphml", sized_small_graph())


def test_networkx_sees_names_and_typed_numbers(tmp_path: Path) -> None:
    write_graphml(small_graph(), tmp_path / "g.graphml")
    graph = nx.read_graphml(tmp_path / "g.graphml", force_multigraph=True)
    assert list(graph) == ["audio/0", "audio/1", "audio/2", "label/0", "label/1"]
    node = graph.nodes["audio/2"]
    assert (node["node_type"], node["name"], node["label"]) == ("audio", "Gewölbe <3", "Gewölbe <3")
    assert node["train_mask"] is True
    edge = graph.edges["audio/0", "label/1", "e3"]
    assert edge["relation"] == "candidate"
    assert type(edge["probability"]) is float
    assert edge["probability"] == 0.25
    assert type(graph.edges["audio/2", "audio/0", "e0"]["weight"]) is float


def test_igraph_sees_names_and_typed_numbers(tmp_path: Path) -> None:
    write_graphml(small_graph(), tmp_path / "g.graphml")
    graph = igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml"))
    assert (graph.vcount(), graph.ecount(), graph.is_directed()) == (5, 5, True)
    assert graph.vs["name"][2] == "Gewölbe <3"
    assert graph.es["weight"][:3] == pytest.approx([0.9, 0.8, 0.7])
    assert graph.es["probability"][3:] == pytest.approx([0.25, 0.1])
    assert graph.es["relation"] == ["near"] * 3 + ["candidate"] * 2


def test_igraph_reads_numbers_that_are_not_finite(tmp_path: Path) -> None:
    data = HeteroData()
    data["a"].value = torch.tensor([math.nan, math.inf, -math.inf])
    write_graphml(data, tmp_path / "g.graphml")
    value = igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml")).vs["value"]
    assert math.isnan(value[0])
    assert value[1:] == [math.inf, -math.inf]


def test_pyg_and_networkx_together_cannot_write_this_graph_and_we_can(tmp_path: Path) -> None:
    data = HeteroData()
    data["audio"].x = torch.rand(2, 3)
    data["audio", "near", "audio"].edge_index = torch.tensor([[0], [1]])
    with pytest.raises(nx.NetworkXError, match="tuple"):
        nx.write_graphml(pyg_to_networkx(data), tmp_path / "pyg.graphml")  # the edge type is a tuple
    nx.write_graphml(to_networkx(data, vectors=False), tmp_path / "ours.graphml")
    assert read_graphml(tmp_path / "ours.graphml")["audio"].num_nodes == 2


def test_without_vectors_every_networkx_value_is_plain() -> None:
    graph = to_networkx(small_graph(), vectors=False)
    cells = [graph.graph, *dict(graph.nodes(data=True)).values(), *(cell for *_, cell in graph.edges(data=True))]
    assert {type(value) for cell in cells for value in cell.values()} <= {bool, int, float, str}


def test_networkx_has_vectors_as_lists() -> None:
    graph = to_networkx(small_graph())
    assert graph.edges["audio/2", "audio/0", "e0"]["edge_attr"] == [1.0, 2.0]
    assert type(graph.nodes["audio/0"]["y"]) is int
    assert graph.graph["provenance"]["dataset"] == "esc50"


def test_types_that_differ_share_the_wider_one(tmp_path: Path) -> None:
    data = HeteroData()
    data["a"].value = torch.tensor([2**53 + 1])
    data["b"].value = torch.tensor([0.5])
    data["c"].value = ["text"]
    write_graphml(data, tmp_path / "g.graphml")
    keys = ET.parse(tmp_path / "g.graphml").getroot().findall(f"{NS}key")
    assert [key.get("attr.type") for key in keys if key.get("attr.name") == "value"] == ["string"]
    assert read_graphml(tmp_path / "g.graphml")["a"].value.tolist() == [2**53 + 1]


def test_reserved_names_do_not_hide_data(tmp_path: Path) -> None:
    data = HeteroData()
    data["a"].name, data["a"].label = ["one"], torch.tensor([7])
    write_graphml(data, tmp_path / "g.graphml")
    node = nx.read_graphml(tmp_path / "g.graphml").nodes["a/0"]
    assert (node["label"], node["label_"]) == ("one", 7)


def test_a_plain_networkx_graph(tmp_path: Path) -> None:
    graph = nx.DiGraph()
    graph.add_node("a", age=3, kind="x")
    graph.add_node("b", age=4)
    graph.add_edge("a", "b", weight=0.5, strong=True)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    data = read_graphml(tmp_path / "g.graphml")
    assert (data.node_types, data.edge_types) == (["node"], [("node", "edge", "node")])
    assert data["node"].name == ["a", "b"]
    assert data["node"].age.tolist() == [3, 4]
    assert data["node"].kind == ["x", None]
    edges = data["node", "edge", "node"]
    assert edges.edge_index.tolist() == [[0], [1]]
    assert edges.edge_weight.tolist() == [0.5]
    assert edges.edge_weight.dtype == torch.float32
    assert edges.strong.tolist() == [True]


def test_an_undirected_igraph_graph(tmp_path: Path) -> None:
    graph = igraph.Graph(n=3, edges=[(0, 1), (2, 2)])
    graph.vs["name"] = ["a_x0041_", "b", "c"]  # not our escapes: left alone
    graph.write_graphml(str(tmp_path / "g.graphml"))
    data = read_graphml(tmp_path / "g.graphml")
    assert data["node"].name == ["a_x0041_", "b", "c"]
    assert data["node", "edge", "node"].edge_index.tolist() == [[0, 1, 2], [1, 0, 2]]


def graphml(body: str) -> str:
    return f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n{body}\n</graphml>'


def test_defaults_and_drawings_of_other_programs(tmp_path: Path) -> None:
    text = graphml(
        '<key id="k" for="node" attr.name="size" attr.type="int"><default>5</default></key>'
        '<key id="y" for="node" yfiles.type="nodegraphics"/><graph edgedefault="directed">'
        '<node id="a"><data key="y"><Shape>round</Shape></data></node>'
        '<node id="b"><data key="k">6</data></node></graph>'
    )
    (tmp_path / "g.graphml").write_text(text)
    assert read_graphml(tmp_path / "g.graphml")["node"].size.tolist() == [5, 6]


BOMB = '<!DOCTYPE g [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<graphml>&b;</graphml>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, r"g\.graphml: line 1: a DOCTYPE is refused"),
        ("", r"g\.graphml: line 1: not well-formed XML: no element found"),
        (graphml("<graph>"), r"line 3: not well-formed XML: mismatched tag"),
        ("<gexf/>", r"line 1: expected a <graphml> document, got <gexf>"),
        (graphml(""), r"expected a <graph> element, found none"),
        (graphml("<graph/>\n<graph/>"), r"line 3: expected one graph"),
        (graphml("<graph><hyperedge/></graph>"), r"line 2: hyperedges cannot be read"),
        (graphml("<graph>\n<node/></graph>"), r"line 3: <node> without the attribute 'id'"),
        (graphml('<graph>\n<node id="a"/>\n<node id="a"/></graph>'), r"line 4: node id 'a' occurs twice"),
        (graphml('<graph><node id="a"/>\n<edge source="a" target="b"/></graph>'), r"line 3: .*there is no node 'b'"),
        (graphml('<graph><data key="k">1</data></graph>'), r"line 2: <data> refers to the key 'k'"),
        (graphml('<key id="k"/>\n<key id="k"/><graph/>'), r"line 3: key id 'k' is declared twice"),
        (graphml('<key id="k" attr.type="list"/><graph/>'), r"line 2: key 'k': expected attr.type one of"),
        (
            graphml(
                '<key id="k" attr.name="n" attr.type="int"/><graph>\n<node id="a"><data key="k">x</data></node></graph>'
            ),
            r"line 3: attribute 'n': expected int, got 'x'",
        ),
        (
            graphml('<key id="k" for="graph" attr.name="avgraph"/><graph><data key="k">{"format": 9}</data></graph>'),
            r"graph attribute 'avgraph': expected format 1, got 9",
        ),
        (
            graphml('<key id="k" for="graph" attr.name="avgraph"/><graph><data key="k">[</data></graph>'),
            r"graph attribute 'avgraph': malformed schema",
        ),
        (
            graphml('<key id="k" for="graph" attr.name="avgraph"/><graph><data key="k">{"format": 1}</data></graph>'),
            r"graph attribute 'avgraph': malformed schema",
        ),
    ],
)
def test_malformed_files(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "g.graphml").write_text(text)
    with pytest.raises(DataError, match=message):
        read_graphml(tmp_path / "g.graphml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (">0.25<", ">high<", r"line \d+: .*'probability': row 0: expected float32 \[\]"),
        ("[3.0,4.0]", "[3.0]", r"'edge_attr': row 1: expected float16 \[2\]: expected shape \[2\]"),
        (">true<", ">perhaps<", r"'train_mask': row 0: expected bool"),
    ],
)
def test_files_of_ours_that_were_changed(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "g.graphml"
    write_graphml(small_graph(), path)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DataError, match=message):
        read_graphml(path)


def test_an_edge_type_that_a_user_made_up(tmp_path: Path) -> None:
    path = tmp_path / "g.graphml"
    write_graphml(small_graph(), path)
    path.write_text(path.read_text("utf-8").replace(">near<", ">far<", 1), "utf-8")
    data = read_graphml(path)
    assert data["audio", "far", "audio"].edge_index.tolist() == [[2], [0]]
    assert data[EDGE].edge_index.tolist() == [[0, 0], [1, 1]]


def test_a_cut_file_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "g.graphml"
    write_graphml(small_graph(), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="not well-formed XML"):
        read_graphml(path)
    with pytest.raises(DataError, match=r"no\.graphml: no such file"):
        read_graphml(tmp_path / "no.graphml")


def test_learned_values_are_there_for_people_to_read(tmp_path: Path) -> None:
    write_graphml(small_graph(), tmp_path / "g.graphml")
    text = (tmp_path / "g.graphml").read_text("utf-8")
    assert ">[0.1,-0.0]<" in text
    assert ">[NaN,Infinity]<" in text
    assert "bell_x0007_.wav" in text
    assert small_graph()[EDGE].edge_index.shape[1] + small_graph()[CANDIDATE].edge_index.shape[1] == text.count(
        "<edge "
    )
