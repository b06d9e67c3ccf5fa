"""RR-Net: shapes, order of units, what flows where, learning, the sparse and dense inter graph, errors."""

import copy

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import ConfigError, GraphError
from avgraph.methods import RRNet, RRNetTask
from avgraph.methods.rrnet import RrnetOptions, RrnetRatingsOptions
from avgraph.methods.rrnet.features import edge_features, node_features
from avgraph.methods.rrnet.results import edge_metrics, with_answers
from avgraph.metrics import accuracy
from avgraph.options.train import OptimizerOptions, TrainOptions
from avgraph.transforms import KNN, Candidates, Complete, CorrectAndSmooth

NEAR, CANDIDATE = ("audio", "near", "audio"), ("audio", "candidate", "label")


def graph(n: int = 40, classes: int = 5) -> HeteroData:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(n) % classes
    data = HeteroData()
    data["audio"].x = torch.eye(classes)[y].repeat(1, 2) + 0.5 * torch.randn(n, 2 * classes, generator=generator)
    data["audio"].y = y
    data["audio"].score = (torch.eye(classes)[y] + torch.rand(n, classes, generator=generator)).softmax(1)
    data["audio"].train_mask = torch.arange(n) < n // 2
    data["audio"].test_mask = ~data["audio"].train_mask
    data["label"].x = torch.randn(classes, 6, generator=generator)
    data["label"].y = torch.arange(classes)
    return Candidates("audio", "label", 3)(KNN("label", 2)(KNN("audio", 3)(data)))


def fitted(task: RRNetTask, data: HeteroData, epochs: int = 50) -> RRNetTask:
    torch.manual_seed(0)
    adam = OptimizerOptions(type="adam", lr=0.03)
    task.bind(data, TrainOptions(epochs=epochs, optimizer=adam, schedule="constant"), 0)
    optimizer = task.configure_optimizers()
    task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    for _ in range(epochs):
        optimizer.zero_grad()
        task.training_step(torch.zeros(1), 0).backward()
        optimizer.step()
    return task.eval()


def model(**options: int) -> RRNet:
    torch.manual_seed(0)
    kinds = [NEAR, ("label", "near", "label")]
    return RRNet({"audio": 10, "label": 6}, kinds, CANDIDATE, hidden_channels=8, **options).double()  # type: ignore[arg-type]


def logits_of(net: RRNet, data: HeteroData) -> torch.Tensor:
    return net({node: x.double() for node, x in data.x_dict.items()}, data.edge_index_dict)


@pytest.mark.parametrize("row", [3, 39])
def test_a_class_that_no_target_is_of_is_refused(row: int) -> None:
    data = graph()
    data["audio"].y[row] = 7
    with pytest.raises(GraphError, match=f"audio.y: row {row} is of class 7, but no 'label' node is"):
        fitted(RRNetTask(RrnetOptions()), data, epochs=1)


@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_nodes_without_a_class_are_neither_learned_from_nor_scored(loss: str) -> None:
    found = []
    for unlabelled in (True, False):
        data = graph()
        for row in (3, 38, 39):
            data["audio"].y[row] = -1
            for mask in ("train_mask", "test_mask"):
                data["audio"][mask][row] &= unlabelled  # the same nodes without a class, or without a split
        data = Candidates("audio", "label", 3)(data)
        task = fitted(RRNetTask(RrnetOptions(loss=loss)), data, epochs=3)
        found.append((task.metrics(), task.trivial()))
    assert found[0] == found[1]
    assert found[0][0]["test/accuracy"] <= 1


def test_one_logit_per_candidate_and_gradient_everywhere() -> None:
    net, data = model(intra_units=2, inter_units=3), graph()
    logits_of(net, data).sum().backward()
    assert logits_of(net, data).shape == (data[CANDIDATE].num_edges,)
    # The last inter unit's node update feeds nothing any more; all other parameters must learn.
    silent = {name for name, value in net.named_parameters() if value.grad is None or not value.grad.any()}
    assert all(name.startswith("inter_units.2.node_mlp") for name in silent)


