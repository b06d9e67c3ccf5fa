"""RR-Net on nodes that come later: each as if it were alone in the graph of the run, which hears nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.methods.rrnet import RrnetOptions, RRNetTask
from avgraph.methods.rrnet.new_nodes import join, same_rows
from avgraph.options.train import TrainOptions
from avgraph.transforms import KNN, Candidates, Complete, CorrectAndSmooth
from tests.methods.test_rrnet import graph

SOURCE, INTER = "audio", ("audio", "candidate", "label")
STEPS = (KNN("audio", k=4), KNN("label", k=2), Candidates("audio", "label", k=3))
SMOOTHED = (KNN("audio", k=4), KNN("label", k=2), CorrectAndSmooth("audio"), Candidates("audio", "label", k=3))
CASES: tuple[dict[str, Any], ...] = (
    {},
    {"steps": SMOOTHED, "node_score": True},
    {"incidence": "target", "aggr": "sum"},
    {"intra_units": 2, "inter_units": 3, "baseline_logit": False, "loss": "bce"},
    {"node_score": True, "standardize": False},
    {"batch_size": 8, "known_labels": True, "inter_units": 2},
)


def scored() -> HeteroData:
    data = graph()
    torch.manual_seed(1)
    data[SOURCE].score = torch.rand(data[SOURCE].num_nodes, 5).softmax(1)
    data[SOURCE].group = torch.arange(data[SOURCE].num_nodes) % 2
    return data


def bound(steps: Any = STEPS, **options: Any) -> RRNetTask:
    data = scored()
    for step in steps:
        data = step(data)
    task = RRNetTask(RrnetOptions(**options))
    torch.manual_seed(0)
    task.bind(data, TrainOptions(), 0)
    for value in task.parameters():  # a decoder that starts at zero would say nothing of the states
        torch.nn.init.normal_(value, std=0.4)
    return task.eval()


def rows(data: HeteroData, which: torch.Tensor, noise: float = 0.0) -> HeteroData:
    torch.manual_seed(2)
    x = data[SOURCE].x[which]
    score = data[SOURCE].get("view_score", data[SOURCE].score[:, None])[which, -1]  # as encoded
    store = {"x": x + noise * torch.randn(x.shape), "score": score, "num_nodes": len(which)}
    return HeteroData({SOURCE: {**store, "name": [f"new {row}" for row in which.tolist()]}})


@pytest.mark.parametrize("options", CASES, ids=str)
def test_a_node_of_the_run_is_answered_as_in_the_run(options: dict[str, Any]) -> None:
    task = bound(**options)
    test = task.graph[SOURCE].test_mask.nonzero()[:, 0]
    found = task.predict(rows(task.graph, test), options.get("steps", STEPS)).graph[INTER]
    learned = task.annotated()
    of_test = torch.isin(learned[INTER].edge_index[0], test)
    torch.testing.assert_close(found.probability, learned[INTER].probability[of_test], atol=1e-5, rtol=1e-4)
    assert torch.equal(found.edge_index[1], learned[INTER].edge_index[1, of_test])


@pytest.mark.parametrize("options", CASES, ids=str)
def test_one_at_a_time_as_all_at_once(options: dict[str, Any]) -> None:
    task = bound(**options)
    which = torch.arange(4)
    steps = options.get("steps", STEPS)
    whole = task.predict(rows(task.graph, which, noise=0.3), steps)
    for row in which.tolist():
        new = rows(task.graph, which, noise=0.3)
        for key in ("x", "score", "name"):
            new[SOURCE][key] = new[SOURCE][key][row : row + 1]
        new[SOURCE].num_nodes = 1
        one = task.predict(new, steps)
        assert one["name"] == [f"new {row}"]
        assert one["prediction"][0] == whole["prediction"][row]
        assert one["probability"][0] == pytest.approx(whole["probability"][row], abs=1e-5)


@torch.no_grad()
def test_the_nodes_of_the_run_hear_nothing_of_new_ones() -> None:
    task, near = bound(intra_units=2, inter_units=2), ("audio", "near", "audio")
    joined = join(task.graph, rows(task.graph, torch.arange(6), noise=0.5), INTER, list(task.attributes), STEPS)
    index, own = joined.graph[near].edge_index, joined.edges[near]
    assert bool((index[:, own:] >= joined.nodes).any(0).all())
    x, edge = torch.randn(len(joined.graph[SOURCE].x), 16), torch.randn(index.shape[1], 16)
    for unit in task.model.intra_units:
        alone, _ = unit(x[: joined.nodes], task.graph[near].edge_index, edge[:own])
        both, _ = unit(x, index, edge, plan=joined.plans[near])
        torch.testing.assert_close(both[: joined.nodes], alone)
        assert not torch.allclose(unit(x, index, edge)[0][: joined.nodes], alone, atol=1e-3)


def test_new_nodes_are_near_as_knn_would_have_it() -> None:
    data = STEPS[0](scored())
    new = rows(data, torch.tensor([3]), noise=0.5)
    found = STEPS[0].link(data, new)["audio", "near", "audio"]
    whole = scored()
    whole[SOURCE].x = torch.cat([whole[SOURCE].x, new[SOURCE].x])
    expected = KNN("audio", k=4)(HeteroData({SOURCE: {"x": whole[SOURCE].x}}))["audio", "near", "audio"]
    touches = (expected.edge_index == len(whole[SOURCE].x) - 1).any(0)
    ends = {tuple(pair) for pair in expected.edge_index[:, touches].T.tolist()}
    assert {tuple(pair) for pair in found["edge_index"].T.tolist()} == ends
    weights = dict(zip(map(tuple, expected.edge_index.T.tolist()), expected.edge_weight.tolist(), strict=True))
    for pair, weight in zip(found["edge_index"].T.tolist(), found["edge_weight"].tolist(), strict=True):
        assert weight == pytest.approx(weights[tuple(pair)], abs=1e-6)


def test_neighbours_within_a_group_where_new_rows_have_one() -> None:
    step = KNN("audio", k=4, within="group")
    data = step(scored())
    new = rows(data, torch.tensor([3, 4]), noise=0.5)
    everywhere = step.link(data, new)["audio", "near", "audio"]["edge_index"]
    assert {int(data[SOURCE].group[node]) for node in everywhere[0] if node < len(data[SOURCE].x)} == {0, 1}
    new[SOURCE].group = torch.tensor([1, 0])
    within = step.link(data, new)["audio", "near", "audio"]["edge_index"]
    for start, end in within.T.tolist():
        old, added = sorted((start, end))
        assert int(data[SOURCE].group[old]) == [1, 0][added - len(data[SOURCE].x)]
    new[SOURCE].group = torch.tensor([1, 7])
    with pytest.raises(GraphError, match="audio: expected 4 rows of the same 'group' as each new row"):
        step.link(data, new)


def test_what_new_rows_lack_is_named() -> None:
    task = bound()
    new = rows(task.graph, torch.tensor([0]), noise=0.1)
    del new[SOURCE].score
    with pytest.raises(GraphError, match="new 'audio' rows have no 'score' to choose candidates by"):
        task.predict(new, STEPS)
    with pytest.raises(GraphError, match=r"new 'audio' rows have no edges \(audio, candidate, label\); those of the"):
        task.predict(rows(task.graph, torch.tensor([0]), noise=0.1), STEPS[:2])
    complete = bound([Complete("audio", "label")])
    found = complete.predict(rows(complete.graph, torch.tensor([0, 1]), noise=0.1), [Complete("audio", "label")])
    assert found.graph[INTER].edge_index.shape == (2, 10)


def test_rows_that_are_nodes_of_the_run_are_found() -> None:
    known = torch.tensor([[1.0, 2.0], [2.0, 4.0], [0.0, 1e-3]])
    asked = torch.cat([known[[1, 2]] * (1 + 1e-7), known[:1] * 3])
    assert same_rows(known, asked).tolist() == [1, 2, -1]


@torch.no_grad()
def test_new_nodes_are_scored_by_the_graph_where_the_graph_was() -> None:
    task = bound(SMOOTHED, intra_units=0, baseline_logit=True)
    new = rows(task.graph, torch.arange(4), noise=0.3)
    edges = SMOOTHED[0].link(task.graph, new)
    expected = SMOOTHED[2].rescore(task.graph, new, edges)[SOURCE]
    joined = join(task.graph, new, INTER, list(task.attributes), SMOOTHED).graph[SOURCE]
    assert torch.equal(joined.score[-4:], expected.score)
    assert torch.equal(joined.view_score[-4:], expected.view_score)
    assert not torch.allclose(expected.score, new[SOURCE].score, atol=1e-3)
    assert "view_score" not in new[SOURCE]


@torch.no_grad()
def test_a_training_row_comes_back_with_the_scores_that_it_was_trained_with() -> None:
    task = bound(node_score=True)
    train = task.graph[SOURCE].train_mask.nonzero()[:3, 0]
    new = rows(task.graph, train)
    new[SOURCE].score = new[SOURCE].score.flip(1)  # of all networks, also of those that have seen it
    joined = join(task.graph, new, INTER, list(task.attributes), STEPS).graph[SOURCE]
    assert torch.equal(joined.score[-3:], task.graph[SOURCE].score[train])
