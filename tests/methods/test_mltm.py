"""m-LTM: pairs and batches, the objectives, a run that learns, ranks told apart, a resumed run, what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.errors import ConfigError, GraphError
from avgraph.export import read_graphml
from avgraph.methods.mltm import MltmOptions, MLTMTask, Objective
from avgraph.methods.mltm.pairs import UniquePairBatches
from avgraph.methods.mltm.ranking import retrieval_metrics, score_tables
from avgraph.nn import matching_loss, partial_sinkhorn, sinkhorn
from avgraph.options.train import TrainOptions
from avgraph.runs.callbacks import Checkpoints
from avgraph.transforms import CorruptEdges
from tests.logged import Logged

TEXT = """\
name: small
seed: 3
dataset:
  type: files
  nodes:
    audio: {x: audio.npy, y: y.npy, split: split.npy}
    text: {x: text.npy, name: names.txt, y: text_y.npy}
graph: []
method: {type: mltm, hidden_channels: 16, shared_channels: 8, batch_size: 6}
train: {epochs: 6, optimizer: {type: adam, lr: 0.03, weight_decay: 0.0}, device: cpu, threads: 1, checkpoint_every: 2}
"""


def experiment(folder: Path, *changes: tuple[str, str]) -> Path:
    rng = np.random.default_rng(0)
    y = np.arange(72) % 6
    centre = rng.normal(size=(6, 10))
    np.save(folder / "audio.npy", (centre[y] + 0.3 * rng.normal(size=(72, 10))).astype(np.float32))
    np.save(folder / "y.npy", y)
    np.save(folder / "split.npy", np.array(["train", "test"])[(np.arange(72) // 6) % 2])
    np.save(folder / "text.npy", rng.normal(size=(6, 5)).astype(np.float32))
    np.save(folder / "text_y.npy", np.arange(6))
    (folder / "names.txt").write_text("\n".join("abcdef"), encoding="utf-8")
    text = TEXT + f"output: {folder / 'runs'}\n"
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(experiment(tmp_path_factory.mktemp("mltm")))


def test_neither_sound_nor_text_twice_in_a_batch_and_every_pair_once() -> None:
    text = torch.tensor([0, 0, 0, 1, 1, 2, 3, 3, 3])
    sound = torch.tensor([0, 0, 2, 0, 1, 2, 0, 1, 2])  # shuffled: sound 0 has texts 0, 1 and 3
    epoch = [0]
    batches = UniquePairBatches(sound, text, 3, seed=1, epoch=lambda: epoch[0])
    for number in range(20):
        epoch[0] = number
        seen = [pair for batch in batches for pair in batch]
        assert len(set(seen)) == len(seen)
        for batch in batches:
            assert len(set(text[batch].tolist())) == len(set(sound[batch].tolist())) == len(batch) <= 3


def test_batches_are_a_function_of_the_epoch() -> None:
    text = torch.tensor([0, 0, 0, 1, 1, 2, 3, 3, 3])
    epoch = [0]
    batches = UniquePairBatches(torch.arange(9), text, 3, seed=1, epoch=lambda: epoch[0])
    first = list(batches)
    assert [len(batch) for batch in first] == batches.sizes
    assert sum(batches.sizes) >= 8  # a last pair alone has nothing to be matched with
    assert list(batches) == first
    epoch[0] = 1
    assert list(batches) != first


def test_a_coupling_that_has_not_converged_is_told(logged: Logged) -> None:
    x, y = (torch.nn.functional.normalize(torch.randn(n, 4)) for n in (6, 9))
    score_tables(x, y, torch.ones(4), 0.05)
    assert not logged.text
    score_tables(x, y, torch.ones(4), 0.01, max_iter=1)
    assert "the coupling of 6 x 9 did not converge (error " in logged.text


def test_objectives_equal_their_formulas() -> None:
    draw = torch.Generator().manual_seed(0)
    x, y = (torch.nn.functional.normalize(torch.randn(5, 4, generator=draw)) for _ in range(2))
    cost = torch.cdist(x, y)
    cost = cost / cost.max()
    metric = torch.ones(4)
    for mass, coupling in ((None, sinkhorn(cost, 0.1)), (0.6, partial_sinkhorn(cost, 0.1, 0.6))):
        found, converged = Objective(MltmOptions(epsilon=0.1, mass=mass))(x, y, metric)
        assert converged
        torch.testing.assert_close(found, matching_loss(coupling), atol=1e-4, rtol=1e-4)
    score = (x @ y.T / 0.07).tolist()
    terms = [math.log(sum(math.exp(v) for v in row)) - row[i] for i, row in enumerate(score)]
    terms += [math.log(sum(math.exp(row[j]) for row in score)) - score[j][j] for j in range(5)]
    assert float(Objective(MltmOptions(loss="info_nce"))(x, y, metric)[0]) == pytest.approx(sum(terms) / 10, rel=1e-5)
    share = (x @ y.T / 0.07).softmax(1)
    entropy = (share * share.log()).sum() / 5
    with_entropy = Objective(MltmOptions(loss="info_nce_entropy", entropy_weight=0.5))(x, y, metric)[0]
    assert float(with_entropy) == pytest.approx(sum(terms) / 10 + 0.5 * float(entropy), rel=1e-5)
    square = torch.cdist(x, y).square()
    other = square.masked_fill(torch.eye(5, dtype=torch.bool), torch.inf)
    hinge = [(square.diagonal() - other.amin(dim) + 0.2).clamp_min(0).mean() for dim in (0, 1)]
    torch.testing.assert_close(Objective(MltmOptions(loss="triplet"))(x, y, metric)[0], sum(hinge) / 2)


def test_ranks_are_told_apart() -> None:
    # A hub: the first text is nearest to both sounds; only the plan, which sees both, gives each its own.
    x = torch.nn.functional.normalize(torch.tensor([[1.0, 0.2], [1.0, 0.0]]))
    y = torch.nn.functional.normalize(torch.tensor([[1.0, 0.5], [1.0, 0.45]]))
    found = retrieval_metrics(x, y, torch.tensor([0, 1]), torch.tensor([1, 0]), torch.ones(2), 0.05)
    assert found["cosine/audio_to_text_recall_at_1"] == found["cost/audio_to_text_recall_at_1"] == 0.5
    assert found["plan/audio_to_text_recall_at_1"] in (0.0, 1.0)
    assert "cosine/audio_to_text_recall_at_5" not in found  # there are two texts


def test_a_run_learns_and_exports(run: avgraph.Run) -> None:
    assert run.metrics["test/cosine/audio_to_text_recall_at_1"] > 0.8
    assert run.metrics["test/plan/text_to_audio_map"] > 0.8
    assert {path.name for path in (run.directory / "figures").iterdir()} == {
        "shared_space_test.png",
        "matching_test.png",
    }
    edges = run.graph["audio", "coupled", "text"]
    assert float(edges.mass.min()) > 0
    assert float(edges.mass.sum()) == pytest.approx(2, abs=0.05)  # one coupling per split
    graph = read_graphml(run.directory / "graph.graphml")
    assert torch.equal(graph["audio", "coupled", "text"].mass, edges.mass)
    for name, value in avgraph.evaluate(run).items():
        assert value == run.metrics[name]


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longer than these runs; the module's own run draws them."""
    monkeypatch.setattr("avgraph.runs.finish.draw_figures", lambda *_, **__: [])


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("loss", ["info_nce", "info_nce_entropy", "triplet"])
def test_baselines_learn_in_the_same_frame(loss: str, tmp_path: Path) -> None:
    run = avgraph.train(experiment(tmp_path, ("type: mltm,", f"type: mltm, loss: {loss},")))
    assert run.metrics["test/cosine/audio_to_text_recall_at_1"] > 0.8


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("options", ["metric: diagonal", "metric: euclidean", "mass: 0.7", "noise: 0.3"])
def test_variants_run(options: str, tmp_path: Path) -> None:
    run = avgraph.train(experiment(tmp_path, ("type: mltm,", f"type: mltm, {options},"), ("epochs: 6", "epochs: 3")))
    assert run.metrics["test/cosine/audio_to_text_recall_at_1"] > 0.5


