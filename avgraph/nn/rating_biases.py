"""Some users rate high, some items are liked by all: damped means, the baseline that every rating model has to beat."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from avgraph.errors import GraphError

_LEAST = 1e-6  # of a count, so that 0 by 0 is 0


class DampedBiases:
    r"""Mean rating, item bias and user bias (Koren, "Factor in the Neighbors", 2010, Eq. 1).

    .. math::
        b_i = \frac{\sum_u r_{ui} - \mu}{n_i + \lambda}, \qquad
        b_u = \frac{\sum_i r_{ui} - \mu - b_i}{n_u + \lambda}, \qquad \hat r_{ui} = \mu + b_u + b_i

    Args:
        edge_index: user and item of each known rating.
        rating: the ratings.
        users, items: how many there are.
        damping: λ, ratings of the mean that everybody is given beside their own.

    Attributes:
        mean: μ.
        user, item: biases [users], [items]; 0 for who has no rating.

    Shapes:
        edge_index [2, e], rating [e]

    Raises:
        GraphError: if there is no rating.

    Example:
        >>> biases = DampedBiases(torch.tensor([[0, 1], [0, 0]]), torch.tensor([5.0, 3.0]), 2, 1, damping=1.0)
        >>> biases.mean, biases.user, biases.predict(torch.tensor([[0], [0]]))
        (tensor(4.), tensor([ 0.5000, -0.5000]), tensor([4.5000]))
    """

    def __init__(
        self,
        edge_index: Int64[Tensor, "2 e"],
        rating: Float[Tensor, " e"],
        users: int,
        items: int,
        *,
        damping: float = 5.0,
    ) -> None:
        if not len(rating):
            raise GraphError("biases: no known rating")
        self.edge_index, self.rating, self.damping = edge_index, rating, damping
        (user, item), self.mean = edge_index, rating.mean()
        self.item_count, self.item_sum = _sums(item, rating - self.mean, items)
        self.item = self.item_sum / (self.item_count + damping).clamp_min(_LEAST)
        self.user_count, self.user_sum = _sums(user, rating - self.mean - self.item[item], users)
        self.user = self.user_sum / (self.user_count + damping).clamp_min(_LEAST)

    def predict(self, edge_index: Int64[Tensor, "2 q"]) -> Float[Tensor, " q"]:
        """μ + b_u + b_i of any pairs."""
        return self.mean + self.user[edge_index[0]] + self.item[edge_index[1]]

    def leave_one_out(self) -> Float[Tensor, " e"]:
        """What is predicted for each known rating where it does not count for its own user and item."""
        user, item = self.edge_index
        own = self.rating - self.mean
        of_item = (self.item_sum[item] - own) / (self.item_count[item] - 1 + self.damping).clamp_min(_LEAST)
        left = self.user_sum[user] - (own - self.item[item])
        of_user = left / (self.user_count[user] - 1 + self.damping).clamp_min(_LEAST)
        return self.mean + of_user + of_item


def _sums(index: Tensor, value: Tensor, size: int) -> tuple[Tensor, Tensor]:
    count = torch.bincount(index, minlength=size).to(value.dtype)
    return count, torch.bincount(index, weights=value, minlength=size).to(value.dtype)
