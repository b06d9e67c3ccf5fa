"""What a run on ratings reports, what it has to beat, and the graph it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.rating_edges import KnownRatings
from avgraph.graph.ratings import CANDIDATES, RATES, RECOMMENDED
from avgraph.graph.vocabulary import SPLITS
from avgraph.methods.headline import Headline, judged_split
from avgraph.methods.rrnet.rating_heads import Answer, median_level
from avgraph.metrics import mean_absolute_error, root_mean_squared_error
from avgraph.nn.rating_biases import DampedBiases

HELD_OUT = SPLITS[1:]
COLD = 5
"""Who or what has so many training ratings at most is cold."""


def rating_metrics(
    graph: HeteroData,
    known: KnownRatings,
    answer: Answer,
    biases: DampedBiases,
    splits: Sequence[str] = HELD_OUT,
) -> dict[str, float]:
    """Errors on held-out ratings beside those of the bias model and of the model that was given; cold ones apart.

    The absolute error is of the median, the squared one of the mean. Cold are pairs whose user or item has five
    training ratings at most.

    Args:
        graph: with ratings.
        known: those to train on.
        answer: predictions for all ratings of the graph.
        biases: of the known ratings.
        splits: to look at.
    """
    edges, found = graph[RATES], {}
    index, rating = edges.edge_index, edges.rating
    cold = (known_counts(known, index) <= COLD).any(0)
    plain = bias_errors(graph, known, biases, splits)
    model = edges.get("level_probability")
    for split in splits:
        mask = edges.get(f"{split}_mask")
        if mask is None or not bool(mask.any()):
            continue
        for name, rows in ((split, mask), (f"{split}/cold", mask & cold)):
            if bool(rows.any()):
                prefix = f"{name}/" if name == split else f"{name}_"
                found[f"{prefix}mae"] = mean_absolute_error(answer.median[rows], rating[rows])
                found[f"{prefix}rmse"] = root_mean_squared_error(answer.mean[rows], rating[rows])
        found |= {f"{split}/bias_{name}": plain[f"{split}/{name}"] for name in ("mae", "rmse")}
        if model is not None:
            levels = known.rating.unique()
            middle = median_level(model, levels)
            found[f"{split}/model_mae"] = mean_absolute_error(middle[mask], rating[mask])
            found[f"{split}/model_rmse"] = root_mean_squared_error((model @ levels)[mask], rating[mask])
    return found


def known_counts(known: KnownRatings, pairs: Tensor) -> Tensor:
    """How many training ratings the user and the item of each pair have.

    Shapes:
        pairs [2, q] → [2, q]

    Example:
        >>> index = torch.tensor([[0, 0, 1], [0, 1, 1]])
        >>> known = KnownRatings(index, torch.ones(3), torch.arange(3), users=3, items=2)
        >>> known_counts(known, torch.tensor([[0, 2], [0, 1]]))
        tensor([[2, 0],
                [1, 2]])
    """
    sizes = (known.users, known.items)
    counts = [torch.bincount(end, minlength=size) for end, size in zip(known.edge_index, sizes, strict=True)]
    return torch.stack([count[end] for count, end in zip(counts, pairs, strict=True)])


def bias_errors(
    graph: HeteroData, known: KnownRatings, biases: DampedBiases, splits: Sequence[str] = HELD_OUT
) -> dict[str, float]:
    """Errors of the bias model on held-out ratings: what every method has to beat.

    Args:
        graph: with ratings.
        known: those to train on.
        biases: of the known ratings.
        splits: to look at.
    """
    edges, found = graph[RATES], {}
    plain = biases.predict(edges.edge_index).clamp(known.rating.min(), known.rating.max())
    for split in splits:
        mask = edges.get(f"{split}_mask")
        if mask is not None and bool(mask.any()):
            found[f"{split}/mae"] = mean_absolute_error(plain[mask], edges.rating[mask])
            found[f"{split}/rmse"] = root_mean_squared_error(plain[mask], edges.rating[mask])
    return found


def rating_headline(graph: HeteroData, answer: Answer, metrics: Mapping[str, float]) -> Headline | None:
    """The absolute error beside that of the bias model and of the model that was given.

    Args:
        graph: with ratings.
        answer: predictions for all of them.
        metrics: see `rating_metrics`.
    """
    if (split := judged_split(metrics, "mae")) is None:
        return None
    edges, models = graph[RATES], {"the bias model": "bias", "the rating model it starts from": "model"}
    marks = {words: metrics.get(f"{split}/{name}_mae") for words, name in models.items()}
    return Headline(
        f"{split}/mae",
        better="lower",
        rows=(answer.median.double() - edges.rating.double()).abs()[edges[f"{split}_mask"]],
        baselines={words: value for words, value in marks.items() if value is not None},
        unit="ratings",
    )


def constant_loss(rating: Tensor, head: str) -> float:
    """The loss of the best answer that is the same for all pairs: their variance, or the entropy of their levels.

    Example:
        >>> constant_loss(torch.tensor([1.0, 1.0, 5.0, 5.0]), "squared")
        4.0
    """
    if head == "squared":
        return float(rating.double().var(correction=0))
    share = rating.unique(return_counts=True)[1].double() / len(rating)
    return float(torch.special.entr(share).sum())


def recommended(
    candidates: Tensor, answer: Answer, levels: Tensor, *, most: int, liked: float
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The candidates of every user that are predicted highest: pairs, ratings and probabilities to be liked.

    Args:
        candidates: pairs [2, q].
        answer: their predictions.
        levels: of ratings.
        most: items a user.
        liked: least rating of what is liked.

    Shapes:
        → pairs [2, r] sorted by user, then by rating, the highest first; rating [r], probability [r] or None

    Example:
        >>> answer = Answer(torch.tensor([2.0, 4.0, 3.0]), torch.zeros(3))
        >>> recommended(torch.tensor([[0, 0, 1], [5, 6, 5]]), answer, torch.tensor([1.0, 5.0]), most=1, liked=3)[:2]
        (tensor([[0, 1],
                [6, 5]]), tensor([4., 3.]))
    """
    order = torch.argsort(answer.mean, descending=True, stable=True)
    order = order[torch.argsort(candidates[0][order], stable=True)]
    user = candidates[0][order]
    rank = torch.arange(len(user)) - torch.searchsorted(user, user)
    rows = order[rank < most]
    probability = None
    if answer.probability is not None:
        probability = answer.probability[:, levels >= liked].sum(1)[rows]
    return candidates[:, rows], answer.mean[rows], probability


def recommend(graph: HeteroData, answer: Answer, levels: Tensor, *, most: int, liked: float) -> None:
    """Add edges `RECOMMENDED` to a graph with candidates, of which ``answer`` is; see `recommended`."""
    store = graph[RECOMMENDED]
    found = recommended(graph[CANDIDATES].edge_index, answer, levels, most=most, liked=liked)
    store.edge_index, store.rating = found[:2]
    if found[2] is not None:
        store.probability = found[2]