@pytest.mark.slow
def test_stopped_and_resumed_is_as_unbroken(run: avgraph.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Checkpoints.on_train_epoch_end

    def stop(self: Checkpoints, trainer: avgraph.Run, module: MLTMTask) -> None:
        inner(self, trainer, module)  # type: ignore[arg-type]
        if module.current_epoch == 4:  # the last checkpoint is two epochs old
            raise RuntimeError("power cut")

    path = experiment(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "on_train_epoch_end", stop)
        with pytest.raises(RuntimeError, match="power cut"):
            avgraph.train(path)
    (directory,) = tmp_path.glob("runs/small/*")
    avgraph.resume(directory)
    assert (directory / "metrics.json").read_bytes() == (run.directory / "metrics.json").read_bytes()
    assert (directory / "metrics.jsonl").read_bytes() == (run.directory / "metrics.jsonl").read_bytes()


def bound(change: str = "", **options: object) -> MLTMTask:
    data = HeteroData()
    data["audio"].x, data["audio"].y = torch.randn(6, 3), torch.arange(6) % 3
    data["audio"].train_mask = torch.ones(6, dtype=torch.bool)
    data["text"].x, data["text"].y = torch.randn(3, 4), torch.arange(3)
    if change:
        node, _, attribute = change.partition(".")
        if attribute:
            del data[node][attribute]
        else:
            del data[node]
    task = MLTMTask(MltmOptions(hidden_channels=4, shared_channels=4, **options))  # type: ignore[arg-type]
    task.bind(data, TrainOptions(), 0)
    return task


def test_the_metric_stays_positive_semi_definite() -> None:
    task = bound()
    task.ground_metric.data[0, 0] = -3
    task.on_train_batch_end(None, None, 0)
    assert float(torch.linalg.eigvalsh(task.ground_metric.detach()).min()) >= -1e-6
    assert not bound(metric="euclidean").ground_metric.requires_grad
    assert bound(metric="diagonal").ground_metric.shape == (4,)


def test_captions_of_one_sound_are_never_in_one_batch() -> None:
    task = MLTMTask(MltmOptions(hidden_channels=4, shared_channels=4, batch_size=4, train_sounds=3))
    data = HeteroData()
    data["audio"].x, data["audio"].y = torch.randn(6, 3), torch.arange(6)
    data["audio"].train_mask = torch.arange(6) < 5
    data["text"].x, data["text"].y = torch.randn(15, 4), torch.arange(15) % 5
    task.bind(data, TrainOptions(), 0)
    assert sorted(task.pairs.text.tolist()) == list(range(15))
    for batch in task.batches:
        assert len(set(task.pairs.sound[batch].tolist())) == len(batch)
    # Of five training sounds three are measured, first and last included, with all their captions.
    assert [rows.tolist() for rows in task._splits()["train"]] == [[0, 2, 4], [0, 2, 4, 5, 7, 9, 10, 12, 14]]


def test_pairs_are_read_from_edges_whoever_wrote_them() -> None:
    graph = bound().graph
    kind = ("audio", "described", "text")
    assert graph[kind].edge_index.tolist() == [[0, 1, 2, 3, 4, 5], [0, 1, 2, 0, 1, 2]]
    noisy = MLTMTask(MltmOptions(hidden_channels=4, shared_channels=4, noise=0.5))
    noisy.bind(graph, TrainOptions(), 3)
    task = MLTMTask(MltmOptions(hidden_channels=4, shared_channels=4))
    task.bind(CorruptEdges(kind, 0.5, "shuffled", seed=3)(graph), TrainOptions(), 0)
    assert torch.equal(task.pairs.text, noisy.pairs.text)  # the method's noise and the step's are one
    graph["audio"].train_mask = torch.arange(6) != 1
    graph["audio", "told", "text"].edge_index = torch.tensor([[5, 0, 1], [0, 1, 2]])
    task = MLTMTask(MltmOptions(hidden_channels=4, shared_channels=4, relation="told"))
    task.bind(graph, TrainOptions(), 0)
    assert (task.pairs.sound.tolist(), task.pairs.text.tolist()) == ([5, 0], [0, 1])
    graph["audio", "told", "text"].edge_index = torch.tensor([[5, 0], [0, 3]])
    with pytest.raises(GraphError, match=r"\(audio, told, text\): an edge names text 3, but there are 3"):
        task.bind(graph, TrainOptions(), 0)


def test_in_double_precision_as_well(tmp_path: Path) -> None:
    short = ("epochs: 6", "epochs: 1")
    run = avgraph.train(experiment(tmp_path, short, ("device: cpu", "device: cpu, precision: 64-true")))
    assert run.graph["audio", "coupled", "text"].mass.dtype == torch.float64
    drawn = {path.name for path in (run.directory / "figures").iterdir()}
    assert {"matching_test.png", "shared_space_test.png"} <= drawn


@pytest.mark.slow
def test_pairs_alone_say_what_is_right(run: avgraph.Run, tmp_path: Path) -> None:
    np.save(tmp_path / "pairs.npy", np.stack([np.arange(72), np.arange(72) % 6]))
    edges = "  edges:\n    - {source: audio, relation: described, target: text, index: pairs.npy}\ngraph: []"
    nodes = ("y: y.npy, split", "split"), (", y: text_y.npy", "")
    other = avgraph.train(experiment(tmp_path, *nodes, ("graph: []", edges)))
    numbers = {name: value for name, value in run.metrics.items() if "/" in name}
    assert {name: value for name, value in other.metrics.items() if "/" in name} == numbers
    assert avgraph.evaluate(other)["test/cosine/audio_to_text_map"] == numbers["test/cosine/audio_to_text_map"]


def test_bad_graphs_and_options_are_named() -> None:
    with pytest.raises(GraphError, match=r"no node type 'text'; the graph has: audio"):
        bound("text")
    with pytest.raises(GraphError, match="node type 'audio' has no 'y'; it has: train_mask, x"):
        bound("audio.y")
    with pytest.raises(GraphError, match="mltm: 'audio' nodes have no 'train_mask'"):
        bound("audio.train_mask")
    declared = {"name": "x", "dataset": {"type": "esc50_zero_shot"}, "method": {"type": "mltm", "loss": "triplet"}}
    declared["method"]["mass"] = 0.5  # type: ignore[index]
    with pytest.raises(ConfigError, match=r"mass: only the loss 'mltm' couples a part of the mass, not 'triplet'"):
        experiment_from_dict(declared)
