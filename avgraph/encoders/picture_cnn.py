"""`picture_cnn`: raw pictures → embeddings and class probabilities by a ResNet18, out of fold."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.alignment import align
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.labelled_rows import training_rows
from avgraph.encoders.memory import as_learned, remembered, threads_of, under
from avgraph.encoders.pictures import PictureCNN
from avgraph.encoders.residual_cnn import ResidualCNN
from avgraph.errors import DataError
from avgraph.graph.inner_folds import checked_folds
from avgraph.runtime.progress import progress
from avgraph.runtime.settings import own_seed, random_state_kept

_FORMAT = 3  # raise when the network or its training changes, so that old results are not taken for new ones
_SHIFT = 4  # pixels


def encode(options: PictureCNN, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` whose ``node`` store holds embeddings and scores."""
    train = training_rows("picture_cnn", data, node, of="pictures")
    store = data[node]
    x = _pictures(node, store.x)
    groups = checked_folds("picture_cnn", data, node, train)
    seed = context.seed if options.seed is None else options.seed
    recipe = options.model_dump(exclude={"seed"})
    about = {"encoder": "picture_cnn", "format": _FORMAT, "recipe": recipe, "seed": seed, **threads_of(context)}
    found = remembered(
        context, about, [x, store.y, train, groups],
        lambda: _fit_and_encode(options, x, store.y, train, groups, seed, context.device),
    )  # fmt: skip
    result = copy.copy(data)
    result[node].x, result[node].score = found["x"], found["score"]
    return result


def encode_new(
    options: PictureCNN, data: HeteroData, node: str, learned: Mapping[str, Tensor], context: EncodeContext
) -> HeteroData:
    """Embeddings and scores of further pictures by the network of all training rows."""
    state = under(learned, "network")
    network = ResidualCNN(len(state["classifier.bias"]), options.width)
    network.load_state_dict(state)
    colour = learned["mean"], learned["deviation"]
    result = copy.copy(data)
    x = _pictures(node, data[node].x)
    result[node].x, result[node].score = _encoded(network.to(context.device).eval(), x, colour, context.device)
    return result


def _pictures(node: str, x: Tensor) -> UInt8[Tensor, "n 3 h w"]:
    if x.dtype != torch.uint8 or x.ndim != 4 or x.shape[1] != 3:
        raise DataError(f"picture_cnn: {node}.x: expected pictures uint8 [n, 3, h, w], got {x.dtype} {list(x.shape)}")
    return x


def _fit_and_encode(
    options: PictureCNN,
    x: UInt8[Tensor, "n 3 h w"],
    y: Int[Tensor, " n"],
    train: Int[Tensor, " m"],
    groups: Int[Tensor, " m"],
    seed: int,
    device: str,
) -> dict[str, Tensor]:
    """Every row by the network of all training rows; a training row by the one that has not seen it."""
    classes, folds = int(y.max()) + 1, groups.unique().tolist()
    deviation, mean = torch.std_mean(x[train].float(), (0, 2, 3))
    colour = mean, deviation.clamp_min(1.0)
    with random_state_kept():
        whole: tuple[Tensor, Tensor] | None = None
        for number, fold in enumerate(progress([None, *folds], "picture_cnn")):
            torch.manual_seed(own_seed(seed, number))
            own = train if fold is None else train[groups != fold]
            network = _fitted(options, x, y, own, classes, colour, device)
            found = _encoded(network, x, colour, device)
            if whole is None:
                whole, embedding, score = found, found[0].clone(), found[1].clone()
                state = {f"network.{name}": value for name, value in network.state_dict().items()}
                continue
            held_out = train[groups == fold]
            embedding[held_out] = align(found[0][held_out], found[0][own], whole[0][own])
            score[held_out] = found[1][held_out]
    state |= {"mean": colour[0], "deviation": colour[1]}
    return {"x": embedding, "score": score, **as_learned(state)}


def _fitted(
    options: PictureCNN, x: Tensor, y: Tensor, own: Tensor, classes: int, colour: tuple[Tensor, Tensor], device: str
) -> ResidualCNN:
    network = ResidualCNN(classes, options.width).to(device)
    optimizer = torch.optim.SGD(
        network.parameters(), options.lr, momentum=0.9, weight_decay=options.weight_decay, nesterov=True
    )
    size = min(options.batch_size, len(own))
    steps = len(own) // size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.lr, total_steps=options.epochs * steps, cycle_momentum=False
    )
    for _ in range(options.epochs):
        for rows in own[torch.randperm(len(own))][: size * steps].split(size):
            loss = F.cross_entropy(network(_moved(_scaled(x[rows], colour, device))), y[rows].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def _scaled(x: UInt8[Tensor, "n 3 h w"], colour: tuple[Tensor, Tensor], device: str) -> Float[Tensor, "n 3 h w"]:
    """Every colour to mean 0 and deviation 1 over the training pictures."""
    mean, deviation = (part.to(device)[:, None, None] for part in colour)
    scaled: Tensor = (x.to(device).float() - mean) / deviation
    return scaled


def _moved(x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Each shifted by its own few pixels, what comes in is grey, and half of them mirrored."""
    n, _, height, width = x.shape
    down, right = torch.randint(2 * _SHIFT + 1, (2, n, 1))
    column = torch.where(torch.rand(n, 1) < 0.5, torch.arange(width), torch.arange(width - 1, -1, -1))
    row, column = (torch.arange(height) + down).to(x.device), (column + right).to(x.device)
    padded = F.pad(x, (_SHIFT,) * 4)
    each = torch.arange(n, device=x.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[each, row[:, :, None], column[:, None, :]].permute(0, 3, 1, 2).contiguous()


@torch.no_grad()
def _encoded(network: ResidualCNN, x: Tensor, colour: tuple[Tensor, Tensor], device: str) -> tuple[Tensor, Tensor]:
    """Embeddings and class probabilities."""
    embedding = torch.cat([network.embed(_scaled(part, colour, device)) for part in x.split(256)])
    return embedding.cpu(), network.classifier(embedding).softmax(1).cpu()
