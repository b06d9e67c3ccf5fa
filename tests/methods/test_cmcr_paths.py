"""C-MCR: items that are not of the overlap, targets over paths, and the bridge that trains nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

import avgraph
from avgraph.io.graph_file import save_graph
from avgraph.methods.cmcr import CmcrOptions
from avgraph.methods.cmcr.centred import centred_links, recalled_in_both
from avgraph.methods.cmcr.links import read_links
from avgraph.methods.cmcr.paths import bridge_metrics, read_paths
from avgraph.methods.cmcr.readouts import Gathered
from avgraph.methods.cmcr.steps import Steps
from avgraph.metrics import mean_average_precision
from avgraph.nn import memory_readout, path_similarity, soft_info_nce
from avgraph.transforms import SpaceGraph
from tests.spaces import CLASSES, two_spaces


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cmcr-cache"))


def unit(rows: int, width: int, seed: int) -> Tensor:
    return F.normalize(torch.randn(rows, width, generator=torch.Generator().manual_seed(seed)))


def graph() -> HeteroData:
    audio, image = torch.arange(8) < 5, torch.arange(7) < 4
    return SpaceGraph()(
        HeteroData(
            text={"x_a": unit(9, 3, 0), "x_b": unit(9, 4, 1)},
            audio={"x_a": unit(8, 3, 2), "train_mask": audio, "test_mask": ~audio, "y": torch.arange(8) % 3},
            image={"x_b": unit(7, 4, 3), "train_mask": image, "test_mask": ~image, "y": torch.arange(7) % 3},
        )
    )


def test_a_memory_row_recalls_the_same_texts_in_both_spaces() -> None:
    data = graph()
    text, audio = data["text"], data["audio"].x_a
    sides = [Gathered(x) for x in (audio, text.x_a, text.x_b)]
    weight = (audio @ text.x_a.T / 0.1).softmax(1)
    near, far = recalled_in_both(*sides, "softmax", 0.1)
    torch.testing.assert_close(near.loaded(), weight @ text.x_a)
    torch.testing.assert_close(far.loaded(), weight @ text.x_b)
    near, far = recalled_in_both(*sides, "argmax", 0.1)
    torch.testing.assert_close(near.loaded(), text.x_a[weight.argmax(1)])
    torch.testing.assert_close(far.loaded(), text.x_b[weight.argmax(1)])
    near, far = recalled_in_both(*sides, "random", 0.1, seed=(1,))
    chosen = (near.loaded() @ text.x_a.T).argmax(1)
    assert len(chosen.unique()) > 1
    torch.testing.assert_close(near.loaded(), text.x_a[chosen])
    torch.testing.assert_close(far.loaded(), text.x_b[chosen])


def test_items_of_the_memories() -> None:
    data = graph()
    (link,) = read_links(data, "softmax", 0.1, seed=0, device="cpu")
    sounds, pictures = centred_links(link, "softmax", 0.1, seed=0, device="cpu")
    assert [[end.space for end in found.ends] for found in (sounds, pictures)] == [["a", "b"]] * 2
    text, image = data["text"], data["image"].x_b[:4]
    assert torch.equal(pictures.ends[1].recalled["image"].loaded(), image)  # the item itself
    far = (image @ text.x_b.T / 0.1).softmax(1) @ text.x_a
    torch.testing.assert_close(pictures.ends[0].own.loaded(), far)
    recalled = memory_readout(far, data["audio"].x_a[:5], 0.1)
    torch.testing.assert_close(pictures.ends[0].recalled["audio"].loaded(), recalled)


def test_paths_are_over_training_rows_of_the_memories() -> None:
    data = graph()
    (path,) = read_paths(data, 0.2, 100, seed=0)
    text = data["text"]
    whole = path_similarity(data["audio"].x_a[:5], data["image"].x_b[:4], (text.x_a, text.x_b), 0.2)
    torch.testing.assert_close(path.target, whole**2)
    (part,) = read_paths(data, 0.2, 3, seed=0)
    assert part.target.shape == (3, 3)
    place = [data["audio"].x_a.tolist().index(row) for row in part.source[1].loaded().tolist()]
    assert len(set(place)) == 3
    assert max(place) < 5


def test_what_belongs_to_nothing_of_a_batch_is_to_spread_evenly() -> None:
    audio, image, text = torch.eye(6, 40), torch.eye(6, 40)[:3], torch.eye(6, 40)
    data = SpaceGraph()(
        HeteroData(
            text={"x_a": text, "x_b": text},
            audio={"x_a": audio, "train_mask": torch.ones(6, dtype=torch.bool)},
            image={"x_b": image, "train_mask": torch.ones(3, dtype=torch.bool)},
        )
    )
    (path,) = read_paths(data, 0.01, 100, seed=0)
    target = path.target[:, :3] / path.target[:, :3].sum(1, keepdim=True)
    torch.testing.assert_close(target[3:], torch.full((3, 3), 1 / 3))
    torch.testing.assert_close(target[:3], torch.eye(3))
    assert torch.isfinite(soft_info_nce(torch.randn(6, 4), torch.randn(3, 4), path.target, 0.1))


def test_a_step_shares_its_rows_between_the_sets_of_items() -> None:
    options = CmcrOptions(batch_size=6, centred_on="all", path_weight=1.0)
    steps = Steps(graph(), options, seed=0, device="cpu")
    assert [len(rows) for _, _, rows in steps.items(0, 0)] == [2, 2, 2]
    assert [(len(source), len(goal)) for _, source, goal in steps.ends(0, 0)] == [(3, 2)]
    alone = Steps(graph(), CmcrOptions(batch_size=6), seed=0, device="cpu")
    assert [len(rows) for _, _, rows in alone.items(0, 0)] == [5]
    assert not alone.paths


def test_the_bridge_is_of_held_out_rows() -> None:
    data = graph()
    text, audio, image = data["text"], data["audio"], data["image"]
    score = path_similarity(audio.x_a[5:], image.x_b[4:], (text.x_a, text.x_b), 0.1)
    given = (score, torch.eye(3), audio.y[5:], image.y[4:])  # the cosine with a unit vector orders as the score
    found = bridge_metrics(data, 0.1, seed=0)
    assert set(found) == {"test/bridge_map_audio_to_image", "test/bridge_map_image_to_audio"}
    assert found["test/bridge_map_audio_to_image"] == pytest.approx(mean_average_precision(*given))
    data["image"].y += 10
    assert bridge_metrics(data, 0.1, seed=0) == {}


def test_a_run_with_all_of_it(tmp_path: Path) -> None:
    options = "centred_on: all, path_weight: 3, noise_norm: 0.5"
    changes = [("batch_size: 80", f"batch_size: 80, {options}"), ("epochs: 8", "epochs: 4")]
    run = avgraph.train(two_spaces(tmp_path, *changes))
    assert all(run.metrics[f"test/map_{way}"] > 2 / CLASSES for way in ("audio_to_image", "image_to_audio"))
    assert "train/path" in (run.directory / "metrics.jsonl").read_text()
    name = "test/bridge_map_audio_to_image"
    assert avgraph.evaluate(run)[name] == run.metrics[name]
    graph = run.graph
    del graph.bridge  # as a run from before there was one: its graph has the rows of the overlap no more
    save_graph(graph, run.directory / "graph.pt")
    without = {key for key in run.metrics if key.startswith(("val/", "test/")) and "bridge" not in key}
    assert set(avgraph.evaluate(run)) == without
