"""Several encoders of one node type: features side by side, and the class scores of each."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.errors import DataError
from avgraph.graph.spaces import spaces_of, state_name


class Views:
    """Encode the same raw input in several ways.

    ``x`` [n, d] holds the features of all views side by side, each scaled so that no view outweighs another in a
    distance. ``score`` [n, classes] is that of the first view that gives one; where several do, ``view_score``
    [n, views, classes] holds them all, and `Candidates` writes them on the edges it makes.

    Args:
        encoders: at least one, in order.

    Raises:
        DataError: without encoders; from ``encode``, where scores differ in their number of classes.

    Example:
        >>> from avgraph.encoders import Hashing
        >>> data = HeteroData(label={"name": ["dog", "rain"]})
        >>> Views([Hashing(channels=8), Hashing(channels=4)]).encode(data, "label")["label"].x.shape
        torch.Size([2, 12])
    """

    def __init__(self, encoders: Sequence[Any]) -> None:
        if not encoders:
            raise DataError("views: expected at least one encoder, got none")
        self.encoders = list(encoders)

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT) -> HeteroData:
        """A copy of ``data`` whose ``node`` store holds the features and scores of all views."""
        encoded = [encoder.encode(data, node, context=context) for encoder in self.encoders]
        result = copy.copy(encoded[0])
        if len(encoded) == 1:
            return result
        result[node].x = side_by_side(_each_once([view[node].x for view in encoded]))
        for view in encoded[1:]:  # each may have put the node type into a space of its own
            for space in spaces_of(view[node]):
                result[node][state_name(space)] = view[node][state_name(space)]
        scores = [view[node].score for view in encoded if "score" in view[node]]
        if scores:
            result[node].score = scores[0]
        if len(scores) > 1:
            if len({score.shape[1] for score in scores}) > 1:
                widths = ", ".join(str(score.shape[1]) for score in scores)
                raise DataError(f"views of node type '{node}': their scores are of {widths} classes; expected the same")
            result[node].view_score = torch.stack(scores, 1)
        return result

    def __repr__(self) -> str:
        return f"Views({self.encoders!r})"


def _each_once(features: Sequence[Tensor]) -> list[Tensor]:
    """Features that several views keep as they were given, such as classifiers of them, are taken once."""
    return [x for number, x in enumerate(features) if not any(x is other for other in features[:number])]


def side_by_side(features: Sequence[Tensor]) -> Tensor:
    """Concatenate [n, d_v], each scaled to the same mean squared length of a row: the number of columns per view.

    Example:
        >>> x = side_by_side([torch.full((2, 3), 10.0), torch.ones(2, 1)])
        >>> x.square().sum(1).round(), x.square()[:, 3].round()
        (tensor([4., 4.]), tensor([2., 2.]))
    """
    share = sum(x.shape[1] for x in features) / len(features)
    length = [x.square().sum(1).mean().sqrt().clamp_min(torch.finfo(x.dtype).tiny) for x in features]
    return torch.cat([x * (share**0.5 / norm) for x, norm in zip(features, length, strict=True)], 1)