@pytest.mark.parametrize("units", [(0, 1), (0, 2), (1, 1), (2, 2)])
def test_only_what_the_last_unit_tells_the_nodes_is_without_gradient(units: tuple[int, int]) -> None:
    net, data = model(intra_units=units[0], inter_units=units[1]), graph()
    logits_of(net, data).sum().backward()
    silent = {name for name, value in net.named_parameters() if value.grad is None}
    assert silent == {
        name for name, _ in net.named_parameters() if name.startswith(f"inter_units.{units[1] - 1}.node_")
    }


def test_units_that_nothing_would_read_are_refused() -> None:
    with pytest.raises(GraphError, match=r"intra_units: expected at most inter_units \(1\), got 2: nothing reads"):
        model(intra_units=2)
    for options in (RrnetOptions, RrnetRatingsOptions):
        with pytest.raises(ConfigError, match=r"intra_units: expected at most inter_units \(2\), got 3: nothing reads"):
            options(intra_units=3, inter_units=2)


def test_weights_of_layers_that_nothing_read_are_left_out() -> None:
    """Runs from before they were no longer made."""
    task = RRNetTask(RrnetOptions(intra_units=0))
    task.bind(graph(), TrainOptions(), 0)
    state = task.state_dict()
    surplus = {
        "model.edge_encoder.audio__near__audio.first.bias": torch.zeros(16),
        "model.intra_units.0.x": torch.ones(1),
    }
    task.restore({**state, **surplus})
    with pytest.raises(RuntimeError, match="decoder"):
        task.restore({**state, "model.decoder.x": torch.ones(1)})


