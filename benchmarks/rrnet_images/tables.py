"""The rows of the tables: name → what measures it, so that a row that was kept costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch_geometric.nn import CorrectAndSmooth, LabelPropagation

from avgraph.encoders import LogisticRegression
from benchmarks.rrnet_images.world import NEAR, Measured, World, best, measured

Rows = Mapping[str, Callable[[], Measured]]


def baselines(world: World) -> Rows:
    """What needs no RR-Net, and RR-Net."""
    return {
        "linear": partial(_linear, world),
        "kNN votes": lambda: measured(world.encoded(), world.encoded()["image"].view_score[:, 1]),
        "MLP": lambda: measured(world.encoded(), world.encoded()["image"].view_score[:, 0]),
        "MLP + kNN votes": partial(_mixed, world),
        "label propagation": partial(_propagated, world),
        "MLP, Correct & Smooth": partial(_corrected, world),
        "RR-Net": lambda: world.rrnet(*world.size()),
        "RR-Net, corrected and smoothed scores": lambda: _smoothed(world),
    }


def _linear(world: World) -> Measured:
    data = world.encoded()
    found = LogisticRegression(strengths=[0.001, 0.01]).encode(data, "image", context=world.context())
    return measured(data, found["image"].score)


def _mixed(world: World) -> Measured:
    data = world.encoded()
    perceptron, votes = data["image"].view_score.unbind(1)
    mixed = [(perceptron.log() + weight * votes.log()).softmax(1) for weight in (0.1, 0.2, 0.3, 0.5, 1.0)]
    return best(data, mixed)


def _both_ways(world: World) -> Tensor:
    """Ten near edges a picture, and their reverses."""
    index: Tensor = world.with_edges(10, 10)[NEAR].edge_index
    return torch.cat([index, index.flip(0)], 1)


def _propagated(world: World) -> Measured:
    data, index = world.encoded(), _both_ways(world)
    image = data["image"]
    train = image.train_mask.nonzero()[:, 0]
    return best(data, [LabelPropagation(50, alpha)(image.y, index, train) for alpha in (0.9, 0.99)])


def _corrected(world: World) -> Measured:
    """PyG's Correct & Smooth; the scores of training rows are out of fold, and so are their residuals."""
    data, index, found = world.encoded(), _both_ways(world), []
    image = data["image"]
    train = image.train_mask.nonzero()[:, 0]
    for autoscale in (True, False):
        for alpha in (0.5, 0.8):
            model = CorrectAndSmooth(20, alpha, 20, alpha, autoscale=autoscale)
            corrected = model.correct(image.view_score[:, 0], image.y[train], train, index)
            found.append(model.smooth(corrected, image.y[train], train, index))
    return best(data, found)


def _smoothed(world: World, *, random: bool = False) -> Measured:
    """RR-Net from scores that are corrected and smoothed along its own near edges."""
    return world.rrnet(*world.size(), random=random, smoothing=world.smoothed_best())


def relations(world: World) -> Rows:
    """The same training on the whole graph, without near edges between pictures, and with as many at random."""
    candidates, near = world.size()
    return {
        "whole graph": lambda: world.rrnet(candidates, near),
        "no near edges of pictures": lambda: world.rrnet(candidates, 0),
        "near edges at random": lambda: world.rrnet(candidates, near, random=True),
        "corrected and smoothed scores": lambda: _smoothed(world),
        "corrected and smoothed along edges at random": lambda: _smoothed(world, random=True),
        "no competition of candidates": lambda: world.rrnet(candidates, near, "method.loss=bce"),
        "the encoder that proposes": lambda: measured(world.encoded(), world.encoded()["image"].score),
    }


def grid(world: World, candidates: list[int], near: list[int]) -> Rows:
    """Candidates × near edges."""
    return {f"K = {most}, near k = {k}": partial(world.rrnet, most, k) for most in candidates for k in near}
