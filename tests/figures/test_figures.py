"""Figures of a run: what they show, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.figures import Snapshots, draw_curves, draw_figures, draw_gallery, draw_subgraphs, read_snapshots
from avgraph.figures.gallery import RIGHT, WRONG, ranking, typical_queries
from avgraph.methods.lir import LirOptions, LIRTask
from avgraph.methods.lir.figures import clip_figures
from avgraph.methods.mltm import MltmOptions, MLTMTask
from avgraph.metrics import mean_average_precision
from tests.logged import Logged

NAMES = tuple(f"class {k} ({modality})" for modality in ("audio", "visual") for k in range(4))


def snapshots() -> Snapshots:
    rng = np.random.default_rng(0)
    weights = np.triu(rng.random((3, 8, 8)) * (rng.random((3, 8, 8)) < 0.6), 1)
    return Snapshots(NAMES, (5, 10, 20), weights)


def learned() -> HeteroData:
    """A graph as an LIR run leaves it."""
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(40) % 4
    graph = HeteroData()
    for node in ("audio", "visual"):
        graph[node].y, graph[node].test_mask = y, torch.arange(40) >= 20
        graph[node].embedding = torch.eye(4)[y] + 0.4 * torch.randn(40, 4, generator=draw)
    found = snapshots()
    graph["concept"].name, graph["concept"].snapshot_epochs = list(NAMES), list(found.epochs)
    number, parent, child = found.weights.nonzero()
    edges = graph["concept", "drove", "concept"]
    edges.edge_index = torch.from_numpy(np.stack([parent, child]))
    edges.edge_weight = torch.from_numpy(found.weights[number, parent, child])
    edges.epoch = torch.tensor(found.epochs)[torch.from_numpy(number)]
    return graph


def history(start: int | None = None) -> list[dict[str, float]]:
    """Twelve epochs; loss and MAP change when a graph comes after ``start``; MAP is measured every second epoch."""
    records = []
    for epoch in range(12):
        loss = 20.0 - epoch - (5 if start is not None and epoch >= start else 0)
        records.append({"epoch": epoch, "train/loss": loss, **({"test/map": 0.01 * loss} if epoch % 2 else {})})
    return records


def clip_figures_of(graph: HeteroData, lines: Any) -> Any:
    """What a run of LIR draws."""
    return clip_figures(graph, lines, ("audio", "visual", "concept"))


def test_snapshots_are_read_back() -> None:
    expected, found = snapshots(), read_snapshots(learned())
    assert found is not None
    assert (found.names, found.epochs) == (expected.names, expected.epochs)
    np.testing.assert_array_equal(found.weights, expected.weights)
    np.testing.assert_allclose(found.frequency(), (expected.weights > 0).mean(0))
    assert read_snapshots(HeteroData()) is None


def test_a_subgraph_names_the_neighbours_of_any_checkpoint_and_no_others(tmp_path: Path) -> None:
    found = snapshots()
    text = draw_subgraphs(found, tmp_path / "s.svg", focus=[(1, "source")]).read_text()
    children = {NAMES[k] for k in (found.weights[:, 1] > 0).any(0).nonzero()[0]}
    assert {name for name in NAMES if name in text.replace(f"{NAMES[1]} drives", "")} == children
    assert "epoch 10" in text
    short = draw_subgraphs(found, tmp_path / "t.svg", focus=[(1, "source")], most=2).read_text()
    assert f"and {len(children) - 2} less frequent" in short
    parents = draw_subgraphs(found, tmp_path / "p.svg", focus=[(7, "target")]).read_text()
    assert "class 3 (visual) is driven by" in parents
    with pytest.raises(DataError, match=r"focus: expected concepts 0 … 7, got 8"):
        draw_subgraphs(found, tmp_path / "u.svg", focus=[(8, "source")])


def test_curves_name_every_insertion(tmp_path: Path) -> None:
    runs = {"M = 8": history(8), "M = 4": history(4), "without": history()}
    path = draw_curves(runs, tmp_path / "c.svg", inserted={"M = 8": 8, "M = 4": 4})
    text = path.read_text()
    assert all(f">{label}<" in text for label in (*runs, "training loss", "test MAP", "graph inserted"))
    assert text.index(">without<") < text.index(">M = 4<") < text.index(">M = 8<")
    plain = [{"epoch": k, "train/loss": 1.0, "val/map": 0.5} for k in range(3)]
    text = draw_curves({"run": plain}, tmp_path / "p.svg", split="val").read_text()
    assert "val MAP" in text
    assert ">run<" not in text  # one line needs no legend
    for given in ({"run": [{"epoch": 0}]}, {"run": []}):
        with pytest.raises(DataError, match="histories: 'run': expected lines with 'train/loss', got none"):
            draw_curves(given, tmp_path / "n.svg")
    with pytest.raises(DataError, match="histories: 'M = 5': expected lines"):
        draw_curves(runs, tmp_path / "n.svg", inserted={"M = 5": 5})


def test_curves_show_every_point_of_every_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drawn: list[Any] = []

    def keep(figure: Any, path: Path) -> Path:
        drawn.append(figure)
        return path

    monkeypatch.setattr("avgraph.figures.curves.save_figure", keep)
    draw_curves({"M = 4": history(4), "without": history()}, tmp_path / "c.png", inserted={"M = 4": 4})
    loss, score = drawn[0].axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in loss.lines}
    assert lines["M = 4"] == [[k + 1, 20.0 - k - (5 if k >= 4 else 0)] for k in range(12)]
    assert lines["without"] == [[k + 1, 20.0 - k] for k in range(12)]
    assert [x for x, _ in score.lines[0].get_xydata().tolist()] == [2, 4, 6, 8, 10, 12]
    assert loss.get_xlim()[0] == pytest.approx(0.8 * 4)


def test_frames_tell_right_from_wrong(tmp_path: Path) -> None:
    graph = learned()
    audio, visual, y = graph["audio"].embedding, graph["visual"].embedding, graph["audio"].y
    order, precision = ranking(audio, visual, y)
    assert float(precision.mean()) == pytest.approx(mean_average_precision(audio, visual, y, y))
    text = draw_gallery(audio, visual, y, tmp_path / "g.svg", names=list("abcd"), rows=[3, 5], top=14).read_text()
    right = int((y[order[[3, 5], :14]] == y[[3, 5], None]).sum())
    assert 0 < right < 28
    assert text.count(f"stroke: {RIGHT}") == right
    assert text.count(f"stroke: {WRONG}") == 28 - right
    pictures = torch.randint(256, (40, 8, 8), dtype=torch.uint8)
    shown = draw_gallery(
        audio, visual, y, tmp_path / "p.svg", names=list("abcd"), pictures=pictures, rows=[3]
    ).read_text()
    assert shown.count("<image") == 14
    with pytest.raises(DataError, match=r"expected equal lengths, got \[39, 40\]"):
        draw_gallery(audio, visual[1:], y, tmp_path / "x.png", names=list("abcd"))
    with pytest.raises(DataError, match="names: expected one for each of 4 classes, got 3"):
        draw_gallery(audio, visual, y, tmp_path / "x.png", names=list("abc"))


def test_queries_are_medians_of_classes_from_best_to_worst() -> None:
    label = torch.arange(50).repeat_interleave(3)
    precision = torch.rand(150, generator=torch.Generator().manual_seed(0))
    chosen = typical_queries(precision, label)
    means = precision.view(50, 3).mean(1)
    classes = label[chosen]
    assert classes[0] == means.argmax()
    assert classes[-1] == means.argmin()
    assert (means[classes].diff() < 0).all()
    assert torch.equal(precision[chosen], precision.view(50, 3).median(1).values[classes])


@pytest.mark.slow
def test_a_run_draws_what_its_graph_allows_the_same_every_time(tmp_path: Path) -> None:
    one = draw_figures(clip_figures_of, learned(), history(), tmp_path / "one")
    again = draw_figures(clip_figures_of, learned(), history(), tmp_path / "again")
    assert [path.name for path in one] == ["frequency.png", "subgraphs.png", "curves.png", "retrieval.png"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in again]
    graph = learned()
    del graph["concept", "drove", "concept"]
    assert [path.name for path in draw_figures(clip_figures_of, graph, [], tmp_path / "part")] == ["retrieval.png"]
    graph["audio"].test_mask[:] = False
    assert draw_figures(clip_figures_of, graph, [], tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_renamed_nodes_have_the_same_figures(tmp_path: Path) -> None:
    graph, names = learned(), {"audio": "sound", "visual": "picture", "concept": "word"}
    renamed = HeteroData()
    for node, name in names.items():
        renamed[name].update(graph[node].to_dict())
    renamed["word", "drove", "word"].update(graph["concept", "drove", "concept"].to_dict())
    task = LIRTask(LirOptions(audio="sound", visual="picture", concept="word"))
    plain = draw_figures(clip_figures_of, graph, history(), tmp_path / "plain")
    found = draw_figures(task.figures, renamed, history(), tmp_path / "renamed")
    assert [path.name for path in found] == [path.name for path in plain]
    assert [path.read_bytes() for path in found] == [path.read_bytes() for path in plain]


@pytest.mark.slow
def test_pictures_of_made_up_data_say_so(tmp_path: Path) -> None:
    real, made_up = learned(), learned()
    made_up.provenance = {"source": "synthetic"}
    plain = draw_figures(clip_figures_of, real, history(), tmp_path / "real")
    stamped = draw_figures(clip_figures_of, made_up, history(), tmp_path / "made_up")
    assert all(one.read_bytes() != two.read_bytes() for one, two in zip(plain, stamped, strict=True))


@pytest.mark.parametrize("nodes", [("audio", "text"), ("sound", "caption")])
def test_coupled_nodes_are_drawn(tmp_path: Path, nodes: tuple[str, str]) -> None:
    graph, (audio, text) = HeteroData(), nodes
    task = MLTMTask(MltmOptions(audio=audio, text=text))
    for node in nodes:
        graph[node].embedding, graph[node].y = torch.randn(6, 4), torch.arange(6)
    graph[audio].test_mask = torch.arange(6) >= 2
    edges = graph[audio, "coupled", text]
    edges.edge_index, edges.mass = torch.arange(6).expand(2, 6), torch.full((6,), 1 / 6)
    drawn = draw_figures(task.figures, graph, [], tmp_path / "pictures")
    assert [path.name for path in drawn] == ["shared_space_test.png", "matching_test.png"]
    graph[audio].test_mask[:] = False
    assert draw_figures(task.figures, graph, [], tmp_path / "none") == []


def test_names_that_are_no_formula_are_drawn(tmp_path: Path) -> None:
    graph = HeteroData()
    for node in ("audio", "text"):
        graph[node].embedding, graph[node].y = torch.randn(6, 4), torch.arange(6)
        graph[node].name = ["$\\frac$", "a$", "$b$", "c^$_{", "狗", "d"]
    graph["audio"].test_mask = torch.ones(6, dtype=torch.bool)
    edges = graph["audio", "coupled", "text"]
    edges.edge_index, edges.mass = torch.arange(6).expand(2, 6), torch.full((6,), 1 / 6)
    assert len(draw_figures(MLTMTask(MltmOptions()).figures, graph, [], tmp_path)) == 2


def test_a_figure_that_fails_is_told_and_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    def fails(*args: object, **options: object) -> None:
        raise ValueError("no room")

    monkeypatch.setattr("avgraph.methods.lir.figures.draw_curves", fails)
    drawn = draw_figures(clip_figures_of, learned(), history(), tmp_path)
    assert [path.name for path in drawn] == ["frequency.png", "subgraphs.png", "retrieval.png"]
    assert "a figure could not be drawn: ValueError: no room" in logged.text
    assert draw_figures(fails, learned(), history(), tmp_path / "none") == []  # type: ignore[arg-type]
    assert not (tmp_path / "none").exists()