def test_no_gradient_is_summed_atomically() -> None:
    waiting, seen = [logits_of(model(intra_units=2, inter_units=2), graph()).grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [after for after, _ in node.next_functions]
    names = {node.name() for node in seen}
    assert "MmBackward0" in names
    assert not [name for name in names if "Index" in name or "Scatter" in name]  # threads add up in any order there


def test_units_take_turns_and_the_rest_comes_last() -> None:
    net, data, calls = model(intra_units=2, inter_units=4), graph(), []
    for name, unit in net.named_modules():
        if name.startswith(("intra_units.", "inter_units.")) and name.count(".") == 1:
            unit.register_forward_hook(lambda *_, name=name: calls.append(name.replace("_units.", "")))
    logits_of(net, data)
    # Each intra unit serves both intra graphs with the same weights.
    assert calls == ["intra0", "intra0", "inter0", "intra1", "intra1", "inter1", "inter2", "inter3"]


def test_candidate_order_does_not_matter() -> None:
    net, data = model(), graph()
    order = torch.randperm(data[CANDIDATE].num_edges)
    shuffled = copy.copy(data)
    shuffled[CANDIDATE].edge_index = data[CANDIDATE].edge_index[:, order]
    torch.testing.assert_close(logits_of(net, shuffled), logits_of(net, data)[order])


def test_the_product_of_both_ends_is_added_to_every_logit() -> None:
    net, data = model(product=True), graph()
    whole, product = logits_of(net, data), net.product
    assert product is not None
    net.product = None
    source, target = data[CANDIDATE].edge_index
    ends = product.source(data["audio"].x.double()), product.target(data["label"].x.double())
    naive = torch.stack([ends[0][s] @ ends[1][t] for s, t in zip(source, target, strict=True)]) / 8**0.5
    torch.testing.assert_close(whole, logits_of(net, data) + naive)


def test_scores_are_shown_where_there_are_any() -> None:
    data = graph()
    del data[CANDIDATE].edge_weight
    shown, hidden = RRNetTask(RrnetOptions()), RRNetTask(RrnetOptions(edge_score=False))
    for task in (shown, hidden):
        task.bind(data, TrainOptions(), 0)
    assert [kind[1] for kind, value in shown.attributes.items() if value is not None] == ["near", "near"]
    assert all(value is None for value in hidden.attributes.values())


def test_information_travels_along_near_edges_only_as_far_as_they_reach() -> None:
    net, data = model(), graph()
    target = 7
    near = set(data[NEAR].edge_index[0][data[NEAR].edge_index[1] == target].tolist())
    near |= set(data[NEAR].edge_index[1][data[NEAR].edge_index[0] == target].tolist())
    x = {node: value.double().requires_grad_() for node, value in data.x_dict.items()}
    # One intra and one inter unit: the logit sees its node, the node's neighbours and, through labels, nothing more.
    of_target = data[CANDIDATE].edge_index[0] == target
    (gradient,) = torch.autograd.grad(net(x, data.edge_index_dict)[of_target].sum(), x["audio"])
    assert set(gradient.abs().sum(1).nonzero().flatten().tolist()) == near | {target}


@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
@pytest.mark.parametrize("score", [False, True])
def test_learns_a_separable_task_and_reports_both_models(loss: str, score: bool) -> None:
    task = fitted(RRNetTask(RrnetOptions(loss=loss, baseline_logit=score, edge_score=score)), graph())  # type: ignore[arg-type]
    metrics = task.metrics()
    assert metrics["train/accuracy"] > 0.9
    assert 0 < metrics["test/accuracy"] <= metrics["test/candidate_recall"]
    assert 0 < metrics["test/baseline_accuracy"] <= 1


def test_with_the_baseline_logit_training_starts_from_the_baseline() -> None:
    task = RRNetTask(RrnetOptions(baseline_logit=True))
    task.bind(graph(), TrainOptions(), 0)
    metrics = task.metrics()
    assert metrics["test/accuracy"] == metrics["test/baseline_accuracy"]


@pytest.mark.parametrize("weight", [None, -1.0, 7.0])
def test_without_probabilities_on_the_edges_there_is_no_baseline_to_start_from(weight: float | None) -> None:
    data = graph()
    if weight is None:
        del data[CANDIDATE].edge_weight
    else:
        data[CANDIDATE].edge_weight[3] = weight
    task, other = (
        RRNetTask(RrnetOptions(baseline_logit=True, edge_score=False)),
        RRNetTask(RrnetOptions(baseline_logit=False, edge_score=False)),
    )
    for each in (task, other):
        torch.manual_seed(0)
        each.bind(data, TrainOptions(), 0)
        each.eval()
    assert task.model.product is not None  # in its place
    torch.testing.assert_close(task.forward(), other.forward(), rtol=0, atol=0)


def test_annotated_graph_holds_probabilities_that_match_the_accuracy() -> None:
    task = fitted(RRNetTask(RrnetOptions(loss="cross_entropy")), graph())
    learned, metrics = task.annotated(), task.metrics()
    share = learned[CANDIDATE].probability
    sums = torch.zeros(40).index_add(0, learned[CANDIDATE].edge_index[0], share)
    torch.testing.assert_close(sums, torch.ones(40))
    correct = learned["audio"].prediction == learned["audio"].y
    assert float(correct[learned["audio"].test_mask].float().mean()) == pytest.approx(metrics["test/accuracy"])
    assert "probability" not in task.graph[CANDIDATE]
    edges, own = learned[CANDIDATE], torch.zeros(40)
    for (node, label), probability in zip(edges.edge_index.T.tolist(), edges.probability, strict=True):
        if label == int(learned["audio"].y[node]):
            own[node] = probability
    assert torch.equal(learned["audio"].label_probability, own)


def test_a_node_without_candidates_has_no_prediction() -> None:
    data = graph()
    edges = data[CANDIDATE]
    kept = edges.edge_index[0] != 39
    for name, value in list(edges.items()):
        edges[name] = value[:, kept] if name == "edge_index" else value[kept]
    learned = fitted(RRNetTask(RrnetOptions()), data, epochs=2).annotated()["audio"]
    assert int(learned.prediction[39]) == -1
    assert float(learned.label_probability[39]) == 0
    assert int(learned.prediction[:39].min()) >= 0


def test_test_labels_change_nothing_that_is_learned() -> None:
    data, changed = graph(), graph()
    changed["audio"].y = torch.where(changed["audio"].test_mask, (changed["audio"].y + 1) % 5, changed["audio"].y)
    changed = Candidates("audio", "label", 3)(changed)
    one, other = (
        fitted(RRNetTask(RrnetOptions()), d, epochs=5).annotated()[CANDIDATE].probability for d in (data, changed)
    )
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_complete_candidates_allow_every_class() -> None:
    data = graph()
    del data[CANDIDATE]
    task = fitted(RRNetTask(RrnetOptions()), Complete("audio", "label")(data))
    assert task.forward().shape == (40 * 5,)


def test_targets_may_come_in_any_order_and_several_to_a_class() -> None:
    data = graph()
    right = data["audio"].score
    data["label"].y = torch.tensor([3, 1, 0, 4, 2, 0])
    data["label"].x = torch.eye(5)[data["label"].y]
    data["audio"].score = right[:, data["label"].y]  # of every target
    data = Candidates("audio", "label", 4)(data)
    task = fitted(RRNetTask(RrnetOptions(hidden_channels=16)), data)
    metrics = task.metrics()
    assert metrics["train/accuracy"] > 0.9
    assert metrics["test/baseline_accuracy"] == accuracy(right, data["audio"].y, data["audio"].test_mask)
    edges = data[CANDIDATE]
    reached = set(edges.edge_index[0][edges.y > 0].tolist())
    assert metrics["test/candidate_recall"] == len(reached & set(range(20, 40))) / 20
    learned = task.annotated()["audio"]
    correct = (learned.prediction == learned.y)[learned.test_mask]
    assert float(correct.double().mean()) == pytest.approx(metrics["test/accuracy"])


def test_errors_name_what_is_missing() -> None:
    data = graph()
    with pytest.raises(GraphError, match="no audio-candidate-item edges"):
        RRNetTask(RrnetOptions(target="item")).bind(data, TrainOptions(), 0)
    unlabelled = copy.copy(data)
    unlabelled[CANDIDATE].train_mask = torch.zeros(data[CANDIDATE].num_edges, dtype=torch.bool)
    with pytest.raises(GraphError, match="no candidate edge belongs to a training node"):
        RRNetTask(RrnetOptions()).bind(unlabelled, TrainOptions(), 0)
    with pytest.raises(GraphError, match="at least one inter unit, got 0"):
        RRNet({"audio": 1, "label": 1}, [], CANDIDATE, inter_units=0)


def test_a_second_view_on_the_edges_is_learned_from() -> None:
    data = graph(n=200)
    audio, truth = data["audio"], torch.eye(5)[data["audio"].y]
    audio.x = torch.randn(200, 10, generator=torch.Generator().manual_seed(1))  # says nothing
    audio.score = (truth + torch.randn(200, 5, generator=torch.Generator().manual_seed(2))).softmax(1)
    good = (3 * truth + torch.randn(200, 5, generator=torch.Generator().manual_seed(3))).softmax(1)
    audio.view_score = torch.stack([audio.score, good], 1)
    data = Candidates("audio", "label", 5)(data)
    options = {"baseline_logit": True, "edge_score": True, "loss": "cross_entropy"}
    found = fitted(RRNetTask(RrnetOptions(**options)), data).metrics()  # type: ignore[arg-type]
    assert found["test/view_2_accuracy"] > found["test/baseline_accuracy"]
    assert found["test/accuracy"] > found["test/baseline_accuracy"] + 0.1
    fused = (audio.score.log() + good.log()).argmax(1) == audio.y
    assert found["test/fused_accuracy"] == pytest.approx(float(fused[audio.test_mask].float().mean()))


def test_smoothed_scores_are_not_among_what_there_is_without_a_graph() -> None:
    data = graph(n=100)
    audio = data["audio"]
    audio.view_score = torch.stack([audio.score, audio.score.flip(0)], 1)
    smoothed = Candidates("audio", "label", 5)(CorrectAndSmooth("audio")(data))
    logits = torch.zeros(smoothed[CANDIDATE].num_edges)
    before = edge_metrics(Candidates("audio", "label", 5)(data), CANDIDATE, logits)
    after = edge_metrics(smoothed, CANDIDATE, logits)
    assert after["test/baseline_accuracy"] == accuracy(smoothed["audio"].score, audio.y, audio.test_mask)
    assert after["test/view_1_accuracy"] == before["test/baseline_accuracy"] != after["test/baseline_accuracy"]
    for name in ("view_2_accuracy", "fused_accuracy"):
        assert after[f"test/{name}"] == before[f"test/{name}"]
    assert "test/view_3_accuracy" not in after
    del audio.view_score
    assert "test/fused_accuracy" not in edge_metrics(Candidates("audio", "label", 5)(
        CorrectAndSmooth("audio")(data)), CANDIDATE, logits)  # fmt: skip


def test_shares_of_targets_of_one_class_are_added_and_edges_by_themselves_are_not() -> None:
    data = HeteroData(audio={"x": torch.eye(1), "y": torch.tensor([7])}, label={"x": torch.eye(3)})
    data["label"].y = torch.tensor([7, 7, 8])
    data[CANDIDATE].edge_index = torch.tensor([[0, 0, 0], [0, 1, 2]])
    logits = torch.tensor([0.1, 0.0, 0.2])
    share = logits.softmax(0)
    together = with_answers(data, CANDIDATE, logits, each_edge=False)["audio"].label_probability
    torch.testing.assert_close(together, share[:2].sum()[None])
    alone = with_answers(data, CANDIDATE, logits, each_edge=True)["audio"].label_probability
    torch.testing.assert_close(alone, logits[:1].sigmoid())


def test_scores_that_are_no_probabilities_reach_the_edges_as_they_are() -> None:
    data = graph()
    weight = torch.randn(data[CANDIDATE].num_edges, generator=torch.Generator().manual_seed(0))
    data[CANDIDATE].edge_weight = weight
    found = edge_features(data, CANDIDATE, RrnetOptions())
    assert found is not None
    torch.testing.assert_close(found[:, 0], (weight - weight.mean()) / (weight.std() + 1e-6))
    data["audio"].score = data["audio"].score - 0.5
    x = node_features(data, "audio", RrnetOptions(node_score=True, standardize=False))
    assert torch.equal(x[:, 10:], data["audio"].score)


def test_few_edge_attributes_start_with_their_own_weight_beside_many_features() -> None:
    torch.manual_seed(0)
    encoder = RRNet({"audio": 500, "label": 100}, [], CANDIDATE, edge_channels={CANDIDATE: 2}).edge_encoder
    by_source, by_target, by_extra = encoder["__".join(CANDIDATE)].first.weight.split((500, 100, 2), dim=1)
    for part in (by_source, by_target, by_extra):  # uniform within ± 1 / sqrt(width)
        assert part.abs().max() <= part.shape[1] ** -0.5
        assert part.abs().max() > 0.8 * part.shape[1] ** -0.5


def test_standardized_features_ignore_their_scale_and_leave_the_graph_alone() -> None:
    data, scaled = graph(), graph()
    scaled["audio"].x = 1000 * scaled["audio"].x + 7
    results = []
    for given in (data, scaled):
        before = given["audio"].x.clone()
        torch.manual_seed(0)
        task = RRNetTask(RrnetOptions(standardize=True))
        task.bind(given, TrainOptions(), 0)
        results.append(task.eval().forward())
        assert torch.equal(given["audio"].x, before)
    torch.testing.assert_close(results[0], results[1], atol=1e-3, rtol=1e-3)
    train = data["audio"].x[data["audio"].train_mask]
    mean = task.whole.x["audio"][data["audio"].train_mask].mean(0)
    assert torch.allclose(mean, torch.zeros(train.shape[1]), atol=1e-3)


def test_candidate_edges_of_the_users_own_get_labels_and_masks_from_their_ends() -> None:
    data, own = graph(), graph()
    for made in (data, own):
        edges = made["audio", "candidate", "label"]
        assert "y" in edges
    del own["audio", "candidate", "label"].y
    for mask in ("train_mask", "val_mask", "test_mask"):
        own["audio", "candidate", "label"].pop(mask, None)
    one, two = (fitted(RRNetTask(RrnetOptions(hidden_channels=4)), made, epochs=3) for made in (data, own))
    assert one.metrics() == two.metrics()


def test_candidates_within_one_node_type_are_refused() -> None:
    with pytest.raises(GraphError, match=r"inter: \(a, candidate, a\) joins one node type; expected two"):
        RRNet({"a": 3}, [], ("a", "candidate", "a"))
    with pytest.raises(ConfigError, match="target: expected another node type than the source, got 'audio' for both"):
        RrnetOptions(source="audio", target="audio")
