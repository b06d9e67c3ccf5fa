"""Transforms of rating graphs beside naive loops, and what they may not know."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import DataError, GraphError
from avgraph.graph.rating_edges import known_ratings
from avgraph.graph.ratings import CANDIDATES, RATES
from avgraph.nn.rating_biases import DampedBiases
from avgraph.transforms import CoRated, RatingModel, RatingStatistics, Unrated
from avgraph.transforms._co_rating import nearest, residuals, sums_over_neighbours
from avgraph.transforms.rating_statistics import COLUMNS
from tests.rating_graphs import ratings
from tests.wiring.machine import Machine


def test_nearest_rows_are_those_of_the_dense_cosine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avgraph.transforms._co_rating._ROWS_AT_A_TIME", 7)
    rows = sp.random(40, 12, density=0.3, random_state=0, format="csr")
    rows.data -= 0.5
    dense = rows.toarray()
    length = np.sqrt((dense**2).sum(1) + 3.0)
    cosine = dense @ dense.T / np.outer(length, length)
    np.fill_diagonal(cosine, 0)
    expected = np.where((cosine > 0) & (np.argsort(np.argsort(-cosine, 1), 1) < 4), cosine, 0)
    np.testing.assert_allclose(nearest(rows, 4, damping=3.0).toarray(), expected)


def test_sums_over_neighbours_are_products_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avgraph.transforms._co_rating._PAIRS_AT_A_TIME", 3)
    one, other = (sp.random(9, 8, density=0.5, random_state=seed, format="csr") for seed in (0, 1))
    row, column = np.array([0, 3, 3, 8, 1, 2, 7]), np.array([1, 1, 4, 0, 8, 8, 2])
    np.testing.assert_allclose(
        sums_over_neighbours(one, other, row, column), (one.toarray() @ other.toarray().T)[row, column]
    )


def test_statistics_are_what_their_names_say() -> None:
    data = RatingStatistics(neighbours=10)(ratings())
    known = known_ratings(data)
    biases = DampedBiases(known.edge_index, known.rating.double(), 120, 80)
    row = int(data[RATES].test_mask.nonzero()[3, 0])
    user, item = data[RATES].edge_index[:, row].tolist()
    found = dict(zip(COLUMNS, data[RATES].edge_attr[row].tolist(), strict=True))
    left = residuals(known, biases).toarray()
    rated = torch.zeros(120, 80)
    rated[known.edge_index[0], known.edge_index[1]] = 1
    assert found["biases"] == pytest.approx(float(biases.predict(data[RATES].edge_index[:, [row]])))
    assert found["user_count"] == pytest.approx(np.log1p(float(rated[user].sum())), rel=1e-5)
    length = np.sqrt((left.T**2).sum(1) + 3)
    like = left.T @ left / np.outer(length, length)
    like[item, item] = 0
    ten = [j for j in np.argsort(-like[item])[:10] if like[item, j] > 0]
    weight = sum(like[item, j] for j in ten if rated[user, j])
    carried = sum(like[item, j] * left[user, j] for j in ten if rated[user, j])
    assert found["like_items"] == pytest.approx(carried / (weight + 0.5), abs=1e-5)
    assert found["like_items_weight"] == pytest.approx(np.log1p(weight), abs=1e-5)


@pytest.mark.parametrize("step", [CoRated(k=5), CoRated(node="user", k=5), Unrated(k=5), RatingStatistics()])
def test_held_out_ratings_are_never_read(step: object) -> None:
    one, two = ratings(), ratings()
    two[RATES].rating[~two[RATES].train_mask] = float("nan")
    first, second = step(one), step(two)  # type: ignore[operator]
    for kind in first.edge_types:
        for name in ("edge_index", "edge_weight", "edge_attr"):
            if name in first[kind]:
                assert torch.equal(first[kind][name], second[kind][name])


def test_candidates_are_the_best_of_the_unrated() -> None:
    data = Unrated(k=4, neighbours=10)(ratings())
    known = known_ratings(data)
    rated = {tuple(pair) for pair in known.edge_index.T.tolist()}
    candidates = data[CANDIDATES].edge_index
    assert candidates.shape[1] == 4 * 120
    assert not rated & {tuple(pair) for pair in candidates.T.tolist()}
    assert candidates[0].tolist() == sorted(candidates[0].tolist())


def test_a_user_who_has_rated_nearly_all_has_fewer_candidates() -> None:
    data = HeteroData(user={"num_nodes": 2}, item={"num_nodes": 3})
    data[RATES].edge_index = torch.tensor([[0, 0, 1], [0, 1, 2]])
    data[RATES].rating = torch.tensor([5.0, 1.0, 4.0])
    data[RATES].train_mask = torch.ones(3, dtype=torch.bool)
    assert Unrated(k=9)(data)[CANDIDATES].edge_index.tolist() == [[0, 1, 1], [2, 0, 1]]


def test_the_machine_predicts_training_ratings_out_of_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setitem(sys.modules, "myfm", machine)
    data = Unrated(k=3)(ratings())
    found = RatingModel(folds=4)(data)
    total = len(known_ratings(data).rating)
    assert machine.calls[0]["rows"] == total
    assert sum(total - call["rows"] for call in machine.calls[1:]) == total
    share = known_ratings(data).rating.unique(return_counts=True)[1] / total
    held_out = ~data[RATES].train_mask
    torch.testing.assert_close(found[RATES].level_probability[held_out][0], share.float())
    torch.testing.assert_close(found[CANDIDATES].level_probability[5], share.float())
    assert len(found[RATES].level_probability[~held_out].unique(dim=0)) == 4


def test_without_the_machine_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "myfm", None)
    with pytest.raises(DataError, match=r"rating_model needs myFM: pip install 'avgraph\[ratings\]'"):
        RatingModel()(ratings())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda edges: edges.pop("train_mask"), r"train_mask: expected true and false \[\d+\], got NoneType"),
        (lambda edges: edges.train_mask.fill_(False), "no rating to train on"),
        (lambda edges: edges.rating.fill_(float("inf")), r"\(user, rates, item\).rating: row \d+ is not finite"),
        (lambda edges: edges.update({"rating": edges.rating.long()}), r"rating: expected numbers .*, got torch.int64"),
    ],
)
def test_ratings_that_cannot_be_used(change: object, told: str) -> None:
    data = ratings()
    change(data[RATES])  # type: ignore[operator]
    with pytest.raises(GraphError, match=told):
        CoRated()(data)
    with pytest.raises(GraphError, match=r"no ratings \(user, rates, item\)"):
        CoRated()(HeteroData(user={"num_nodes": 1}))
