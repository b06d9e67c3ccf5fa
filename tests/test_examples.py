"""The examples run: the script as a new user starts it, an experiment of every method for an epoch on its stand-in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import avgraph
from avgraph.config import load_experiment
from avgraph.export import export_graph, read_graphml
from avgraph.graph.edges import WEIGHTS
from tests.export.opened import SUFFIXES, opened_edges
from tests.forking import ForkServer

ROOT = Path(__file__).parents[1]
SHORT: dict[str, dict[str, Any]] = {
    "lir_digits": {"train.epochs": 2, "method.teacher_epochs": 1, "method.snapshot_epochs": [1]},
    "mltm_esc50": {"train.epochs": 1},
    "cmcr_esc50_cifar10": {"train.epochs": 1},
    "rrnet_cifar10": {"train.epochs": 1, "dataset.keep": 0.1},
    "mmvae_stamps": {"train.epochs": 1, "dataset.frames": 1}
    | {f"dataset.{split}_clips": 4 for split in ("train", "val", "test")},
}
LEARNED: dict[str, dict[tuple[str, str, str], str]] = {
    "lir_digits": {
        ("audio", "activates", "concept"): "edge_weight",
        ("visual", "activates", "concept"): "edge_weight",
        ("concept", "drives", "concept"): "edge_weight",
    },
    "mltm_esc50": {("audio", "coupled", "text"): "mass"},
    "cmcr_esc50_cifar10": {
        ("audio", "recalled", "text"): "attention",
        ("image", "recalled", "text"): "attention",
    },
    "rrnet_cifar10": {("image", "candidate", "label"): "probability", ("image", "near", "image"): "edge_weight"},
    "mmvae_stamps": {
        ("audio", "attends", "patch"): "attention",
        ("frame", "informs", "shared_latent"): "precision",
        ("audio", "informs", "shared_latent"): "precision",
    },
}
"""Example → the edges that its method learns, and where their weights are."""
FEW = 300
"""Learned edges of each type that are written."""


def test_custom_graph_learns_and_exports(tmp_path: Path, fork_server: ForkServer) -> None:
    script = ROOT / "examples" / "custom_graph.py"
    code = f"import os, runpy\nos.chdir({str(tmp_path)!r})\nrunpy.run_path({str(script)!r}, run_name='__main__')\n"
    child = fork_server.start(python=code)
    assert child.wait() == 0, child.error
    assert float(child.output.split("trained on: ")[1].split()[0]) > 0.4
    graph = read_graphml(tmp_path / "birds.graphml")
    assert graph["bird", "candidate", "species"].probability.shape == (240,)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("configs/*/*.yaml")]), ids=str)
def test_experiments_are_valid(path: Path) -> None:
    experiment = load_experiment(path)
    assert experiment.name.startswith(f"{experiment.method.type}-")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_experiments_train_without_data(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_figures: None
) -> None:
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)
    monkeypatch.setenv("AVGRAPH_OFFLINE", "1")
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: tmp_path / "cache" / name)
    overrides = {**SHORT[name], "train.threads": 1, "output": str(tmp_path / "runs")}
    run = avgraph.train(ROOT / "examples" / f"{name}.yaml", overrides, quiet=True)
    assert run.metrics["data"]["source"] == "synthetic"
    assert any(metric.startswith("test/") for metric in run.metrics)
    few = {kind: torch.arange(run.graph[kind].num_edges)[:FEW] for kind in LEARNED[name]}
    graph = run.graph.edge_subgraph(few)
    for suffix in SUFFIXES:
        path = export_graph(graph, tmp_path / f"learned{suffix}", vectors=False)
        for kind, attribute in LEARNED[name].items():
            learned, found = graph[kind][attribute].double().numpy(), opened_edges(path, kind)
            assert len(set(learned.tolist())) > 1, kind
            np.testing.assert_allclose(found[attribute], learned, rtol=1e-6)
            weight = next(weight for weight in WEIGHTS if weight in graph[kind])
            np.testing.assert_allclose(found["weight"], graph[kind][weight].double(), rtol=1e-6)
