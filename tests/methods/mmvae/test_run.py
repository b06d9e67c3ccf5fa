"""MMVAE-AVS as a run: what it reports and leaves, resumed, evaluated again, on a picture and a sound of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner
from PIL import Image

import avgraph
from avgraph.cli import main
from avgraph.errors import DataError, GraphError
from avgraph.export import read_graphml
from avgraph.graph.segmentation import HEARD, SWAPPED
from avgraph.io.pictures import read_picture
from avgraph.methods.mmvae.learned_graph import learned_graph
from avgraph.methods.mmvae.results import largest_object_iou, predicted
from avgraph.metrics import mean_iou
from avgraph.nn.fusion.attention_edges import attention_edges
from avgraph.options.train import TrainOptions
from avgraph.runs.checks import Outcome, run_checks
from avgraph.runs.finished import load_task
from avgraph.tools.segment import segment_picture
from tests.forking import ForkServer
from tests.killing import killed_run
from tests.methods.mmvae.scenes import SMALL, Recorded, bound
from tests.wiring.toys import Scenes

TEXT = f"""\
name: small
seed: 3
dataset: {{type: "tests.methods.mmvae.scenes:Recorded"}}
graph: []
method: {json.dumps({"type": "mmvae", **SMALL})}
train: {{epochs: 4, device: cpu, threads: 1, checkpoint_every: 2, measure_every: 2}}
"""


def experiment(folder: Path) -> Path:
    path = folder / "small.yaml"
    path.write_text(TEXT + f"output: {folder / 'runs'}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(experiment(tmp_path_factory.mktemp("mmvae")))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("own")
    pixels = np.random.default_rng(0).integers(0, 255, size=(50, 70, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "frame.png")
    soundfile.write(folder / "sound.wav", np.random.default_rng(0).normal(size=8000).astype(np.float32) / 9, 16_000)
    return folder / "frame.png", folder / "sound.wav"


def test_it_reports_the_protocol(run: avgraph.Run) -> None:
    expected = {
        "miou", "f", "silence_area", "off_screen_area", "swapped_miou", "swapped_original_miou", "no_audio_miou",
        "no_picture_miou", "visual_only_miou", "ece", "error_auroc", "mean_ece", "mean_error_auroc", "audio_accuracy",
    }  # fmt: skip
    assert expected <= {name.removeprefix("test/") for name in run.metrics if name.startswith("test/")}
    assert all(0 <= run.metrics[f"test/{name}"] <= 1 for name in expected)
    found = run.metrics["verdict"]
    assert (found["metric"], found["value"], found["unit"]) == ("test/miou", run.metrics["test/miou"], "frames")
    assert found["interval"][0] <= found["value"] <= found["interval"][1]
    assert found["baselines"] == [
        {"name": "the same model without sound", "value": run.metrics["test/no_audio_miou"]},
        {"name": "the largest object", "value": run.metrics["test/visual_only_miou"]},
    ]
    history = [json.loads(line) for line in (run.directory / "metrics.jsonl").read_text().splitlines()]
    assert ["val/miou" in line for line in history] == [False, True, False, True]


def test_a_model_that_does_not_listen_is_told_where_no_objects_are_known() -> None:
    task = bound()
    del task.graph["frame"].objects
    metrics = task.metrics()
    metrics["test/no_audio_miou"] = metrics["test/miou"]
    found = run_checks(Outcome(metrics, [], task.trivial(), task.headline(task.graph, metrics)))
    told = f"test/miou {metrics['test/miou']:.4f} does not beat the same model without sound"
    assert [check["number"] for check in found] == ["A03"]
    assert found[0]["message"].startswith(told)


def test_numbers_are_those_of_the_predictions() -> None:
    task = bound()
    clips, frames = task.clips.of_split("test"), task.graph["frame"]
    pairs = list(predicted(task, clips, task.heard))
    assert torch.cat([batch.index for batch, _ in pairs]).tolist() == list(range(10, 16))
    probability = torch.cat([found for _, found in pairs])
    metrics = task.metrics()
    assert metrics["test/miou"] == pytest.approx(mean_iou(probability, frames.mask[10:]), abs=1e-6)
    swapped = torch.cat([p for _, p in predicted(task, clips, task.clips.audio(SWAPPED))])
    assert metrics["test/swapped_miou"] == pytest.approx(mean_iou(swapped, task.graph[SWAPPED].mask[2:]), abs=1e-6)
    assert metrics["test/swapped_original_miou"] == pytest.approx(mean_iou(swapped, frames.mask[10:]), abs=1e-6)
    # Object 2 is the wider one in every frame, and never the one that sounds.
    assert largest_object_iou(task.graph, "test") == pytest.approx(mean_iou((frames.objects[10:] == 2).float(),
                                                                            frames.mask[10:]))  # fmt: skip


@pytest.mark.usefixtures("no_figures")
def test_a_killed_run_ends_with_the_numbers_of_an_unbroken_one(
    run: avgraph.Run, tmp_path: Path, fork_server: ForkServer
) -> None:
    resumed = avgraph.resume(killed_run(fork_server, experiment(tmp_path), epoch=3))
    assert resumed.metrics == run.metrics


def test_a_run_is_evaluated_again_from_its_own_data(run: avgraph.Run) -> None:
    found = avgraph.evaluate(run)
    assert {name: run.metrics[name] for name in found} == found


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_a_run_needs_its_file_of_weights_no_more(picture: tuple[Path, Path], tmp_path: Path) -> None:
    weights = tmp_path / "sounds.pt"
    like = bound(Recorded().load()).network.sound_encoder
    torch.save({name: torch.full_like(value, 0.25) for name, value in like.state_dict().items()}, weights)
    given = {"train.epochs": 0, "method.audio_weights": str(weights), "method.audio_frozen": True}
    run = avgraph.train(experiment(tmp_path), given)
    weights.unlink()
    found = avgraph.evaluate(run)
    assert {name: run.metrics[name] for name in found} == found
    assert float(load_task(run.directory, run.experiment).network.sound_encoder.network[1].bias.mean()) == 0.25  # type: ignore
    segment_picture(run.directory, *picture, tmp_path / "mask.png")


def test_the_learned_graph_leaves_without_pictures(run: avgraph.Run) -> None:
    graph = read_graphml(run.directory / "graph.graphml")
    assert "x" not in graph["frame"]
    assert graph["patch"].probability.shape == (4 * 64,)
    assert graph["frame", "informs", "shared_latent"].precision.shape == (4,)
    assert set(graph.node_types) == {"frame", "patch", "audio", "visual_latent", "audio_latent", "shared_latent"}
    assert graph["patch", "adjacent", "patch"].edge_index.shape[1] == 4 * 2 * 2 * 7 * 8
    assert sorted(path.name for path in (run.directory / "figures").iterdir()) == ["listening.png", "segmentation.png"]


def test_attention_of_the_learned_graph_is_that_of_the_layer() -> None:
    task = bound()
    clips = torch.tensor([4, 7])  # clip 7 has no sound
    graph = learned_graph(task, clips)
    scene, _ = task.scene(task.clips.batch(clips, task.heard))
    looked = task.network.look(scene, attention=True)
    edges = graph["audio", "attends", "patch"]
    assert edges.edge_index.shape == (2, 2 * 64)  # one recording, two frames of clip 4
    total = looked.attention[2][:2].sum(1).flatten()
    assert torch.equal(edges.edge_index[1], torch.arange(128))
    torch.testing.assert_close(edges.attention, total)
    assert graph[HEARD].edge_index.tolist() == [[0, 0], [0, 1]]
    assert len(attention_edges(scene.clip, 8, 8, heard=scene.heard)[0]) == 256


def test_experts_have_precisions_of_their_own_and_the_joint_encoder_one() -> None:
    for shared, alike in (("joint", True), ("experts", False)):
        graph = learned_graph(bound(shared=shared), torch.tensor([4]))
        precisions = [graph[node, "informs", "shared_latent"].precision for node in ("frame", "audio")]
        assert torch.equal(*precisions) == alike


def test_segment_masks_a_picture_of_ones_own(run: avgraph.Run, picture: tuple[Path, Path], tmp_path: Path) -> None:
    mask, doubt = tmp_path / "mask.png", tmp_path / "doubt.png"
    given = ["segment", str(run.directory), *map(str, picture), "-o", str(mask), "--device", "cpu", "--json"]
    done = CliRunner().invoke(main, [*given, "--samples", "4", "--uncertainty", str(doubt)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["files"] == [str(mask), str(doubt)]
    masked, doubted = grey(mask), grey(doubt)
    assert masked.shape == doubted.shape == (50, 70)
    assert told["probability"] == pytest.approx(masked.max(), abs=0.003)
    assert told["uncertainty"] == pytest.approx(doubted.mean() / 2, abs=0.002)
    again = CliRunner().invoke(main, given)
    assert again.exit_code == 2
    assert "mask.png: already there; --force overwrites" in again.output


def grey(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        assert opened.mode == "L"
        return np.asarray(opened) / 255


def test_segment_refuses_what_it_cannot_do(run: avgraph.Run, picture: tuple[Path, Path], tmp_path: Path) -> None:
    frame, sound = picture
    (tmp_path / "text.png").write_text("no picture")
    for change, message in (
        ({"uncertainty": tmp_path / "u.png", "samples": 1}, "samples: expected at least 2, got 1"),
        ({"output": tmp_path / "mask.jpg"}, "mask.jpg: expected a file .png in a folder that exists"),
        ({"output": frame}, "frame.png: is the input; choose another name"),
        ({"uncertainty": tmp_path / "mask.png", "samples": 2}, "mask.png: is the file of the mask as well"),
        ({"picture": sound}, r"sound.wav: expected a picture \(.png"),
        ({"picture": tmp_path / "none.png"}, "none.png: "),
        ({"picture": tmp_path / "text.png"}, "text.png: not a readable picture file"),
        ({"sound": frame}, "frame.png: "),
    ):
        given = {"picture": frame, "sound": sound, "output": tmp_path / "mask.png", **change}
        with pytest.raises(DataError, match=message):
            segment_picture(run.directory, **given)  # type: ignore[arg-type]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.png"]


def test_a_loaded_task_predicts_as_the_trained_one(run: avgraph.Run) -> None:
    task = load_task(run.directory, run.experiment)
    again = load_task(run.directory, run.experiment)
    clips = torch.tensor([5])
    one, two = (next(predicted(part, clips, part.heard))[1] for part in (task, again))  # type: ignore[arg-type, attr-defined]
    assert torch.equal(one, two)


def test_what_is_no_segmentation_graph_is_refused() -> None:
    data = Scenes().load()
    del data["frame"].mask
    with pytest.raises(GraphError, match="mmvae: 'frame' nodes have no 'mask'"):
        bound(data)
    data = Scenes().load()
    data["frame"].labelled[:] = False
    with pytest.raises(GraphError, match="mmvae: no clip to train on has a labelled frame"):
        bound(data)
    data = Scenes().load()
    data["frame"].x, data["frame"].mask = data["frame"].x[:, :, :40, :40], data["frame"].mask[:, :40, :40]
    with pytest.raises(GraphError, match=r"at least 64 × 64 pixels, got \[40, 40\]; see method.size"):
        bound(data)
    for name in ("frame", SWAPPED):
        for part in ("mask", "objects"):
            if part in data[name]:
                data[name][part] = data[name][part][:, :40, :40]
    assert bound(data, size=64).metrics()["test/miou"] >= 0


@pytest.mark.parametrize(
    ("where", "name", "message"),
    [
        ("frame", "test_mask", "mmvae: 'frame' nodes have no 'test_mask'"),
        (SWAPPED, "mask", r"mmvae: edges \(audio, swapped_in, frame\) have no 'mask'"),
        (HEARD, None, r"mmvae: no edges \(audio, heard_in, frame\)"),
    ],
)
def test_what_the_results_read_is_asked_for_before_training(where: Any, name: str | None, message: str) -> None:
    data = Scenes().load()
    if name is None:
        del data[where]
    else:
        del data[where][name]
    with pytest.raises(GraphError, match=message):
        bound(data)


def test_masks_of_255_are_refused() -> None:
    data = Scenes().load()
    data["frame"].mask = data["frame"].mask * 255
    with pytest.raises(GraphError, match=r"expected frame.mask as 0 and 1, got 255; divide by 255"):
        bound(data)


def test_a_picture_is_turned_as_its_camera_was_held(tmp_path: Path) -> None:
    wide = Image.new("RGB", (8, 4), (200, 0, 0))
    exif = wide.getexif()
    exif[0x0112] = 6  # a quarter turn
    wide.save(tmp_path / "phone.jpg", exif=exif)
    assert read_picture(tmp_path / "phone.jpg", "RGB").shape == (8, 4, 3)


@pytest.mark.slow
def test_it_learns_which_colour_sounds() -> None:
    data = Recorded().load()
    task = bound(data, width=8, neck_channels=8, latent=False, missing_audio=0.0, flip=0.0)
    task.train_options = TrainOptions(epochs=1)
    task.log = lambda *args, **settings: None  # type: ignore[method-assign, assignment]
    optimizer = torch.optim.Adam(task.parameters(), 0.01)
    task.train()
    torch.manual_seed(0)
    losses = []
    for _ in range(60):
        loss = task.training_step(torch.arange(4), 0)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(task.parameters(), 5.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])
    task.eval()
    iou = [mean_iou(p, data["frame"].mask[b.index]) for b, p in predicted(task, torch.arange(4), task.heard)]
    assert iou[0] > 0.6


@pytest.mark.slow
def test_new_frames_are_masked_as_in_the_run(run: avgraph.Run, picture: tuple[Path, Path], tmp_path: Path) -> None:
    task = run.model
    clips = task.clips.of_split("test")  # type: ignore[operator,union-attr]
    index = torch.cat([batch.index for batch, _ in predicted(task, clips, task.heard)])  # type: ignore[arg-type]
    masks = torch.cat([found for _, found in predicted(task, clips, task.heard)])  # type: ignore[arg-type]
    frames, sounds = task.graph["frame"], task.graph["audio"]
    heard = task.heard[index]  # type: ignore[index]
    with_sound = heard >= 0
    index, masks, heard = index[with_sound], masks[with_sound], heard[with_sound]
    new = {"frame": {"x": frames.x[index], "clip": frames.clip[index]}, "audio": sounds.x[heard]}
    found = run.predict(new)
    assert found.mask is not None
    torch.testing.assert_close(found.mask, masks, atol=1e-4, rtol=1e-3)
    alone = run.predict({"frame": frames.x[index[:3]], "audio": sounds.x[heard[:3]]})
    one = run.predict({"frame": frames.x[index[1:2]], "audio": sounds.x[heard[1:2]]})
    assert one["prediction"][0] == pytest.approx(alone["prediction"][1], abs=1e-4)
    with pytest.raises(GraphError, match="expected a sound for every frame, got 3 frames, 1 sounds"):
        run.predict({"frame": frames.x[index[:3]], "audio": sounds.x[heard[:1]]})
    words = ["predict", str(run.directory), *map(str, picture), "-o"]
    result = CliRunner().invoke(main, [*words, str(tmp_path / "masks")])
    assert result.exit_code == 0, result.output
    assert [file.name for file in (tmp_path / "masks").iterdir()] == ["0000-frame.png"]
    result = CliRunner().invoke(main, [*words[:3], "-o", str(tmp_path / "none")])
    assert result.output.startswith("predict: expected pairs of a picture and a sound")
    assert not (tmp_path / "none").exists()
