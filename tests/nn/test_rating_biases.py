"""Damped biases: naive sums, what is left out, who has no rating."""

from __future__ import annotations

import pytest
import torch

from avgraph.errors import GraphError
from avgraph.nn.rating_biases import DampedBiases


def some(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    pairs = torch.randperm(6 * 5, generator=draw)[:17]
    return torch.stack([pairs // 5, pairs % 5]), torch.rand(17, generator=draw).double() * 4 + 1


def test_equals_naive_sums() -> None:
    edge_index, rating = some()
    biases, mean = DampedBiases(edge_index, rating, 7, 5, damping=2.0), float(rating.mean())
    rows = list(zip(edge_index[0].tolist(), edge_index[1].tolist(), rating.tolist(), strict=True))
    item = []
    for i in range(5):
        mine = [r - mean for _, j, r in rows if j == i]
        item.append(sum(mine) / (len(mine) + 2))
    user = []
    for u in range(7):
        mine = [r - mean - item[i] for v, i, r in rows if v == u]
        user.append(sum(mine) / (len(mine) + 2))
    assert biases.item.tolist() == pytest.approx(item)
    assert biases.user.tolist() == pytest.approx(user)
    assert biases.user[6] == 0
    pairs = torch.tensor([[0, 6], [4, 4]])
    assert biases.predict(pairs).tolist() == pytest.approx([mean + user[0] + item[4], mean + item[4]])


def test_a_rating_that_is_left_out_counts_for_neither_of_its_biases() -> None:
    edge_index, rating = some()
    biases = DampedBiases(edge_index, rating, 6, 5, damping=2.0)
    found = biases.leave_one_out()
    for row in range(len(rating)):
        user, item = edge_index[:, row].tolist()
        rest = torch.arange(len(rating)) != row
        of_item = [float(r - biases.mean) for r in rating[rest & (edge_index[1] == item)]]
        of_user = [
            float(r - biases.mean - biases.item[i])
            for r, i in zip(rating[rest & (edge_index[0] == user)], edge_index[1, rest & (edge_index[0] == user)],
                            strict=True)
        ]  # fmt: skip
        expected = float(biases.mean) + sum(of_item) / (len(of_item) + 2) + sum(of_user) / (len(of_user) + 2)
        assert float(found[row]) == pytest.approx(expected)


def test_without_damping_a_single_rating_leaves_nothing_to_divide_by() -> None:
    biases = DampedBiases(torch.tensor([[0], [0]]), torch.tensor([3.0]), 1, 1, damping=0.0)
    assert biases.leave_one_out().isfinite().all()


def test_without_damping_who_has_no_rating_has_no_bias() -> None:
    biases = DampedBiases(torch.tensor([[0, 0], [0, 1]]), torch.tensor([3.0, 4.0]), 2, 3, damping=0.0)
    assert biases.user[1] == biases.item[2] == 0
    assert biases.predict(torch.tensor([[1], [2]])).tolist() == [3.5]


def test_no_rating() -> None:
    with pytest.raises(GraphError, match="no known rating"):
        DampedBiases(torch.empty(2, 0, dtype=torch.int64), torch.empty(0), 2, 2)
