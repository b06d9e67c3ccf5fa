"""LIR: stages, graph, protocols, and what must not leak."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import OptimizerOptions, TrainOptions
from avgraph.datasets.clip_graph import clip_graph
from avgraph.errors import ConfigError, GraphError
from avgraph.graph.provenance import Provenance
from avgraph.methods.lir import LirOptions, LIRTask
from avgraph.methods.lir.dependencies import (
    identity_dependencies,
    permuted_dependencies,
    random_dependencies,
    recovery,
    stable_dependencies,
    teacher_dependencies,
)
from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.objective import batch_loss, sharing
from avgraph.methods.lir.teacher import Teacher
from avgraph.nn import proxy_triplet_loss, semantic_alignment_loss
from avgraph.transforms import DependencyEdges
from tests.logged import Logged

SMALL: dict[str, Any] = {"hidden_channels": 16, "layers": 1, "batch_size": 40, "teacher_epochs": 10}
SHORT: dict[str, Any] = SMALL | {"teacher_epochs": 2}  # where nothing has to be learned
DRIVES, DROVE = ("concept", "drives", "concept"), ("concept", "drove", "concept")


def clips(n: int = 120, classes: int = 3) -> HeteroData:
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(n) % classes
    audio = torch.eye(classes, 6)[y] + 0.5 * torch.randn(n, 6, generator=draw)
    visual = torch.eye(classes, 8)[y] + 0.5 * torch.randn(n, 8, generator=draw)
    split = 2 * (torch.arange(n) // classes % 4 == 0).long()
    return clip_graph(audio, visual, y, split, ["cat", "dog", "frog"][:classes], Provenance(source="real"))


def fitted(task: LIRTask, data: HeteroData, epochs: int = 30) -> LIRTask:
    """Train without the run around it; the task's epoch is set by hand."""
    torch.manual_seed(0)
    adam = OptimizerOptions(type="adam", lr=0.01)
    task.bind(data, TrainOptions(epochs=epochs, optimizer=adam, schedule="constant"), 0)
    optimizer = task.configure_optimizers()
    task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    for epoch in range(epochs):
        type(task).current_epoch = epoch  # type: ignore[misc, assignment]
        for number, batch in enumerate(task.train_dataloader()):
            optimizer.zero_grad()
            task.training_step(batch, number).backward()
            optimizer.step()
    return task.eval()


@pytest.fixture(autouse=True)
def own_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIRTask, "current_epoch", 0)


@pytest.mark.parametrize("loss", ["triplet", "hard_triplet", "contrastive", "n_pair"])
@pytest.mark.parametrize("proxies", [True, False])
def test_learns_a_separable_task(loss: Any, proxies: bool) -> None:
    found = fitted(LIRTask(LirOptions(loss=loss, proxies=proxies, **SMALL)), clips()).metrics()
    assert found["test/map"] > 0.6  # chance is a third
    assert found["test/map"] == (found["test/map_audio_to_visual"] + found["test/map_visual_to_audio"]) / 2
    assert ("test/batch_proxy_map" in found) == proxies
    assert found["graph/edges"] > 0
    assert "val/map" not in found


def test_other_clips_are_on_the_scale_of_the_run_and_need_none_to_train_on() -> None:
    task = fitted(LIRTask(LirOptions(**SHORT)), clips(), epochs=3)
    x = clips()["audio"].x
    before = task.embedded("audio", x)
    mean, deviation = x[task.clips.train].mean(0), x[task.clips.train].std(0, correction=0)
    other = clips(n=40)
    for node in ("audio", "visual"):
        other[node].x = 3 * other[node].x
        other[node].test_mask = torch.ones(40, dtype=torch.bool)
        other[node].train_mask = ~other[node].test_mask
    for _ in range(2):
        task.take_graph(other)
        torch.testing.assert_close(task.clips.x["audio"], (other["audio"].x - mean) / deviation)
    assert torch.equal(task.embedded("audio", x), before)
    assert "test/map" in task.metrics()
    with pytest.raises(GraphError, match="no clip is for training"):
        LIRTask(LirOptions(**SHORT)).bind(other, TrainOptions(epochs=3), 0)


def test_permuted_graphs_keep_the_edges_of_a_class_with_itself() -> None:
    weights = torch.rand(10, 10).triu(1) * (torch.rand(10, 10) < 0.5)
    own = torch.arange(5), torch.arange(5) + 5
    for seed in range(20):
        found = permuted_dependencies(weights, seed)
        assert torch.equal(found.flatten().sort().values, weights.flatten().sort().values)
        assert torch.equal(found[own].sort().values, weights[own].sort().values)
        assert not torch.equal(found, weights)


