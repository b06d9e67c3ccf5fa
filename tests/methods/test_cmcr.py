"""C-MCR: the objective, batches, readouts, a run that connects, three spaces in a chain, a resumed run, mistakes."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch_geometric.data import HeteroData

import avgraph
from avgraph.config import load_experiment
from avgraph.errors import ConfigError, DataError, GraphError
from avgraph.export import read_graphml
from avgraph.io.graph_file import load_graph
from avgraph.methods.cmcr import CmcrOptions, CMCRTask, Side, connection_loss
from avgraph.methods.cmcr.links import Batches, End, read_links
from avgraph.methods.cmcr.readouts import Gathered, recall, recall_by_edges
from avgraph.methods.cmcr.steps import Steps
from avgraph.nn import alignment_gap, info_nce, memory_readout
from avgraph.options.train import TrainOptions
from avgraph.runs.callbacks import Checkpoints
from avgraph.runtime.settings import epoch_generator
from avgraph.transforms import MemoryEdges
from tests.spaces import CLASSES, two_spaces
from tests.wiring.toys import Spaces

CHANCE = 1 / CLASSES


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "cmcr-cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cmcr-cache"))
        return avgraph.train(two_spaces(tmp_path_factory.mktemp("whole")))


def test_objective_is_the_sum_of_its_equations() -> None:
    t1, t2, v1, v2, a2 = (torch.randn(6, 4, dtype=torch.float64) for _ in range(5))
    one, two = Side(t1, [v1, v2]), Side(t2, [a2])
    given = {"intra_weight": 0.4, "temperature": 0.2, "pseudo_temperature": 0.3}
    terms = connection_loss(one, two, **given)  # type: ignore[arg-type]
    torch.testing.assert_close(terms["overlap"], info_nce(t1, t2, 0.2))
    torch.testing.assert_close(terms["pseudo"], (info_nce(v1, a2, 0.3) + info_nce(v2, a2, 0.3)) / 2)
    gaps = (alignment_gap(t1, v1) + alignment_gap(t1, v2)) / 2 + alignment_gap(t2, a2)
    torch.testing.assert_close(terms["intra"], 0.4 * gaps / 2)
    half = connection_loss(one, Side(t2, [a2], align=False), overlap=False, pseudo=False, intra_weight=1.0)
    torch.testing.assert_close(half["intra"], (alignment_gap(t1, v1) + alignment_gap(t1, v2)) / 4)
    # A space that holds the overlap alone has neither pseudo pairs nor a gap.
    assert set(connection_loss(one, Side(t2, []))) == {"overlap", "intra"}
    assert set(connection_loss(Side(t1, []), Side(t2, []))) == {"overlap"}


@pytest.mark.parametrize(("size", "most"), [(103, 20), (40, 20), (41, 20), (7, 100), (5, 2), (9, 1)])
def test_batches_are_nearly_equal_parts_of_an_order(size: int, most: int) -> None:
    batches = Batches([size], [most], seed=3)
    order = torch.from_numpy(epoch_generator(3, 2).permutation(size))
    parts = torch.tensor_split(order, math.ceil(size / most))
    for step in range(2 * len(parts) + 1):
        assert torch.equal(batches.rows(0, 2, step), parts[step % len(parts)].sort().values)


def test_every_row_once_in_an_epoch_and_smaller_overlaps_begin_anew() -> None:
    batches = Batches([103, 40], [20, 20], seed=3)
    seen = [batches.rows(0, 2, step) for step in range(6)]
    assert sorted(torch.cat(seen).tolist()) == list(range(103))
    assert {len(rows) for rows in seen} == {17, 18}
    small = [batches.rows(1, 2, step) for step in range(6)]
    assert sorted(torch.cat(small[:2]).tolist()) == list(range(40))
    assert torch.equal(small[0], small[2])
    assert torch.equal(Batches([103, 40], [20, 20], 3).rows(0, 2, 1), seen[1])
    assert not torch.equal(batches.rows(0, 3, 1), seen[1])


def test_what_a_memory_recalls(tmp_path: Path) -> None:
    query, memory = F.normalize(torch.randn(50, 5)), F.normalize(torch.randn(30, 5))
    rows, index = torch.arange(50), torch.arange(0, 30, 2)
    part = Gathered(memory, index)
    soft = recall(Gathered(query), part, "softmax", 0.1, cache=tmp_path)
    torch.testing.assert_close(soft.take(rows), memory_readout(query, memory[index], 0.1))
    hard = recall(Gathered(query), part, "argmax", 0.1, cache=tmp_path)
    torch.testing.assert_close(hard.take(rows), memory[index][(query @ memory[index].T).argmax(1)])
    chance = recall(Gathered(query), part, "random", 0.1, seed=(1,), cache=tmp_path).take(rows)
    assert all(bool((memory[index] == row).all(1).any()) for row in chance)
    assert len(chance.unique(dim=0)) > 5
    half = Gathered(query, torch.arange(10))
    torch.testing.assert_close(recall(half, part, "softmax", 0.1, cache=tmp_path).take(rows[:10]), soft.take(rows[:10]))


def test_what_a_memory_recalls_by_edges() -> None:
    draw = torch.Generator().manual_seed(0)
    x, memory = torch.randn(6, 4, generator=draw), torch.randn(5, 3, generator=draw)
    items, rows = Gathered(x, torch.tensor([4, 1])), Gathered(memory, torch.tensor([0, 2, 3]))
    index = torch.tensor([[0, 3, 2, 1, 2], [4, 4, 1, 1, 0]])  # row 1 is no memory, item 0 is not to train on
    found = recall_by_edges(items, rows, index, torch.tensor([1.0, 3.0, 2.0, 9.0, 9.0])).take(torch.arange(2))
    torch.testing.assert_close(found, torch.stack([(memory[0] + 3 * memory[3]) / 4, memory[2]]))
    with pytest.raises(GraphError, match=r"no edge from a training row leads to row 1 \(1 of 2 lack one\)"):
        recall_by_edges(items, rows, index[:, :2], torch.ones(2))
    with pytest.raises(GraphError, match="expected weights of at least 0, got -1"):
        recall_by_edges(items, rows, index, torch.tensor([1.0, 1.0, -1.0, 1.0, 1.0]))


def test_edges_of_the_graph_take_the_place_of_a_readout() -> None:
    graph = Spaces().load()
    task = CMCRTask(CmcrOptions(recall_temperature=0.1))

    def ends() -> tuple[End, End]:
        return read_links(task.graph, "softmax", 0.1, seed=0, device="cpu")[0].ends

    task.bind(graph, TrainOptions(), 0)
    own = [end.recalled for end in ends()]
    whole = MemoryEdges("sounds", "text", 12, temperature=0.1, state="x_a", memory_state="x_a")(task.graph)
    task.bind(whole, TrainOptions(), 0)
    given = [end.recalled for end in ends()]
    every = torch.arange(30)
    torch.testing.assert_close(given[0]["sounds"].take(every), own[0]["sounds"].take(every), atol=1e-5, rtol=1e-4)
    assert torch.equal(given[1]["pictures"].take(every), own[1]["pictures"].take(every))
    whole["sounds", "recalled_a", "text"].edge_index = torch.stack([every % 12, every])
    assert torch.equal(ends()[0].recalled["sounds"].take(every), graph["sounds"].x_a[every % 12])


@pytest.mark.parametrize("useless", [{"recall": "argmax"}, {"recall_temperature": 0.1}])
def test_how_to_recall_has_no_effect_where_edges_say_what(useless: dict[str, Any]) -> None:
    graph = Spaces().load()
    steps = partial(Steps, seed=0, device="cpu")
    task = CMCRTask(CmcrOptions(**useless))
    task.bind(graph, TrainOptions(), 0)
    one = MemoryEdges("sounds", "text", 12, temperature=0.1, state="x_a", memory_state="x_a")(task.graph)
    steps(one, task.options)  # pictures are recalled as the options say
    both = MemoryEdges("pictures", "text", 10, temperature=0.1, state="x_b", memory_state="x_b")(one)
    ((name, value),) = useless.items()
    with pytest.raises(GraphError, match=f"^cmcr: {name}: {value} has no effect: edges of the graph say all that is"):
        steps(both, task.options)
    steps(both, CmcrOptions())  # defaults, as the config.yaml of a run has them
    steps(both, task.options.model_copy(update={"centred_on": "all"}))
    if name == "recall_temperature":
        steps(both, task.options.model_copy(update={"edges_per_item": 3}))


def test_readouts_are_kept_by_content(tmp_path: Path) -> None:
    query, memory = np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32)
    np.save(tmp_path / "memory.npy", memory)
    mapped = np.load(tmp_path / "memory.npy", mmap_mode="r")
    cache = tmp_path / "cache"
    first = recall(Gathered(query), Gathered(memory), "softmax", 0.5, cache=cache)
    (file,) = cache.iterdir()
    before = file.stat().st_mtime_ns
    again = recall(Gathered(torch.from_numpy(query)), Gathered(mapped), "softmax", 0.5, cache=cache)
    assert file.stat().st_mtime_ns == before
    rows = first.take(torch.arange(4))
    assert torch.equal(again.take(torch.arange(4)), rows)
    recall(Gathered(query), Gathered(memory), "softmax", 0.6, cache=cache)
    recall(Gathered(query), Gathered(-memory), "softmax", 0.5, cache=cache)
    assert len(list(cache.iterdir())) == 3
    file.write_bytes(file.read_bytes()[:100])  # a damaged file is made again
    mended = recall(Gathered(query), Gathered(memory), "softmax", 0.5, cache=cache)
    assert torch.equal(mended.take(torch.arange(4)), rows)


def test_it_connects_sounds_and_pictures_without_a_pair(run: avgraph.Run, tmp_path: Path) -> None:
    assert run.metrics["test/map_audio_to_image"] > 0.6 > 2 * CHANCE
    assert run.metrics["test/map_image_to_audio"] > 0.6
    unconnected = ("batch_size: 80", "batch_size: 80, overlap_loss: false, pseudo_loss: false")
    apart = avgraph.train(two_spaces(tmp_path, unconnected))
    assert apart.metrics["test/map_audio_to_image"] < 0.45


def test_intra_alignment_closes_the_gap_within_a_space(tmp_path: Path) -> None:
    """At τ = .01 the contrasts outweigh it by far, so that it takes a large weight to be seen in a few steps."""
    gap = {}
    for weight in (0.001, 200.0):
        path = two_spaces(tmp_path, ("batch_size: 80", f"batch_size: 80, intra_weight: {weight}"))
        run = avgraph.train(path, {"train.epochs": 4})
        last = (run.directory / "metrics.jsonl").read_text().splitlines()[-1]
        gap[weight] = json.loads(last)["train/intra"] / weight
    assert gap[200.0] < 0.85 * gap[0.001]


def test_the_graph_that_is_left(run: avgraph.Run) -> None:
    graph = run.graph
    assert graph["space"].name == ["clap", "clip"]
    assert graph["space", "overlaps", "space"].modality == ["text"]
    assert graph["text"].name == [f"text {row}" for row in range(5)]
    edges = graph["sounds", "recalled", "text"]
    given = (
        np.load(run.experiment.dataset.spaces["clap"]["text"])[:5],
        np.load(  # type: ignore[attr-defined]
            run.experiment.dataset.spaces["clap"]["sounds"]  # type: ignore[attr-defined]
        ),
    )
    weight = torch.softmax(torch.from_numpy(given[0] @ given[1].T) / 0.01, 1)
    for (source, target), attention in zip(edges.edge_index.T.tolist(), edges.attention.tolist(), strict=True):
        assert attention == pytest.approx(float(weight[target, int(graph["sounds"].row[source])]), abs=1e-5)
    assert edges.edge_index.shape == (2, 10)
    kept = torch.zeros(5).index_add(0, edges.edge_index[1], edges.attention)
    torch.testing.assert_close(graph["text"].dropped_mass_sounds, 1 - kept)
    torch.testing.assert_close(graph["audio"].embedding.norm(dim=1), torch.ones(36))
    again = read_graphml(run.directory / "graph.graphml")
    assert torch.equal(again["sounds", "recalled", "text"].attention, edges.attention)
    for name, value in avgraph.evaluate(run).items():
        assert value == run.metrics[name]


def test_stopped_and_resumed_is_as_unbroken(run: avgraph.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Checkpoints.on_train_epoch_end

    def stop(self: Checkpoints, trainer: object, module: CMCRTask) -> None:
        inner(self, trainer, module)  # type: ignore[arg-type]
        if module.current_epoch == 4:  # the last checkpoint is an epoch old
            raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "on_train_epoch_end", stop)
        with pytest.raises(RuntimeError, match="power cut"):
            avgraph.train(two_spaces(tmp_path))
    (directory,) = tmp_path.glob("runs/small/*")
    resumed = avgraph.resume(directory)
    for name, value in run.metrics.items():
        assert resumed.metrics[name] == value or name == "data"
    assert (directory / "metrics.jsonl").read_bytes() == (run.directory / "metrics.jsonl").read_bytes()
    assert torch.equal(resumed.graph["audio"].embedding, run.graph["audio"].embedding)


THIRD = (
    ("    clip: {text: clip_text.npy, pictures: clip_pictures.npy}\n",
     "    clip: {text: clip_text.npy, pictures: clip_pictures.npy}\n"
     "    ulip: {pictures: ulip_pictures.npy, shapes: ulip_shapes.npy}\n"),
    ("    image: {x: {clip: clip_image.npy}, y: y.npy}\n", "    shape: {x: {ulip: ulip_shape.npy}, y: y.npy}\n"),
)  # fmt: skip


def test_three_spaces_in_a_chain(tmp_path: Path) -> None:
    """Sounds find shapes: text is in the first two spaces, pictures in the last two, and no pair of the ends is."""
    run = avgraph.train(two_spaces(tmp_path, *THIRD))
    assert run.graph["space", "overlaps", "space"].modality == ["text", "pictures"]
    assert run.metrics["test/map_audio_to_shape"] > 0.5
    assert run.metrics["test/map_shape_to_audio"] > 0.5
    kinds = {kind for kind in run.graph.edge_types if kind[1].startswith("recalled")}
    expected = {("sounds", "text"), ("pictures", "text"), ("text", "pictures"), ("shapes", "pictures")}
    assert {(kind[0], kind[2]) for kind in kinds} == expected


def test_what_is_not_connected_is_refused_by_name(tmp_path: Path) -> None:
    apart = (THIRD[0][0], THIRD[0][1].replace("{pictures: ulip_pictures.npy, ", "{"))
    path = two_spaces(tmp_path, apart)
    with pytest.raises(ConfigError) as error:
        load_experiment(path)
    told = "clap (text, sounds), clip (text, pictures) | ulip (shapes) hold no common modality"
    assert str(error.value) == f"{path}:5: dataset.spaces: spaces are not connected: {told}"


@pytest.mark.parametrize(
    "options",
    ["recall: argmax", "recall: random", "renormalize: false", "noise_variance: 0", "half: true", "final_relu: true",
     "pseudo_loss: false", "intra_spaces: [clip]", "overlap_loss: false", "intra_weight: 0"],
)  # fmt: skip
def test_variants_train(options: str, tmp_path: Path) -> None:
    changes = [("batch_size: 80", f"batch_size: 80, {options}"), ("epochs: 8", "epochs: 2")]
    if options == "half: true":  # which has no hidden layer
        changes.append(("hidden_channels: 32, ", ""))
    run = avgraph.train(two_spaces(tmp_path, *changes))
    assert run.metrics["test/map_audio_to_image"] > CHANCE
    history = (run.directory / "metrics.jsonl").read_text()
    assert ("train/pseudo" in history) == (options != "pseudo_loss: false")
    assert ("train/overlap" in history) == (options != "overlap_loss: false")


def bound(**options: object) -> CMCRTask:
    data = HeteroData(text={"x_a": torch.randn(9, 3), "x_b": torch.randn(9, 4)}, audio={"x_a": torch.randn(5, 3)})
    task = CMCRTask(CmcrOptions(hidden_channels=8, channels=4, **options))  # type: ignore[arg-type]
    task.bind(data, TrainOptions(), 0)
    return task


def test_a_head_sees_one_modality_at_a_time() -> None:
    task = bound(batch_size=5)
    task.on_fit_start()
    calls: list[tuple[str, int]] = []
    for space in task.spaces:
        task.head(space).register_forward_hook(lambda module, given, out, space=space: calls.append((space, len(out))))
    task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    task.train()
    task._trainer = None  # type: ignore[assignment]
    loss = task.training_step(torch.tensor([0]), 0)
    assert calls == [("a", 5), ("a", 5), ("b", 5)]  # b holds no other modality
    loss.backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in task.parameters() if weight.grad is not None)


def test_noise_is_fresh_and_readouts_are_not() -> None:
    task = bound()
    task.on_fit_start()
    wanted = torch.arange(4)
    end = task.steps.links[0][0].ends[0]
    assert torch.equal(end.recalled["audio"].take(wanted), end.recalled["audio"].take(wanted))
    task.eval()
    assert not torch.equal(task._projected("a", end.own, wanted), task._projected("a", end.own, wanted))


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="cmcr: no space 'c'; there are: a, b"):
        bound(intra_spaces=["c"])
    with pytest.raises(
        ConfigError, match=r"^CmcrOptions: overlap_loss, pseudo_loss, intra_weight and path_weight are all off"
    ):
        bound(overlap_loss=False, pseudo_loss=False, intra_weight=0.0)
    path = two_spaces(tmp_path)
    rows = np.load(tmp_path / "clap_sounds.npy")
    for change, message in (
        (lambda x: np.vstack([x[:7], 0 * x[:1]]), r"clap_sounds\.npy \(clap\.sounds\): row 7 is zero"),
        (lambda x: np.vstack([x[:7], x[:1] * np.nan]), r"row 7 has NaN or infinite values"),
        (lambda x: x[:, :5], r"clap_sounds\.npy \(clap\.sounds\): expected 12 columns, got \[120, 5\]"),
    ):
        np.save(tmp_path / "clap_sounds.npy", change(rows))
        with pytest.raises(DataError, match=message):
            avgraph.train(path)
    np.save(tmp_path / "clap_sounds.npy", rows)
    whole = (tmp_path / "clap_sounds.npy").read_bytes()
    (tmp_path / "clap_sounds.npy").write_bytes(whole[:-100])
    with pytest.raises(DataError, match=r"clap_sounds\.npy: not a readable \.npy file"):
        avgraph.train(path)
    np.save(tmp_path / "clap_sounds.npy", 2 * rows)
    scaled = avgraph.train(path, {"dataset.normalize": True, "train.epochs": 1})
    assert scaled.metrics["test/map_audio_to_image"] > CHANCE
    np.save(tmp_path / "clap_sounds.npy", rows)
    np.save(tmp_path / "clip_text.npy", np.load(tmp_path / "clip_text.npy")[:50])
    with pytest.raises(DataError, match=r"clip_text\.npy: 50 rows, but 'text' has 240 in another space"):
        avgraph.train(path)


def test_a_memory_of_another_space_is_refused(tmp_path: Path) -> None:
    path = two_spaces(tmp_path, ("sounds: clap_sounds.npy", "sounds: clip_pictures.npy"))
    with pytest.raises(DataError, match=r"clip_pictures\.npy \(clap\.sounds\): expected 12 columns, got \[120, 10\]"):
        avgraph.train(path)


def test_large_embeddings_stay_out_of_the_run(run: avgraph.Run) -> None:
    graph = load_graph(run.directory / "graph.pt")
    assert graph["text"].num_nodes == 5  # of 240: those that memory edges lead to
    assert graph["sounds"].num_nodes <= 10
