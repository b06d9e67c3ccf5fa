"""Graphs for the export tests: one by hand, many by Hypothesis, and what it means for two to be equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import HeteroData

DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.uint8),
    *(torch.int64, torch.int32, torch.int16, torch.int8),
)
EDGE = ("audio", "near", "audio")
CANDIDATE = ("audio", "candidate", "label")


def small_graph() -> HeteroData:
    data = HeteroData()
    data["audio"].x = torch.tensor([[0.1, -0.0], [float("nan"), float("inf")], [1e-45, 3.4e38]])
    data["audio"].y = torch.tensor([1, 0, 1])
    data["audio"].train_mask = torch.tensor([True, False, True])
    data["audio"].name = ["rain & wind.wav", "bell\x07.wav", "Gewölbe <3"]
    data["label"].name = ["dog", "cat"]
    data["label"].y = torch.tensor([0.5, 1.5])  # the same name as on audio, another dtype
    data["empty"].num_nodes = 0
    data[EDGE].edge_index = torch.tensor([[2, 0, 0], [0, 1, 1]])
    data[EDGE].edge_weight = torch.tensor([0.9, 0.8, 0.7])
    data[EDGE].edge_attr = torch.tensor([[1, 2], [3, 4], [5, 6]], dtype=torch.float16)
    data[CANDIDATE].edge_index = torch.tensor([[0, 1], [1, 0]])
    data[CANDIDATE].probability = torch.tensor([0.25, 0.1])
    data["audio", "unused", "empty"].edge_index = torch.empty(2, 0, dtype=torch.int64)
    data.provenance = {"dataset": "esc50", "fold": 1, "leakage": [], "note": None}
    return data


def same(a: Any, b: Any) -> bool:
    """Equal types and values; tensors bit by bit (so that -0.0 is not 0.0), but every NaN is like another."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if not a.is_floating_point():
            return torch.equal(a, b)
        finite = ~a.isnan()
        equal_bits = torch.equal(a[finite], b[finite]) and torch.equal(a.signbit()[finite], b.signbit()[finite])
        return torch.equal(a.isnan(), b.isnan()) and equal_bits
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (a != a and b != b)


def assert_same(a: HeteroData, b: HeteroData) -> None:
    """Equal types, attributes and values, all in the same order."""
    assert (a.node_types, a.edge_types) == (b.node_types, b.edge_types)
    for one, two in zip(a.stores, b.stores, strict=True):
        assert list(one) == list(two)
        for name in one:
            assert same(one[name], two[name]), (name, one[name], two[name])


# Letters that are markup, escapes or illegal somewhere: XML, JSON, our own _xHHHH_, file names.
texts = st.text(st.sampled_from("aé🎧 \t\n\r\x00\x07\x1f\x85\ufffe\ud800_x0041A&<>\"'\\/.-]"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts | st.just("$type"), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers(), inner, max_size=2)
    ),
    max_leaves=5,
)
# What PyG allows as a type: no double underscore, of which it warns.
types = texts.filter(lambda text: "__" not in text)
names = (
    texts | st.sampled_from(["x", "y", "name", "label", "index", "node_type", "id", "weight", "edge_weight"])
).filter(lambda name: name not in ("num_nodes", "edge_index"))


@st.composite
def tensors(draw: st.DrawFn, rows: int) -> Tensor:
    dtype = draw(st.sampled_from(DTYPES))
    shape = (rows, *draw(st.sampled_from([(), (), (3,), (0,), (2, 2), (2, 0), (0, 2)])))
    size = int(np.prod(shape))
    width = torch.empty((), dtype=dtype).element_size()
    raw = draw(st.binary(min_size=size * width, max_size=size * width))
    if dtype == torch.bool:
        return torch.tensor([byte % 2 == 0 for byte in raw], dtype=dtype).reshape(shape)
    return torch.frombuffer(bytearray(raw or bytes(width)), dtype=dtype)[:size].reshape(shape).clone()


@st.composite
def stores(draw: st.DrawFn, rows: int) -> dict[str, Any]:
    content = (
        tensors(rows)
        | tensors(rows + 1)  # not a row per node: graph-level
        | st.lists(texts | st.none(), min_size=rows, max_size=rows)
        | st.lists(values, min_size=rows, max_size=rows)
        | st.lists(st.floats(), min_size=rows, max_size=rows)
        | values.filter(lambda value: value is not None)  # PyG stores drop None
    )
    return draw(st.dictionaries(names, content, max_size=4))


@st.composite
def graphs(draw: st.DrawFn) -> HeteroData:
    data = HeteroData()
    for name, value in draw(st.dictionaries(names, values.filter(lambda v: v is not None), max_size=3)).items():
        data.stores[0][name] = value
    node_types = draw(st.lists(types, min_size=1, max_size=3, unique=True))
    sizes = {}
    for node_type in node_types:
        sizes[node_type] = draw(st.integers(0, 4))
        store = data.get_node_store(node_type)
        store["num_nodes"] = sizes[node_type]
        for name, value in draw(stores(sizes[node_type])).items():
            store[name] = value
    ends = st.sampled_from(node_types)
    for edge_type in draw(st.lists(st.tuples(ends, types, ends), max_size=3, unique=True)):
        source, _, target = edge_type
        some = sizes[source] and sizes[target]
        count = draw(st.integers(0, 5)) if some else 0
        pairs = [
            draw(st.tuples(st.integers(0, sizes[source] - 1), st.integers(0, sizes[target] - 1))) for _ in range(count)
        ]
        store = data.get_edge_store(*edge_type)
        dtype = draw(st.sampled_from([torch.int64, torch.int32]))
        store["edge_index"] = torch.tensor(pairs, dtype=dtype).reshape(-1, 2).t().contiguous()
        for name, value in draw(stores(count)).items():
            store[name] = value
    return data
