"""Several encoders of one node type: features side by side, and the class scores of each."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.memory import under
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
        encoded = []
        for number, encoder in enumerate(self.encoders):
            own = replace(context, learned=None if context.learned is None else {})
            encoded.append(encoder.encode(data, node, context=own))
            if context.learned is not None:
                context.learned.update({f"{number}.{name}": value for name, value in (own.learned or {}).items()})
        if len(encoded) == 1:
            return copy.copy(encoded[0])
        features = [view[node].x for view in encoded]
        distinct = _distinct(features)
        scales = view_scales([features[number] for number in distinct])
        if context.learned is not None:
            context.learned.update({"scales": scales, "distinct": torch.tensor(distinct)})
        return self._together(encoded, node, scales, distinct)

    def encode_new(
        self, data: HeteroData, node: str, learned: Mapping[str, Tensor], *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> HeteroData:
        """The same of rows that come after the training, by what `encode` has put into ``context.learned``.

        Raises:
            DataError: if a user's own encoder has no ``encode_new``.
        """
        encoded = [
            encoder.encode_new(data, node, under(learned, str(number)), context=context)
            for number, encoder in enumerate(self.encoders)
        ]
        if len(encoded) == 1:
            return copy.copy(encoded[0])
        # Runs of before 2026-12 have not kept which; their rows are of the type that they were trained with.
        distinct = learned["distinct"].tolist() if "distinct" in learned else _distinct([v[node].x for v in encoded])
        return self._together(encoded, node, learned["scales"], distinct)

    def _together(
        self, encoded: Sequence[HeteroData], node: str, scales: Tensor, distinct: Sequence[int]
    ) -> HeteroData:
        result = copy.copy(encoded[0])
        features = [encoded[number][node].x for number in distinct]
        result[node].x = torch.cat([x * scale for x, scale in zip(features, scales.to(features[0]), strict=True)], 1)
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


def _distinct(features: Sequence[Tensor]) -> list[int]:
    """Numbers of the views with features of their own: what several keep as given, as classifiers do, counts once."""
    return [
        number
        for number, x in enumerate(features)
        if not any(x is other or (x.shape == other.shape and torch.equal(x, other)) for other in features[:number])
    ]


def view_scales(features: Sequence[Tensor]) -> Tensor:
    """What gives features [n, d_v] the same mean squared length of a row: the number of columns per view.

    Example:
        >>> ten, one = torch.full((2, 3), 10.0), torch.ones(2, 1)
        >>> scales = view_scales([ten, one])
        >>> (ten * scales[0]).square().sum(1).round(), (one * scales[1]).square().sum(1).round()
        (tensor([2., 2.]), tensor([2., 2.]))
    """
    share = sum(x.shape[1] for x in features) / len(features)
    length = [x.square().sum(1).mean().sqrt().clamp_min(torch.finfo(x.dtype).tiny) for x in features]
    return torch.stack([share**0.5 / norm for norm in length])
