"""The learned graph of some clips: patches with their mask, latents with the experts that inform them, attention.

=================================  ====================================================================================
``frame``                          number of its ``clip``; ``name``
``patch``                          of the third map (an eighth of a picture's side with the backbone ``small``: 8 × 8
                                   patches at 64 pixels; a sixteenth with the others):
                                   ``row``, ``column``, ``frame``, ``probability`` and ``truth`` (shares masked)
``audio``                          sounds of these clips: ``name`` and, where there is one, ``y``
``visual_latent`` …                a node a frame: ``mean`` and ``logvar`` of the prior, and ``variance``, its mean
(patch, part_of, frame)            which picture a patch is of
(patch, adjacent, patch)           neighbours in a picture, both ways
(audio, heard_in, frame)           what is heard
(audio, attends, patch)            ``attention`` of the third map, summed over the frames that the audio is heard in
(frame | audio, informs, latent)   ``precision`` of the expert, mean over the dimensions. One joint encoder sees both
                                   at once: its two edges have the same
=================================  ====================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.segmentation import AUDIO, FRAME, HEARD
from avgraph.methods.mmvae.clips import Clips
from avgraph.methods.mmvae.decoder import Decoded
from avgraph.methods.mmvae.latents import Latents, mean_of
from avgraph.methods.mmvae.scene import Scene
from avgraph.nn.fusion import Gaussian, attention_edges
from avgraph.nn.fusion.attention_edges import companions

if TYPE_CHECKING:
    from avgraph.methods.mmvae.task import MMVAETask

STAGE = 2  # the map whose cells are the patches
PATCH, ADJACENT, PART_OF, ATTENDS = "patch", ("patch", "adjacent", "patch"), ("patch", "part_of", "frame"), "attends"


def candidates(clips: Clips) -> Tensor:
    """Test clips; without any, clips to validate on, then clips to train on."""
    found = [clips.of_split(split) for split in ("test", "val", "train")]
    return next((part for part in found if len(part)), found[0])


def shown_clips(clips: Clips, count: int) -> Tensor:
    """So many of the `candidates`, evenly spaced."""
    every = candidates(clips)
    return every[torch.linspace(0, len(every) - 1, min(count, len(every)), dtype=torch.float64).long().unique()]


@torch.no_grad()
def learned_graph(task: MMVAETask, clips: Tensor) -> HeteroData:
    """Nodes and edges of some clips, on the CPU, without pictures and log-mels.

    Args:
        task: a bound one, in evaluation.
        clips: their numbers.
    """
    graph, data = task.graph, HeteroData()
    if "provenance" in graph:
        data.provenance = graph.provenance
    if not len(clips):
        data[FRAME].name = []
        return data
    batch = task.clips.batch(clips, task.heard)
    scene, _ = task.scene(batch)
    looked = task.network.look(scene, attention=True)
    decoded = task.network.prior(looked, mean_of)
    names = graph[FRAME].name if "name" in graph[FRAME] else [f"frame {row}" for row in range(len(task.heard))]
    data[FRAME].name, data[FRAME].clip = [names[row] for row in batch.index.tolist()], graph[FRAME].clip[batch.index]
    height, width = looked.maps[STAGE].shape[2:]
    _patches(data, decoded.probability.cpu(), batch.mask, (height, width))
    if len(batch.sounds):
        titles = graph[AUDIO].get("name", [f"audio {row}" for row in range(len(graph[AUDIO].x))])
        data[AUDIO].name = [titles[row] for row in batch.sounds.tolist()]
        if "y" in graph[AUDIO]:
            data[AUDIO].y = graph[AUDIO].y[batch.sounds]
        heard = (batch.audio >= 0).nonzero()[:, 0]
        data[HEARD].edge_index = torch.stack([batch.audio[heard], heard])
        if looked.attention:
            _attention(data, looked, batch.audio, (height, width))
    _latents(data, decoded, batch.audio)
    return data


def _patches(data: HeteroData, probability: Tensor, mask: Tensor, size: tuple[int, int]) -> None:
    """The cells of the map, their mask, their neighbours."""
    (height, width), frames = size, len(probability)
    row, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    data[PATCH].row, data[PATCH].column = row.flatten().repeat(frames), column.flatten().repeat(frames)
    frame = torch.arange(frames).repeat_interleave(height * width)
    data[PATCH].frame = frame
    for name, value in (("probability", probability), ("truth", mask)):
        data[PATCH][name] = F.adaptive_avg_pool2d(value.float()[:, None], size).flatten()
    number = torch.arange(frames * height * width).view(frames, height, width)
    pairs = [(number[:, :, :-1], number[:, :, 1:]), (number[:, :-1], number[:, 1:])]
    one = torch.cat([torch.stack([a.flatten(), b.flatten()]) for a, b in pairs], 1)
    data[ADJACENT].edge_index = torch.cat([one, one.flip(0)], 1)
    data[PART_OF].edge_index = torch.stack([number.flatten(), frame])


def _attention(data: HeteroData, looked: Scene, audio: Tensor, size: tuple[int, int]) -> None:
    """Each sound and each patch of its clip, once: a recording that is heard in several frames attends in each."""
    clip, heard = looked.clip.cpu(), looked.heard.cpu()
    edge = attention_edges(clip, *size, heard=heard)
    value = looked.attention[STAGE].cpu()[companions(clip, heard)[1]].flatten()
    pair = torch.stack([audio[edge[0]], edge[1]])
    kept, inverse = pair.unique(dim=1, return_inverse=True)
    data[AUDIO, ATTENDS, PATCH].edge_index = kept
    data[AUDIO, ATTENDS, PATCH].attention = value.new_zeros(kept.shape[1]).index_add(0, inverse, value)


def _latents(data: HeteroData, decoded: Decoded, audio: Tensor) -> None:
    """A node a frame of each latent, and the experts that inform it."""
    latents = decoded.latents
    if latents is None:
        return
    frames = torch.arange(len(audio))
    heard = (audio >= 0).nonzero()[:, 0]
    own = ((FRAME, frames, frames), (AUDIO, audio[heard], heard))
    for name, latent, sources in (
        ("visual_latent", latents.visual, own[:1]),
        ("audio_latent", latents.audio, own[1:]),
        ("shared_latent", latents.shared, own),
    ):
        if latent is None:
            continue
        data[name].mean, data[name].logvar = latent.mean.cpu(), latent.logvar.cpu()
        data[name].variance = latent.logvar.exp().mean(1).cpu()
        for node, source, target in sources:
            expert = _expert(latents, node) if name == "shared_latent" else latent
            precision = (-(latent if expert is None else expert).logvar).exp().mean(1).cpu()
            data[node, "informs", name].edge_index = torch.stack([source, target])
            data[node, "informs", name].precision = precision[target]


def _expert(latents: Latents, node: str) -> Gaussian | None:
    """The expert of a modality; None where one encoder sees both."""
    return latents.experts[(FRAME, AUDIO).index(node)] if latents.experts else None
