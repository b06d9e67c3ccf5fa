"""RR-Net on ratings: what may be known, heads, starts, learning, recommendations, errors."""

from __future__ import annotations

import copy
import math

import pyarrow.parquet as pq
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import ConfigError, GraphError
from avgraph.export import read_graphml, write_graphml, write_parquet
from avgraph.graph.ratings import CANDIDATES, RATES, RECOMMENDED, TRUSTS
from avgraph.methods.rrnet import RatingTask, RrnetRatingsOptions
from avgraph.methods.rrnet.rating_heads import OrdinalHead, SquaredHead, median_level
from avgraph.nn.rating_biases import DampedBiases
from avgraph.options.train import TrainOptions
from avgraph.transforms import CoRated, RatingStatistics, Unrated
from tests.rating_graphs import complete, ratings

LEVELS = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])


def fitted(data: HeteroData, epochs: int = 30, **options: object) -> RatingTask:
    task = RatingTask(RrnetRatingsOptions(**options))
    torch.manual_seed(0)
    task.bind(data, TrainOptions(epochs=epochs, schedule="constant"), 0)
    optimizer = task.configure_optimizers()
    task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    for _ in range(epochs):
        optimizer.zero_grad()
        task.training_step(torch.zeros(1), 0).backward()
        optimizer.step()
    return task.eval()


def everything_of(data: HeteroData, **options: object) -> RatingTask:
    """All transforms and a training from the ratings of a graph."""
    return fitted(complete(data), epochs=3, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"intra_units": 2, "inter_units": 2},
        {"start": "model"},
        {"head": "squared", "rating_messages": True, "inter_units": 2},
    ],
)
def test_a_held_out_rating_changes_no_prediction_but_its_own_error(options: dict[str, object]) -> None:
    data = ratings()
    row = int(data[RATES].test_mask.nonzero()[0, 0])
    other = copy.deepcopy(data)
    other[RATES].rating[row] = 1.0 if float(data[RATES].rating[row]) > 2 else 5.0
    one, two = everything_of(data, **options), everything_of(other, **options)
    for kind in (RATES, CANDIDATES):
        assert torch.equal(one.answer(kind).mean, two.answer(kind).mean)
        assert torch.equal(one.answer(kind).median, two.answer(kind).median)
    changed = [name for name, value in one.metrics().items() if value != two.metrics()[name]]
    assert "test/mae" in changed
    assert all(name.startswith("test/") for name in changed)


def test_no_prediction_depends_on_which_other_pairs_are_asked_about() -> None:
    task = fitted(complete(), epochs=3)
    every, some = task.pairs[RATES], torch.tensor([3, 500, 41])
    with torch.no_grad():
        alone, among = task(every.rows(some)), task(every)[some]
    torch.testing.assert_close(alone, among)


def test_a_step_asks_for_the_ratings_that_it_hides() -> None:
    task = fitted(complete(), epochs=0, rating_messages=True, hidden_share=0.25, inter_units=2)
    seen = []
    task.network.register_forward_hook(lambda _, given, __: seen.append((given[1][0], given[2][0])))
    torch.manual_seed(1)
    task.training_step(torch.zeros(1), 0)
    known, asked = seen[0][0], torch.stack([seen[0][1].source.index, seen[0][1].target.index])
    told = {tuple(pair) for pair in known.T.tolist()}
    hidden = {tuple(pair) for pair in asked.T.tolist()}
    assert not told & hidden
    assert len(told | hidden) == len(task.rating)
    assert 0.2 < len(hidden) / len(task.rating) < 0.3


def test_the_order_of_relations_and_of_edge_types_changes_nothing() -> None:
    data = CoRated(node="user", k=3)(complete())
    turned = HeteroData()
    for node in reversed(data.node_types):
        turned[node].update(data[node])
    for kind in reversed(data.edge_types):
        turned[kind].update(data[kind])
    one, two = (fitted(graph, epochs=2, intra_units=1) for graph in (data, turned))
    assert torch.equal(one.answer(RATES).mean, two.answer(RATES).mean)


