"""`perceptron`: class probabilities of vectors by a network with one hidden layer, out of fold."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch_geometric.data import HeteroData

from avgraph.encoders.classifiers import Perceptron
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.labelled_rows import LabelledRows, labelled_rows
from avgraph.encoders.memory import as_learned, remembered, threads_of, under
from avgraph.encoders.precomputed import kept_features
from avgraph.graph.inner_folds import checked_folds
from avgraph.runtime.progress import progress
from avgraph.runtime.settings import own_seed, random_state_kept

_FORMAT = 3  # raise when the scores change, so that old results are not taken for new ones


def encode(options: Perceptron, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
    rows = labelled_rows("perceptron", data, node)
    groups = checked_folds("perceptron", data, node, rows.train)
    seed = context.seed if options.seed is None else options.seed
    recipe = options.model_dump(exclude={"type", "seed"})
    about = {"encoder": "perceptron", "format": _FORMAT, "recipe": recipe, "seed": seed, **threads_of(context)}
    found = remembered(
        context, about, [rows.x, rows.y, rows.train, groups],
        lambda: _scores(options, rows, groups, seed, context.device),
    )  # fmt: skip
    result = copy.copy(data)
    result[node].x, result[node].score = rows.x, found["score"]
    return result


def encode_new(
    options: Perceptron, data: HeteroData, node: str, learned: Mapping[str, Tensor], context: EncodeContext
) -> HeteroData:
    """Scores of further rows by the mean of all networks."""
    given = kept_features(f"{node}.x", data[node].x)
    x = ((given - learned["mean"]) / learned["deviation"]).to(context.device)
    count = int(learned["networks"])
    score = torch.zeros(len(x), int(learned["classes"]))
    for number in range(count):
        network = _network(options, x.shape[1], score.shape[1])
        network.load_state_dict(under(learned, str(number)))
        score += _probabilities(network.to(context.device).eval(), x) / count
    result = copy.copy(data)
    result[node].x, result[node].score = given, score
    return result


def _scores(
    options: Perceptron, rows: LabelledRows, groups: Int[Tensor, " m"], seed: int, device: str
) -> dict[str, Tensor]:
    """Of a training row by the network that has not seen it, of any other by the mean of all."""
    seen = rows.x[rows.train]
    mean, deviation = seen.mean(0), seen.std().clamp_min(1e-6)  # one scale: small columns stay small
    x, state = ((rows.x - mean) / deviation).to(device), {"mean": mean, "deviation": deviation}
    folds = groups.unique().tolist()
    total, held_out = torch.zeros(len(x), rows.classes), torch.empty(len(seen), rows.classes)
    with random_state_kept():
        for number, fold in enumerate(progress(folds, "perceptron")):
            torch.manual_seed(own_seed(seed, number))
            network = _fitted(options, x, rows, rows.train[groups != fold])
            score = _probabilities(network, x)
            state |= {f"{number}.{name}": value for name, value in network.state_dict().items()}
            total += score / len(folds)
            held_out[groups == fold] = score[rows.train[groups == fold]]
    total[rows.train] = held_out
    state |= {"networks": torch.tensor(len(folds)), "classes": torch.tensor(rows.classes)}
    return {"score": total, **as_learned(state)}


@torch.no_grad()
def _probabilities(network: nn.Module, x: Tensor) -> Float[Tensor, "n c"]:
    return torch.cat([network(part).softmax(1) for part in x.split(8192)]).cpu()


def _network(options: Perceptron, columns: int, classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Dropout(options.input_dropout),
        nn.Linear(columns, options.hidden_channels),
        nn.BatchNorm1d(options.hidden_channels),
        nn.GELU(),
        nn.Dropout(options.dropout),
        nn.Linear(options.hidden_channels, classes),
    )


def _fitted(options: Perceptron, x: Tensor, rows: LabelledRows, own: Int[Tensor, " k"]) -> nn.Module:
    network = _network(options, x.shape[1], rows.classes).to(x.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.lr, weight_decay=options.weight_decay, foreach=True)
    size = min(options.batch_size, len(own))
    steps = len(own) // size
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=options.epochs * steps)
    target = F.one_hot(rows.y.clamp_min(0), rows.classes).float()
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
