"""From what the network says of a pair to a rating: a number, or a probability of every level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from avgraph.graph.rating_edges import rating_levels
from avgraph.methods.rrnet.rating_options import RrnetRatingsOptions

_LEAST = 1e-6
_MOST_NUMBERS = 10_000_000  # different ratings of squared error, which needs the least and the highest alone


@dataclass(frozen=True)
class Answer:
    """What is predicted of pairs.

    Attributes:
        mean: the rating whose squared error is expected to be least [q].
        median: the one whose absolute error is [q].
        probability: of each level [q, K]; None where there is none.
    """

    mean: Tensor
    median: Tensor
    probability: Tensor | None = None


def median_level(probability: Float[Tensor, "q k"], levels: Float[Tensor, " k"]) -> Float[Tensor, " q"]:
    """The least level with half of the probability at or below it.

    Example:
        >>> median_level(torch.tensor([[0.5, 0.5], [0.4, 0.6]]), torch.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    return levels[(probability.cumsum(1) >= 0.5 - _LEAST).to(torch.int64).argmax(1)]


class SquaredHead(nn.Module):
    r"""A rating between the least and the highest, by squared error: r = r_min + (r_max - r_min) σ(logit).

    Args:
        levels: the different training ratings.

    Example:
        >>> head = SquaredHead(torch.tensor([1.0, 5.0]))
        >>> head.answer(torch.zeros(1, 1), None).mean
        tensor([3.])
    """

    outputs = 1
    levels: Tensor

    def __init__(self, levels: Float[Tensor, " k"]) -> None:
        super().__init__()
        self.register_buffer("levels", levels, persistent=False)

    def start_at_number(self, value: Float[Tensor, " q"]) -> Float[Tensor, "q 1"]:
        """Logits of predictions to start from."""
        low, high = self.levels[0], self.levels[-1]
        return torch.logit(((value - low) / (high - low)).clamp(0.02, 0.98))[:, None]

    def start_at_levels(self, probability: Float[Tensor, "q k"]) -> Float[Tensor, "q 1"]:
        """Logits of the mean of probabilities."""
        return self.start_at_number(probability @ self.levels)

    def loss(self, raw: Float[Tensor, "q 1"], start: Tensor | None, rating: Float[Tensor, " q"]) -> Tensor:
        """Mean squared error."""
        return (self.answer(raw, start).mean - rating).square().mean()

    def answer(self, raw: Float[Tensor, "q 1"], start: Float[Tensor, "q 1"] | None) -> Answer:
        """The rating, which is both mean and median."""
        logit = (raw if start is None else raw + start)[:, 0]
        low, high = self.levels[0], self.levels[-1]
        value = low + (high - low) * logit.sigmoid()
        return Answer(value, value)


class OrdinalHead(nn.Module):
    r"""A probability of each level: cumulative logits (McCullagh, 1980), moved and stretched pair by pair.

    .. math::
        P(r \le \ell_k) = \sigma\big(e^{t} (c_k + a_k - s)\big)

    s and t are what the network says of a pair, c the thresholds and a what is started from: cumulative logits of
    another model's probabilities, or -w times its prediction.

    Args:
        levels: the different training ratings, ascending.
        rating: of the training pairs; without a start the thresholds begin at their shares.
        starts_from: what `start_at_number` or `start_at_levels` will give; None without either.

    Example:
        >>> levels, rating = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0, 2.0, 2.0])
        >>> head = OrdinalHead(levels, rating)
        >>> head.answer(torch.zeros(1, 2), None).probability
        tensor([[0.2500, 0.7500]], grad_fn=<DivBackward0>)
    """

    outputs = 2
    levels: Tensor

    def __init__(
        self, levels: Float[Tensor, " k"], rating: Float[Tensor, " e"], starts_from: str | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("levels", levels, persistent=False)
        share = (rating[:, None] <= levels[:-1]).to(levels.dtype).mean(0).clamp(_LEAST, 1 - _LEAST)
        # A logistic of the ratings' spread: what a step of the scale is worth in logits.
        steep = math.pi / math.sqrt(3) / max(float(rating.std()), _LEAST)
        cut = torch.zeros_like(share) if starts_from == "levels" else torch.logit(share)
        self.cut = nn.Parameter(cut)
        self.slope = nn.Parameter(levels.new_tensor(steep)) if starts_from == "number" else None
        self.centre = float(rating.mean())

    def start_at_number(self, value: Float[Tensor, " q"]) -> Float[Tensor, "q 1"]:
        """How far predictions to start from lie above the mean rating."""
        return (value - self.centre)[:, None]

    def start_at_levels(self, probability: Float[Tensor, "q k"]) -> Float[Tensor, "q k1"]:
        """Cumulative logits of another model's probabilities.

        None of these counts as less than 1e-4: two thresholds that stood on each other would keep the level between
        them at no probability and without a gradient.
        """
        share = probability.clamp_min(1e-4)
        return torch.logit(share.cumsum(1)[:, :-1] / share.sum(1, keepdim=True))

    def loss(self, raw: Float[Tensor, "q 2"], start: Tensor | None, rating: Float[Tensor, " q"]) -> Tensor:
        """Mean negative logarithm of the probability of the level that was given, of 1e-6 where it is less.

        Nothing is learned from a rating that is as surprising as that.
        """
        probability = self._probability(raw, start)
        level = torch.searchsorted(self.levels, rating.contiguous())[:, None]
        return -probability.gather(1, level).clamp_min(_LEAST).log().mean()

    def answer(self, raw: Float[Tensor, "q 2"], start: Tensor | None) -> Answer:
        """Mean and median of the levels, and their probabilities."""
        probability = self._probability(raw, start)
        return Answer(probability @ self.levels, median_level(probability, self.levels), probability)

    def _probability(self, raw: Tensor, start: Tensor | None) -> Tensor:
        moved = self.cut - raw[:, :1]
        if start is not None:
            moved = moved + start if self.slope is None else moved - self.slope * start
        # Thresholds that have crossed each other stand on one another.
        below = (moved * raw[:, 1:].exp()).sigmoid().cummax(1).values
        edge = below.new_zeros(len(below), 1)
        probability = torch.diff(torch.cat([edge, below, edge + 1], 1), dim=1).clamp_min(_LEAST)
        return probability / probability.sum(1, keepdim=True)


Head = OrdinalHead | SquaredHead


def head_of(options: RrnetRatingsOptions, rating: Float[Tensor, " n"]) -> Head:
    """The head that the options ask for, on the levels of the training ratings."""
    if options.head == "squared":
        return SquaredHead(rating_levels(rating, _MOST_NUMBERS))
    begins = {"mean": None, "biases": "number", "model": "levels"}[options.start]
    return OrdinalHead(rating_levels(rating), rating, begins)