@pytest.mark.parametrize("head", ["ordinal", "squared"])
def test_training_starts_from_the_biases(head: str) -> None:
    data = complete()
    answer = fitted(data, epochs=0, start="biases", head=head).answer(RATES)
    known = data[RATES].train_mask
    plain = DampedBiases(data[RATES].edge_index[:, known], data[RATES].rating[known], 120, 80).predict(
        data[RATES].edge_index
    )
    held_out = ~known
    if head == "squared":
        torch.testing.assert_close(answer.mean[held_out], plain[held_out].clamp(1.08, 4.92))
    else:
        order = plain[held_out].argsort()
        assert (answer.mean[held_out][order].diff() >= -1e-5).all()


def test_training_starts_from_the_model() -> None:
    data = complete()
    answer, levels = fitted(data, epochs=0, start="model").answer(RATES), torch.arange(1, 6).float()
    torch.testing.assert_close(answer.mean, data[RATES].level_probability @ levels, atol=2e-3, rtol=0)
    squared = fitted(data, epochs=0, start="model", head="squared").answer(RATES)
    torch.testing.assert_close(squared.mean, data[RATES].level_probability @ levels, atol=2e-3, rtol=0)


def test_squared_errors_start_from_the_mean_of_the_training_ratings() -> None:
    data = complete()
    task = fitted(data, epochs=0, start="mean", head="squared")
    mean = data[RATES].rating[data[RATES].train_mask].mean()
    torch.testing.assert_close(task.answer(RATES).mean, mean.expand(data[RATES].num_edges))


def test_learns_more_than_the_biases_know() -> None:
    task = fitted(complete(), epochs=120)
    metrics, trivial = task.metrics(), task.trivial()
    for split in ("val", "test"):
        for name in ("mae", "rmse"):
            assert metrics[f"{split}/{name}"] < metrics[f"{split}/bias_{name}"]
            assert trivial.errors[f"{split}/{name}"] == pytest.approx(metrics[f"{split}/bias_{name}"], abs=5e-3)
    loss = task.training_step(torch.zeros(1), 0)
    assert trivial.loss is not None
    assert loss.item() < trivial.loss


def test_of_several_levels_the_median_has_the_least_absolute_error() -> None:
    head = OrdinalHead(LEVELS, torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    answer = head.answer(torch.randn(50, 2, generator=torch.Generator().manual_seed(0)), None)
    assert answer.probability is not None
    naive = torch.stack([((LEVELS - level).abs() * answer.probability).sum(1) for level in LEVELS], 1)
    torch.testing.assert_close(naive.gather(1, torch.searchsorted(LEVELS, answer.median)[:, None])[:, 0],
                               naive.min(1).values, atol=1e-4, rtol=0)  # fmt: skip
    torch.testing.assert_close(answer.probability.sum(1), torch.ones(50))
    torch.testing.assert_close(answer.mean, answer.probability @ LEVELS)


@pytest.mark.parametrize("starts_from", [None, "number", "levels"])
def test_gradients_of_the_heads(starts_from: str | None) -> None:
    levels, rating = LEVELS.double(), torch.tensor([1.0, 2.0, 5.0, 4.0, 4.0, 3.0]).double()
    draw = torch.Generator().manual_seed(0)
    raw = (0.3 * torch.randn(6, 2, generator=draw).double()).requires_grad_()
    head = OrdinalHead(levels, rating, starts_from)
    start = None
    if starts_from == "number":
        start = head.start_at_number(rating.flip(0))
    elif starts_from == "levels":
        start = head.start_at_levels(torch.rand(6, 5, generator=draw).double().softmax(1))
        head.cut.data.zero_()
    assert torch.autograd.gradcheck(lambda raw: head.loss(raw, start, rating), raw)
    squared = SquaredHead(levels)
    one = raw[:, :1].detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda raw: squared.loss(raw, None, rating), one)


