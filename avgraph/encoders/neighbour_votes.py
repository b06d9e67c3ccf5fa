"""`neighbour_votes`: class probabilities of vectors by the nearest training rows, all centred."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.classifiers import NeighbourVotes
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.labelled_rows import LabelledRows, labelled_rows
from avgraph.encoders.memory import remembered
from avgraph.errors import DataError
from avgraph.tensors.rows import unit_rows

_FORMAT = 1  # raise when the scores change, so that old results are not taken for new ones
_CHUNK = 1024  # rows at a time


def encode(options: NeighbourVotes, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
    rows = labelled_rows("neighbour_votes", data, node)
    if len(rows.train) <= options.k:
        raise DataError(f"neighbour_votes: k = {options.k} of {len(rows.train)} training rows; expected fewer")
    centred = rows.x - rows.x[rows.train].mean(0)
    if len(at_centre := (~centred.any(1)).nonzero()):
        row = int(at_centre[0])
        raise DataError(f"neighbour_votes: {node}.x: row {row} is the mean of the training rows: it has no direction")
    about = {"encoder": "neighbour_votes", "format": _FORMAT, "recipe": options.model_dump(exclude={"type"})}
    found = remembered(
        context, about, [rows.x, rows.y, rows.train],
        lambda: {"score": _votes(options, rows, unit_rows(centred).to(context.device))},
    )  # fmt: skip
    result = copy.copy(data)
    result[node].x, result[node].score = rows.x, found["score"]
    return result


def _votes(options: NeighbourVotes, rows: LabelledRows, unit: Float[Tensor, "n d"]) -> Float[Tensor, "n c"]:
    """softmax(similarity / temperature) over the k nearest training rows, summed by class, and smoothed."""
    device, memory = unit.device, unit[rows.train]
    y = rows.y[rows.train].to(device)
    place = torch.full((len(unit),), -1)
    place[rows.train] = torch.arange(len(rows.train))
    score = torch.empty(len(unit), rows.classes)
    for chunk in torch.arange(len(unit)).split(_CHUNK):
        similarity = unit[chunk.to(device)] @ memory.T
        own = (place[chunk] >= 0).nonzero()[:, 0]
        similarity[own.to(device), place[chunk[own]].to(device)] = -torch.inf
        value, index = similarity.topk(options.k, dim=1)
        share = (value / options.temperature).softmax(1)
        votes = torch.zeros(len(chunk), rows.classes, device=device).scatter_add_(1, y[index], share)
        score[chunk] = (options.k * votes + options.smoothing).cpu()
    return score / score.sum(1, keepdim=True)