def test_stable_edges_are_counted_in_either_direction() -> None:
    weights = torch.tensor([[0, 0.2, 0.3, 0.5], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    snapshots = torch.zeros(7, 4, 4)
    snapshots[:3, 0, 1], snapshots[3:5, 1, 0] = 1, 1  # 5 of 7
    snapshots[:4, 0, 2] = 1
    found = stable_dependencies(weights, snapshots, 5 / 7)
    assert found.nonzero().tolist() == [[0, 1]]
    assert float(found.sum()) == pytest.approx(float(weights.sum()))
    assert torch.equal(stable_dependencies(weights, snapshots, 0.0), weights)
    assert not stable_dependencies(weights, snapshots, 0.9).any()


def test_an_unstable_graph_is_none_and_says_so(logged: Logged) -> None:
    options = LirOptions(stability=1.0, snapshot_epochs=[1], **SHORT)
    teacher = Teacher([f"class {k}" for k in range(6)], 60, 2, options)
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(60, 6, generator=draw)
    teacher.infer(1, x, 0)
    teacher.snapshots[0] = 0.0
    x[:, 1] += x[:, 0]
    teacher.infer(2, x, 0)
    assert not teacher.weights.any()
    assert "no edge is in so many snapshots: the student has no graph" in logged.text


def test_targets_go_from_the_annotation_to_what_the_teacher_believes() -> None:
    options = LirOptions(distillation=0.5, interaction_weight=0.0, proxies=False, loss="n_pair")
    network = ClipNetwork({"audio": 4, "visual": 5}, 3, options).eval()
    teacher = Teacher([f"class {k}" for k in range(6)], 2, 0, options)
    teacher.soft.copy_(torch.tensor([[0.9, 0.2, 0.0, 0.7, 0.6, 0.0], [0.1, 0.8, 0.3, 0.3, 0.9, 0.5]]))
    x, y = {"audio": torch.randn(2, 4), "visual": torch.randn(2, 5)}, torch.tensor([0, 1])
    soft = [z.sigmoid() for z in network(x)]
    for done, target in ((0.0, torch.eye(3)[:2]), (1.0, torch.tensor([[1.0, 0.2, 0.0], [0.1, 1.0, 0.2]]))):
        found = batch_loss(options, network, x, y, teacher, torch.arange(2), done)["alignment"]
        torch.testing.assert_close(found, semantic_alignment_loss(*soft, target))
    untaught = batch_loss(options, network, x, y)["alignment"]
    torch.testing.assert_close(untaught, semantic_alignment_loss(*soft, torch.eye(3)[:2]))


def test_negatives_that_share_a_class_count_less() -> None:
    believed = torch.tensor([[1.0, 0.0, 0.5], [0.25, 1.0, 0.5], [0.0, 0.0, 1.0]])
    found = sharing(believed)
    assert torch.equal(found, found.T)
    assert float(found[0, 1]) == pytest.approx(1 - 0.75 * 1.0 * 0.75)
    options = LirOptions(false_negatives=1.0, interaction_weight=0.0, proxies=False, semantic_alignment=False)
    network = ClipNetwork({"audio": 4, "visual": 5}, 3, options).eval()
    teacher = Teacher([f"class {k}" for k in range(6)], 3, 0, options)
    teacher.soft.copy_(torch.cat([believed, believed], 1))
    x, y = {"audio": torch.randn(3, 4), "visual": torch.randn(3, 5)}, torch.arange(3)
    loss = batch_loss(options, network, x, y, teacher, torch.arange(3))["metric"]
    torch.testing.assert_close(loss, proxy_triplet_loss(*network(x), y, negative_weight=1 - found))
    plain = batch_loss(options, network, x, y)["metric"]
    torch.testing.assert_close(plain, proxy_triplet_loss(*network(x), y))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stability": 0.7}, "stability: expected snapshot_epochs of at most 2, where the student starts"),
        ({"stability": 0.7, "snapshot_epochs": [3]}, r"to count over, got \[3\]"),
        ({"interaction_weight": 0.0, "distillation": 0.5, "teacher_epochs": 5}, "or set method.distillation to 0"),
    ],
)
def test_stages_that_never_come_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphError, match=message):
        LIRTask(LirOptions(**{**SHORT, **options})).bind(clips(), TrainOptions(epochs=5), 0)


