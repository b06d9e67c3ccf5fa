"""Graphs of pictures and classes as the tables want them, RR-Net trained on them, and what is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import Experiment, load_experiment
from avgraph.encoders import EncodeContext
from avgraph.encoders.views import Views
from avgraph.io.cache import cache_folder
from avgraph.metrics import accuracy, expected_calibration_error
from avgraph.runs.pipeline import build_task
from avgraph.runtime.settings import run_settings
from avgraph.transforms import KNN, Candidates, CorrectAndSmooth
from avgraph.transforms.nearest import nearest_neighbours
from benchmarks.training import trained

EXAMPLE = Path(__file__).parents[2] / "examples" / "rrnet_cifar10.yaml"
NEAR = ("image", "near", "image")
MOST_NEAR = 20
Measured = Mapping[str, float]
Neighbours = dict[bytes, tuple[Tensor, Tensor]]


class World:
    """Graphs of one draw of the pictures; scores and nearest neighbours are computed once, when they are asked for.

    Args:
        labels: of a class that are kept, or all.
        seed: of the pictures, the networks and their order.
        overrides: as of avgraph train.
        near: the nearest neighbours found so far, of the same pictures for every seed.
    """

    def __init__(self, labels: str, seed: int, overrides: Sequence[str], near: Neighbours) -> None:
        own = "null" if labels == "all" else labels
        drawn = [f"dataset.labels_per_class={own}", f"dataset.seed={seed}", f"seed={seed}", "dataset.on_missing=[]"]
        self.seed, self.overrides = seed, [*drawn, *overrides]
        self.experiment = self.changed()
        self._encoded: HeteroData | None = None
        self._near = near

    def changed(self, *changes: str) -> Experiment:
        """The example with other settings."""
        return load_experiment(EXAMPLE, [*self.overrides, *changes])

    def context(self) -> EncodeContext:
        """Where encoders keep what they have computed."""
        return EncodeContext(seed=self.seed, cache=cache_folder("encoders"))

    def encoded(self) -> HeteroData:
        """Pictures with scores, classes with vectors."""
        if self._encoded is None:
            with run_settings(self.experiment.train.threads):
                data = self.experiment.dataset.load()
                for node, options in self.experiment.encoders.items():
                    views = options if isinstance(options, list) else [options]
                    data = Views(views).encode(data, node, context=self.context())
            self._encoded = data
        return self._encoded

    def size(self) -> tuple[int, int]:
        """K and k of the example."""
        steps = [step.arguments() for step in self.experiment.graph or ()]
        near = [step["k"] for step in steps if step.get("node") == "image"]
        return next(step["k"] for step in steps if "source" in step), near[0] if near else 0

    def with_edges(
        self, candidates: int, near: int, *, random: bool = False, smoothing: float | None = None
    ) -> HeteroData:
        """Candidates, near edges of classes, and those of pictures: none, the nearest, or as many at random.

        With ``smoothing`` the scores that propose the candidates are corrected and smoothed along them.
        """
        data = self._with_near(KNN("label", 2)(self.encoded()), near, random=random)
        if smoothing is not None:
            data = CorrectAndSmooth("image", smoothing=smoothing)(data)
        return Candidates("image", "label", candidates)(data)

    def _with_near(self, data: HeteroData, near: int, *, random: bool) -> HeteroData:
        if not near:
            return data
        key = data["image"].row.numpy().tobytes()
        if key not in self._near:
            self._near[key] = nearest_neighbours(data["image"].x, MOST_NEAR)
        index, similarity = (part[:, :near].reshape(-1) for part in self._near[key])
        if random:
            index = index[torch.randperm(len(index), generator=torch.Generator().manual_seed(0))]
        data[NEAR].edge_index = torch.stack([index, torch.arange(len(data["image"].y)).repeat_interleave(near)])
        data[NEAR].edge_weight = similarity
        return data

    def smoothed_best(self) -> float:
        """The smoothing of the scores that is best on validation, of two."""

        def right(smoothing: float) -> float:
            image = self.with_edges(1, self.size()[1], smoothing=smoothing)["image"]
            return accuracy(image.score, image.y, image.val_mask)

        return max((0.5, 0.8), key=right)

    def rrnet(
        self, candidates: int, near: int, *changes: str, random: bool = False, smoothing: float | None = None
    ) -> Measured:
        """Metrics of a training on such a graph, with the calibration of the answer."""
        data = self.with_edges(candidates, near, random=random, smoothing=smoothing)
        experiment = self.changed(*changes)
        with run_settings(experiment.train.threads):
            task = trained(build_task(experiment), data, experiment)
            learned = task.annotated()
            share = torch.zeros(len(learned["image"].y))
            edges = learned["image", "candidate", "label"]
            share.scatter_reduce_(0, edges.edge_index[0], edges.probability, "amax")
            image = learned["image"]
            return {**task.metrics(), "test/ece": _ece(share, image.prediction == image.y, image.test_mask)}


def _ece(confidence: Tensor, is_right: Tensor, mask: Tensor) -> float:
    """How far confidence and accuracy are apart."""
    return float(expected_calibration_error(confidence[mask].clamp(0, 1), is_right[mask].float()))


def measured(data: HeteroData, score: Tensor) -> Measured:
    """Accuracy of a table of scores on validation and test, and the calibration of its shares."""
    image = data["image"]
    found = {f"{part}/accuracy": accuracy(score, image.y, image[f"{part}_mask"]) for part in ("val", "test")}
    share = score.clamp_min(0) / score.clamp_min(0).sum(1, keepdim=True).clamp_min(1e-9)
    return {**found, "test/ece": _ece(share.max(1).values, score.argmax(1) == image.y, image.test_mask)}


def best(data: HeteroData, scores: Sequence[Tensor]) -> Measured:
    """Of several settings the one that is best on validation."""
    return max((measured(data, score) for score in scores), key=lambda found: found["val/accuracy"])
