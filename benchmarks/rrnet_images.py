"""RR-Net on CIFAR-10 features beside what a practitioner would try: K × near k, what relations give.

    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_images baselines  [--labels all 100 10] [--seeds 0 1 2]
    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_images grid       [--candidates 3 5 10] [--near 0 5 10 20]
    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_images relations  [--labels 100] [--seeds 0 1 2 3 4]

Settings are those of examples/rrnet_cifar10.yaml (``--set`` changes them, as of avgraph train). A seed draws the
validation pictures, the labels that are kept (``--labels``: of a class), the networks and their order. Accuracy in %,
mean ± sd over the seeds; what is chosen is chosen on validation. Scores of training
pictures are out of fold. Needs the features (AVGRAPH_DATA); the nearest neighbours of 60,000 pictures take some
minutes, once.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from scipy.stats import ttest_rel
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.nn import CorrectAndSmooth, LabelPropagation

from avgraph.config import Experiment, load_experiment
from avgraph.encoders import EncodeContext, LogisticRegression
from avgraph.encoders.views import Views
from avgraph.io.cache import cache_folder
from avgraph.metrics import accuracy, expected_calibration_error
from avgraph.runs.pipeline import build_task
from avgraph.runtime.settings import run_settings
from avgraph.transforms import KNN, Candidates
from avgraph.transforms.nearest import nearest_neighbours
from benchmarks.training import trained

EXAMPLE = Path(__file__).parents[1] / "examples" / "rrnet_cifar10.yaml"
NEAR = ("image", "near", "image")
MOST_NEAR = 20
Table = Mapping[str, list[Mapping[str, float]]]


class World:
    """Graphs of one setting; the nearest neighbours of the same pictures are sought once."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.near: dict[bytes, tuple[Tensor, Tensor]] = {}

    def experiment(self, labels: str, seed: int, *changes: str) -> Experiment:
        """The example with other labels and another seed."""
        own = "null" if labels == "all" else labels
        overrides = [f"dataset.labels_per_class={own}", f"dataset.seed={seed}", f"seed={seed}", "dataset.on_missing=[]"]
        return load_experiment(EXAMPLE, [*overrides, *self.options.set, *changes])

    def encoded(self, experiment: Experiment) -> HeteroData:
        """Pictures with scores, classes with vectors."""
        context = EncodeContext(seed=experiment.seed, cache=cache_folder("encoders"))
        data = experiment.dataset.load()
        for node, options in experiment.encoders.items():
            views = options if isinstance(options, list) else [options]
            data = Views(views).encode(data, node, context=context)
        return data

    def with_edges(self, data: HeteroData, candidates: int, near: int, *, random: bool = False) -> HeteroData:
        """Candidates, near edges of classes, and those of pictures: none, the nearest, or as many at random."""
        data = Candidates("image", "label", candidates)(KNN("label", 2)(data))
        if not near:
            return data
        key = data["image"].row.numpy().tobytes()
        if key not in self.near:
            self.near[key] = nearest_neighbours(data["image"].x, MOST_NEAR)
        index, similarity = (part[:, :near].reshape(-1) for part in self.near[key])
        if random:
            index = index[torch.randperm(len(index), generator=torch.Generator().manual_seed(0))]
        data[NEAR].edge_index = torch.stack([index, torch.arange(len(data["image"].y)).repeat_interleave(near)])
        data[NEAR].edge_weight = similarity
        return data

    def rrnet(self, data: HeteroData, experiment: Experiment) -> Mapping[str, float]:
        """Metrics of a training on this graph, with the calibration of the answer."""
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


def measured(data: HeteroData, score: Tensor) -> Mapping[str, float]:
    """Accuracy of a table of scores on validation and test, and the calibration of its shares."""
    image = data["image"]
    found = {f"{part}/accuracy": accuracy(score, image.y, image[f"{part}_mask"]) for part in ("val", "test")}
    share = score.clamp_min(0) / score.clamp_min(0).sum(1, keepdim=True).clamp_min(1e-9)
    return {**found, "test/ece": _ece(share.max(1).values, score.argmax(1) == image.y, image.test_mask)}


def baselines(world: World, labels: str, seed: int) -> dict[str, Mapping[str, float]]:
    """What needs no RR-Net."""
    experiment = world.experiment(labels, seed)
    data = world.encoded(experiment)
    image = data["image"]
    votes, perceptron = image.view_score[:, 1], image.view_score[:, 0]
    linear = LogisticRegression(strengths=[0.001, 0.01]).encode(
        data, "image", context=EncodeContext(seed=seed, cache=cache_folder("encoders"))
    )
    mixed = [(perceptron.log() + weight * votes.log()).softmax(1) for weight in (0.1, 0.2, 0.3, 0.5, 1.0)]
    edges = world.with_edges(data, 10, 10)[NEAR]
    index = torch.cat([edges.edge_index, edges.edge_index.flip(0)], 1)
    train = image.train_mask.nonzero()[:, 0]
    corrected = [
        _corrected(perceptron, image.y, train, index, autoscale, alpha)
        for autoscale in (True, False)
        for alpha in (0.5, 0.8)
    ]
    propagated = [LabelPropagation(50, alpha)(image.y, index, train) for alpha in (0.9, 0.99)]
    return {
        "linear": measured(data, linear["image"].score),
        "kNN votes": measured(data, votes),
        "MLP": measured(data, perceptron),
        "MLP + kNN votes": best(data, mixed),
        "label propagation": best(data, propagated),
        "MLP, Correct & Smooth": best(data, corrected),
        "RR-Net": world.rrnet(world.with_edges(data, *_size(experiment)), experiment),
    }