def test_a_gallery_item_changes_no_query_embedding() -> None:
    task = fitted(LIRTask(LirOptions(**SHORT)), clips(), epochs=4)
    audio, visual = task.embed()
    changed = copy.copy(task.clips.x["visual"])
    changed[5] += 3
    task.clips.x["visual"] = changed
    audio_again, visual_again = task.embed()
    assert torch.equal(audio, audio_again)
    assert (visual != visual_again).any(1).nonzero().flatten().tolist() == [5]
    # With proxies it does: that is why this protocol is reported apart.
    assert not torch.equal(task.network.proxies(audio, visual)[0], task.network.proxies(audio, visual_again)[0])


def test_metrics_do_not_depend_on_the_proxies() -> None:
    task = fitted(LIRTask(LirOptions(**SHORT)), clips(), epochs=4)
    before = task.metrics()
    with torch.no_grad():
        for parameter in task.network.proxy.parameters():
            parameter.add_(torch.randn_like(parameter))
    after = task.metrics()
    differing = {name for name in before if before[name] != after[name]}
    assert differing
    assert all("batch_proxy" in name for name in differing)


def test_the_graph_comes_once_and_stays() -> None:
    task = LIRTask(LirOptions(snapshot_epochs=[4, 7], **(SHORT | {"teacher_epochs": 5})))
    seen: list[tuple[int, Tensor, Tensor]] = []
    inner = LIRTask.infer_graphs

    def watched(self: LIRTask) -> None:
        inner(self)
        seen.append((self.current_epoch, self.teacher.weights.clone(), self.teacher.soft.clone()))

    task.infer_graphs = lambda: watched(task)  # type: ignore[method-assign]
    fitted(task, clips(), epochs=9)
    assert not any(weights.any() for epoch, weights, _ in seen if epoch < 5)
    at = {epoch: (weights, soft) for epoch, weights, soft in seen}
    assert at[5][0].sum() == pytest.approx(1)
    assert torch.equal(at[8][0], at[5][0])
    assert torch.equal(at[8][1], at[5][1])  # the snapshot at epoch 7 changed neither
    assert int(task.teacher.epoch) == 5
    assert (task.teacher.snapshots.sum((1, 2)) > 0).all()


def test_teacher_and_graph_get_no_gradient_and_a_checkpoint_has_them() -> None:
    task = fitted(LIRTask(LirOptions(snapshot_epochs=[3], **SHORT)), clips(), epochs=4)
    assert not any(name.startswith("teacher") for name, _ in task.named_parameters())
    saved = {name for name in task.state_dict() if name.startswith("teacher")}
    assert saved == {f"teacher.{name}" for name in ("soft", "weights", "frequency", "snapshots", "epoch")}
    again = LIRTask(LirOptions(snapshot_epochs=[3], **SHORT))
    again.bind(task.annotated(), TrainOptions(epochs=4), 0)
    again.load_state_dict(task.state_dict())
    assert again.eval().metrics() == task.metrics()


def test_the_regulariser_changes_what_is_learned_and_so_does_its_graph() -> None:
    found = {}
    for name, options in {
        "without": {"interaction_weight": 0.0},
        "inferred": {},
        "random": {"dependencies": "random"},
        "identity": {"dependencies": "identity"},
    }.items():
        task = fitted(LIRTask(LirOptions(**(SHORT | {"interaction_weight": 0.5} | options))), clips(), epochs=4)  # type: ignore[arg-type]
        found[name] = task.embed()[0].detach()
    names = list(found)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            assert not torch.allclose(found[one], found[other]), (one, other)


def test_a_given_graph_is_taken() -> None:
    weights = torch.zeros(6, 6)
    weights[0, 4] = 1.0
    task = fitted(LIRTask(LirOptions(dependencies="given", **SHORT)), DependencyEdges(weights)(clips()), epochs=4)
    assert torch.equal(task.teacher.weights, weights)
    assert torch.equal(task.annotated()[DRIVES].edge_index, torch.tensor([[0], [4]]))
    with pytest.raises(GraphError, match=r"no \(concept, drives, concept\) edges; the graph has: nothing"):
        LIRTask(LirOptions(dependencies="given", **SMALL)).bind(clips(), TrainOptions(), 0)