def test_a_level_that_the_start_rules_out_can_be_learned() -> None:
    probability = torch.tensor([[0.0, 0.0, 4e-5, 2e-5, 1.0 - 6e-5], [1.0, 0.0, 0.0, 0.0, 0.0]])
    head = OrdinalHead(LEVELS, LEVELS, "levels")
    start = head.start_at_levels(probability)
    given = head.answer(torch.zeros(2, 2), start).probability
    torch.testing.assert_close(given, probability, atol=5e-4, rtol=0)
    for level in LEVELS:
        raw = torch.zeros(2, 2, requires_grad=True)
        head.loss(raw, start, level.expand(2)).backward()
        assert bool((raw.grad.abs().sum(1) > 1e-4).all())  # type: ignore[union-attr]


def test_a_constant_answer_has_the_loss_of_the_shares() -> None:
    rating = torch.tensor([1.0, 1.0, 2.0, 4.0, 5.0, 3.0, 3.0, 3.0])
    head = OrdinalHead(LEVELS, rating)
    share = torch.tensor([2, 1, 3, 1, 1]) / 8
    assert head.loss(torch.zeros(8, 2), None, rating).item() == pytest.approx(float(torch.special.entr(share).sum()))


def test_cold_users_and_items_are_told_apart() -> None:
    data = ratings()
    edges = data[RATES]
    of_item = (edges.edge_index[1] == 0).nonzero()[:, 0]
    for name in ("train_mask", "val_mask", "test_mask"):
        edges[name][of_item] = False
    edges.train_mask[of_item[:5]] = edges.test_mask[of_item[5:7]] = True
    task = fitted(data, epochs=1, recommend=0)
    error = (task.answer(RATES).median - edges.rating)[of_item[5:7]].abs().mean()
    assert task.metrics()["test/cold_mae"] == pytest.approx(float(error))
    edges.train_mask[of_item[7]] = True
    assert "test/cold_mae" not in fitted(data, epochs=1, recommend=0).metrics()


def test_recommends_unrated_items_in_order_and_every_format_has_them(tmp_path) -> None:  # type: ignore[no-untyped-def]
    data = complete()
    found = fitted(data, epochs=3, recommend=3, liked=4.0).annotated()
    store = found[RECOMMENDED]
    assert store.edge_index.shape == (2, 3 * 120)
    known = data[RATES].edge_index[:, data[RATES].train_mask]
    assert not {tuple(p) for p in store.edge_index.T.tolist()} & {tuple(p) for p in known.T.tolist()}
    assert (store.rating.view(120, 3).diff(dim=1) <= 0).all()
    assert ((store.probability > 0) & (store.probability < 1)).all()
    assert found[RATES].prediction.shape == found[RATES].rating.shape
    write_graphml(found, tmp_path / "g.graphml")
    again = read_graphml(tmp_path / "g.graphml")[RECOMMENDED]
    write_parquet(found, tmp_path / "g")
    table = pq.read_table(next((tmp_path / "g").rglob("*recommended*.parquet")))
    for name in ("rating", "probability"):
        torch.testing.assert_close(again[name], store[name])
        assert table[name].to_pylist() == pytest.approx(store[name].tolist())


def test_without_levels_there_is_no_ordinal_head() -> None:
    data = ratings()
    data[RATES].rating += 0.01 * torch.rand(len(data[RATES].rating), generator=torch.Generator().manual_seed(0))
    with pytest.raises(GraphError, match="expected training ratings of 2 to 50 levels"):
        fitted(data, epochs=0, recommend=0)
    assert math.isfinite(fitted(data, epochs=1, recommend=0, head="squared").metrics()["test/mae"])


def test_what_is_started_from_must_be_there() -> None:
    with pytest.raises(GraphError, match=r"start: model: .*level_probability: expected .* got none; add a step"):
        fitted(ratings(), epochs=0, start="model", recommend=0)
    data = complete()
    with pytest.raises(GraphError, match="edge_attr: expected one width"):
        fitted(Unrated(k=3)(data), epochs=0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"features": "none", "feature_channels": 4}, "feature_channels: not with features 'none'"),
        ({"inter_units": 2, "hidden_share": 0.2}, "hidden_share: not without rating_messages"),
        ({"intra_units": 1, "rating_messages": True}, "rating_messages: the only inter unit is the last one"),
        ({"hidden_share": 0.2}, "hidden_share: the only inter unit is the last one"),
        ({"aggr": "sum"}, "aggr: the only inter unit is the last one.*no intra unit"),
        ({"inter_units": 2, "incidence": "target"}, "incidence: there is no intra unit"),
        ({"head": "squared", "liked": 3.0}, "liked: only of recommendations with head 'ordinal'"),
        ({"hidden_share": 1.0}, "hidden_share: expected a number below 1"),
    ],
)
def test_options_without_effect_are_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        RrnetRatingsOptions(**options)


