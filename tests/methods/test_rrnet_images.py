"""RR-Net on pictures from YAML, as the example has it, on a small file in the layout of the features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

import avgraph
from avgraph.export import read_graphml

EXAMPLE = Path(__file__).parents[2] / "examples" / "rrnet_cifar10.yaml"


def features(folder: Path, classes: int = 10, train: int = 200, test: int = 100) -> Path:
    rng = np.random.default_rng(0)
    centre, parts = rng.normal(size=(classes, 12)), {}
    for split, count in (("train", train), ("test", test)):
        y = np.arange(count) % classes
        parts |= {f"x_{split}": centre[y] + 0.7 * rng.normal(size=(count, 12)), f"y_{split}": y}
    names = np.array([f"name {number}" for number in range(classes)])
    np.savez(folder / "efficientnet_lite0_pca384.npz", classes=names, **parts)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> avgraph.Run:
    overrides = {
        "dataset.root": str(features(tmp_path)),
        "dataset.keep": 1.0,
        "output": str(tmp_path / "runs"),
        "method.batch_size": 32,
        "method.fan_out": 5,
        "train.epochs": 2,
    }
    return avgraph.train(EXAMPLE, overrides)


def test_a_run_reports_its_baselines_and_leaves_labels_to_look_at(run: avgraph.Run, tmp_path: Path) -> None:
    metrics, graph = run.metrics, run.graph
    assert metrics["data"]["source"] == "real"
    for name in ("accuracy", "baseline_accuracy", "candidate_recall", "view_2_accuracy", "fused_accuracy"):
        assert 0 < metrics[f"test/{name}"] <= 1
    assert metrics["test/accuracy"] > 0.5
    image, edges = graph["image"], graph["image", "candidate", "label"]
    assert image.prediction.shape == image.label_probability.shape == (300,)
    assert edges.probability.shape == (300 * 5,)
    right = image.prediction == image.y
    assert float(image.label_probability[right].mean()) > float(image.label_probability[~right].mean())
    found = read_graphml(run.directory / "graph.graphml")
    assert torch.equal(found["image"].prediction, image.prediction)
    assert "x" in image
    assert "x" not in found["image"]
    again = avgraph.evaluate(run)
    assert {name: metrics[name] for name in again} == again
    avgraph.export.write_parquet(graph, tmp_path / "tables")
    tables = [pq.read_table(path).column_names for path in (tmp_path / "tables").rglob("*.parquet")]
    assert any({"prediction", "label_probability"} <= set(columns) for columns in tables)
    assert any("probability" in columns for columns in tables)