def test_the_graph_of_the_data_takes_the_place_of_the_inferred_one(logged: Logged) -> None:
    data, train = clips(), TrainOptions(epochs=30)
    data[DRIVES].edge_index, data[DRIVES].source = torch.tensor([[0, 1], [4, 5]]), ["book", "guess"]
    task = LIRTask(LirOptions(**SMALL))
    task.bind(data, train, 0)
    task.on_fit_start()
    task.teacher.infer(10, task.network.logits(task.clips.features(task.clips.train)), 0)
    assert task.teacher.weights[0, 4] == task.teacher.weights[1, 5] == 0.5
    assert task.annotated()[DRIVES].source == ["book", "guess"]
    assert task.annotated()[DRIVES].edge_weight.tolist() == [0.5, 0.5]
    assert not logged.text
    task = LIRTask(LirOptions(dependencies="inferred", **SMALL))
    task.bind(data, train, 0)
    task.on_fit_start()
    assert "dependencies: inferred puts others in the place of the (concept, drives, concept) edges" in logged.text
    data[DRIVES].edge_index = torch.tensor([[0, 1], [1, 0]])
    with pytest.raises(GraphError, match=r"the edges form a cycle: cat \(audio\) → dog \(audio\) → cat \(audio\)"):
        LIRTask(LirOptions(**SMALL)).bind(data, train, 0)


def test_no_graph_is_searched_where_none_is_asked_for() -> None:
    logits, names = torch.zeros(20, 4), ["a", "b", "c", "d"]
    with pytest.raises(GraphError, match="no dependency graph"):
        Teacher(names, 20, 3, LirOptions()).infer(3, logits, 0)
    teacher = Teacher(names, 20, 3, LirOptions(dependencies="identity"))
    teacher.infer(3, logits, 0)
    assert torch.equal(teacher.weights, identity_dependencies(2))
    given = torch.eye(4).roll(1, 0)
    teacher = Teacher(names, 20, 3, LirOptions(dependencies="given"), given)
    teacher.infer(3, logits, 0)
    assert torch.equal(teacher.weights, given)


def test_snapshots_are_searched_whatever_graph_the_student_has() -> None:
    logits = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    logits[:, 3] += 2 * logits[:, 0] - logits[:, 1]
    teacher = Teacher(list("abcd"), 200, 3, LirOptions(dependencies="identity", snapshot_epochs=[5]))
    teacher.infer(3, torch.zeros(200, 4), 0)
    assert teacher.ready
    teacher.infer(5, logits, 0)
    assert teacher.snapshots[0, 0, 3] > 0
    assert torch.equal(teacher.weights, identity_dependencies(2))


def test_annotated_graph() -> None:
    task = fitted(LIRTask(LirOptions(snapshot_epochs=[1, 4], **SHORT)), clips(), epochs=5)
    learned = task.annotated()
    activates = {(node, "activates", "concept") for node in ("audio", "visual")}
    assert set(learned.edge_types) == activates | {DRIVES, DROVE}
    assert learned["audio"].embedding.shape == (120, 3)
    edges = learned["visual", "activates", "concept"]
    assert (edges.edge_index[1] >= 3).all()
    assert (edges.edge_weight > 0.5).all()
    soft = learned["visual"].embedding.sigmoid()
    assert len(edges.edge_weight) == int((soft > 0.5).sum())
    drives = learned[DRIVES]
    assert drives.edge_weight.sum() == pytest.approx(1)
    assert (drives.frequency > 0).all()  # the best start is one of those counted
    assert set(drives.snapshot_frequency.tolist()) <= {0.0, 0.5, 1.0}
    assert learned["concept"].snapshot_epochs == [1, 4]
    for number, epoch in enumerate([1, 4]):
        edges, found = learned[DROVE], torch.zeros(6, 6)
        rows = edges.epoch == epoch
        found[edges.edge_index[0, rows], edges.edge_index[1, rows]] = edges.edge_weight[rows]
        assert torch.equal(found, task.teacher.snapshots[number])
    assert not task.graph.edge_types  # the input is as it was


def test_without_the_regulariser_a_teacher_alone_leaves_no_graph() -> None:
    options = LirOptions(**(SMALL | {"interaction_weight": 0.0, "teacher_epochs": 2}))
    task = fitted(LIRTask(options), clips(), epochs=2)
    assert "graph/edges" not in task.metrics()
    assert DRIVES not in task.annotated().edge_types


def test_concepts_are_made_where_there_are_none() -> None:
    data = clips()
    del data["concept"]
    learned = fitted(LIRTask(LirOptions(**SHORT)), data, epochs=4).annotated()
    assert learned["concept"].name[:2] == ["class 0 (audio)", "class 1 (audio)"]
    assert "concept" not in data.node_types


