"""A tower into the space of a text encoder: sounds or pictures next to their texts (contrastive, text tower locked).

The text side is what the graph has and stays as it is (Zhai et al., "LiT", CVPR 2022, with the roles exchanged), so
that texts far from any training class keep their place.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import HeteroData

from avgraph.encoders.context import EncodeContext
from avgraph.encoders.into_spaces import TextAligned
from avgraph.encoders.log_mels import LogmelCNN, LogmelModulation, LogmelPatches
from avgraph.encoders.memory import as_learned, remembered, threads_of, under
from avgraph.errors import DataError
from avgraph.graph.nodes import node_store
from avgraph.graph.spaces import state_name
from avgraph.runtime.settings import random_state_kept
from avgraph.tensors.rows import column_scale

_FORMAT = 2  # raise when the training changes, so that old results are not taken for new ones
_RECIPE = {"hidden_channels", "epochs", "batch_size", "lr", "weight_decay", "dropout", "temperature"}
_FEATURES = {
    "logmel_modulation": LogmelModulation(scores=False),
    "logmel_patches": LogmelPatches(scores=False),
    "logmel_cnn": LogmelCNN(),
}


def encode(options: TextAligned, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A copy of ``data`` with ``data[node]["x_<space>"]``."""
    state = state_name(options.space)
    texts = node_store(data, options.text).get(state)
    if not isinstance(texts, Tensor):
        has = ", ".join(data[options.text].keys())
        raise DataError(f"text_aligned: '{options.text}' has no {state}; it has {has}")
    if options.features != "given":
        features = replace(context, learned=None if context.learned is None else {})
        data = _FEATURES[options.features].encode(data, node, context=features)
        for name, value in (features.learned or {}).items():
            context.learned[f"features.{name}"] = value  # type: ignore[index]
    store = node_store(data, node)
    for needed in ("x", "text", "train_mask"):
        if needed not in store:
            raise DataError(f"text_aligned: node type '{node}' has no '{needed}'")
    train = store.train_mask.nonzero()[:, 0]
    if len(train) < 2:
        raise DataError(f"text_aligned: node type '{node}' has {len(train)} training rows, expected at least 2")
    seed = context.seed if options.seed is None else options.seed
    about: dict[str, Any] = {
        "encoder": "text_aligned",
        "format": _FORMAT,
        "recipe": options.model_dump(include=_RECIPE),
        "seed": seed,
        **threads_of(context),
    }
    found = remembered(
        context,
        about,
        [store.x, store.text, train, texts],
        lambda: _aligned(options, store.x, store.text, train, texts, seed, context.device),
    )
    result = copy.copy(data)
    result[node].x = result[node][state] = found["x"]
    return result


def encode_new(
    options: TextAligned, data: HeteroData, node: str, learned: Mapping[str, Tensor], context: EncodeContext
) -> HeteroData:
    """Further rows by the tower."""
    if options.features != "given":
        kind = _FEATURES[options.features]
        data = kind.encode_new(data, node, under(learned, "features"), context=context)
    x = ((data[node].x - learned["mean"]) / learned["deviation"]).to(context.device)
    state = under(learned, "tower")
    tower = _tower(options, x.shape[1], len(state["5.bias"]))
    tower.load_state_dict(state)
    result = copy.copy(data)
    result[node].x = result[node][state_name(options.space)] = _through(tower.to(context.device).eval(), x)
    return result


def _tower(options: TextAligned, columns: int, channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Dropout(options.dropout),
        nn.Linear(columns, options.hidden_channels),
        nn.BatchNorm1d(options.hidden_channels),
        nn.ReLU(),
        nn.Dropout(options.dropout),
        nn.Linear(options.hidden_channels, channels),
    )


@torch.no_grad()
def _through(tower: nn.Module, x: Tensor) -> Tensor:
    return torch.cat([F.normalize(tower(part)) for part in x.split(8192)]).cpu()


def _aligned(
    options: TextAligned, x: Tensor, text: Tensor, train: Tensor, texts: Tensor, seed: int, device: str
) -> dict[str, Tensor]:
    """Fit the tower and encode every row."""
    mean, deviation = column_scale(x, train, added=1e-6)
    x = ((x - mean) / deviation).to(device)
    wanted, place = text[train].unique(return_inverse=True)
    target, place = F.normalize(texts[wanted]).to(device), place.to(device)
    with random_state_kept():
        torch.manual_seed(seed)
        tower = _tower(options, x.shape[1], texts.shape[1]).to(device)
        optimizer = torch.optim.AdamW(tower.parameters(), lr=options.lr, weight_decay=options.weight_decay)
        size = min(options.batch_size, len(train))
        steps = options.epochs * (len(train) // size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, steps))
        for _ in range(options.epochs):
            order = torch.randperm(len(train))
            for batch in order[: len(order) // size * size].split(size):
                rows = F.normalize(tower(x[train[batch].to(device)]))
                loss = F.cross_entropy(rows @ target.T / options.temperature, place[batch.to(device)])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    state = {f"tower.{name}": value for name, value in tower.state_dict().items()}
    state |= {"mean": mean, "deviation": deviation}
    return {"x": _through(tower.eval(), x), **as_learned(state)}
