"""What of a graph is shown, where it is drawn, which cases are worst, what they look and sound like."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch_geometric.data import HeteroData

from avgraph.config import experiment_from_dict
from avgraph.report.cases import cases_of
from avgraph.report.curves import charts_of
from avgraph.report.drawing import curves_svg
from avgraph.report.layout import placed
from avgraph.report.media import Media
from avgraph.report.network import explored
from avgraph.report.picture_address import picture_address
from avgraph.report.sections import marks as mark_rows
from avgraph.report.words import graph_words, verdict_words


def bipartite(rows: int, columns: int, *, test: bool) -> HeteroData:
    data = HeteroData(a={"name": [f"a{k}" for k in range(rows)]}, b={"num_nodes": columns})
    pair = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).T
    data["a", "to", "b"].edge_index = pair
    data["a", "to", "b"].probability = torch.linspace(0, 1, rows * columns, dtype=torch.float64)
    data["a", "near", "a"].edge_index = torch.stack([torch.arange(rows - 1), torch.arange(1, rows)])
    if test:
        data["a"].test_mask = torch.arange(rows) % 2 == 0
        data["a"].train_mask = ~data["a"].test_mask
    return data


def test_rows_of_the_test_are_shown_from_the_least_to_the_most_sure() -> None:
    network = explored(bipartite(100, 4, test=True), most_nodes=20, most_edges=100)
    assert network is not None
    shown = [node for node in network.nodes if node.kind == "a"]
    assert {node.split for node in shown} == {"test"}
    assert (shown[0].name, shown[-1].name, len(network.nodes)) == ("a0", "a98", 20)
    assert network.relations == {"to": (64, 400)}
    assert {edge.source for edge in network.edges} == set(range(16))  # every row has its strongest edge
    assert "rows of the test among the a nodes, evenly from the least" in network.chosen
    assert (network.all_nodes, network.all_edges) == (104, 499)


def test_everything_is_shown_where_there_is_room() -> None:
    network = explored(bipartite(5, 3, test=False))
    assert network is not None
    assert (network.chosen, network.relations, network.first) == ("", {"to": (15, 15), "near": (4, 4)}, ["to"])
    assert explored(HeteroData(a={"num_nodes": 2})) is None


def test_of_one_type_the_nodes_with_most_edges_are_shown() -> None:
    star = HeteroData(a={"num_nodes": 50})
    star["a", "near", "a"].edge_index = torch.stack([torch.zeros(49, dtype=torch.long), torch.arange(1, 50)])
    network = explored(star, most_nodes=5)
    assert network is not None
    assert [node.name for node in network.nodes] == [f"a {k}" for k in range(5)]


def test_many_edges_of_few_columns_keep_every_column() -> None:
    network = explored(bipartite(100, 4, test=False), most_nodes=20, most_edges=200)
    assert network is not None
    assert sum(node.kind == "b" for node in network.nodes) == 4
    assert network.chosen == "every b node with the strongest of its a nodes"


def test_places_are_the_same_every_time_and_within_the_square() -> None:
    edges = [(k, k + 1, 1.0) for k in range(8)] + [(10, 11, 0.5)]
    place = placed(14, edges)
    assert np.array_equal(place, placed(14, edges))
    assert place.min() >= 0
    assert place.max() <= 1000
    assert len(np.unique(place.round(1), axis=0)) == 14
    assert placed(0, []).shape == (0, 2)


def test_cases_of_retrieval_are_ranked_by_average_precision() -> None:
    y = torch.arange(6) % 3
    mask = torch.ones(6, dtype=torch.bool)
    x = torch.eye(3)[y]
    query = x.clone()
    query[4] = torch.tensor([1.0, 0, 0])  # of class 1, looks like class 0
    graph = HeteroData(
        sound={"embedding": query, "y": y, "test_mask": mask}, sight={"embedding": x, "y": y, "test_mask": mask}
    )
    found = cases_of(graph)
    assert found is not None
    worst = found.worst[0]
    assert (worst.row.number, worst.truth, worst.answer, worst.right) == (4, "class 1", "class 0", False)
    assert [right for _, right in worst.found][:2] == [False, False]
    assert all(case.right for case in found.best)


def test_cases_of_ratings_are_ranked_by_error() -> None:
    graph = HeteroData(user={"name": ["u"]}, item={"name": ["i", "j", "k"]})
    edges = graph["user", "rates", "item"]
    edges.edge_index, edges.rating = torch.tensor([[0, 0, 0], [0, 1, 2]]), torch.tensor([1.0, 5.0, 3.0])
    edges.prediction, edges.test_mask = torch.tensor([4.0, 5.0, 0.0]), torch.tensor([True, True, False])
    found = cases_of(graph)
    assert found is not None
    assert (found.worst[0].row.name, found.worst[0].score) == ("u → i", "off by 3.00")
    assert cases_of(HeteroData(user={"num_nodes": 1})) is None


def test_recordings_are_heard_and_seen(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    rows = ["filename,fold,target,category"]
    for fold in range(1, 6):
        for target in range(10):
            name = f"{fold}-{10 * fold + target}-A-{target}.wav"
            tone = np.sin(np.arange(44100 // 2) * (0.02 + 0.01 * target)).astype("f4") if target == 0 else np.zeros(100)
            soundfile.write(tmp_path / "audio" / name, tone, 44100)
            rows.append(f"{name},{fold},{target},class {target}")
    (tmp_path / "esc10.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    declared = {
        "dataset": {"type": "esc10", "root": str(tmp_path)},
        "encoders": {"audio": {"type": "logmel_modulation"}, "label": {"type": "hashing"}},
        "method": {"type": "rrnet"},
    }
    experiment = experiment_from_dict(declared)
    graph = experiment.dataset.load()
    media = Media(graph, experiment, room=100_000)
    address = media.picture("audio", 0)
    assert address is not None
    assert address.startswith("data:image/jpeg;base64,")
    name = graph["audio"].name[0]
    (sound,) = media.sounds([name, "../esc10"]).values()
    assert sound is not None
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(sound.partition(",")[2])))
    assert (rate, len(samples)) == (16_000, 80_000)
    assert np.abs(samples[:8_000]).max() > 0.5 > 0.1 > np.abs(samples[9_000:]).max()
    used = len(address) + len(sound)
    assert media.room == 100_000 - used
    media.room = 10
    assert media.picture("audio", 0) is None
    graph["audio"].name[0] = "another"
    assert Media(graph, experiment, room=100_000).picture("audio", 0) is None  # the data are others by now


def test_curves_of_one_run_share_a_chart_by_name() -> None:
    lines = [{"epoch": k, "train/loss": 1 / (k + 1), "val/loss": 2.0, "lr": 0.1} for k in range(1000)]
    charts = charts_of({"a": lines})
    assert [chart.title for chart in charts] == ["loss", "lr"]
    assert len(charts[0].series["train"]) <= 400
    assert charts[0].series["train"][-1] == (1000, 0.001)
    assert curves_svg({"a": [(1, float("nan"))]}) == ""
    assert curves_svg({"a": [(1, 1.0)]}).count("<circle") == 1


def test_the_epoch_that_was_chosen_stands_in_the_chart_of_what_has_chosen_it() -> None:
    lines = [{"epoch": k, "train/loss": 1.0, "val/loss": 2.0, "val/map": 0.1 * k} for k in range(4)]
    charts = charts_of({"a": lines}, {"epoch": 2, "metric": "val/map", "value": 0.2})
    assert [(chart.title, chart.marked) for chart in charts] == [("map", 3), ("loss", None)]
    assert curves_svg(charts[0].series, charts[0].marked).count('class="marked"') == 1
    assert 'class="marked"' not in curves_svg(charts[1].series, charts[1].marked)


def test_words() -> None:
    verdict = {"metric": "val/mae", "better": "lower", "value": 0.5, "interval": None, "rows": None, "unit": "rows"}
    marks = [{"name": "the mean", "value": 0.7}, {"name": "a model", "value": 0.5}, {"name": "another", "value": 0.4}]
    ceiling = [{"name": "all", "value": 0.1}]
    assert verdict_words({**verdict, "baselines": marks, "ceiling": ceiling}) == (
        "Val MAE 0.500: better than the mean (0.700); no clear difference from a model (0.500); worse than another "
        "(0.400); the ceiling is 0.100 (all)."
    )
    assert "no one number" in verdict_words(None)
    broken = {**verdict, "value": float("nan"), "baselines": marks[:1], "ceiling": []}
    assert verdict_words(broken) == "Val MAE nan: worse than the mean (0.700)."
    assert mark_rows(broken) == []
    coupled = HeteroData(a={"num_nodes": 1}, b={"num_nodes": 1})
    coupled["a", "coupled", "b"].edge_index = torch.zeros(2, 1, dtype=torch.long)
    coupled["a", "coupled", "b"].mass = torch.tensor([0.5])
    assert graph_words(coupled) == "1 edge between 2 nodes; they hold 0.5000 of the mass."


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_large_picture_is_kept_in_fewer_colours(suffix: str, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / f"p.{suffix}"
    if suffix == "png":
        noise = np.random.default_rng(0).integers(0, 256, (240, 240, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
    else:
        path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    address = picture_address(path)
    assert address.startswith("data:image/svg+xml" if suffix == "svg" else "data:image/png")
    if suffix == "png":
        assert len(address) < 0.7 * path.stat().st_size
