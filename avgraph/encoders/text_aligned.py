"""A tower into the space of a text encoder: sounds or pictures next to their texts (contrastive, text tower locked).

The text side is what the graph has and stays as it is (Zhai et al., "LiT", CVPR 2022, with the roles exchanged), so
that texts far from any training class keep their place.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import HeteroData

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.logmel_cnn import LogmelCNN
from avgraph.encoders.logmel_modulation import LogmelModulation
from avgraph.encoders.memory import remembered
from avgraph.errors import DataError
from avgraph.graph.nodes import node_store
from avgraph.graph.spaces import state_name
from avgraph.runtime.settings import random_state_kept
from avgraph.tensors.rows import standardized

_FORMAT = 1  # raise when the training changes, so that old results are not taken for new ones
_FEATURES: dict[str, type[Any]] = {"logmel_modulation": LogmelModulation, "logmel_cnn": LogmelCNN}


@dataclass(frozen=True)
class TowerRecipe:
    """How a tower is made and trained: dropout, Linear, BN, ReLU, dropout, Linear; AdamW under a cosine."""

    hidden_channels: int = 256
    epochs: int = 40
    batch_size: int = 128
    lr: float = 1e-3
    weight_decay: float = 0.01
    dropout: float = 0.3
    temperature: float = 0.07


class TextAligned:
    """Unit rows in a space whose texts are fixed: ``x_<space>``, and the same as ``x``.

    Row i belongs to text ``data[node].text[i]``; training rows are to find it among all texts that training rows have.

    Args:
        space: name of the space; ``data[text]["x_<space>"]`` are its texts.
        text: node type of the texts.
        features: what the tower sees: ``x`` as it is given, or log-mels through an encoder with its defaults.
        hidden_channels, epochs, batch_size, lr, weight_decay, dropout, temperature: see `TowerRecipe`.
        seed: of weights and order; None takes that of the run.

    Raises:
        DataError: from ``encode``, if texts, their numbers or training rows are missing.

    Example:
        >>> data = HeteroData(caption={"x_toy": torch.eye(2)})
        >>> data["image"].x, data["image"].text = torch.eye(2).repeat(8, 1), torch.arange(2).repeat(8)
        >>> data["image"].train_mask = torch.ones(16, dtype=torch.bool)
        >>> TextAligned("toy", text="caption", batch_size=8).encode(data, "image")["image"].x_toy.argmax(1)[:4]
        tensor([0, 1, 0, 1])
    """

    def __init__(
        self,
        space: str,
        text: str = "text",
        features: Literal["given", "logmel_modulation", "logmel_cnn"] = "given",
        hidden_channels: int = 256,
        epochs: int = 40,
        batch_size: int = 128,
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        dropout: float = 0.3,
        temperature: float = 0.07,
        seed: int | None = None,
    ) -> None:
        self.space, self.text, self.features, self.seed = space, text, features, seed
        self.recipe = TowerRecipe(hidden_channels, epochs, batch_size, lr, weight_decay, dropout, temperature)

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT) -> HeteroData:
        """A copy of ``data`` with ``data[node]["x_<space>"]``."""
        state = state_name(self.space)
        texts = node_store(data, self.text).get(state)
        if not isinstance(texts, Tensor):
            raise DataError(f"text_aligned: '{self.text}' has no {state}; it has {', '.join(data[self.text].keys())}")
        if self.features != "given":
            data = _FEATURES[self.features]().encode(data, node, context=context)
        store = node_store(data, node)
        for needed in ("x", "text", "train_mask"):
            if needed not in store:
                raise DataError(f"text_aligned: node type '{node}' has no '{needed}'")
        train = store.train_mask.nonzero()[:, 0]
        if len(train) < 2:
            raise DataError(f"text_aligned: node type '{node}' has {len(train)} training rows, expected at least 2")
        seed = context.seed if self.seed is None else self.seed
        about = {"encoder": "text_aligned", "format": _FORMAT, "recipe": asdict(self.recipe), "seed": seed}
        found = remembered(
            context,
            about,
            [store.x, store.text, train, texts],
            lambda: {"x": _aligned(store.x, store.text, train, texts, self.recipe, seed, context.device)},
        )
        result = copy.copy(data)
        result[node].x = result[node][state] = found["x"]
        return result

    def __repr__(self) -> str:
        return f"TextAligned({self.space!r}, text={self.text!r}, features={self.features!r})"


def _aligned(
    x: Tensor, text: Tensor, train: Tensor, texts: Tensor, recipe: TowerRecipe, seed: int, device: str
) -> Tensor:
    """Fit the tower and encode every row."""
    x = standardized(x, train, added=1e-6).to(device)
    wanted, place = text[train].unique(return_inverse=True)
    target, place = F.normalize(texts[wanted]).to(device), place.to(device)
    with random_state_kept():
        torch.manual_seed(seed)
        tower = nn.Sequential(
            nn.Dropout(recipe.dropout),
            nn.Linear(x.shape[1], recipe.hidden_channels),
            nn.BatchNorm1d(recipe.hidden_channels),
            nn.ReLU(),
            nn.Dropout(recipe.dropout),
            nn.Linear(recipe.hidden_channels, texts.shape[1]),
        ).to(device)
        optimizer = torch.optim.AdamW(tower.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
        size = min(recipe.batch_size, len(train))
        steps = recipe.epochs * (len(train) // size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, steps))
        for _ in range(recipe.epochs):
            order = torch.randperm(len(train))
            for batch in order[: len(order) // size * size].split(size):
                rows = F.normalize(tower(x[train[batch].to(device)]))
                loss = F.cross_entropy(rows @ target.T / recipe.temperature, place[batch.to(device)])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    tower.eval()
    with torch.no_grad():
        return torch.cat([F.normalize(tower(part)) for part in x.split(8192)]).cpu()
