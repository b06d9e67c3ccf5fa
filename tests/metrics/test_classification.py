"""Accuracy and recall against torchmetrics and double loops; what cannot be averaged is refused."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.functional.classification import multiclass_accuracy

from avgraph.errors import GraphError
from avgraph.metrics import accuracy, best_targets, edge_argmax_accuracy, top_k_recall


@pytest.fixture
def scored() -> tuple[Tensor, Tensor, Tensor]:
    return torch.randn(60, 7), torch.randint(0, 7, (60,)), torch.rand(60) < 0.5


def test_accuracy_is_that_of_torchmetrics(scored: tuple[Tensor, Tensor, Tensor]) -> None:
    logits, y, mask = scored
    expected = multiclass_accuracy(logits[mask], y[mask], num_classes=7, average="micro")
    assert accuracy(logits, y, mask) == pytest.approx(float(expected))


@pytest.mark.parametrize("k", [1, 3, 7])
def test_recall_is_that_of_torchmetrics(scored: tuple[Tensor, Tensor, Tensor], k: int) -> None:
    logits, y, mask = scored
    expected = multiclass_accuracy(logits[mask], y[mask], num_classes=7, average="micro", top_k=k)
    assert top_k_recall(logits, y, k, mask) == pytest.approx(float(expected))


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_recall_with_ties_is_that_of_a_sorted_list(data: st.DataObject) -> None:
    n, c = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    score = torch.tensor(
        data.draw(st.lists(st.lists(st.integers(0, 2), min_size=c, max_size=c), min_size=n, max_size=n))
    )
    y = torch.tensor(data.draw(st.lists(st.integers(0, c - 1), min_size=n, max_size=n)))
    k = data.draw(st.integers(1, c))
    hits = 0
    for row in range(n):
        order = sorted(range(c), key=lambda column: (-int(score[row, column]), column))
        hits += int(y[row]) in order[:k]
    assert top_k_recall(score.float(), y, k) == pytest.approx(hits / n)


def naive_edge_accuracy(logit: Tensor, edge_index: Tensor, y: Tensor, mask: Tensor) -> float:
    correct = []
    for node in range(len(y)):
        edges = [(-float(logit[e]), int(edge_index[1, e])) for e in range(len(logit)) if edge_index[0, e] == node]
        if mask[node]:
            correct.append(bool(edges) and min(edges)[1] == int(y[node]))
    return sum(correct) / len(correct)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_edge_argmax_accuracy_is_that_of_a_double_loop(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    pairs = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), unique=True))
    logit = torch.tensor(data.draw(st.lists(st.integers(-1, 1), min_size=len(pairs), max_size=len(pairs)))).float()
    edge_index = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
    y = torch.tensor(data.draw(st.lists(st.integers(-1, m - 1), min_size=n, max_size=n)))
    mask = torch.tensor(data.draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(any)))
    expected = naive_edge_accuracy(logit, edge_index, y, mask)
    assert edge_argmax_accuracy(logit, edge_index, y, mask, n) == pytest.approx(expected)


def test_order_of_the_edges_does_not_matter() -> None:
    edge_index = torch.cartesian_prod(torch.arange(10), torch.arange(4)).T
    logit, y, mask = torch.randint(0, 3, (40,)).float(), torch.randint(0, 4, (10,)), torch.ones(10, dtype=torch.bool)
    order = torch.randperm(40)
    shuffled = edge_argmax_accuracy(logit[order], edge_index[:, order], y, mask, 10)
    assert shuffled == edge_argmax_accuracy(logit, edge_index, y, mask, 10)


def test_a_node_without_candidates_is_wrong() -> None:
    edge_index, logit = torch.tensor([[0], [1]]), torch.tensor([0.5])
    both = torch.tensor([True, True])
    assert edge_argmax_accuracy(logit, edge_index, torch.tensor([1, 1]), both, 2) == 0.5


def test_logits_of_minus_infinity_are_candidates_still() -> None:
    edge_index, logit = torch.tensor([[0, 0], [1, 2]]), torch.tensor([-torch.inf, -torch.inf])
    assert edge_argmax_accuracy(logit, edge_index, torch.tensor([1]), torch.tensor([True]), 1) == 1.0


def test_bad_scores() -> None:
    y, mask = torch.tensor([0, 1]), torch.tensor([True, True])
    logits = torch.eye(2)
    with pytest.raises(GraphError, match=r"logits: expected \[n, c\], got \[2\]"):
        accuracy(logits[0], y, mask)
    with pytest.raises(GraphError, match=r"y: expected classes \[2\] as whole numbers, got torch.int64 \[1\]"):
        accuracy(logits, y[:1], mask)
    with pytest.raises(GraphError, match=r"mask: expected \[2\], got \[1\]"):
        accuracy(logits, y, mask[:1])
    with pytest.raises(GraphError, match=r"mask: expected bool, got torch\.int64"):
        accuracy(logits, y, y)
    with pytest.raises(GraphError, match="mask: selects no row"):
        accuracy(logits, y, ~mask)
    with pytest.raises(GraphError, match="logits: row 1 is NaN"):
        accuracy(torch.tensor([[0.0, 1.0], [torch.nan, 1.0]]), y, mask)
    assert accuracy(torch.tensor([[1.0, 0.0], [torch.nan, 1.0]]), y, torch.tensor([True, False])) == 1.0
    with pytest.raises(GraphError, match=r"k: expected 1 … 2, .* got 3"):
        top_k_recall(logits, y, 3)
    with pytest.raises(GraphError, match=r"y: row 1: expected a column of score, 0 … 1, got 2"):
        top_k_recall(logits, torch.tensor([0, 2]), 1)


def test_bad_edges() -> None:
    y, mask = torch.tensor([0, 1]), torch.tensor([True, True])
    edge_index, logit = torch.tensor([[0, 1], [0, 1]]), torch.tensor([0.1, torch.nan])
    with pytest.raises(GraphError, match="edge_logit: row 1 is NaN"):
        edge_argmax_accuracy(logit, edge_index, y, mask, 2)
    with pytest.raises(GraphError, match=r"expected edge_logit \[e\] and edge_index \[2, e\], got \[1\] and \[2, 2\]"):
        edge_argmax_accuracy(logit[:1], edge_index, y, mask, 2)
    with pytest.raises(GraphError, match=r"expected sources in 0 … 1"):
        edge_argmax_accuracy(logit, edge_index + 1, y, mask, 2)
    with pytest.raises(GraphError, match=r"y_source: expected classes \[3\] as whole numbers, got torch.int64 \[2\]"):
        edge_argmax_accuracy(logit, edge_index, y, mask, 3)


def test_best_targets_are_those_of_a_naive_search() -> None:
    draw = torch.Generator().manual_seed(0)
    edge_index = torch.stack([torch.randint(9, (60,), generator=draw), torch.randint(5, (60,), generator=draw)])
    logit = torch.randint(4, (60,), generator=draw).float()  # ties
    expected = []
    for node in range(10):
        own = [(-float(logit[e]), int(edge_index[1, e])) for e in range(60) if int(edge_index[0, e]) == node]
        expected.append(min(own)[1] if own else -1)
    assert best_targets(logit, edge_index, 10).tolist() == expected
