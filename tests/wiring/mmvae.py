"""What every option of MMVAE-AVS does, in its first steps on a toy graph."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch

from avgraph import config
from tests.wiring.row import FALLS, Component, becomes, gains, loses, row, tells, times
from tests.wiring.see import LOGGED, PARAMETERS, error, logged, seen, shape, start, update
from tests.wiring.worlds import CPU, MethodWorld, used

LOSS, MASKED = logged("train/loss"), logged("train/reconstruction")
BY_POSTERIOR, SHARED, OWN = logged("train/posterior_reconstruction"), logged("train/shared"), logged("train/kl")
STACK = "network.prior.encoders.visual.stack.layers.0.weight"


def _mmvae(options: Mapping[str, Any]) -> MethodWorld:
    kept = used(config.MmvaeOptions, options)
    return MethodWorld("Scenes", {"type": "mmvae", **kept}, {**CPU, "schedule": "constant"})


def _hidden(world: MethodWorld) -> float:
    """How many of the hidden numbers of a sound are dropped in training."""
    encoder: Any = world.bound.network.sound_encoder
    torch.manual_seed(0)
    found = copy.deepcopy(encoder.network[0]).train()(torch.ones(1000))
    return round(float((found == 0).float().mean()), 1)


BOUND = error(lambda world: world.bound)
UNHEARD = {"latent": False, "class_weight": 0.0}

MMVAE = Component(
    "method mmvae", config.MmvaeOptions, _mmvae,
    {"width": 4, "neck_channels": 4, "attention_channels": 4, "audio_channels": 6, "audio_dropout": 0.0,
     "latent_channels": 3, "class_batch": 2, "batch_size": 4, "flip": 0.0, "samples": 2, "graph_clips": 1}, (
        row("backbone", "resnet50", BOUND,
            tells("'resnet50' needs timm: pip install 'avgraph[vision]'")),
        row("width", 5, shape("network.backbone.parts.0.0.0.weight"), becomes((5, 3, 3, 3))),
        row("size", 80, seen("pixels a side of a picture", lambda world: world.bound.clips.batch(  # type: ignore
            torch.tensor([0]), world.bound.heard).frame.shape[3]), becomes(80)),  # type: ignore
        row("neck_channels", 5, shape("network.lateral.0.weight"), becomes((5, 4, 1, 1))),
        row("listening", "concatenation", PARAMETERS, loses("network.attention.0.theta.weight")),
        row("listening", "both", PARAMETERS, gains("network.concatenate.weight")),
        row("listening", "none", PARAMETERS, loses("network.attention.0.theta.weight")),
        row("listening", "none", seen("whether the sound changes a mask", lambda world: bool(torch.equal(*(
            world.task.network(world.task.scene(world.task.clips.batch(torch.tensor([5]), audio))[0]).logits[0]  # type: ignore
            for audio in (torch.zeros(16).long(), torch.ones(16).long()))))), becomes(True), **UNHEARD,
            listening="concatenation"),
        row("attention_channels", 5, shape("network.attention.3.theta.weight"), becomes((5, 4))),
        row("audio_encoder", "cnn", PARAMETERS, gains("network.sound_encoder.network.stem.0.weight")),
        row("audio_encoder", "vggish", BOUND, tells("vggish expects log-mels of 64 bands × 96 columns, got [32, 32]")),
        row("audio_weights", "heads.pt", BOUND, tells("heads.pt: no weights of this sound encoder")),
        row("audio_weights", "sounds.pt", start("network.sound_encoder.network.4.bias"),
            becomes(torch.full((6,), 0.5))),
        row("audio_frozen", True, update("network.sound_encoder.network.1.bias"), becomes(torch.zeros(12)),
            audio_weights="sounds.pt"),
        row("audio_channels", 7, shape("network.naming.weight"), becomes((3, 7))),
        row("audio_dropout", 0.5, seen("share of dropped numbers", _hidden), becomes(0.5)),
        row("class_weight", 1.0, logged("train/naming"), times(2)),
        row("class_weight", 0.0, LOGGED, loses("train/naming")),
        row("class_batch", 5, seen("sounds that are encoded", lambda world: (
            world.task, len(world.inputs["network.sound_encoder.network.1"]))[1]), becomes(8)),
        row("latent", False, PARAMETERS, loses(STACK)),
        row("latent_channels", 4, shape("network.prior.encoders.visual.head.mean.weight"), becomes((4, 6272))),
        row("factorisation", "none", PARAMETERS, loses("network.prior.encoders.shared.head.mean.weight")),
        row("factorisation", "single", PARAMETERS, loses(STACK)),
        row("audio_latent", False, PARAMETERS, loses("network.prior.encoders.audio.head.mean.weight")),
        row("shared", "experts", PARAMETERS, gains("network.prior.encoders.shared.picture.head.mean.weight")),
        row("fusion", "geometric", SHARED, shared="experts"),
        row("fusion", "mixture", MASKED, shared="experts"),
        row("combination", "product", PARAMETERS, loses("network.prior.codes.linear.0.weight")),
        row("reconstruction", "per_modality", seen("logits a frame", lambda world: len(world.task.network(  # type: ignore
            world.task.scene(world.task.clips.batch(torch.tensor([5]), world.task.heard))[0]).logits)),  # type: ignore
            becomes(2)),
        row("divergence", "kl", SHARED),
        row("gamma", 2.0, MASKED, times(2)),
        row("gamma", 2.0, BY_POSTERIOR, times(2)),
        row("beta", 0.02, OWN, times(2)),
        row("beta", 0.02, SHARED, times(2)),
        row("prior_weight", 2.0, MASKED, times(2)),
        row("posterior_weight", 2.0, BY_POSTERIOR, times(2)),
        row("orthogonality_weight", 0.002, logged("train/orthogonality"), times(2)),
        row("mutual_information_weight", 0.002, logged("train/mutual_information"), times(2)),
        row("matching_weight", 0.5, LOGGED, gains("train/matching")),
        row("matching_weight", 0.5, logged("train/matching"), times(2), matching_weight=0.25),
        row("official_bce", True, MASKED),
        row("official_mi", True, logged("train/mutual_information")),
        row("batch_size", 2, seen("frames of a step", lambda world: (
            world.task, len(world.inputs["network.listen.0"]))[1]), becomes(4)),
        row("flip", 1.0, MASKED),
        row("colour", 0.5, MASKED),
        row("gradient_norm", 1e-6, seen("largest change of a weight", lambda world: float((
            world.task.state_dict()[STACK] - world.start[STACK]).abs().max())), FALLS),
        row("missing_audio", 0.999, seen("largest number of a sound", lambda world: (world.task, float(
            world.inputs["network.listen.0"].abs().max()))[1]), becomes(0.0)),
        row("samples", 4, seen("error that is told for samples", lambda world: world.metrics["test/ece"])),
        row("graph_clips", 2, seen("frames of the learned graph", lambda world: len(
            world.data["frame"].name)), becomes(4)),
    ),
    exempt={"pretrained": "timm fetches the weights from the network"},
)  # fmt: skip

COMPONENTS = (MMVAE,)
