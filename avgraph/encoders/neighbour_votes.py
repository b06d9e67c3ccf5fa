"""`neighbour_votes`: class probabilities of vectors by the nearest training rows, all centred."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.classifiers import NeighbourVotes
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.labelled_rows import LabelledRows, labelled_rows
from avgraph.encoders.memory import as_learned, remembered
from avgraph.encoders.precomputed import kept_features
from avgraph.errors import DataError
from avgraph.graph.inner_folds import origins
from avgraph.tensors.rows import unit_rows

_FORMAT = 3  # raise when the scores change, so that old results are not taken for new ones
_CHUNK = 1024  # rows at a time


def encode(options: NeighbourVotes, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
    rows = labelled_rows("neighbour_votes", data, node)
    origin = origins(data[node], rows.train)
    strange = len(rows.train) - int(origin.unique(return_counts=True)[1].max())
    if strange < options.k:
        told = "" if len(origin.unique()) == len(origin) else f", of which {strange} are of other folds or recordings"
        raise DataError(f"neighbour_votes: k = {options.k} of {len(rows.train)} training rows{told}; expected fewer")
    mean = rows.x[rows.train].mean(0)
    unit = _directions(node, rows.x, mean)
    about = {"encoder": "neighbour_votes", "format": _FORMAT, "recipe": options.model_dump(exclude={"type"})}
    found = remembered(
        context, about, [rows.x, rows.y, rows.train, origin],
        lambda: {
            "score": _votes(options, rows, unit.to(context.device), origin),
            **as_learned({"mean": mean, "unit": unit[rows.train], "y": rows.y[rows.train],
                          "classes": torch.tensor(rows.classes)}),
        },
    )  # fmt: skip
    result = copy.copy(data)
    result[node].x, result[node].score = rows.x, found["score"]
    return result


def encode_new(
    options: NeighbourVotes, data: HeteroData, node: str, learned: Mapping[str, Tensor], context: EncodeContext
) -> HeteroData:
    """Scores of further rows by the votes of training rows."""
    x = kept_features(f"{node}.x", data[node].x)
    unit = _directions(node, x, learned["mean"]).to(context.device)
    memory, y = learned["unit"], learned["y"]
    nowhere = torch.full((len(x),), -1)  # of no origin in the memory
    score = _share_of_votes(options, unit, memory, y, int(learned["classes"]), nowhere, torch.arange(len(y)))
    result = copy.copy(data)
    result[node].x, result[node].score = x, score
    return result


def _directions(node: str, x: Tensor, mean: Tensor) -> Float[Tensor, "n d"]:
    centred = x - mean
    if len(at_centre := (~centred.any(1)).nonzero()):
        row = int(at_centre[0])
        raise DataError(f"neighbour_votes: {node}.x: row {row} is the mean of the training rows: it has no direction")
    return unit_rows(centred)


def _votes(
    options: NeighbourVotes, rows: LabelledRows, unit: Float[Tensor, "n d"], origin: Int[Tensor, " m"]
) -> Float[Tensor, "n c"]:
    """Of the rows of the data set, of which a training row has no vote on any of its fold or recording."""
    own = torch.full((len(unit),), -1)
    own[rows.train] = origin
    return _share_of_votes(options, unit, unit[rows.train], rows.y[rows.train], rows.classes, own, origin)


def _share_of_votes(
    options: NeighbourVotes,
    unit: Tensor,
    memory: Tensor,
    y: Tensor,
    classes: int,
    origin: Tensor,
    memory_origin: Tensor,
) -> Float[Tensor, "n c"]:
    """softmax(similarity / temperature) over the k nearest rows of the memory, summed by class, and smoothed.

    Args:
        options: k, temperature and smoothing.
        unit: rows to be voted on.
        memory, y: unit rows that vote, and their classes.
        classes: how many there are.
        origin, memory_origin: rows of one origin have no vote on each other.
    """
    device = unit.device
    memory, y, memory_origin = memory.to(device), y.to(device), memory_origin.to(device)
    score = torch.empty(len(unit), classes)
    for chunk in torch.arange(len(unit)).split(_CHUNK):
        similarity = unit[chunk.to(device)] @ memory.T
        similarity.masked_fill_(origin[chunk].to(device)[:, None] == memory_origin, -torch.inf)
        value, index = similarity.topk(options.k, dim=1)
        share = (value / options.temperature).softmax(1)
        votes = torch.zeros(len(chunk), classes, device=device).scatter_add_(1, y[index], share)
        score[chunk] = (options.k * votes + options.smoothing).cpu()
    return score / score.sum(1, keepdim=True)
