"""Explanations of RR-Net: masks are removals, a planted neighbour is found, what cannot matter does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData
from torch_geometric.explain.algorithm.utils import clear_masks, set_hetero_masks
from torch_geometric.nn import MessagePassing

from avgraph.errors import DataError, GraphError
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods import explainers
from avgraph.methods.explanation import ExplainOptions, Explanation
from avgraph.methods.rrnet import RrnetOptions, RRNetTask
from avgraph.methods.rrnet.explained import ExplainedRRNet
from avgraph.methods.rrnet.explained_graph import feature_names
from avgraph.methods.rrnet.question import ask
from avgraph.options.train import TrainOptions
from avgraph.transforms import Complete
from tests.methods.test_rrnet import CANDIDATE, NEAR
from tests.methods.test_rrnet_new_nodes import CASES as OPTIONS
from tests.methods.test_rrnet_new_nodes import bound as strong

CLASSES, CLIPS = 3, 24
# Alone in its batch, as a question is: a batch hides the known labels of all its nodes.
CASES = [options | ({"batch_size": 1} if "batch_size" in options else {}) for options in OPTIONS]
PLAIN: dict[str, Any] = {"dropout": 0.0, "product": False, "standardize": False, "edge_score": False}


def bound(**options: Any) -> RRNetTask:
    """A task whose answers are not so sure that nothing changes them."""
    task = strong(**options)
    torch.manual_seed(0)
    for value in task.parameters():
        torch.nn.init.normal_(value, std=0.25)
    return task


def planted() -> HeteroData:
    """Clips that are all alike, each near one carrier of its class, of three that say nothing."""
    y = torch.arange(CLIPS) % CLASSES
    x = torch.zeros(2 * CLIPS + 9, CLASSES)
    x[CLIPS : 2 * CLIPS] = torch.eye(CLASSES)[y]
    generator = torch.Generator().manual_seed(0)
    silent = 2 * CLIPS + torch.stack([torch.randperm(9, generator=generator)[:3] for _ in range(CLIPS)])
    senders = torch.cat([torch.arange(CLIPS)[:, None] + CLIPS, silent], 1)
    data = HeteroData(audio={"x": x, "num_nodes": len(x)}, label={"x": torch.eye(CLASSES), "y": torch.arange(CLASSES)})
    data["audio"].y = torch.cat([y, torch.zeros(CLIPS + 9, dtype=torch.long)])
    data["audio"].train_mask = torch.arange(len(x)) < CLIPS // 2
    data["audio"].test_mask = (torch.arange(len(x)) >= CLIPS // 2) & (torch.arange(len(x)) < CLIPS)
    data[NEAR].edge_index = torch.stack([senders.flatten(), torch.arange(CLIPS).repeat_interleave(4)])
    return Complete("audio", "label")(data)


@pytest.fixture(scope="module")
def trained() -> RRNetTask:
    task = RRNetTask(RrnetOptions(**PLAIN, incidence="target"))
    torch.manual_seed(0)
    task.bind(planted(), TrainOptions(), 0)
    for value in task.parameters():
        if value.dim() == 2:
            torch.nn.init.kaiming_normal_(value)
    optimizer = torch.optim.Adam(task.parameters(), lr=0.01)
    task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    for _ in range(100):
        optimizer.zero_grad()
        task.training_step(torch.zeros(1), 0).backward()
        optimizer.step()
    return task.eval()


@pytest.mark.parametrize("algorithm", ["removal", "gnn_explainer"])
def test_the_only_neighbour_that_tells_comes_first_and_decides(
    trained: RRNetTask, algorithm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(explainers.LEARNED, "epochs", 30)
    assert trained.metrics()["test/accuracy"] == 1.0
    clips = range(CLIPS // 2, CLIPS // 2 + 6) if algorithm == "removal" else range(CLIPS // 2, CLIPS // 2 + 1)
    decided = 0
    for clip in clips:
        question = ask(trained, clip)
        nobody = question.probabilities({kind: ~mask for kind, mask in question.removable().items()})
        if int(nobody.argmax()) == clip % CLASSES:
            continue  # what is said of a clip that nobody tells of is right by chance
        found = trained.explain(clip, None, ExplainOptions(algorithm=algorithm, top=1, draws=2))
        first, faithful = found.edges[0], found.faithfulness[0]
        assert (first.relation, first.source, first.target) == (NEAR, CLIPS + clip, clip)
        assert faithful.plus == pytest.approx(-(first.change or 0), abs=1e-5)
        assert faithful.plus > 0.9
        assert faithful.minus == pytest.approx(0, abs=0.05)
        assert (faithful.changed, faithful.changed_alone) == (1.0, 0.0)
        decided += 1
    assert decided >= len(clips) / 2


def test_of_many_edges_those_of_the_largest_gradient_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    task = bound()
    every = by_ends(task.explain(25, None, ExplainOptions(draws=1)))
    monkeypatch.setattr("avgraph.methods.rrnet.explain.MOST_REMOVALS", 4)
    gradient = by_ends(task.explain(25, None, ExplainOptions(algorithm="gradient", draws=1)))
    some = by_ends(task.explain(25, None, ExplainOptions(draws=1)))
    removed = sorted(gradient, key=lambda key: -abs(gradient[key]))[:4]
    assert {key: some[key] for key in removed} == {key: every[key] for key in removed}
    assert not any(value for key, value in some.items() if key not in removed)


@pytest.mark.parametrize("options", CASES, ids=str)
def test_a_question_has_the_probability_of_the_run(options: dict[str, Any]) -> None:
    task = bound(**options)
    learned = task.annotated()
    for clip in (3, 25):
        question = ask(task, clip)
        own = learned[CANDIDATE].edge_index[0] == clip
        torch.testing.assert_close(question.probabilities(), learned[CANDIDATE].probability[own], atol=1e-5, rtol=1e-4)
        assert torch.equal(question.targets(), learned[CANDIDATE].edge_index[1, own])
        assert question.asked == int(learned[CANDIDATE].probability[own].argmax())


@pytest.mark.parametrize("options", CASES, ids=str)
def test_a_mask_of_zeros_and_ones_is_a_graph_without_the_edges(options: dict[str, Any]) -> None:
    task = bound(**options)
    question = ask(task, 25)
    model = ExplainedRRNet(question)
    model.requires_grad_(False)
    x, index = model.inputs()
    assert set(index) >= {NEAR, ("label", "near", "label")}
    assert (CANDIDATE in index) == (task.options.inter_units > 1)
    generator = torch.Generator().manual_seed(0)
    for share in (0.5, 0.0):  # some, and all
        kept = {
            kind: ~can_go | (torch.rand(len(can_go), generator=generator) < share)
            for kind, can_go in question.removable().items()
        }
        set_hetero_masks(model, {kind: mask.float() for kind, mask in kept.items()}, index, apply_sigmoid=False)
        masked = model(x, index)[0]
        clear_masks(model)
        masked = masked.softmax(-1)[model.target]
        expected = question.probabilities(kept)[question.asked]
        torch.testing.assert_close(masked, expected, atol=1e-5, rtol=1e-4)
        assert abs(float(expected - question.probabilities()[question.asked])) > 1e-5


def test_the_gradient_of_a_mask_is_that_of_a_small_step() -> None:
    task = bound(intra_units=2, inter_units=2).double()
    task._placed = None
    question = ask(task, 25)
    model = ExplainedRRNet(question)
    task.requires_grad_(False)
    x, index = model.inputs()
    x = {node: value.double() for node, value in x.items()}
    options = ExplainOptions(algorithm="gradient", draws=1)
    found = task.explain(25, int(question.targets()[question.asked]), options).graph
    step = 1e-4
    for kind, edges in index.items():
        for edge in range(0, edges.shape[1], 23):
            values = []
            for sign in (1, -1):
                mask = {each: torch.ones(other.shape[1], dtype=torch.float64) for each, other in index.items()}
                mask[kind][edge] += sign * step
                set_hetero_masks(model, mask, index, apply_sigmoid=False)
                values.append(float(model(x, index).log_softmax(-1)[0, model.target]))
                clear_masks(model)
            expected = (values[0] - values[1]) / (2 * step)
            assert float(found[kind].importance[edge]) == pytest.approx(expected, abs=1e-5)


def test_what_the_answer_cannot_depend_on_has_no_importance() -> None:
    task = bound()
    found = task.explain(25, None, ExplainOptions(draws=1))
    assert not found.graph[CANDIDATE].importance.any()  # one inter unit: no edge reads what candidates tell
    numbers = found.graph["audio"].number
    assert len(numbers) < task.graph["audio"].num_nodes
    kept = torch.isin(task.graph[NEAR].edge_index, numbers).all(0) & (task.graph[NEAR].edge_index == 25).any(0)
    assert found.graph[NEAR].num_edges == int(kept.sum())
    alone = {kind: (edge.source, edge.target) for edge in found.edges for kind in [edge.relation]}
    assert set(alone) == {NEAR, ("label", "near", "label")}
    # All edges that are not in the explanation can go from the whole graph, and nothing changes.
    rest = task.graph.clone()
    rest[NEAR].edge_index = rest[NEAR].edge_index[:, kept]
    rest[NEAR].edge_weight = rest[NEAR].edge_weight[kept]
    task.attributes[NEAR] = task.attributes[NEAR][kept]  # scaled by all edges of the run
    task.graph, task._placed = rest, None
    own = rest[CANDIDATE].edge_index[0] == 25
    assert float(task.annotated()[CANDIDATE].probability[own].max()) == pytest.approx(found.probability, abs=1e-5)


def test_candidates_of_the_node_itself_are_the_question_and_stay() -> None:
    task = bound(intra_units=1, inter_units=2)
    question = ask(task, 25)
    assert not question.removable()[CANDIDATE][question.place].any()
    found = task.explain(25, None, ExplainOptions(algorithm="gradient", top=4, draws=1))
    assert any(edge.relation == CANDIDATE for edge in found.edges)
    assert not any(edge.relation == CANDIDATE and edge.source == 25 for edge in found.edges)
    assert not found.graph[CANDIDATE].importance[question.place].any()
    relations = {"(audio, near, audio)", "(label, near, label)", "(audio, candidate, label)"}
    assert {part.of for part in found.faithfulness} == {"all relations", *relations, "features of audio"}


def by_ends(found: Explanation) -> dict[tuple[EdgeType, int, int], float]:
    return {(edge.relation, edge.source, edge.target): edge.importance for edge in found.edges}


@pytest.mark.parametrize("algorithm", ["gradient", "removal"])
def test_the_order_of_the_edges_changes_nothing(algorithm: Any) -> None:
    task = bound(intra_units=1, inter_units=2 if algorithm == "gradient" else 1)
    before = by_ends(task.explain(25, None, ExplainOptions(algorithm=algorithm, draws=1)))
    graph = task.graph.clone()
    for number, kind in enumerate(graph.edge_types):
        order = torch.randperm(graph[kind].num_edges, generator=torch.Generator().manual_seed(number))
        for key, value in list(graph[kind].items()):
            graph[kind][key] = value[:, order] if key == "edge_index" else value[order]
    torch.manual_seed(0)
    other = RRNetTask(task.options)
    other.bind(graph, TrainOptions(), 0)
    other.load_state_dict(task.state_dict())
    after = by_ends(other.eval().explain(25, None, ExplainOptions(algorithm=algorithm, draws=1)))
    assert before.keys() == after.keys()
    assert [after[key] for key in before] == pytest.approx(list(before.values()), abs=1e-5)


def test_the_same_seed_gives_the_same_numbers_and_another_one_others(monkeypatch: pytest.MonkeyPatch) -> None:
    task = bound(intra_units=1, inter_units=1)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    monkeypatch.setitem(explainers.LEARNED, "epochs", 5)
    one = task.explain(25, None, ExplainOptions(algorithm="gnn_explainer", seed=1, draws=1))
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    options = [ExplainOptions(algorithm="gnn_explainer", seed=seed, draws=1) for seed in (1, 2)]
    other, third = (task.explain(25, None, each) for each in options)
    assert one.as_dict() == other.as_dict()
    assert one.faithfulness[0].random_plus != third.faithfulness[0].random_plus
    assert one.edges[0].importance != third.edges[0].importance


def test_nothing_is_left_on_the_model() -> None:
    task = bound(intra_units=2, inter_units=3)
    before = task.annotated()[CANDIDATE].probability
    task.explain(25, None, ExplainOptions(algorithm="gradient", draws=1))
    assert torch.equal(task.annotated()[CANDIDATE].probability, before)
    assert not task.training
    for part in task.modules():
        assert not part.training
        if isinstance(part, MessagePassing):
            assert (part.explain, part._edge_mask) == (None, None)
    assert all(value.grad is None for value in task.parameters())


def test_features_of_the_source_and_what_they_are_called() -> None:
    task = bound(node_score=True, known_labels=True, batch_size=8)
    names = feature_names(task, ask(task, 25).graph.x["audio"].shape[1])
    assert (names[0], names[9], names[10], names[14]) == ("x[0]", "x[9]", "score: 0", "score: 4")
    assert names[15:] == [f"known class: {number}" for number in range(5)]
    found = task.explain(25, None, ExplainOptions(top=3, draws=1))
    assert len(found.features) == 3
    assert found.features[0].importance >= found.features[1].importance
    assert not any(feature.feature.startswith("known") for feature in found.features)  # its own is not known


def without(found: Explanation, name: str) -> float:
    return next(row.probability for row in found.ablations if row.without == name)


def test_each_part_is_taken_away_by_itself() -> None:
    task = bound()
    found, question = task.explain(25, None, ExplainOptions(draws=1)), ask(task, 25)
    asked = question.asked
    assert task.starts_scored
    logits = question.probabilities().log() - question.offset  # type: ignore[operator]
    assert without(found, "the encoder's probability to start from") == pytest.approx(
        float(logits.softmax(0)[asked]), abs=1e-5
    )
    every = {kind: ~mask for kind, mask in question.removable().items()}
    assert without(found, "edges of all relations") == pytest.approx(float(question.probabilities(every)[asked]))
    x = dict(question.graph.x)
    x["audio"] = x["audio"].clone()
    x["audio"][question.row("audio")] = question.centre["audio"][0]
    expected = float(question.probabilities(x=x)[asked])
    assert without(found, f"features of {found.source_name}") == pytest.approx(expected)
    assert len({round(row.probability, 6) for row in found.ablations}) == len(found.ablations)


def test_one_candidate_alone_by_itself() -> None:
    task = bound(loss="bce", baseline_logit=False)
    found = task.explain(25, None, ExplainOptions(draws=1))
    own = task.graph[CANDIDATE].edge_index[0] == 25
    assert found.probability == pytest.approx(float(task.annotated()[CANDIDATE].probability[own].max()), abs=1e-5)
    assert found.edges[0].importance == pytest.approx(-(found.edges[0].change or 0), abs=1e-6)
    gradient = by_ends(task.explain(25, None, ExplainOptions(algorithm="gradient", draws=1)))
    removal = by_ends(found)
    assert np.corrcoef([gradient[key] for key in removal], list(removal.values()))[0, 1] > 0.5


def test_mistakes_are_one_line() -> None:
    task = bound()
    target = next(each for each in range(5) if each not in ask(task, 25).targets().tolist())
    with pytest.raises(GraphError, match=f"rrnet: '{target}' is no candidate of '25', and only candidates .* it has: "):
        task.explain(25, target, ExplainOptions(draws=1))
    task.graph[CANDIDATE].edge_index[0, task.graph[CANDIDATE].edge_index[0] == 7] = 8
    task._placed = None
    with pytest.raises(GraphError, match="rrnet: audio '7' has no candidates, so nothing is predicted of it"):
        task.explain(7, None, ExplainOptions(draws=1))
    for wrong, message in (({"top": 0}, "top: expected a whole number of at least 1, got 0"),
                           ({"draws": 0}, "draws: expected a whole number of at least 1, got 0"),
                           ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
                           ({"algorithm": "removel"}, "did you mean 'removal'")):  # fmt: skip
        with pytest.raises(DataError, match=message):
            ExplainOptions(**wrong)  # type: ignore[arg-type]


def test_a_node_without_relations_rests_on_its_features() -> None:
    task = bound(intra_units=0)
    found = task.explain(25, None, ExplainOptions(draws=1))
    assert not found.edges
    assert [part.of for part in found.faithfulness] == ["features of audio"]
    assert found.ablations[0].without == "features of 25"
