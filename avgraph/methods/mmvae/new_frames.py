"""What sounds in frames that come after the training, each with a sound of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.segmentation import AUDIO, FRAME
from avgraph.methods.mmvae.clips import log_mels, resized
from avgraph.methods.mmvae.network import placed
from avgraph.methods.mmvae.scene import Scene
from avgraph.methods.predictions import Predictions
from avgraph.metrics import segmented_area

if TYPE_CHECKING:
    from avgraph.methods.mmvae.task import MMVAETask

_CLIPS = 16  # at a time


@torch.no_grad()
def predict_frames(task: MMVAETask, new: HeteroData) -> Predictions:
    """The mask of every frame by the mean of the prior, the share of it that sounds, and its largest probability.

    Frames of one ``clip``, where the new frames say so, see each other as in the run; else each is a clip by itself.

    Args:
        task: bound, in evaluation.
        new: ``frame`` and ``audio`` nodes with ``x`` as the run's own, a pair a row.

    Raises:
        GraphError: if there is not one sound for every frame.
    """
    counts = {node: new[node].num_nodes if node in new.node_types else 0 for node in (FRAME, AUDIO)}
    if counts[FRAME] != counts[AUDIO]:
        raise GraphError(f"mmvae: expected a sound for every frame, got {counts[FRAME]} frames, {counts[AUDIO]} sounds")
    x, network = new[FRAME].x, task.network
    like, size = next(network.parameters()), (x.shape[2], x.shape[3])
    clip = new[FRAME].get("clip", torch.arange(len(x))).unique(return_inverse=True)[1]
    mask = torch.empty(len(x), *size)
    for clips in torch.arange(int(clip.max()) + 1).split(_CLIPS):
        rows = torch.isin(clip, clips).nonzero()[:, 0]
        encoded = network.sound_encoder(network.sound_encoder.describe(log_mels(new, rows)).to(like))
        there = torch.ones(len(rows), dtype=torch.bool, device=like.device)
        frame = resized(x[rows].float() / 255, task.clips.size, "bilinear").to(like)
        sound = placed(encoded, torch.arange(len(rows), device=like.device))
        scene = Scene(frame, sound, clip[rows].unique(return_inverse=True)[1].to(like.device), there, there)
        mask[rows] = resized(network(scene).probability[None].float().cpu(), size, "bilinear")[0].clamp(0, 1)
    area, largest = segmented_area(mask), mask.flatten(1).amax(1)
    graph = HeteroData()
    graph[FRAME].name, graph[FRAME].num_nodes = list(new[FRAME].name), len(x)
    graph[FRAME].prediction, graph[FRAME].probability = area, largest
    columns = {"name": list(new[FRAME].name), "prediction": area.tolist(), "probability": largest.tolist()}
    return Predictions(columns, graph, mask=mask)