def test_a_median_within_rounding_is_the_lower_level() -> None:
    half = torch.tensor([[0.2, 0.3 - 1e-7, 0.0, 0.5, 0.0]])
    assert median_level(half, LEVELS).tolist() == [2.0]


def test_without_intra_units_relations_are_left_alone() -> None:
    task = fitted(complete(), epochs=0)
    assert (task.relations, len(task.network.edge_encoder)) == ((), 0)


def test_what_is_known_is_looked_up_once() -> None:
    task = fitted(complete(), epochs=1)
    seen = []
    task.network.register_forward_hook(lambda _, given, __: seen.append((given[1][1], given[2][0])))
    for _ in range(2):
        task.training_step(torch.zeros(1), 0)
    assert {id(plan) for plans in seen for plan in plans} == {id(task.told_plan)}


def test_links_are_intra_edges_and_attributes_are_features() -> None:
    data = complete()
    data["item"].x = torch.randn(80, 3, generator=torch.Generator().manual_seed(0))
    task = fitted(data, epochs=0, features="uniform", feature_channels=4, intra_units=1)
    assert task.relations == (("item", "near", "item"), TRUSTS)
    assert {node: value.shape[1] for node, value in task.features().items()} == {"user": 4, "item": 7}
    assert 0 <= float(task.features()["user"].min()) <= float(task.features()["user"].max()) < 1


def test_statistics_know_no_rating_of_their_own() -> None:
    """Of a training rating they come from the other folds: another value of it changes none of its own."""
    data, other = ratings(), ratings()
    row = int(data[RATES].train_mask.nonzero()[7, 0])
    other[RATES].rating[row] = 6 - other[RATES].rating[row]
    one, two = (RatingStatistics(neighbours=10)(graph)[RATES].edge_attr for graph in (data, other))
    assert torch.equal(one[row], two[row])
    assert not torch.equal(one, two)


@pytest.mark.parametrize("rating_messages", [False, True])
def test_a_training_rating_that_is_asked_for_does_not_reach_its_own_prediction(rating_messages: bool) -> None:
    """Not through the statistics of its neighbours either, which know it. Two of a fold change places: mean and spread
    of all stay, and neither's fold sees the other."""
    data, other = ratings(), ratings()
    known = data[RATES].train_mask.nonzero()[:, 0]
    fold = torch.randperm(len(known), generator=torch.Generator().manual_seed(0)) % 5
    mine, rating = (fold == 0).nonzero()[:, 0], data[RATES].rating[known]
    pair = torch.stack([mine[rating[mine].argmin()], mine[rating[mine].argmax()]])
    other[RATES].rating[known[pair]] = rating[pair.flip(0)]
    hidden, found = torch.zeros(len(known), dtype=torch.bool), []
    hidden[pair] = True
    for graph in (data, other):
        options = {"start": "mean", "standardize": False, "intra_units": 2, "inter_units": 3, "recommend": 0}
        task = fitted(RatingStatistics(neighbours=10)(graph), 0, rating_messages=rating_messages, **options)
        task.double().answer(RATES)
        with torch.no_grad():
            found.append(task(task.told.rows(pair), hidden if rating_messages else None))
    torch.testing.assert_close(found[0], found[1], atol=1e-12, rtol=0)


def test_known_ratings_reach_the_pairs_that_are_asked_about_through_two_inter_units() -> None:
    task = fitted(complete(), 0, start="mean", inter_units=2, rating_messages=True).double()
    task.answer(RATES)
    rating = task.rating.requires_grad_()
    (found,) = torch.autograd.grad(task(task.pairs[CANDIDATES].to(rating)).sum(), rating)
    assert found.abs().min() > 0