def _size(experiment: Experiment) -> tuple[int, int]:
    """K and k of the example."""
    assert experiment.graph is not None
    steps = [step.arguments() for step in experiment.graph]
    near = [step["k"] for step in steps if step.get("node") == "image"]
    return next(step["k"] for step in steps if "source" in step), near[0] if near else 0


def _corrected(score: Tensor, y: Tensor, train: Tensor, index: Tensor, autoscale: bool, alpha: float) -> Tensor:
    """PyG's Correct & Smooth; the scores of training rows are out of fold, and so are their residuals."""
    model = CorrectAndSmooth(20, alpha, 20, alpha, autoscale=autoscale)
    corrected = model.correct(score, y[train], train, index)
    smoothed: Tensor = model.smooth(corrected, y[train], train, index)
    return smoothed


def best(data: HeteroData, scores: Sequence[Tensor]) -> Mapping[str, float]:
    """Of several settings the one that is best on validation."""
    return max((measured(data, score) for score in scores), key=lambda found: found["val/accuracy"])


def relations(world: World, labels: str, seed: int) -> dict[str, Mapping[str, float]]:
    """The same training on the whole graph, without near edges between pictures, and with as many at random."""
    experiment = world.experiment(labels, seed)
    data, (candidates, near) = world.encoded(experiment), _size(experiment)
    found = {
        "whole graph": world.rrnet(world.with_edges(data, candidates, near), experiment),
        "no near edges of pictures": world.rrnet(world.with_edges(data, candidates, 0), experiment),
        "near edges at random": world.rrnet(world.with_edges(data, candidates, near, random=True), experiment),
    }
    alone = world.experiment(labels, seed, "method.loss=bce")
    found["no competition of candidates"] = world.rrnet(world.with_edges(data, candidates, near), alone)
    return {**found, "the encoder that proposes": measured(data, data["image"].score)}


def grid(world: World, labels: str, seed: int) -> dict[str, Mapping[str, float]]:
    """Candidates × near edges."""
    experiment = world.experiment(labels, seed)
    data = world.encoded(experiment)
    return {
        f"K = {candidates}, near k = {near}": world.rrnet(world.with_edges(data, candidates, near), experiment)
        for candidates in world.options.candidates
        for near in world.options.near
    }


def cell(values: Sequence[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.1f} ± {100 * deviation:.1f}"


def print_table(title: str, rows: Table) -> None:
    """A row a setting, the first of them compared with the others over seeds."""
    head = ("", "val", "test", "ECE", "difference to the first row", "p", "effect size")
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    first: list[float] = []
    for name, found in rows.items():
        test = [one["test/accuracy"] for one in found]
        gaps = [a - b for a, b in zip(test, first, strict=False)]
        told = ["", "", ""]
        if len(gaps) > 1 and statistics.stdev(gaps) > 0:
            p = float(ttest_rel(test, first).pvalue)
            size = statistics.mean(gaps) / statistics.stdev(gaps)
            told = [f"{100 * statistics.mean(gaps):+.2f}", f"{p:.3f}", f"{size:+.1f}"]
        first = first or test
        values = (cell([one[key] for one in found]) for key in ("val/accuracy", "test/accuracy", "test/ece"))
        print(f"| {' | '.join((name, *values, *told))} |")


TABLES = {"baselines": baselines, "grid": grid, "relations": relations}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--labels", nargs="+", default=["all"], help="of a class, or all")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--candidates", type=int, nargs="+", default=[3, 5, 10])
    parser.add_argument("--near", type=int, nargs="+", default=[0, 5, 10, 20])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of avgraph train")
    options = parser.parse_args(argv)
    world = World(options)
    for labels in options.labels:
        rows: dict[str, list[Mapping[str, float]]] = {}
        for seed in options.seeds:
            for name, found in TABLES[options.table](world, labels, seed).items():
                rows.setdefault(name, []).append(found)
                print(f"# {labels} {seed} {name}: {found['val/accuracy']:.4f} {found['test/accuracy']:.4f}", flush=True)
        print_table(f"{options.table}, labels of a class: {labels}, seeds {options.seeds}", rows)


if __name__ == "__main__":
    main()
