"""Edges of a memory: equal to a dense softmax and to the readout, ties, chunks, files, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import MemoryEdgesOptions
from avgraph.errors import GraphError
from avgraph.io.arrays import read_array
from avgraph.nn import memory_readout
from avgraph.transforms import MemoryEdges, dropped_mass

KIND = ("image_memory", "recalled", "text")


def graph(n: int = 40, b: int = 7, d: int = 5) -> HeteroData:
    data = HeteroData()
    data["image_memory"].x = F.normalize(torch.randn(n, d))
    data["text"].x = torch.randn(b, d)
    return data


def dense(data: HeteroData, temperature: float) -> Tensor:
    query, memory = F.normalize(data["text"].x), F.normalize(data["image_memory"].x)
    return torch.softmax(query @ memory.T / temperature, 1)


@pytest.mark.parametrize("chunk_size", [None, 1, 3, 16])
def test_equal_to_a_sorted_dense_softmax(chunk_size: int | None) -> None:
    data = graph()
    edges = MemoryEdges("image_memory", "text", 4, temperature=0.2, chunk_size=chunk_size)(data)[KIND]
    attention, index = dense(data, 0.2).sort(dim=1, descending=True)
    assert torch.equal(edges.edge_index[0].reshape(7, 4), index[:, :4])
    assert torch.equal(edges.edge_index[1], torch.arange(7).repeat_interleave(4))
    torch.testing.assert_close(edges.attention.reshape(7, 4), attention[:, :4])


def test_all_edges_are_the_readout() -> None:
    data = graph()
    result = MemoryEdges("image_memory", "text", 40, temperature=0.05, chunk_size=9)(data)
    (memory, text), attention = result[KIND].edge_index, result[KIND].attention
    by_edges = torch.zeros(7, 5).index_add(0, text, attention[:, None] * data["image_memory"].x[memory])
    torch.testing.assert_close(by_edges, memory_readout(data["text"].x, data["image_memory"].x, 0.05))
    torch.testing.assert_close(dropped_mass(result, "image_memory", "text"), torch.zeros(7), atol=1e-6, rtol=0)


def test_dropped_mass_is_what_is_left_out() -> None:
    data = graph()
    left_out = dense(data, 0.2).sort(dim=1).values[:, :-3].sum(1)
    found = dropped_mass(MemoryEdges("image_memory", "text", 3, temperature=0.2)(data), "image_memory", "text")
    torch.testing.assert_close(found, left_out)


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 3])
def test_equal_attention_goes_by_index(chunk_size: int | None) -> None:
    data = HeteroData(image_memory={"x": torch.eye(2).repeat(3, 1)}, text={"x": torch.eye(2)})
    edges = MemoryEdges("image_memory", "text", 5, temperature=1.0, chunk_size=chunk_size)(data)[KIND]
    assert edges.edge_index[0].reshape(2, 5).tolist() == [[0, 2, 4, 1, 3], [1, 3, 5, 0, 2]]


def test_a_text_has_a_state_in_every_space() -> None:
    data = graph()
    data["audio_memory"].x = torch.randn(9, 3)
    data["text"].x_clap = torch.randn(7, 3)
    data = MemoryEdges("image_memory", "text", 2)(data)
    data = MemoryEdges("audio_memory", "text", 2, state="x_clap")(data)
    assert data.edge_types == [KIND, ("audio_memory", "recalled", "text")]
    alone = HeteroData(audio_memory={"x": data["audio_memory"].x}, text={"x": data["text"].x_clap})
    expected = MemoryEdges("audio_memory", "text", 2)(alone)["audio_memory", "recalled", "text"]
    assert torch.equal(data["audio_memory", "recalled", "text"].edge_index, expected.edge_index)


def test_mapped_memory(tmp_path: Path) -> None:
    data = graph()
    expected = MemoryEdges("image_memory", "text", 4)(data)[KIND]
    np.save(tmp_path / "memory.npy", data["image_memory"].x.numpy())
    data["image_memory"].x = read_array(tmp_path / "memory.npy")
    edges = MemoryEdges("image_memory", "text", 4, chunk_size=7)(data)[KIND]
    assert torch.equal(edges.edge_index, expected.edge_index)
    torch.testing.assert_close(edges.attention, expected.attention)


def test_input_is_kept_and_edges_are_replaced() -> None:
    data = graph()
    data["image_memory"].y, data["text"].y = torch.arange(40) % 3, torch.arange(7) % 3
    first = MemoryEdges("image_memory", "text", 4)(data)
    assert data.edge_types == []
    assert set(first[KIND].keys()) == {"edge_index", "attention", "y"}
    memory, text = first[KIND].edge_index
    assert torch.equal(first[KIND].y, (memory % 3 == text % 3).float())
    first[KIND].edge_attr = torch.ones(28, 1)
    assert "edge_attr" not in MemoryEdges("image_memory", "text", 4)(first)[KIND]


def test_options_build_it() -> None:
    options = MemoryEdgesOptions(source="image_memory", target="text", k=3, temperature=0.1, state="x_clip")
    built = options.transform()
    expected = "MemoryEdges('image_memory', 'text', k=3, temperature=0.1, state='x_clip', relation='recalled')"
    assert repr(built) == expected
    assert options.edge_type() == KIND


def test_refused() -> None:
    data = graph()
    with pytest.raises(GraphError, match="k = 41 of 40 'image_memory' rows: k is at most 40"):
        MemoryEdges("image_memory", "text", 41)(data)
    with pytest.raises(GraphError, match="k: expected a number of at least 1, got 0"):
        MemoryEdges("image_memory", "text", 0)
    with pytest.raises(GraphError, match="temperature: expected a number above 0, got 0"):
        MemoryEdges("image_memory", "text", 1, temperature=0.0)(data)
    with pytest.raises(GraphError, match="no node type 'txt'; did you mean 'text'"):
        MemoryEdges("image_memory", "txt", 1)(data)
    with pytest.raises(GraphError, match="'text' has no 'x_clip'"):
        MemoryEdges("image_memory", "text", 1, state="x_clip")(data)
    with pytest.raises(GraphError, match="no image_memory-recalled-text edges with attention"):
        dropped_mass(data, "image_memory", "text")
    data["image_memory"].x[3] = 0
    with pytest.raises(GraphError, match=r"memory: row 3 is zero.* \(memory = image_memory\.x, query = text\.x\)"):
        MemoryEdges("image_memory", "text", 1)(data)
    data["image_memory"].x = torch.randn(40, 6)
    with pytest.raises(
        GraphError, match=r"expected one width above 0, got \[7, 5\] and \[40, 6\] \(memory = image_memory\.x"
    ):
        MemoryEdges("image_memory", "text", 1)(data)
    data["image_memory"].x = ["a"] * 40
    with pytest.raises(GraphError, match=r"image_memory\.x: expected rows \[n, d\], got list"):
        MemoryEdges("image_memory", "text", 1)(data)
