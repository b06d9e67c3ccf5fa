"""RR-Net on a table of ratings of one's own, as a run: numbers, graph, and the same numbers again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import avgraph
from avgraph.datasets.ratings.made_up import made_up_ratings
from avgraph.export import read_graphml
from avgraph.graph.ratings import RATES, RECOMMENDED


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    table = made_up_ratings("")
    rows = [
        f"{table.user_name[u]},{table.item_name[i]},{r:g}"
        for u, i, r in zip(table.user, table.item, table.rating, strict=True)
    ]
    (tmp_path / "ratings.csv").write_text("\n".join(["user,item,rating", *rows]), encoding="utf-8")
    ends = [f"{table.user_name[one]},{table.user_name[other]}" for one, other in table.links.T]
    (tmp_path / "links.csv").write_text("\n".join(["source,target", *ends]), encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\n"
        "dataset: {type: ratings, ratings: ratings.csv, links: links.csv, lowest: 1, highest: 5}\n"
        "method: {type: rrnet_ratings, recommend: 3}\n"
        f"train: {{epochs: 30, device: cpu, threads: 1}}\noutput: {tmp_path / 'runs'}\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.slow
def test_a_run_tells_the_baseline_and_leaves_recommendations(experiment: Path) -> None:
    run = avgraph.train(experiment)
    metrics = json.loads((run.directory / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["data"]["note"] == ""
    for split in ("val", "test"):
        assert {f"{split}/{name}" for name in ("mae", "rmse", "bias_mae", "bias_rmse")} <= metrics.keys()
    found = metrics["verdict"]
    assert (found["metric"], found["better"], found["unit"]) == ("test/mae", "lower", "ratings")
    assert found["baselines"] == [{"name": "the bias model", "value": metrics["test/bias_mae"]}]
    assert found["interval"][0] < metrics["test/mae"] < found["interval"][1]
    again = avgraph.evaluate(run)
    assert again == {name: value for name, value in metrics.items() if name in again}
    graph = read_graphml(run.directory / "graph.graphml")
    assert graph[RECOMMENDED].edge_index.shape == (2, 360)
    assert torch.equal(graph[RECOMMENDED].probability, run.graph[RECOMMENDED].probability)
    assert graph[RATES].prediction.isfinite().all()
    assert graph["user"].name[0] == "user 0"


def test_a_run_that_learns_nothing_says_so(experiment: Path) -> None:
    run = avgraph.train(experiment, {"train.epochs": 0, "method.start": "mean"})
    told = {check["name"]: check["message"] for check in run.metrics["checks"]}
    assert "does not beat the bias model" in told["metric_at_trivial"]
