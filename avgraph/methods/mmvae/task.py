"""MMVAE-AVS: which pixels sound, with latents of picture, sound and what they share, and their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.figures.figures import Draw
from avgraph.graph.segmentation import AUDIO, CLIP, FRAME
from avgraph.io.pictures import save_figure
from avgraph.methods.epoch_shuffle import EpochShuffle
from avgraph.methods.headline import Headline, judged_split
from avgraph.methods.mmvae.augment import augmented
from avgraph.methods.mmvae.checks import check_graph
from avgraph.methods.mmvae.clips import Batch, Clips, classes_of, described_sounds, training_sounds
from avgraph.methods.mmvae.figures import listening, segmentation
from avgraph.methods.mmvae.learned_graph import candidates, learned_graph, shown_clips
from avgraph.methods.mmvae.network import Network, placed
from avgraph.methods.mmvae.new_frames import predict_frames
from avgraph.methods.mmvae.objective import naming_loss, objective
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.mmvae.results import (
    heard_ious,
    heard_metrics,
    largest_object_iou,
    segmentation_metrics,
    worst_to_best,
)
from avgraph.methods.mmvae.scene import Scene
from avgraph.methods.mmvae.sound_encoder import build_sound_encoder, load_sound_weights
from avgraph.methods.predictions import Predictions
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.nn.distributed import shared_rows
from avgraph.options.train import TrainOptions
from avgraph.runtime.ranks import own_rows, own_shard


class MMVAETask(Task):
    """Audio-visual segmentation by a multimodal conditional VAE.

    Args:
        options: see `avgraph.methods.mmvae.options.MmvaeOptions`.
    """

    def __init__(self, options: MmvaeOptions) -> None:
        super().__init__()
        self.options = options

    def raw_nodes(self) -> tuple[str, ...]:
        """Pictures and log-mels come as they are: the method has its own encoders."""
        return (CLIP, FRAME, AUDIO)

    def bind(self, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        """Describe the sounds and build the network.

        Raises:
            GraphError: if the graph is not one of audio-visual segmentation, or has no labelled frame to train on.
        """
        super().bind(graph, train, seed)
        check_graph(graph, self.options.size)
        options, sound = self.options, graph[AUDIO].x
        self.clips = Clips(graph, options.size)
        train_clips = self.clips.of_split("train")
        labelled = graph[FRAME].clip[graph[FRAME].labelled].unique()
        train_clips = train_clips[torch.isin(train_clips, labelled)]
        if not len(train_clips):
            raise GraphError("mmvae: no clip to train on has a labelled frame")
        encoder = build_sound_encoder(options.audio_encoder, sound, options.audio_channels, options.audio_dropout)
        self.described = described_sounds(graph, encoder)
        self.sounds = training_sounds(graph)
        if len(self.sounds):
            encoder.standardise(self.described[self.sounds])
        if options.audio_weights is not None:
            load_sound_weights(encoder, Path(options.audio_weights))
        self.y = classes_of(graph)
        named = self.y >= 0  # also recordings to train on that no clip happens to use
        rows = torch.arange(len(sound))
        own = graph[AUDIO].train_mask if "train_mask" in graph[AUDIO] else torch.isin(rows, self.sounds)
        self.named = rows[named & own]
        classes = int(self.y.max()) + 1 if len(self.named) else 0
        network = Network(options, encoder, classes)
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a tenth faster
        self.heard = self.clips.audio()
        self.train_clips = train_clips

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled numbers of training clips."""
        shuffle = EpochShuffle(len(self.train_clips), self.seed, lambda: self.current_epoch)
        return DataLoader(self.train_clips, batch_size=self.options.batch_size, sampler=shuffle)  # type: ignore[arg-type]

    def scene(self, batch: Batch, extra: Tensor | None = None) -> tuple[Scene, Tensor]:
        """A batch with its sounds encoded, and the encodings: of ``batch.sounds`` and, behind them, of ``extra``."""
        like = next(self.network.parameters())
        sounds = batch.sounds if extra is None else torch.cat([batch.sounds, extra])
        if len(sounds):
            encoded = self.network.sound_encoder(self.described[own_rows(sounds)].to(like))
            encoded = shared_rows(encoded, len(sounds))
        else:
            encoded = like.new_zeros(0, self.options.audio_channels)
        audio = batch.audio.to(like.device)
        frame, seen = batch.frame.to(like), torch.ones_like(audio, dtype=torch.bool)
        sound = placed(encoded[: len(batch.sounds)], audio)
        return Scene(frame, sound, batch.clip.to(like.device), audio >= 0, seen), encoded

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """The objective of some clips."""
        options = self.options
        count = len(batch)
        part = self.clips.batch(batch.cpu(), self.heard, own_shard(count))
        part = augmented(part, count, options.flip, options.colour, options.missing_audio)
        extra = None
        if self.network.naming is not None and options.class_batch and len(self.named):
            extra = self.named[torch.randint(len(self.named), (options.class_batch,))]
        scene, encoded = self.scene(part, extra)
        terms = objective(self.network, scene, part.mask.to(scene.frame), part.labelled.to(scene.clip.device), options)
        if self.network.naming is not None:
            sounds = part.sounds if extra is None else torch.cat([part.sounds, extra])
            named = naming_loss(self.network, encoded, self.y[sounds].to(encoded.device))
            terms["train/naming"] = options.class_weight * named
        loss = torch.stack(list(terms.values())).sum()
        for name, value in ({"train/loss": loss} | terms).items():
            self.log(name, value.detach(), on_step=False, on_epoch=True, batch_size=count)
        return loss

    def configure_gradient_clipping(self, optimizer: Any, *args: Any, **settings: Any) -> None:
        """No gradient of all parameters together longer than ``gradient_norm``."""
        if self.options.gradient_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.options.gradient_norm)

    def take_graph(self, graph: HeteroData) -> None:
        """Segment the frames of another data set, of any split; sounds stay on the scale of the run's.

        What the sound encoder names is judged where the data set has the classes of the run.
        """
        check_graph(graph, self.options.size)
        described = described_sounds(graph, self.network.sound_encoder)
        if described.shape[1:] != self.described.shape[1:]:
            shapes = [list(part[AUDIO].x.shape[1:]) for part in (self.graph, graph)]
            raise GraphError(f"mmvae: the run's sounds are {shapes[0]}, those of this data set {shapes[1]}")
        names, y = [part[CLIP].get("class_names") for part in (self.graph, graph)], classes_of(graph)
        if names[0] != names[1] or int(y.max()) > int(self.y.max()):
            y = torch.full_like(y, -1)
        self.graph, self.clips, self.described, self.y = graph, Clips(graph, self.options.size), described, y
        self.heard = self.clips.audio()

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """mIoU and F on what is heard, and the protocol of robustness; see `segmentation_metrics`."""
        return {
            f"{split}/{name}": value
            for split in ("val", "test")
            for name, value in segmentation_metrics(self, split, self.options.samples).items()
        }

    def measure(self, split: str) -> dict[str, float]:
        """mIoU and F of one split on what is heard."""
        return {f"{split}/{name}": value for name, value in heard_metrics(self, split).items()}

    def trivial(self) -> Trivial:
        """The largest object of each frame, whether it sounds or not."""
        found = {f"{split}/miou": largest_object_iou(self.graph, split) for split in ("val", "test")}
        known = {name: value for name, value in found.items() if value is not None}
        return Trivial(metrics=known, prediction="the largest object")

    def headline(self, learned: HeteroData, metrics: Mapping[str, float]) -> Headline | None:
        """mIoU of what is heard, beside that of the same model without sound and the largest object's."""
        if (split := judged_split(metrics, "miou")) is None:
            return None
        beside = {"the same model without sound": "no_audio_miou", "the largest object": "visual_only_miou"}
        found = {called: metrics.get(f"{split}/{name}") for called, name in beside.items()}
        known = {called: value for called, value in found.items() if value is not None}
        return Headline(f"{split}/miou", rows=heard_ious(self, split), baselines=known, unit="frames")

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The learned graph of some test clips: patches, latents, experts and attention; no pictures."""
        return learned_graph(self, shown_clips(self.clips, self.options.graph_clips))

    def new_nodes(self) -> tuple[str, ...]:
        """Frames and what is heard in them, a pair a row."""
        return (FRAME, AUDIO)

    def predict(self, new: HeteroData, steps: Sequence[Any]) -> Predictions:
        """What sounds in new frames; see `predict_frames`."""
        return predict_frames(self, new)

    def figures(self, learned: HeteroData, history: Sequence[Mapping[str, Any]]) -> Mapping[str, Draw]:
        """Frame, mask, prediction, uncertainty and attention of clips from the worst to the best masked one."""
        clips = worst_to_best(self, candidates(self.clips), self.options.graph_clips)
        if not len(clips):
            return {}
        return {
            "segmentation.png": lambda path: save_figure(segmentation(self, clips), path),
            "listening.png": lambda path: save_figure(listening(self, clips), path),
        }
