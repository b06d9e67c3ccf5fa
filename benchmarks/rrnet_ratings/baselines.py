"""Everything that RR-Net is compared with: a graph of ratings in, predictions for all its ratings out."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from functools import partial

import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.rating_edges import known_ratings
from avgraph.graph.ratings import RATES, TRUSTS
from avgraph.methods.rrnet.rating_heads import Answer, median_level
from avgraph.nn.rating_biases import DampedBiases
from avgraph.transforms import RatingModel
from avgraph.transforms._co_rating import alike, ones, residuals, sums_over_neighbours
from avgraph.transforms.rating_model import blocks_of, imported_machine
from benchmarks.rrnet_ratings.factors import factors

SHRINKAGE = (0.0, 0.5, 1.0, 2.0)
TREES = 150  # of the boosting


def mean(graph: HeteroData, seed: int) -> Answer:
    """The mean of the training ratings; their median for the absolute error."""
    known, every = known_ratings(graph), torch.ones(graph[RATES].edge_index.shape[1])
    return Answer(every * known.rating.mean(), every * known.rating.median())


def biases(graph: HeteroData, seed: int) -> Answer:
    """Damped means of users and items."""
    known = known_ratings(graph)
    model = DampedBiases(known.edge_index, known.rating, known.users, known.items)
    return _one(graph, model.predict(graph[RATES].edge_index))


def item_neighbours(graph: HeteroData, seed: int) -> Answer:
    """The biases, and the mean residual of the user's ratings of the 50 items most like this one."""
    known, edges = known_ratings(graph), graph[RATES]
    model = DampedBiases(known.edge_index, known.rating.double(), known.users, known.items)
    left, near = residuals(known, model), alike(known, model, 50, "item")
    user, item = (end.numpy() for end in edges.edge_index)
    parts = (left, ones(left))
    carried, weight = (torch.from_numpy(sums_over_neighbours(part, near, user, item)) for part in parts)
    plain = model.predict(edges.edge_index)
    found = [plain + carried / (weight + damping).clamp_min(1e-6) for damping in SHRINKAGE]
    return _one(graph, min(found, key=lambda one: float((one - edges.rating)[edges.val_mask].square().mean())))


def boosting(graph: HeteroData, seed: int) -> Answer:
    """Gradient boosting on the out-of-fold statistics; needs a graph that has them."""
    edges = graph[RATES]
    x, train = edges.edge_attr.numpy(), edges.train_mask.numpy()
    found: dict[str, Tensor] = {}
    for loss in ("squared_error", "absolute_error"):
        model = HistGradientBoostingRegressor(
            loss=loss, learning_rate=0.05, max_iter=TREES, max_leaf_nodes=15, min_samples_leaf=50, random_state=seed
        )
        model.fit(x[train], edges.rating.numpy()[train])
        found[loss] = torch.from_numpy(model.predict(x)).float()
    return Answer(found["squared_error"], found["absolute_error"])


def machine(graph: HeteroData, seed: int) -> Answer:
    """myFM, ordered probit, with implicit feedback and links; needs a graph that has its probabilities."""
    levels, probability = known_ratings(graph).rating.unique(), graph[RATES].level_probability
    return Answer(probability @ levels, median_level(probability, levels))


def plain_machine(graph: HeteroData, seed: int) -> Answer:
    """myFM, ordered probit, of users and items alone."""
    return machine(RatingModel(implicit=False, links=False, folds=2, seed=seed)(graph), seed)


def regression_machine(graph: HeteroData, seed: int) -> Answer:
    """myFM, regression of the ratings as numbers, with implicit feedback and links; rank and samples of the others."""
    known, pairs, library = known_ratings(graph), graph[RATES].edge_index, imported_machine()
    links = graph[TRUSTS].edge_index if TRUSTS in graph.edge_types else None
    users, items, widths = blocks_of(known, links, implicit=True)

    def blocks(index: Tensor) -> list[object]:
        return [library.RelationBlock(end.numpy(), side) for end, side in zip(index, (users, items), strict=True)]

    settings = RatingModel(seed=seed)
    model = library.MyFMRegressor(rank=settings.rank, random_seed=seed)
    with redirect_stderr(io.StringIO()):  # its own progress bar
        model.fit(
            None, known.rating.double().numpy(), X_rel=blocks(known.edge_index), n_iter=settings.samples,
            n_kept_samples=settings.samples - settings.samples // 10, group_shapes=widths,
        )  # fmt: skip
    return _one(graph, torch.from_numpy(model.predict(None, X_rel=blocks(pairs))))


BASELINES: Mapping[str, Callable[[HeteroData, int], Answer]] = {
    "global mean (median)": mean,
    "user and item biases": biases,
    "item-kNN on residuals": item_neighbours,
    "biased MF": partial(factors, kind="mf"),
    "SVD++": partial(factors, kind="svd++"),
    "LightGCN": partial(factors, kind="lightgcn"),
    "gradient boosting on statistics": boosting,
    "myFM regression, implicit, links": regression_machine,
    "myFM ordinal": plain_machine,
    "myFM ordinal, implicit, links": machine,
}


def _one(graph: HeteroData, value: Tensor) -> Answer:
    rating = known_ratings(graph).rating
    value = value.float().clamp(rating.min(), rating.max())
    return Answer(value, value)
