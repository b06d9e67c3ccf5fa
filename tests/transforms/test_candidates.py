"""Candidate edges: the k best, their labels and masks, and that no test node ever learns its true edge."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.metrics import top_k_recall
from avgraph.transforms import Candidates, Complete

EDGE = ("audio", "candidate", "label")


def graph(score: Tensor, y: Tensor | None = None) -> HeteroData:
    """Nodes take turns in training, validation and test."""
    data = HeteroData()
    n, channels = score.shape
    data["audio"].x = torch.randn(n, 2)
    data["audio"].score = score
    data["audio"].y = torch.randint(0, channels, (n,)) if y is None else y
    for place, mask in enumerate(("train_mask", "val_mask", "test_mask")):
        data["audio"][mask] = torch.arange(n) % 3 == place
    data["label"].name = [f"class {column}" for column in range(channels)]
    data["label"].y = torch.arange(channels)
    return data


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_equal_to_a_sorted_list(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    rows = data.draw(st.lists(st.lists(st.integers(0, 3), min_size=m, max_size=m), min_size=n, max_size=n))
    k, add_true = data.draw(st.integers(1, m)), data.draw(st.booleans())
    y = data.draw(st.lists(st.integers(0, m - 1), min_size=n, max_size=n))
    given_graph = graph(torch.tensor(rows).float(), torch.tensor(y))
    edges = Candidates("audio", "label", k, add_true=add_true)(given_graph)[EDGE]
    expected = []
    for source, row in enumerate(rows):
        best = sorted(range(m), key=lambda column: (-row[column], column))[:k]
        if add_true and source % 3 == 0 and y[source] not in best:
            best[-1] = y[source]
        expected += [(source, target, row[target], target == y[source]) for target in best]
    source, target = edges.edge_index.tolist()
    assert list(zip(source, target, edges.edge_weight.tolist(), edges.y.bool().tolist(), strict=True)) == expected
    for name in ("train_mask", "val_mask", "test_mask"):
        assert edges[name].tolist() == [bool(given_graph["audio"][name][node]) for node in source]


def test_types() -> None:
    edges = Candidates("audio", "label", 2)(graph(torch.rand(6, 4, dtype=torch.float64)))[EDGE]
    assert edges.edge_index.dtype == torch.int64
    assert edges.edge_weight.dtype == edges.y.dtype == torch.float32
    assert edges.train_mask.dtype == torch.bool


def test_add_true_reaches_training_nodes_only() -> None:
    score = torch.rand(300, 10)
    # The true class is the least likely of all: no node finds it by itself.
    data = graph(score, score.argmin(dim=1))
    plain, helped = (
        Candidates("audio", "label", 3)(data)[EDGE],
        Candidates("audio", "label", 3, add_true=True)(data)[EDGE],
    )
    assert plain.y.sum() == 0
    assert helped.y[helped.train_mask].sum() == data["audio"].train_mask.sum()
    assert helped.y[~helped.train_mask].sum() == 0
    other = ~plain.train_mask
    assert torch.equal(plain.edge_index[:, other], helped.edge_index[:, other])
    assert torch.equal(helped.edge_index[0].bincount(), torch.full((300,), 3))
    weight = helped.edge_weight.reshape(300, 3)
    assert (weight[:, :-1] >= weight[:, 1:]).all()


def test_add_true_does_not_read_labels_of_other_nodes() -> None:
    score = torch.rand(90, 8)
    data = graph(score)
    other = ~data["audio"].train_mask
    relabelled = graph(score, torch.where(other, (data["audio"].y + 1) % 8, data["audio"].y))
    transform = Candidates("audio", "label", 3, add_true=True)
    assert torch.equal(transform(data)[EDGE].edge_index, transform(relabelled)[EDGE].edge_index)


def test_add_true_takes_the_best_of_several_true_targets() -> None:
    data = graph(torch.tensor([[0.5, 0.1, 0.3, 0.2]]), torch.tensor([7]))
    data["label"].y = torch.tensor([0, 7, 1, 7])
    assert Candidates("audio", "label", 2, add_true=True)(data)[EDGE].edge_index[1].tolist() == [0, 3]


def test_recall_is_the_share_of_nodes_with_a_true_edge() -> None:
    data = graph(torch.rand(90, 8))
    edges = Candidates("audio", "label", 3)(data)[EDGE]
    test = data["audio"].test_mask
    share = edges.y[edges.test_mask].sum() / test.sum()
    assert top_k_recall(data["audio"].score, data["audio"].y, 3, test) == pytest.approx(float(share))


def test_scores_given_come_first_and_labels_are_optional() -> None:
    data = HeteroData(audio={"x": torch.ones(2, 1), "score": torch.eye(2)}, label={"x": torch.ones(2, 1)})
    edges = Candidates("audio", "label", 1, scores=1 - torch.eye(2), relation="maybe")(data)["audio", "maybe", "label"]
    assert edges.edge_index.tolist() == [[0, 1], [1, 0]]
    assert set(edges.keys()) == {"edge_index", "edge_weight"}


def test_edges_carry_no_gradient_history() -> None:
    scores = torch.rand(2, 2, requires_grad=True)
    data = HeteroData(audio={"x": torch.ones(2, 1)}, label={"x": torch.ones(2, 1)})
    assert not Candidates("audio", "label", 1, scores=scores)(data)[EDGE].edge_weight.requires_grad


@pytest.mark.parametrize("transform", [Candidates("audio", "label", 2), Complete("audio", "label")])
def test_input_is_not_modified_and_edges_are_replaced(transform: Candidates | Complete) -> None:
    data = graph(torch.rand(6, 4))
    before = {node: list(data[node].keys()) for node in data.node_types}
    first = transform(data)
    assert data.edge_types == []
    assert {node: list(data[node].keys()) for node in data.node_types} == before
    first[EDGE].edge_attr = torch.ones(first[EDGE].num_edges, 1)
    assert "edge_attr" not in transform(first)[EDGE]
    assert "edge_attr" in first[EDGE]


def test_complete() -> None:
    data = graph(torch.rand(6, 4))
    edges = Complete("audio", "label")(data)[EDGE]
    assert edges.edge_index.T.tolist() == [[source, target] for source in range(6) for target in range(4)]
    assert torch.equal(edges.edge_weight.reshape(6, 4), data["audio"].score)
    assert torch.equal(edges.y.reshape(6, 4), torch.nn.functional.one_hot(data["audio"].y, 4).float())
    assert torch.equal(edges.train_mask.reshape(6, 4)[:, 0], data["audio"].train_mask)


def test_complete_without_score_or_labels() -> None:
    data = HeteroData(user={"x": torch.ones(2, 1)}, item={"num_nodes": 3})
    edges = Complete("user", "item", relation="rates")(data)["user", "rates", "item"]
    assert set(edges.keys()) == {"edge_index"}
    assert edges.edge_index.size(1) == 6


def test_candidates_of_all_targets_are_the_complete_edges() -> None:
    data = graph(torch.rand(6, 4))
    some, every = Candidates("audio", "label", 4)(data)[EDGE], Complete("audio", "label")(data)[EDGE]
    order = (some.edge_index[0] * 4 + some.edge_index[1]).argsort()
    for name in ("edge_weight", "y", "train_mask", "val_mask", "test_mask"):
        assert torch.equal(some[name][order], every[name])


def test_refused() -> None:
    data = graph(torch.rand(3, 4))
    with pytest.raises(GraphError, match="k = 5 candidates of 4 'label' nodes: k is at most 4"):
        Candidates("audio", "label", 5)(data)
    with pytest.raises(GraphError, match="k: expected a number of at least 1, got 0"):
        Candidates("audio", "label", 0)
    with pytest.raises(GraphError, match=r"no node type 'lable'; did you mean 'label'\? the graph has: audio, label"):
        Candidates("audio", "lable", 1)(data)
    with pytest.raises(GraphError, match=r"scores: expected \[3, 4\], one row per 'audio' .* got \[4, 3\]"):
        Candidates("audio", "label", 1, scores=torch.rand(4, 3))(data)
    with pytest.raises(GraphError, match=r"scores: expected a floating-point tensor, got torch\.int64"):
        Candidates("audio", "label", 1, scores=torch.ones(3, 4, dtype=torch.int64))(data)
    data["audio"].score[2, 1] = torch.nan
    with pytest.raises(GraphError, match=r"audio\.score: row 2, column 1 is nan"):
        Candidates("audio", "label", 1)(data)
    del data["audio"].score
    with pytest.raises(
        GraphError, match="'audio' has no 'score' to choose candidates by; declare an encoder that gives one"
    ):
        Candidates("audio", "label", 1)(data)


def test_refused_labels() -> None:
    data = graph(torch.tensor([[0.9, 0.1]]), torch.tensor([5]))
    with pytest.raises(GraphError, match="audio node 0 has y = 5, which no 'label' node has"):
        Candidates("audio", "label", 1, add_true=True)(data)
    data["audio"].y = torch.tensor([1.0])
    with pytest.raises(GraphError, match=r"audio\.y: expected torch\.int64 \[1\], got torch\.float32 \[1\]"):
        Candidates("audio", "label", 1)(data)
    data = graph(torch.tensor([[0.9, 0.1]]))
    del data["label"].y
    with pytest.raises(GraphError, match="'label' has no 'y'"):
        Candidates("audio", "label", 1, add_true=True)(data)


def test_nodes_that_cannot_be_counted() -> None:
    data = HeteroData(audio={"score": torch.rand(2, 2)}, label={"colour": "red"})
    with pytest.raises(GraphError, match=r"'label' has none of x, y, name, .* cannot be counted"):
        Candidates("audio", "label", 1)(data)


def test_repr() -> None:
    expected = "Candidates('audio', 'label', k=2, relation='candidate', add_true=False)"
    assert repr(Candidates("audio", "label", 2)) == expected
    assert repr(Complete("audio", "label")) == "Complete('audio', 'label', relation='candidate')"


def test_every_edge_gets_the_scores_of_all_views() -> None:
    torch.manual_seed(0)
    data = graph(torch.rand(5, 4))
    data["audio"].view_score = torch.stack([data["audio"].score, torch.rand(5, 4)], 1)
    edges = Candidates("audio", "label", 3)(data)[EDGE]
    for edge, (source, target) in enumerate(edges.edge_index.T.tolist()):
        assert edges.view_score[edge].tolist() == data["audio"].view_score[source, :, target].tolist()
    assert torch.equal(edges.view_score[:, 0], edges.edge_weight)
    assert "view_score" not in Candidates("audio", "label", 3, scores=torch.rand(5, 4))(data)[EDGE]
    data["audio"].view_score = torch.rand(5, 2, 3)
    with pytest.raises(GraphError, match=r"audio.view_score: expected \[5, views, 4\], got \[5, 2, 3\]"):
        Candidates("audio", "label", 3)(data)


@pytest.mark.parametrize("transform", [Candidates("audio", "label", 2), Complete("audio", "label")])
def test_targets_have_to_be_in_the_order_of_the_scores_of_an_encoder(transform: Candidates | Complete) -> None:
    data = HeteroData(audio={"score": torch.rand(2, 3)}, label={"y": torch.tensor([0, 2, 1])})
    with pytest.raises(GraphError, match=r"label\.y: row 1: expected class 1, got 2: column 1 of audio\.score is"):
        transform(data)
