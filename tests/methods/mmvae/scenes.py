"""The toy scenes of the wiring tests with recordings as long as real ones, and a task bound to them."""

from __future__ import annotations

from typing import Any

import torch
from torch_geometric.data import HeteroData

from avgraph.methods.mmvae import MMVAETask
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.options.train import TrainOptions
from tests.wiring.toys import Scenes

SMALL: dict[str, Any] = {
    "width": 4, "neck_channels": 4, "attention_channels": 4, "audio_channels": 6, "latent_channels": 3,
    "class_batch": 2, "batch_size": 2, "samples": 2, "graph_clips": 2,
}  # fmt: skip


class Recorded(Scenes):
    """Log-mels of 128 bands, as `avgraph.datasets.audio` makes of half a second."""

    def load(self) -> HeteroData:
        """The scenes with other sounds."""
        data = super().load()
        data["audio"].x = data["audio"].x.repeat_interleave(4, 1)[:, :, :22].contiguous()
        return data


def bound(graph: HeteroData | None = None, **options: Any) -> MMVAETask:
    """A task with its first weights, always the same."""
    torch.manual_seed(0)
    given = {**SMALL, **options}
    unused = MmvaeOptions.model_construct(**given).unused()
    kept = {name: value for name, value in given.items() if name in options or name not in unused}
    task = MMVAETask(MmvaeOptions(**kept))
    task.bind(Scenes().load() if graph is None else graph, TrainOptions(), 0)
    return task.eval()
