"""`perceptron`: class probabilities of vectors by a network with one hidden layer, out of fold."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch_geometric.data import HeteroData

from avgraph.encoders.classifiers import Perceptron
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.inner_folds import check_folds, inner_folds
from avgraph.encoders.labelled_rows import LabelledRows, labelled_rows
from avgraph.encoders.memory import remembered, threads_of
from avgraph.runtime.progress import progress
from avgraph.runtime.settings import random_state_kept

_FORMAT = 1  # raise when the scores change, so that old results are not taken for new ones


def encode(options: Perceptron, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
    rows = labelled_rows("perceptron", data, node)
    groups = inner_folds(data[node], rows.train)
    check_folds("perceptron", rows.y[rows.train], groups)
    seed = context.seed if options.seed is None else options.seed
    recipe = options.model_dump(exclude={"type", "seed"})
    about = {"encoder": "perceptron", "format": _FORMAT, "recipe": recipe, "seed": seed, **threads_of(context)}
    found = remembered(
        context, about, [rows.x, rows.y, rows.train, groups],
        lambda: {"score": _scores(options, rows, groups, seed, context.device)},
    )  # fmt: skip
    result = copy.copy(data)
    result[node].x, result[node].score = rows.x, found["score"]
    return result


def _scores(
    options: Perceptron, rows: LabelledRows, groups: Int[Tensor, " m"], seed: int, device: str
) -> Float[Tensor, "n c"]:
    """Of a training row by the network that has not seen it, of any other by the mean of all."""
    seen = rows.x[rows.train]
    x = ((rows.x - seen.mean(0)) / seen.std().clamp_min(1e-6)).to(device)  # one scale: small columns stay small
    folds = groups.unique().tolist()
    total, held_out = torch.zeros(len(x), rows.classes), torch.empty(len(seen), rows.classes)
    with random_state_kept():
        for number, fold in enumerate(progress(folds, "perceptron")):
            torch.manual_seed(seed + number)
            network = _fitted(options, x, rows, rows.train[groups != fold])
            with torch.no_grad():
                score = torch.cat([network(part).softmax(1) for part in x.split(8192)]).cpu()
            total += score / len(folds)
            held_out[groups == fold] = score[rows.train[groups == fold]]
    total[rows.train] = held_out
    return total


def _fitted(options: Perceptron, x: Tensor, rows: LabelledRows, own: Int[Tensor, " k"]) -> nn.Module:
    network = nn.Sequential(
        nn.Dropout(options.input_dropout),
        nn.Linear(x.shape[1], options.hidden_channels),
        nn.BatchNorm1d(options.hidden_channels),
        nn.GELU(),
        nn.Dropout(options.dropout),
        nn.Linear(options.hidden_channels, rows.classes),
    ).to(x.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.lr, weight_decay=options.weight_decay, foreach=True)
    size = min(options.batch_size, len(own))
    steps = len(own) // size
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=options.epochs * steps)
    target = F.one_hot(rows.y, rows.classes).float()
    for _ in range(options.epochs):
        for batch in own[torch.randperm(len(own))][: steps * size].split(size):
            given, wanted = x[batch.to(x.device)], target[batch].to(x.device)
            if options.mixup:
                share = torch.distributions.Beta(options.mixup, options.mixup).sample((size, 1)).to(x.device)
                other = torch.randperm(size)
                given, wanted = (share * part + (1 - share) * part[other.to(x.device)] for part in (given, wanted))
            loss = F.cross_entropy(network(given), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()
