"""`logmel_cnn`: log-mel pictures → embeddings and class probabilities by a CNN fitted on the training clips.

A network knows the clips it was fitted on: their embeddings are tighter and their scores surer than those of
unseen clips, so a graph model trained on them learns to trust what will not be there at test time (stacking,
Wolpert 1992). With ``out_of_fold`` every training clip is encoded by a network that has not seen its fold, and
its embedding is carried into the space of the network fitted on all of them by orthogonal Procrustes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.alignment import align
from avgraph.encoders.cnn_training import CACHE_FORMAT, fitted_cnns, recipe
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.labelled_rows import training_rows
from avgraph.encoders.log_mel_pictures import check_log_mels
from avgraph.encoders.log_mels import LogmelCNN
from avgraph.encoders.memory import as_learned, remembered
from avgraph.encoders.separable_cnn import SeparableCNN
from avgraph.graph.inner_folds import checked_folds

_FORMAT = 3  # raise when what is done with the networks changes, so that old results are not taken for new ones
_POOL = (2, 4)  # 128 bands × 216 frames → 64 × 54: a quarter second by a sixth of an octave is enough
_CLIPS = 64  # at a time; measured: 256 take three times as long on a CPU, as their buffers are mapped afresh each time


def prepare(logmel: Tensor) -> Float[Tensor, "n 1 f t"]:
    """Pool log-mels [n, 128, 216] to [n, 1, 64, 54] and standardise every clip by its own mean and deviation.

    Raises:
        DataError: if the input is not [n, bands, frames].

    Example:
        >>> prepare(torch.randint(0, 255, (2, 128, 216), dtype=torch.uint8)).shape
        torch.Size([2, 1, 64, 54])
    """
    check_log_mels("logmel_cnn", logmel)
    pooled = torch.cat([F.avg_pool2d(part[:, None].float(), _POOL) for part in logmel.split(256)])
    mean, deviation = pooled.mean((2, 3), keepdim=True), pooled.std((2, 3), keepdim=True)
    return (pooled - mean) / (deviation + 1e-5)


@torch.no_grad()
def _encode(network: SeparableCNN, x: Tensor, device: str) -> tuple[Tensor, Tensor]:
    """Embeddings and class probabilities of all clips: means over a clip and its reverse; it was fitted on both."""
    network = network.to(device).eval()
    both = [torch.cat([network.embed(part.to(device)) for part in way.split(_CLIPS)]) for way in (x, x.flip(3))]
    score = torch.stack([network.classifier(embedding).softmax(1) for embedding in both]).mean(0)
    return torch.stack(both).mean(0).cpu(), score.cpu()


def encode(options: LogmelCNN, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A copy of ``data`` whose ``node`` store holds embeddings and scores."""
    train, store = training_rows("logmel_cnn", data, node, of="log-mels"), data[node]
    groups = checked_folds("logmel_cnn", data, node, train) if options.out_of_fold else torch.zeros_like(train)
    seed = context.seed if options.seed is None else options.seed
    recipes = [recipe(options, options.epochs), recipe(options, options.inner_epochs) if options.out_of_fold else None]
    about = {"encoder": "logmel_cnn", "format": [_FORMAT, CACHE_FORMAT], "recipes": recipes, "seed": seed}
    found = remembered(
        context,
        about,
        [store.x, store.y, train, groups],
        lambda: _fit_and_encode(options, store, train, groups, seed, context),
    )
    result = copy.copy(data)
    result[node].x, result[node].score = found["x"], found["score"]
    return result


def encode_new(
    options: LogmelCNN, data: HeteroData, node: str, learned: Mapping[str, Tensor], context: EncodeContext
) -> HeteroData:
    """Embeddings and scores of further clips by the network of all training clips."""
    network = SeparableCNN(len(learned["classifier.bias"]), options.channels, options.width)
    network.load_state_dict(dict(learned))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as it was fitted
    result = copy.copy(data)
    result[node].x, result[node].score = _encode(network, prepare(data[node].x), context.device)
    return result


def _fit_and_encode(
    options: LogmelCNN, store: Any, train: Tensor, groups: Tensor, seed: int, context: EncodeContext
) -> dict[str, Tensor]:
    """Fit the networks and encode every clip by one that has not seen it."""
    x, y, classes = prepare(store.x), store.y, int(store.y.max()) + 1
    held_out = sorted(set(groups.tolist())) if options.out_of_fold else []
    fits = [(train, options.epochs), *((train[groups != fold], options.inner_epochs) for fold in held_out)]
    network, *inner = fitted_cnns(x, y, classes, fits, options, seed=seed, context=context)
    seen, score = _encode(network, x, context.device)
    embedding = seen.clone()
    for fold, inner_network in zip(held_out, inner, strict=True):
        own, shared = train[groups == fold], train[groups != fold]
        inner_embedding, inner_score = _encode(inner_network, x, context.device)
        embedding[own] = align(inner_embedding[own], inner_embedding[shared], seen[shared])
        score[own] = inner_score[own]
    return {"x": embedding, "score": score, **as_learned(network.state_dict())}
