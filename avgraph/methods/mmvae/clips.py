"""Mini-batches of whole clips from the graph: which frames, what is heard in them, under which condition."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.segmentation import AUDIO, CLIP, FRAME, HEARD
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.mmvae.sound_encoder import SoundEncoder

_SOUNDS = 64  # described at a time


@dataclass(frozen=True)
class Batch:
    """The frames of some clips, not yet encoded.

    Attributes:
        index: number of each frame in the graph.
        frame: pictures from 0 to 1; mask: 0 or 1.
        clip: number of the clip within the batch; labelled: whether the mask may be trained on.
        sounds: numbers of the sounds that are heard, each once; audio: which of them in a frame, −1 none.

    Shapes:
        index, clip, labelled, audio [f], frame [f, 3, h, w], mask [f, h, w], sounds [a]
    """

    index: Int[Tensor, " f"]
    frame: Float[Tensor, "f 3 h w"]
    mask: Float[Tensor, "f h w"]
    clip: Int[Tensor, " f"]
    labelled: Bool[Tensor, " f"]
    sounds: Int[Tensor, " a"]
    audio: Int[Tensor, " f"]


class Clips:
    """The clips of a graph (see `avgraph.graph.segmentation`), read a batch at a time.

    Args:
        graph: of an audio-visual segmentation data set, checked.
        size: pictures are brought to this many pixels a side; None leaves them.
    """

    def __init__(self, graph: HeteroData, size: int | None = None) -> None:
        self.graph = graph
        picture = graph[FRAME].x.shape
        self.size = (size, size) if size is not None else (picture[2], picture[3])
        count = graph[FRAME].clip.bincount(minlength=len(graph[CLIP].train_mask))
        self.start = torch.cat([count.new_zeros(1), count.cumsum(0)])

    def of_split(self, split: str) -> Tensor:
        """Numbers of the clips of a split that have frames."""
        chosen: Tensor = self.graph[CLIP][f"{split}_mask"] & (self.start.diff() > 0)
        return chosen.nonzero()[:, 0]

    def frames(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers of the frames of some clips, and which of the clips each is of."""
        count = self.start.diff()[clips]
        place = torch.repeat_interleave(count)
        within = torch.arange(len(place)) - (count.cumsum(0) - count)[place]
        return self.start[clips][place] + within, place

    def audio(self, relation: EdgeType | None = HEARD) -> Tensor:
        """Number of the audio of every frame under a condition, −1 where there is none; ``None``: nothing anywhere."""
        found = torch.full((len(self.graph[FRAME].clip),), -1)
        if relation is not None and relation in self.graph.edge_types:
            sound, frame = self.graph[relation].edge_index
            found[frame] = sound
        return found

    def batch(self, clips: Tensor, audio: Tensor, own: slice | None = None) -> Batch:
        """The frames of some clips, with the audio of every frame of the graph as `audio` gives it.

        Args:
            clips: their numbers.
            audio: number of the audio of every frame, −1 none.
            own: which of the clips have their frames read (default: all); sounds and numbers of clips are those of all.
        """
        index, place = self.frames(clips)
        frames, heard = self.graph[FRAME], audio[index]
        sounds = heard[heard >= 0].unique()
        if own is not None:
            there = (place >= own.start) & (place < own.stop)
            index, place, heard = index[there], place[there], heard[there]
        within = torch.searchsorted(sounds, heard.clamp(min=0)) if len(sounds) else heard
        return Batch(
            index=index,
            frame=resized(frames.x[index].float() / 255, self.size, "bilinear"),
            mask=resized(frames.mask[index][:, None].float(), self.size, "nearest")[:, 0],
            clip=place,
            labelled=frames.labelled[index],
            sounds=sounds,
            audio=torch.where(heard >= 0, within, -1),
        )


def resized(x: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    """Pictures [f, c, h, w] of another size.

    Example:
        >>> resized(torch.zeros(1, 3, 4, 4), (2, 2), "bilinear").shape
        torch.Size([1, 3, 2, 2])
    """
    if tuple(x.shape[2:]) == size:
        return x
    if mode == "nearest":
        sharp: Tensor = F.interpolate(x, size, mode="nearest-exact")
        return sharp
    smooth: Tensor = F.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)
    return smooth


def training_sounds(graph: HeteroData) -> Tensor:
    """Numbers of the sounds that are heard in frames to train on."""
    if HEARD not in graph.edge_types:
        return torch.empty(0, dtype=torch.int64)
    sound, frame = graph[HEARD].edge_index
    heard: Tensor = sound[graph[FRAME].train_mask[frame]].unique()
    return heard


def classes_of(graph: HeteroData) -> Int[Tensor, " a"]:
    """The class of every sound; -1 where it has none."""
    audio = graph[AUDIO]
    found: Tensor = audio.y if "y" in audio else torch.full((len(audio.x),), -1)
    return found


def described_sounds(graph: HeteroData, encoder: SoundEncoder) -> Tensor:
    """The fixed part of the encoding of every sound."""
    every = torch.arange(len(graph[AUDIO].x)).split(_SOUNDS)
    return torch.cat([encoder.describe(log_mels(graph, part)) for part in every])


def log_mels(graph: HeteroData, index: Tensor) -> Tensor:
    """Some sounds, from 0 to 1 where they are bytes.

    Shapes:
        index [a] → [a, bands, columns], or [a, d] for vectors
    """
    sound: Tensor = graph[AUDIO].x[index]
    return sound.float() / 255 if sound.dtype == torch.uint8 else sound.float()
