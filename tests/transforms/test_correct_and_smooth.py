"""Class scores along edges: as PyG has it, and as a loop has it; no node has a part in its own score."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch_geometric.nn
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.transforms import KNN, Candidates, CorrectAndSmooth

NEAR = ("audio", "near", "audio")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"autoscale": True},
    {"correction": 0.5, "smoothing": 0.3, "layers": 3},
    {"correction": 0.0, "smoothing": 0.0},
)


def graph(nodes: int = 30, classes: int = 3, k: int = 4) -> HeteroData:
    torch.manual_seed(0)
    y = torch.arange(nodes) % classes
    data = HeteroData(audio={"x": torch.eye(classes, 5)[y] + 0.6 * torch.randn(nodes, 5), "y": y})
    data["audio"].train_mask = torch.arange(nodes) < 2 * nodes // 3
    data["audio"].score = torch.rand(nodes, classes).softmax(1)
    data["label"].y = torch.arange(classes)
    data["label"].x = torch.eye(classes)
    return KNN("audio", k)(data)


def table(data: HeteroData) -> Tensor:
    """D^-1/2 A D^-1/2 of the edges both ways, as a matrix."""
    index, nodes = data[NEAR].edge_index, len(data["audio"].y)
    adjacency = torch.zeros(nodes, nodes, dtype=torch.float64)
    for source, target in index.T.tolist():
        adjacency[source, target] += 1
        adjacency[target, source] += 1
    root = adjacency.sum(1).pow(-0.5)
    root[root.isinf()] = 0
    return root[:, None] * adjacency * root


def by_tables(data: HeteroData, known: list[int], settings: dict[str, Any]) -> Tensor:
    """The equations of the class, by dense products."""
    given = {"correction": 0.8, "smoothing": 0.5, "layers": 20, "autoscale": False, **settings}
    score, y = data["audio"].score.double(), data["audio"].y
    step, truth = table(data), torch.eye(score.shape[1], dtype=torch.float64)[y]
    error = torch.zeros_like(score)
    error[known] = truth[known] - score[known]
    moved, alpha = error.clone(), given["correction"]
    for _ in range(given["layers"]):
        moved = (1 - alpha) * error + alpha * step @ moved
        if given["autoscale"]:
            moved = moved.clamp(-1, 1)
        else:
            moved[known] = error[known]
    if given["autoscale"]:
        size = moved.abs().sum(1, keepdim=True)
        scale = error[known].abs().sum() / len(known) / size
        moved = torch.where((size == 0) | (scale > 1000), moved, moved * scale)
    start = score + moved
    start[known] = truth[known]
    found, beta = start.clone(), given["smoothing"]
    for _ in range(given["layers"]):
        found = ((1 - beta) * start + beta * step @ found).clamp(0, 1)
    total = found.sum(1, keepdim=True)
    return torch.where(total > 0, found / total, score).float()


def held_out(data: HeteroData, row: int) -> list[int]:
    """Training rows outside the inner fold of a training row, which are those of its round robin by class."""
    train = data["audio"].train_mask.nonzero()[:, 0].tolist()
    fold = {
        one: sum(other < one and data["audio"].y[other] == data["audio"].y[one] for other in train) for one in train
    }
    return [one for one in train if fold[one] % 5 != fold[row] % 5]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_row_is_as_tables_have_it(settings: dict[str, Any]) -> None:
    data = graph()
    found = CorrectAndSmooth("audio", **settings)(data)["audio"].score
    train = data["audio"].train_mask.nonzero()[:, 0].tolist()
    for row in range(len(found)):
        known = held_out(data, row) if row in train else train
        torch.testing.assert_close(found[row], by_tables(data, known, settings)[row], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_rows_outside_the_training_are_as_pyg_has_them(settings: dict[str, Any]) -> None:
    data = graph()
    audio, index = data["audio"], data[NEAR].edge_index
    train = audio.train_mask.nonzero()[:, 0]
    given = {"correction": 0.8, "smoothing": 0.5, "layers": 20, "autoscale": False, **settings}
    peer = torch_geometric.nn.CorrectAndSmooth(
        given["layers"], given["correction"], given["layers"], given["smoothing"], autoscale=given["autoscale"]
    )
    expected = peer(audio.score, audio.y[train], train, torch.cat([index, index.flip(0)], 1))[~audio.train_mask]
    found = CorrectAndSmooth("audio", **settings)(data)["audio"].score[~audio.train_mask]
    torch.testing.assert_close(found, expected / expected.sum(1, keepdim=True))


@pytest.mark.slow
def test_a_class_says_nothing_of_its_own_row_and_an_unknown_one_nothing_at_all() -> None:
    before = CorrectAndSmooth("audio")(graph())["audio"].score
    for row in range(30):
        data = graph()
        data["audio"].y[row] = (data["audio"].y[row] + 1) % 3
        data["audio"].fold = torch.arange(30) % 5  # else another class would mean other folds
        other = CorrectAndSmooth("audio")(data)["audio"].score
        data["audio"].y[row] = (data["audio"].y[row] + 1) % 3
        again = CorrectAndSmooth("audio")(data)["audio"].score
        assert torch.equal(other[row], again[row])
        if row >= 20:
            assert torch.equal(other, again)
        else:
            assert not torch.equal(other, again)
    data = graph()
    data["audio"].y[20:] = -1
    assert torch.equal(CorrectAndSmooth("audio")(data)["audio"].score, before)


def test_it_helps_where_neighbours_are_alike_and_only_there() -> None:
    y = torch.arange(400) % 4
    torch.manual_seed(0)
    data = HeteroData(audio={"x": torch.eye(4)[y] + 0.45 * torch.randn(400, 4), "y": y})
    data["audio"].train_mask = torch.arange(400) < 100
    data["audio"].score = (torch.eye(4)[y] + torch.randn(400, 4)).softmax(1)
    near = KNN("audio", 6)(data)
    rewired = KNN("audio", 6)(data)
    rewired[NEAR].edge_index[0] = rewired[NEAR].edge_index[0][torch.randperm(2400)]

    def right(graph: HeteroData) -> float:
        return float((graph["audio"].score.argmax(1) == y)[100:].float().mean())

    assert right(CorrectAndSmooth("audio")(near)) > right(near) + 0.2
    assert right(CorrectAndSmooth("audio")(rewired)) < right(near) + 0.05


def test_what_was_said_before_stays_beside_it() -> None:
    data = graph()
    first = CorrectAndSmooth("audio")(data)
    second = CorrectAndSmooth("audio", layers=2)(first)
    assert first["audio"].view_score.shape == (30, 2, 3)
    assert torch.equal(first["audio"].view_score[:, 0], first["audio"].score)
    assert torch.equal(first["audio"].view_score[:, 1], data["audio"].score)
    assert torch.equal(second["audio"].view_score[:, 1:], first["audio"].view_score)
    assert "view_score" not in data["audio"]
    edges = Candidates("audio", "label", 2)(second)["audio", "candidate", "label"]
    assert torch.equal(edges.view_score[:, 0], edges.edge_weight)
    data["audio"].view_score = torch.rand(30, 2, 3)  # neither is what counts
    assert torch.equal(CorrectAndSmooth("audio")(data)["audio"].view_score[:, 1], data["audio"].score)


def test_a_node_without_edges_keeps_its_score() -> None:
    data = graph()
    data[NEAR].edge_index = data[NEAR].edge_index[:, (data[NEAR].edge_index != 29).all(0)]
    found = CorrectAndSmooth("audio")(data)["audio"].score
    torch.testing.assert_close(found[29], data["audio"].score[29])
    torch.testing.assert_close(found.sum(1), torch.ones(30))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("times", [1, 2])
def test_a_new_row_gets_what_a_row_of_the_graph_gets_that_nobody_hears_of(settings: dict[str, Any], times: int) -> None:
    whole, steps = graph(31), [CorrectAndSmooth("audio", **settings)] * times
    index = whole[NEAR].edge_index
    known = HeteroData(audio={key: value[:30] for key, value in whole["audio"].items()})
    known[NEAR].edge_index = index[:, (index < 30).all(0)]
    new = HeteroData(audio={"score": whole["audio"].score[30:], "num_nodes": 1})
    touching = {NEAR: {"edge_index": index[:, (index == 30).any(0)]}}
    built, alone = known, whole
    for step in steps:
        built = step(built)
    for number, step in enumerate(steps):
        new = step.rescore(built, new, touching)
        alone = _deaf(step, alone, built, number)
    torch.testing.assert_close(new["audio"].score, alone["audio"].score[30:], atol=1e-5, rtol=1e-4)
    assert new["audio"].view_score.shape == (1, times + 1, 3)


def _deaf(step: CorrectAndSmooth, whole: HeteroData, built: HeteroData, number: int) -> HeteroData:
    """By tables: the last row takes part in nothing but its own score."""
    start = HeteroData(audio=dict(whole["audio"].items()))
    start[NEAR].edge_index = whole[NEAR].edge_index
    views = built["audio"].view_score
    start["audio"].score = torch.cat([views[:, views.shape[1] - 1 - number], whole["audio"].score[30:]])
    adjacency = _one_sided(start)
    train = start["audio"].train_mask.nonzero()[:, 0].tolist()
    settings = {key: getattr(step, key) for key in ("correction", "smoothing", "layers", "autoscale")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.table", lambda _: adjacency)
        start["audio"].score = by_tables(start, train, settings)
    return start


def _one_sided(data: HeteroData) -> Tensor:
    """D^-1/2 A D^-1/2 in which the last node hears its neighbours, and they count no edge to it."""
    index, nodes = data[NEAR].edge_index, len(data["audio"].y)
    hears = torch.zeros(nodes, nodes, dtype=torch.float64)  # row: who hears
    for source, target in index.T.tolist():
        for one, other in ((source, target), (target, source)):
            hears[one, other] += other != nodes - 1
    root = hears.sum(1).pow(-0.5)
    root[root.isinf()] = 0
    return root[:, None] * hears * root


def test_a_new_row_without_edges_keeps_its_score() -> None:
    data = CorrectAndSmooth("audio")(graph())
    new = HeteroData(audio={"score": torch.tensor([[0.2, 0.3, 0.5]]), "num_nodes": 1})
    found = CorrectAndSmooth("audio").rescore(data, new, {})["audio"]
    torch.testing.assert_close(found.score, new["audio"].score)
    assert "view_score" not in new["audio"]
    new["audio"].view_score = torch.rand(1, 4, 3)
    with pytest.raises(GraphError, match=r"audio: expected 1 scores of 3 classes of each new row, got \[5, 3\]"):
        CorrectAndSmooth("audio").rescore(data, new, {})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("score", None, "node type 'audio' has no 'score'; it has: "),
        ("score", torch.ones(30), r"audio\.score: expected a floating-point tensor \[30, classes\], got torch.float32"),
        ("score", [1.0], r"audio\.score: expected a floating-point tensor \[30, classes\], got list"),
        ("score", torch.full((30, 3), torch.nan), r"audio\.score: row 0, column 0 is nan"),
        ("view_score", torch.ones(30, 3), r"audio\.view_score: expected \[30, views, 3\], got \[30, 3\]"),
        ("y", torch.full((30,), -1), "correct_and_smooth: no training row of 'audio' has a class"),
        ("y", torch.arange(30), "expected a score for every class of 'audio', got class 19 and scores of 3"),
        ("train_mask", None, "node type 'audio' has no 'train_mask'"),
    ],
)
def test_what_does_not_fit_is_told(key: str, value: Any, message: str) -> None:
    data = graph()
    if value is None:
        del data["audio"][key]
    else:
        data["audio"][key] = value
    with pytest.raises(GraphError, match=message):
        CorrectAndSmooth("audio")(data)


def test_edges_have_to_be_there() -> None:
    with pytest.raises(GraphError, match=r"no \(audio, alike, audio\) edges; did you mean '\(audio, near, audio\)'"):
        CorrectAndSmooth("audio", relation="alike")(graph())


def test_it_shows_its_settings() -> None:
    assert repr(CorrectAndSmooth("audio", layers=2)) == (
        "CorrectAndSmooth('audio', relation='near', correction=0.8, smoothing=0.5, layers=2, autoscale=False)"
    )