def test_test_labels_change_nothing_that_is_learned() -> None:
    data, changed = clips(), clips()
    for node in ("audio", "visual"):
        y = changed[node].y
        changed[node].y = torch.where(changed[node].test_mask, (y + 1) % 3, y)
    one, other = (fitted(LIRTask(LirOptions(**SHORT)), d, epochs=4).embed()[0] for d in (data, changed))
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(GraphError, match=r"expected fewer than train\.epochs, 5, got 10: the student never starts"):
        LIRTask(LirOptions(**SMALL)).bind(clips(), TrainOptions(epochs=5), 0)
    train = TrainOptions()
    with pytest.raises(GraphError, match=r"snapshot_epochs: expected epochs below train\.epochs, 30, got 30"):
        LIRTask(LirOptions(snapshot_epochs=[29, 30], **SMALL)).bind(clips(), TrainOptions(epochs=30), 0)
    with pytest.raises(ConfigError, match=r"^LirOptions: insertion_epochs: is gone; train a run for each M"):
        LirOptions(insertion_epochs=[20])  # type: ignore[call-arg]
    with pytest.raises(GraphError, match="the graph has no 'image' nodes"):
        LIRTask(LirOptions(visual="image", **SMALL)).bind(clips(), train, 0)
    data = clips()
    data["visual"].y = data["visual"].y.flip(0)
    with pytest.raises(GraphError, match=r"audio\.y and visual\.y differ"):
        LIRTask(LirOptions(**SMALL)).bind(data, train, 0)
    data = clips()
    data["concept"].name = ["a", "b"]
    with pytest.raises(GraphError, match="expected a name for 2 'concept' nodes per class of y, got 2 names"):
        LIRTask(LirOptions(**SMALL)).bind(data, train, 0)
    data = clips()
    for node in ("audio", "visual"):
        data[node].train_mask = torch.zeros(120, dtype=torch.bool)
    with pytest.raises(GraphError, match="no clip is for training"):
        LIRTask(LirOptions(**SMALL)).bind(data, train, 0)
    del data["audio"].y
    with pytest.raises(GraphError, match="'audio' nodes have no 'y'"):
        LIRTask(LirOptions(**SMALL)).bind(data, train, 0)


def test_inferred_dependencies_find_what_drives_what() -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(500, 4, generator=draw)
    x[:, 3] += 2 * x[:, 0] - x[:, 1]
    weights, frequency = teacher_dependencies(5 * x + 1, ["a", "b", "c", "d"], LirOptions())
    assert set(zip(*weights.nonzero().T.tolist(), strict=True)) == {(0, 3), (1, 3)}
    assert weights[0, 3] > weights[1, 3]
    assert frequency[0, 3] == 1
    positive, _ = teacher_dependencies(5 * x + 1, ["a", "b", "c", "d"], LirOptions(signs="positive"))
    assert positive.nonzero().tolist() == [[0, 3]]  # b lowers d
    with pytest.raises(GraphError, match=r"no dependency graph from the teacher's logits: .*'b'"):
        teacher_dependencies(x * torch.tensor([1.0, 0.0, 1.0, 1.0]), ["a", "b", "c", "d"], LirOptions())


def test_random_graphs_are_dags_of_the_same_weights() -> None:
    weights = torch.rand(8, 8).triu(1) * (torch.rand(8, 8) > 0.5)
    one, other = (random_dependencies(weights, seed) for seed in (0, 1))
    assert not torch.equal(one, other)
    torch.testing.assert_close(one[one > 0].sort().values, weights[weights > 0].sort().values)
    power = torch.eye(8)
    for _ in range(8):
        power = power @ (one > 0).float()
    assert not power.any()  # no path of eight edges: no cycle


def test_recovery_against_a_perfect_and_an_identity_graph() -> None:
    truth = torch.tensor([[0, 0, 3, 3], [1, 4, 1, 4]])  # class 0 with class 1, in both modalities
    perfect = torch.zeros(6, 6)
    perfect[truth[1], truth[0]] = 1  # turned round: direction is left aside
    assert recovery(perfect, truth) == {"edge_recall": 1.0, "edge_chance": 4 / 12, "edge_precision": 1.0}
    assert recovery(identity_dependencies(3), truth) == {"edge_recall": 0.0, "edge_chance": 4 / 12}
