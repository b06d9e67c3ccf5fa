"""kNN against scikit-learn and a sorted list; ties, duplicates, groups, chunks and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from torch import Tensor
from torch_geometric.data import Batch, HeteroData

from avgraph.errors import GraphError
from avgraph.transforms import KNN, CouplingEdges, nearest_neighbours, nearest_rows
from avgraph.transforms.top_k import stable_top_k


def naive_neighbours(x: Tensor, k: int, group: list[int] | None = None) -> list[list[int]]:
    """One pair at a time in float64, rounded as equality of similarities is meant: to float32."""
    rows = x.double().tolist()
    found = []
    for i, a in enumerate(rows):
        ranked = []
        for j, b in enumerate(rows):
            if i != j and (group is None or group[i] == group[j]):
                dot = float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
                ranked.append((-float(np.float32(dot)), j))
        found.append([j for _, j in sorted(ranked)[:k]])
    return found


def test_equal_to_scikit_learn() -> None:
    x = torch.randn(80, 12)
    index, similarity = nearest_neighbours(x, 6)
    distance, expected = NearestNeighbors(n_neighbors=7, metric="cosine", algorithm="brute").fit(x).kneighbors(x)
    np.testing.assert_array_equal(index, expected[:, 1:])
    np.testing.assert_allclose(similarity, 1 - distance[:, 1:], atol=1e-6)


@pytest.mark.parametrize("chunk_size", [1, 7, 80, 1000])
def test_chunks_do_not_matter(chunk_size: int) -> None:
    x = torch.randn(80, 12)[torch.randint(0, 60, (80,))]
    index, similarity = nearest_neighbours(x, 6)
    chunked_index, chunked_similarity = nearest_neighbours(x, 6, chunk_size=chunk_size)
    assert torch.equal(index, chunked_index)
    torch.testing.assert_close(similarity, chunked_similarity)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_ties_go_by_index(data: st.DataObject) -> None:
    # Few different rows in two whole-number coordinates: most similarities occur several times.
    row = st.tuples(st.integers(-1, 1), st.integers(-1, 1)).filter(any)
    x = torch.tensor(data.draw(st.lists(row, min_size=2, max_size=14)), dtype=torch.float32)
    k = data.draw(st.integers(1, len(x) - 1))
    chunk_size = data.draw(st.integers(1, len(x)))
    assert nearest_neighbours(x, k, chunk_size=chunk_size)[0].tolist() == naive_neighbours(x, k)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 40), st.integers(1, 5), st.integers(1, 17), st.integers(0, 10_000))
def test_exact_duplicates_are_tied(n: int, copies: int, chunk_size: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 33, generator=generator).repeat(copies + 1, 1)
    index, similarity = nearest_neighbours(x, copies + 1, chunk_size=chunk_size)
    for i in range(len(x)):
        duplicates = [j for j in range(len(x)) if j % n == i % n and j != i]
        assert index[i, :copies].tolist() == duplicates
        # The first of the copies of the next row, never a later one.
        assert int(index[i, copies]) < n
    torch.testing.assert_close(similarity[:, :copies], torch.ones(len(x), copies))


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_stable_top_k_is_a_stable_sort(data: st.DataObject) -> None:
    m = data.draw(st.integers(1, 9))
    rows = data.draw(st.lists(st.lists(st.integers(0, 3), min_size=m, max_size=m), min_size=1, max_size=5))
    k = data.draw(st.integers(1, m))
    score = torch.tensor(rows).float()
    index, value = stable_top_k(score, k)
    expected = [sorted(range(m), key=lambda j: (-row[j], j))[:k] for row in rows]
    assert index.tolist() == expected
    assert torch.equal(value, score.gather(1, index))


def test_all_rows_equal() -> None:
    index, _ = nearest_neighbours(torch.ones(5, 3), 2)
    assert index.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e30])
def test_length_does_not_matter(scale: float) -> None:
    x = torch.randn(20, 5)
    index, similarity = nearest_neighbours(x, 3)
    scaled_index, scaled_similarity = nearest_neighbours(x * scale, 3)
    assert torch.equal(index, scaled_index)
    torch.testing.assert_close(similarity, scaled_similarity)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_floating_type(dtype: torch.dtype) -> None:
    x = torch.randn(10, 4).to(dtype)
    index, similarity = nearest_neighbours(x, 3)
    assert index.tolist() == naive_neighbours(x, 3)
    assert similarity.dtype == torch.float32


@pytest.mark.parametrize("kind", ["tensor", "list"])
def test_groups(kind: str) -> None:
    x, group = torch.randn(30, 4), [0, 1, 2] * 10
    given_group = torch.tensor(group) if kind == "tensor" else [f"fold {value}" for value in group]
    index, _ = nearest_neighbours(x, 4, group=given_group)
    assert index.tolist() == naive_neighbours(x, 4, group)


@pytest.mark.parametrize(
    ("x", "k", "message"),
    [
        (torch.ones(3, 2), 3, "k = 3 neighbours of 3 rows: k is at most 2"),
        (torch.ones(3, 2), 0, "k: expected at least 1 neighbour, got 0"),
        (torch.ones(3), 1, r"expected floating-point features \[n, d\], got torch.float32 \[3\]"),
        (torch.ones(3, 2, dtype=torch.uint8), 1, r"got torch.uint8 \[3, 2\]"),
        (torch.tensor([[1.0, 0.0], [0.0, 0.0]]), 1, "x: row 1 is zero"),
        (torch.tensor([[1.0, 0.0], [0.0, torch.nan]]), 1, "x: row 1, column 1 is nan"),
        (torch.tensor([[1.0, 0.0], [torch.inf, 0.0]]), 1, "x: row 1, column 0 is inf"),
        (torch.ones(0, 2), 1, "k = 1 neighbours of 0 rows"),
        (torch.ones(3, 0), 1, "x: row 0 is zero"),
    ],
)
def test_refused(x: Tensor, k: int, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        nearest_neighbours(x, k)


def test_refused_groups_and_chunks() -> None:
    x = torch.ones(3, 2)
    with pytest.raises(GraphError, match="k = 1 neighbours of 1 rows in group 'b': k is at most 0"):
        nearest_neighbours(x, 1, group=["a", "a", "b"])
    with pytest.raises(GraphError, match=r"group: expected one value per row, \[3\], got \[2\]"):
        nearest_neighbours(x, 1, group=[1, 2])
    with pytest.raises(GraphError, match="chunk_size: expected at least 1 row, got 0"):
        nearest_neighbours(x, 1, chunk_size=0)


def graph() -> HeteroData:
    data = HeteroData()
    data["audio"].x = torch.randn(12, 3)
    data["audio"].fold = torch.tensor([1, 2] * 6)
    data["audio"].source_file = ["a", "b", "c"] * 4
    return data


def test_edges_run_from_neighbour_to_centre() -> None:
    data = graph()
    edges = KNN("audio", k=3)(data)["audio", "near", "audio"]
    index, similarity = nearest_neighbours(data["audio"].x, 3)
    assert edges.edge_index[1].tolist() == [centre for centre in range(12) for _ in range(3)]
    assert torch.equal(edges.edge_index[0].reshape(12, 3), index)
    assert torch.equal(edges.edge_weight, similarity.reshape(-1))
    assert set(edges.keys()) == {"edge_index", "edge_weight"}


@pytest.mark.parametrize("within", ["fold", "source_file"])
def test_within(within: str) -> None:
    data = graph()
    source, target = KNN("audio", k=2, within=within, relation="same")(data)["audio", "same", "audio"].edge_index
    values = list(data["audio"][within])
    assert all(values[i] == values[j] for i, j in zip(source, target, strict=True))


def test_rows_of_another_set_equal_scikit_learn_and_a_whole_sort() -> None:
    x, query = torch.randn(40, 6), torch.randn(9, 6)
    distance, expected = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(x).kneighbors(query)
    for chunk_size in (None, 2):
        index, similarity = nearest_rows(query, x, 5, chunk_size=chunk_size)
        np.testing.assert_array_equal(index, expected)
        np.testing.assert_allclose(similarity, 1 - distance, atol=1e-6)
    assert nearest_rows(x, x, 1)[0][:, 0].tolist() == list(range(40))
    with pytest.raises(GraphError, match=r"query, x: expected one width, got \[9, 6\] and \[40, 5\]"):
        nearest_rows(query, x[:, :5], 1)
    with pytest.raises(GraphError, match="k = 41 neighbours of 40 rows: k is at most 40"):
        nearest_rows(query, x, 41)
    with pytest.raises(GraphError, match="k = 1 neighbours of 0 rows in group 2: k is at most 0"):
        nearest_rows(query, x, 1, group=[2] * 9, of_rows=[1] * 40)
    with pytest.raises(GraphError, match="group, of_rows: expected both or neither"):
        nearest_rows(query, x, 1, group=[2] * 9)


def test_bipartite() -> None:
    data = graph()
    data["text"].x, data["text"].fold = torch.randn(5, data["audio"].x.shape[1]), torch.arange(5) % 2
    edges = KNN("audio", 3, target="text")(data)["audio", "near", "text"]
    index, similarity = nearest_rows(data["text"].x, data["audio"].x, 3)
    assert edges.edge_index.tolist() == [index.flatten().tolist(), [text for text in range(5) for _ in range(3)]]
    assert torch.equal(edges.edge_weight, similarity.flatten())
    data["audio"].fold = torch.arange(12) % 2
    source, target = KNN("audio", k=2, target="text", within="fold")(data)["audio", "near", "text"].edge_index
    assert torch.equal(source % 2, target % 2)
    assert repr(KNN("audio", k=2, target="text")) == "KNN('audio', k=2, target='text', relation='near', within=None)"
    with pytest.raises(GraphError, match=r"x = audio\.x, query = text\.x: k = 13 neighbours of 12 rows"):
        KNN("audio", k=13, target="text")(data)


def test_input_is_not_modified_and_edges_are_replaced() -> None:
    data = graph()
    first = KNN("audio", k=3)(data)
    assert data.edge_types == []
    first["audio", "near", "audio"].edge_attr = torch.ones(36, 1)
    second = KNN("audio", k=2)(first)
    assert first["audio", "near", "audio"].edge_index.shape == (2, 36)
    assert "edge_attr" not in second["audio", "near", "audio"]
    assert second.validate()


def test_messages_name_what_there_is() -> None:
    data = graph()
    with pytest.raises(GraphError, match=r"no node type 'adio'; did you mean 'audio'\? the graph has: audio"):
        KNN("adio", k=1)(data)
    with pytest.raises(GraphError, match=r"'audio' has no 'flod'; did you mean 'fold'\? it has: fold, source_file, x"):
        KNN("audio", k=1, within="flod")(data)
    with pytest.raises(GraphError, match="audio: k = 12 neighbours of 12 rows"):
        KNN("audio", k=12)(data)
    with pytest.raises(GraphError, match=r"^k: expected a number of at least 1, got 0"):
        KNN("audio", k=0)
    data["label"].name = ["dog"]
    with pytest.raises(GraphError, match="'label' has no 'x'; it has: name"):
        KNN("label", k=1)(data)
    data["label"].x = ["dog"]
    with pytest.raises(GraphError, match=r"label\.x: expected a tensor, got list"):
        KNN("label", k=1)(data)


def test_repr() -> None:
    assert repr(KNN("audio", k=3)) == "KNN('audio', k=3, relation='near', within=None)"


@pytest.mark.data
def test_real_sentence_vectors_of_captions(data_root: Path) -> None:
    with np.load(data_root / "text" / "minilm_captions.npz") as bundle:
        x = torch.from_numpy(bundle["x"][:3000]).float()
    index, similarity = nearest_neighbours(x, 5)
    distance, expected = NearestNeighbors(n_neighbors=6, metric="cosine", algorithm="brute").fit(x).kneighbors(x)
    np.testing.assert_allclose(similarity, 1 - np.sort(distance)[:, 1:], atol=2e-6)
    # Captions occur several times: rows may differ from scikit-learn's only where similarities are equal.
    differs = np.array([[int(j) not in row for j in found] for found, row in zip(index, expected, strict=True)])
    boundary = similarity[:, -1:].expand_as(similarity).numpy()
    assert np.all(np.abs(similarity.numpy() - boundary)[differs] < 2e-6)


@pytest.mark.parametrize("within", [None, "fold"])
def test_new_nodes_of_two_types_are_near_as_knn_would_have_it(within: str | None) -> None:
    """One new sound or one new text at a time, against the edges that a graph with it has."""
    torch.manual_seed(0)
    whole = HeteroData(audio={"x": torch.randn(13, 4), "fold": torch.arange(13) % 2})
    whole["text"].x, whole["text"].fold = torch.randn(7, 4), torch.arange(7) % 2
    step = KNN("audio", k=3, target="text", within=within)
    for joined in (("audio",), ("text",)):
        data, new = HeteroData(), HeteroData()
        for node in ("audio", "text"):
            old = len(whole[node].x) - (node in joined)
            data[node].x, data[node].fold = whole[node].x[:old], whole[node].fold[:old]
            if node in joined:
                new[node].x, new[node].fold = whole[node].x[old:], whole[node].fold[old:]
        both = {node: whole[node] if node in joined else data[node] for node in ("audio", "text")}
        expected = step(HeteroData(**{node: {"x": s.x, "fold": s.fold} for node, s in both.items()}))
        kind = ("audio", "near", "text")
        number = [len(data[node].x) if node in joined else -1 for node in ("audio", "text")]
        touches = (expected[kind].edge_index == torch.tensor(number)[:, None]).any(0)
        found = step.link(step(data), new)[kind]
        order = (expected[kind].edge_index[:, touches].T.tolist(), expected[kind].edge_weight[touches].tolist())
        assert touches.any()
        assert sorted(found["edge_index"].T.tolist()) == sorted(order[0])
        weights = dict(zip(map(tuple, order[0]), order[1], strict=True))
        for pair, weight in zip(found["edge_index"].T.tolist(), found["edge_weight"].tolist(), strict=True):
            assert weight == pytest.approx(weights[tuple(pair)], abs=1e-6)
    assert step.link(step(data), HeteroData(picture={"x": torch.eye(4)})) == {}


def test_columns_in_memory_order() -> None:
    x = torch.randn(6, 4, dtype=torch.float64)
    expected = KNN("a", 2)(HeteroData(a={"x": x}))["a", "near", "a"].edge_index
    for other in (x.T.contiguous().T, np.asfortranarray(x.numpy())):
        assert torch.equal(KNN("a", 2)(HeteroData(a={"x": other}))["a", "near", "a"].edge_index, expected)


def test_a_target_of_the_same_type_is_no_other_set() -> None:
    data = HeteroData(a={"x": torch.randn(5, 3)})
    one, other = (KNN("a", 2, target=target)(data)["a", "near", "a"].edge_index for target in (None, "a"))
    assert torch.equal(one, other)


def test_in_a_batch_neighbours_are_of_the_same_graph() -> None:
    graphs = [HeteroData(a={"x": torch.randn(count, 3)}) for count in (4, 6)]
    whole = KNN("a", 2)(Batch.from_data_list(graphs))["a", "near", "a"].edge_index
    parts = [KNN("a", 2)(graph)["a", "near", "a"].edge_index for graph in graphs]
    assert torch.equal(whole, torch.cat([parts[0], parts[1] + 4], 1))
    graphs[0]["a"].batch = torch.tensor([0, 0, 1, 1])  # of a laboratory, say
    assert torch.equal(KNN("a", 2)(graphs[0])["a", "near", "a"].edge_index, parts[0])
    del graphs[0]["a"].batch
    with pytest.raises(GraphError, match=r"\(a, coupled, b\): joins graphs of a batch with each other"):
        CouplingEdges("a", "b")(Batch.from_data_list([HeteroData(a=g["a"], b={"x": g["a"].x}) for g in graphs]))
