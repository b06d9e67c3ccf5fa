"""Spaces, what they overlap in, and the graph of them; a set that is not connected is refused by name."""

from __future__ import annotations

import networkx as nx
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.export import read_graphml, write_graphml
from avgraph.graph.overlaps import overlap_graph
from avgraph.transforms import SpaceGraph

OVERLAPS = ("space", "overlaps", "space")


def test_chain_tree_and_two_overlaps_of_one_pair() -> None:
    chain = overlap_graph({"a": ["x", "p"], "b": ["p", "q"], "c": ["q", "y"]})
    assert sorted(chain.edges(keys=True)) == [("a", "b", "p"), ("b", "c", "q")]
    star = overlap_graph({"hub": ["p", "q", "r"], "a": ["p"], "b": ["q"], "c": ["r"]})
    assert nx.is_tree(star)
    assert dict(star.degree())["hub"] == 3
    assert overlap_graph({"a": ["p", "q"], "b": ["q", "p"]}).number_of_edges("a", "b") == 2


def test_what_is_not_connected_is_named() -> None:
    spaces = {"clap": ["audio", "text"], "clip": ["text", "image"], "ulip": ["shape"]}
    with pytest.raises(GraphError) as error:
        overlap_graph(spaces)
    assert str(error.value) == (
        "spaces are not connected: clap (audio, text), clip (text, image) | ulip (shape) hold no common modality"
    )
    with pytest.raises(GraphError, match="at least two spaces to connect, got clap"):
        overlap_graph({"clap": ["audio"]})


def graph() -> HeteroData:
    return HeteroData(
        text={"x_clap": torch.randn(5, 3), "x_clip": torch.randn(5, 4)},
        audio={"x_clap": torch.randn(2, 3)},
        image={"x_clip": torch.randn(7, 4), "name": ["i"] * 7},
    )


def test_graph_of_spaces() -> None:
    data = graph()
    result = SpaceGraph()(data)
    assert "space" not in data.node_types
    assert result["space"].name == ["clap", "clip"]
    assert result["space"].channels.tolist() == [3, 4]
    assert result["space"].holds == ["text, audio", "text, image"]
    assert result[OVERLAPS].edge_index.tolist() == [[0], [1]]
    assert result[OVERLAPS].modality == ["text"]


def test_it_is_exported(tmp_path: pytest.TempPathFactory) -> None:
    made, result = HeteroData(), SpaceGraph()(graph())
    for key in ("space", OVERLAPS):
        for name, value in result[key].items():
            made[key][name] = value
    write_graphml(made, f"{tmp_path}/spaces.graphml")
    again = read_graphml(f"{tmp_path}/spaces.graphml")
    assert again[OVERLAPS].modality == ["text"]
    assert again["space"].name == ["clap", "clip"]


def test_held_out_rows_connect_nothing() -> None:
    data = graph()
    data["text"].train_mask = torch.zeros(5, dtype=torch.bool)
    with pytest.raises(GraphError, match=r"clap \(audio\) \| clip \(image\)"):
        SpaceGraph()(data)


def test_refused() -> None:
    data = graph()
    data["audio"].x_clap = torch.randn(2, 9)
    with pytest.raises(GraphError, match="space 'clap': expected one width, got text 3, audio 9"):
        SpaceGraph()(data)
    data = graph()
    data["extra"].x_ulip, data["extra"].train_mask = torch.randn(2, 3), torch.zeros(2, dtype=torch.bool)
    with pytest.raises(GraphError, match="space 'ulip' has no rows to train on"):
        SpaceGraph()(data)
    with pytest.raises(GraphError, match="has 'space' nodes already"):
        SpaceGraph()(SpaceGraph()(graph()))
