"""C-MCR asked for classes by prompts and for the place that a sound comes from, from files and in closed form."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.datasets import SpaceFiles
from avgraph.errors import ConfigError, DataError, GraphError
from avgraph.export import export_graph, read_graphml
from avgraph.methods.cmcr.evaluations import localisation_metrics, localised, zero_shot_metrics
from avgraph.metrics import counterfactual_scores, localisation_scores, region_iou, zero_shot_accuracy
from tests.spaces import CONNECTED, LOCALISATION, PLACES, two_spaces, write_boxes, write_spaces

HEIGHT, WIDTH = 6, 8
HELD = {"audio": {"x": {"clap": "clap_audio.npy"}}, "crops": {"x": {"clip": "crops.npy"}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_spaces(tmp_path)
    write_boxes(tmp_path)
    return tmp_path


def loaded(folder: Path, **changes: Any) -> HeteroData:
    return SpaceFiles(root=str(folder), spaces=CONNECTED, held_out=HELD, localisation={**PLACES, **changes}).load()


def boxes(count: int, seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    low = torch.stack([torch.randint(side - 1, (count,), generator=draw) for side in (WIDTH, HEIGHT)], 1)
    far = torch.stack([torch.randint(1, side, (count,), generator=draw) for side in (WIDTH, HEIGHT)], 1)
    return torch.cat([low, low + far], 1).float()


def naive_iou(box: list[float], regions: list[list[float]]) -> float:
    def inside(x: int, y: int, one: list[float]) -> bool:
        return one[0] <= x + 0.5 < one[2] and one[1] <= y + 0.5 < one[3]

    both = either = 0
    for y in range(HEIGHT):
        for x in range(WIDTH):
            predicted, true = inside(x, y, box), any(inside(x, y, one) for one in regions)
            both, either = both + (predicted and true), either + (predicted or true)
    return both / either


def graph_of_pictures() -> tuple[HeteroData, dict[str, tuple[Tensor, Tensor]]]:
    """Nine pictures, of which three are validated on and two show nothing that sounds; edges in no order."""
    graph = HeteroData()
    draw = torch.Generator().manual_seed(4)
    picture = torch.cat([torch.arange(9), torch.randint(9, (21,), generator=draw)])
    region_picture = torch.tensor([0, 1, 2, 3, 3, 5, 6, 7, 7, 0])
    graph["crop"].box, graph["crop"].num_nodes = boxes(30, 1), 30
    graph["region"].x = boxes(10, 2)
    order = torch.randperm(30, generator=draw)
    graph["crop", "belongs_to", "sound"].edge_index = torch.stack([order, picture[order]])
    graph["region", "belongs_to", "sound"].edge_index = torch.stack([torch.arange(10), region_picture])
    graph["sound"].num_nodes = 9
    graph["sound"].picture_height, graph["sound"].picture_width = torch.full((9,), HEIGHT), torch.full((9,), WIDTH)
    graph["sound"].val_mask = torch.arange(9) % 4 == 2
    graph["sound"].test_mask = ~graph["sound"].val_mask
    embedded = {
        node: (torch.arange(count), F.normalize(torch.randn(count, 5, generator=draw)))
        for node, count in (("crop", 30), ("sound", 9))
    }
    return graph, embedded


def test_iou_of_a_box_with_all_regions_of_its_picture_is_a_count_of_pixels() -> None:
    box, picture = boxes(40, 0), torch.arange(40) % 5
    region, region_picture = boxes(6, 3), torch.tensor([0, 1, 1, 2, 4, 4])
    found = region_iou(box, picture, region, region_picture, HEIGHT, WIDTH)
    for row, value in enumerate(found.tolist()):
        true = region[region_picture == picture[row]].tolist()
        assert value == pytest.approx(naive_iou(box[row].tolist(), true) if true else 0, abs=1e-6)


def test_every_picture_has_its_own_size() -> None:
    graph = HeteroData(sound={"num_nodes": 3, "test_mask": torch.tensor([False, True, True])})
    graph["sound"].picture_height, graph["sound"].picture_width = (
        torch.tensor([9, 100, 400]),
        torch.tensor([7, 90, 400]),
    )
    box = torch.tensor([[80.0, 80.0, 90.0, 100.0], [300.0, 200.0, 400.0, 390.0]])
    graph["crop"].box, graph["crop"].num_nodes, graph["region"].x = box, 2, box
    for node in ("crop", "region"):
        graph[node, "belongs_to", "sound"].edge_index = torch.tensor([[0, 1], [1, 2]])
    embedded = {"crop": (torch.arange(2), torch.eye(2)), "sound": (torch.arange(3), torch.eye(3, 2))}
    chosen = localised(graph, embedded, ("crop", "belongs_to", "sound"), "test")
    assert chosen is not None
    assert chosen.iou.tolist() == [1, 1]


def test_iou_is_where_the_boxes_are() -> None:
    box, first = torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([0])
    with torch.device("meta"):  # where what is not told otherwise would be
        assert region_iou(box, first, box, first, 2, 4).tolist() == [1]


@pytest.mark.parametrize("split", ["val", "test"])
def test_localisation_is_that_of_a_loop_over_pictures(split: str) -> None:
    graph, embedded = graph_of_pictures()
    picture_of = dict(graph["crop", "belongs_to", "sound"].edge_index.T.tolist())
    region_of = graph["region", "belongs_to", "sound"].edge_index[1].tolist()
    iou, confidence, sounding, share = [], [], [], []
    for number in graph["sound"][f"{split}_mask"].nonzero()[:, 0].tolist():
        crops = [crop for crop, picture in picture_of.items() if picture == number]
        true = [graph["region"].x[row].tolist() for row, picture in enumerate(region_of) if picture == number]
        ious = [naive_iou(graph["crop"].box[crop].tolist(), true) if true else 0.0 for crop in crops]
        scores = [float(embedded["crop"][1][crop] @ embedded["sound"][1][number]) for crop in crops]
        best = max(range(len(crops)), key=scores.__getitem__)
        iou.append(ious[best])
        confidence.append(scores[best])
        sounding.append(bool(true))
        share.append((sum(one >= 0.5 for one in ious) / len(ious), float(max(ious) >= 0.5)))
    heard = [row for row, there in enumerate(sounding) if there]
    expected = localisation_scores(torch.tensor(iou)[heard])
    for name, part in (("chance_ciou", 0), ("best_ciou", 1)):
        expected[name] = sum(share[row][part] for row in heard) / len(heard)
    if not all(sounding):
        given = (torch.tensor(iou), torch.tensor(confidence), torch.tensor(sounding))
        expected |= counterfactual_scores(*given)
    found = localisation_metrics(graph, embedded, [split])
    assert found == pytest.approx({f"{split}/localisation_{key}": value for key, value in expected.items()})
    assert ("ap" in expected) == (split == "test")


def test_a_proposal_that_is_not_held_out_is_named() -> None:
    graph, embedded = graph_of_pictures()
    embedded["crop"] = tuple(part[:7] for part in embedded["crop"])  # type: ignore[assignment]
    with pytest.raises(GraphError, match=r"crop: row \d+ is a proposal, but not held out"):
        localisation_metrics(graph, embedded, ["test"])
    assert localisation_metrics(graph, {"sound": embedded["sound"]}, ["test"]) == {}


def test_classes_by_prompts_of_the_same_split() -> None:
    draw, y = torch.Generator().manual_seed(0), torch.arange(12) % 4
    graph, embedded = HeteroData(), {}
    for node in ("shape", "prompt", "other"):
        graph[node].y, graph[node].test_mask = y, torch.arange(12) < 8
        embedded[node] = (torch.arange(12), F.normalize(torch.randn(12, 3, generator=draw)))
    graph["prompt"].is_prompt = torch.ones(12, dtype=torch.bool)
    found = zero_shot_metrics(graph, embedded, ["val", "test"])
    expected = {}
    for node in ("shape", "other"):
        given = (embedded[node][1][:8], embedded["prompt"][1][:8], y[:8], y[:8])
        expected |= {f"test/{k}_{node}_by_prompt": v for k, v in zero_shot_accuracy(*given, (1, 3)).items()}
    assert found == expected
    graph["prompt"].y = y.clamp(max=2)
    with pytest.raises(GraphError, match="shape by prompt: class 3 has no prompt"):
        zero_shot_metrics(graph, embedded, ["test"])


def test_a_run_on_files_finds_what_sounds_and_can_be_evaluated_again(tmp_path: Path, no_figures: None) -> None:
    path = two_spaces(tmp_path, ("  names: {text", LOCALISATION + "  names: {text"))
    write_boxes(tmp_path)
    run = avgraph.train(path)
    metrics = run.metrics
    assert metrics["test/localisation_ciou"] > 0.6 > 0.2 > metrics["test/localisation_chance_ciou"]
    assert metrics["test/localisation_best_ciou"] == 1
    assert metrics["test/localisation_max_f1"] > 0.6
    assert metrics["test/top_1_image_by_prompts"] > 0.5 > 1 / 6
    assert metrics["test/top_1_image_by_prompts"] <= metrics["test/top_3_image_by_prompts"]
    for name, value in avgraph.evaluate(run.directory).items():
        assert value == metrics[name]
    again = read_graphml(export_graph(run.graph, tmp_path / "learned.graphml"))
    assert again["region", "belongs_to", "audio"].num_edges == 30
    assert torch.equal(again["crops"].box, run.graph["crops"].box)


@pytest.mark.parametrize(
    ("file", "line", "text", "message"),
    [
        ("boxes.csv", 0, "picture,x0,y0,x1", r"boxes\.csv:1: column 'y1' is missing"),
        ("boxes.csv", 3, "36,0,0,1,1", r"boxes\.csv:4: picture: expected a row of 'audio', 0 to 35, got 36"),
        ("boxes.csv", 3, "0.5,0,0,1,1", r"boxes\.csv:4: picture: expected a row of 'audio', 0 to 35, got 0\.5"),
        ("truth.csv", 2, "1,4,0,4,9", r"truth\.csv:3: expected x0 < x1 and y0 < y1, got 4, 0, 4, 9"),
        ("truth.csv", 2, "1,4,0,98,9", r"truth\.csv:3: expected a box within 96 × 64 pixels, got 4, 0, 98, 9"),
        ("boxes.csv", 1, "", r"boxes\.csv: expected 216 lines, one per row of 'crops', got 215"),
        ("truth.csv", 1, "0,1,2,x,9", r"truth\.csv:2: x1: expected a finite number, got 'x'"),
    ],
)
def test_wrong_tables_are_one_line(folder: Path, file: str, line: int, text: str, message: str) -> None:
    lines = (folder / file).read_text().splitlines()
    lines[line] = text
    (folder / file).write_text("\n".join(lines))
    with pytest.raises(DataError, match=message):
        loaded(folder)


def test_a_picture_without_a_proposal_is_named(folder: Path) -> None:
    text = (folder / "boxes.csv").read_text()
    (folder / "boxes.csv").write_text(text.replace("\n2,", "\n3,"))
    with pytest.raises(DataError, match=r"boxes\.csv: no proposal in picture 2"):
        loaded(folder)


def test_a_class_without_a_prompt_is_named_with_its_file(folder: Path) -> None:
    np.save(folder / "prompt_y.npy", np.arange(18) % 4)
    held_out = {
        "image": {"x": {"clip": "clip_image.npy"}, "y": "y.npy"},
        "prompts": {"x": {"clap": "prompts.npy"}, "y": "prompt_y.npy", "prompts": True},
    }
    message = r"prompt_y\.npy \(held_out\.prompts\.y\): no prompt of class 4, 5, which image has"
    with pytest.raises(DataError, match=message):
        SpaceFiles(root=str(folder), spaces=CONNECTED, held_out=held_out).load()


def test_boxes_in_shares_of_the_picture_are_told(folder: Path) -> None:
    (folder / "truth.csv").write_text("picture,x0,y0,x1,y1\n0,0.1,0.1,0.5,1\n")
    with pytest.raises(DataError, match=r"truth\.csv: expected pixels of 96 × 64, got no number above 1"):
        loaded(folder)


@pytest.mark.parametrize("question", ["prompts", "boxes"])
def test_a_run_with_one_of_these_questions_alone_is_judged_by_it(folder: Path, question: str, no_figures: None) -> None:
    held_out: dict[str, Any] = HELD if question == "boxes" else {
        "image": {"x": {"clip": "clip_image.npy"}, "y": "y.npy"},
        "prompts": {"x": {"clap": "prompts.npy"}, "y": "prompt_y.npy", "prompts": True},
    }  # fmt: skip
    dataset = {"type": "spaces", "root": str(folder), "spaces": CONNECTED, "held_out": held_out}
    dataset |= {"localisation": PLACES} if question == "boxes" else {}
    method = {"type": "cmcr", "hidden_channels": 32, "channels": 16, "batch_size": 80}
    train = {"epochs": 6, "device": "cpu", "threads": 1}
    run = avgraph.train(
        experiment_from_dict({"dataset": dataset, "method": method, "train": train, "output": str(folder / "runs")})
    )
    verdict = run.metrics["verdict"]
    name = {"boxes": "test/localisation_ciou", "prompts": "test/top_1_image_by_prompts"}[question]
    assert verdict["metric"] == name
    assert verdict["value"] == run.metrics[name]


def test_boxes_may_end_a_pixel_outside_as_those_of_detectors_do(folder: Path) -> None:
    text = (folder / "boxes.csv").read_text()
    (folder / "boxes.csv").write_text(text.replace(",96,", ",96.9,"))
    assert math.isclose(float(loaded(folder)["crops"].box.max()), 96.9, rel_tol=1e-6)
    np.testing.assert_array_equal(loaded(folder)["audio"].picture_width, np.full(36, 96))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"held_out": {"audio": HELD["audio"]}, "localisation": None},
            "held_out.audio.y: is missing: which classes has",
        ),
        (
            {"held_out": {**HELD, "words": {"x": {"clap": "a.npy"}, "prompts": True}}},
            "words.y: is missing: which classes",
        ),
        ({"localisation": {**PLACES, "sounds": "adio"}}, "no rows 'adio' under held_out; did you mean 'audio'?"),
        ({"localisation": {**PLACES, "proposals": "audio"}}, "expected other rows than the sounds, got 'audio'"),
        (
            {"held_out": {**HELD, "crops": {**HELD["crops"], "split": "val"}}},
            "'crops' is of split 'val', its sounds of 'test'",
        ),
        (
            {"held_out": {**HELD, "region": {"x": {"clip": "crops.npy"}, "y": "y.npy"}}},
            "needs the name 'region' for what is true",
        ),
    ],
)
def test_wrong_options_are_one_line(change: dict[str, Any], line: str) -> None:
    dataset = {"type": "spaces", "spaces": CONNECTED, "held_out": HELD, "localisation": PLACES, **change}
    with pytest.raises(ConfigError) as error:
        experiment_from_dict({"dataset": dataset, "method": {"type": "cmcr"}})
    assert line in str(error.value)
    assert len(str(error.value).splitlines()) == 1
