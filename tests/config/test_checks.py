"""What the parts of an experiment demand of each other."""

from __future__ import annotations

import pytest
import yaml

from avgraph.config import (
    CandidatesOptions,
    Experiment,
    KnnOptions,
    RrnetOptions,
    experiment_from_dict,
)
from avgraph.datasets import Synthetic
from avgraph.errors import ConfigError
from tests.config.conftest import GOOD, SHORT, Lines

NEAR = "{type: knn, node: audio, k: 1}"
CANDIDATES = "{type: complete, source: audio, target: label}"
FILES = """\
dataset:
  type: files
  nodes: {user: {x: u.npy}, item: {x: i.npy}}
  edges: [{source: user, relation: candidate, target: item, index: e.npy}]
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("  audio: {type", "  audioo: {type",
         "x.yaml:5: encoders.audioo: the data set has no node type 'audioo'; did you mean 'audio'?"),
        ("node: audio", "node: visual",
         "x.yaml:8: graph.0.node: the data set has no node type 'visual'; it has: audio, label"),
        ("{type: rrnet", "{type: rrnet, source: audoi",
         "x.yaml:10: method.source: the data set has no node type 'audoi'; did you mean 'audio'?"),
    ],
)  # fmt: skip
def test_a_node_type_that_the_data_set_lacks(lines: Lines, old: str, new: str, line: str) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    assert line in lines(text)


def test_node_types_are_checked_although_other_options_are_wrong(lines: Lines) -> None:
    text = GOOD.replace("classes: 4", "classes: 1").replace("node: audio, k: 3", "node: adio, k: 3.0")
    assert lines(text) == [
        "x.yaml:3: dataset.classes: expected a number of at least 2, got 1",
        "x.yaml:8: graph.0.node: the data set has no node type 'adio'; did you mean 'audio'?",
        "x.yaml:8: graph.0.k: expected a whole number, got 3.0",
    ]


def test_the_node_types_of_files_are_those_declared(lines: Lines) -> None:
    assert lines(FILES + "method: {type: rrnet, source: user, target: itme}\n") == [
        "x.yaml:5: method.target: the data set has no node type 'itme'; did you mean 'item'?"
    ]


def test_a_graph_without_the_edges_that_the_method_is_about(lines: Lines) -> None:
    message = "graph: method rrnet needs edges (audio, candidate, label);"
    assert lines(f"{SHORT}graph: []\n") == [f"x.yaml:3: {message} add a transform for them"]
    assert lines(f"{SHORT}graph: [{NEAR}]\n") == [f"x.yaml:3: {message} add a transform for them"]
    message += " there are others:"
    backwards = "{type: complete, source: label, target: audio}"
    assert lines(f"{SHORT}graph: [{backwards}]\n") == [f"x.yaml:3: {message} (label, candidate, audio)"]
    renamed = CANDIDATES.replace("}", ", relation: maybe}")
    assert lines(f"{SHORT}graph: [{renamed}]\n") == [f"x.yaml:3: {message} (audio, maybe, label)"]


def test_the_edges_may_come_with_the_files() -> None:
    nodes = {"user": {"x": "u.npy"}, "item": {"x": "i.npy"}}
    edge = {"source": "user", "relation": "candidate", "target": "item", "index": "e.npy"}
    experiment = {
        "dataset": {"type": "files", "nodes": nodes, "edges": [edge]},
        "graph": [{"type": "knn", "node": "user", "k": 1}],
        "method": {"type": "rrnet", "source": "user", "target": "item"},
    }
    assert experiment_from_dict(experiment).graph == [KnnOptions(node="user", k=1)]


def test_edges_are_built_once(lines: Lines) -> None:
    assert lines(f"{SHORT}graph:\n - {NEAR}\n - {CANDIDATES}\n - {NEAR}\n") == [
        "x.yaml:6: graph.2: builds the edges (audio, near, audio), as graph.0 does; give one of them another relation"
    ]
    graph = "graph: [{type: complete, source: user, target: item}]\n"
    assert lines(FILES + "method: {type: rrnet, source: user, target: item}\n" + graph) == [
        "x.yaml:6: graph.0: builds the edges (user, candidate, item), as dataset.edges.0 does; "
        "give one of them another relation"
    ]
    twice = FILES.replace("[{source", "[{source: user, relation: candidate, target: item, index: f.npy}, {source")
    assert lines(twice + "method: {type: rrnet, source: user, target: item}\n") == [
        "x.yaml:4: dataset.edges.1: builds the edges (user, candidate, item), as dataset.edges.0 does; "
        "give one of them another relation",
    ]


def test_edges_of_the_data_take_the_place_of_the_recipes() -> None:
    nodes = {"user": {"x": "u.npy"}, "item": {"x": "i.npy"}}
    edges = [{"source": "user", "relation": name, "target": end, "index": "e.npy"}
             for name, end in (("near", "user"), ("candidate", "item"))]  # fmt: skip
    method = {"type": "rrnet", "source": "user", "target": "item"}
    made = experiment_from_dict({"dataset": {"type": "files", "nodes": nodes, "edges": edges}, "method": method})
    assert made.graph == [KnnOptions(node="item", k=2)]
    own = experiment_from_dict({"dataset": {"type": "files", "nodes": nodes}, "method": method})
    assert [step.edge_type() for step in own.graph or ()] == [
        ("user", "near", "user"), ("item", "near", "item"), ("user", "candidate", "item"),
    ]  # fmt: skip


PAIRED = "graph:\n - {type: pair_edges, source: user, target: item}\n"
NOISE = " - {type: corrupt_edges, relation: [user, described, item], share: 0.5, kind: removed}\n"


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (PAIRED + NOISE.replace("described", "describes"),
         ["x.yaml:8: graph.1.relation: no (user, describes, item) edges before this step; did you mean "
          "'(user, described, item)'?"]),
        ("graph:\n" + NOISE,
         ["x.yaml:7: graph.0.relation: no (user, described, item) edges before this step; did you mean "
          "'(user, candidate, item)'?"]),
        (PAIRED + " - {type: compose_edges, path: [[user, described, item], [item, rev_described, usr]], k: 1}\n",
         ["x.yaml:8: graph.1.path.1: no (usr, described, item) edges before this step; did you mean "
          "'(user, described, item)'?"]),
        ("graph:\n - {type: infer_dependencies, nodes: [user, itm]}\n",
         ["x.yaml:7: graph.0.nodes.1: the data set has no node type 'itm'; did you mean 'item'?"]),
    ],
)  # fmt: skip
def test_steps_name_edges_and_nodes_that_there_are(lines: Lines, graph: str, expected: list[str]) -> None:
    assert lines(FILES + "method: {type: rrnet, source: user, target: item}\n" + graph) == expected


@pytest.mark.parametrize(
    "graph",
    [PAIRED + NOISE, "graph:\n - {type: activation_edges, nodes: [user]}\n - {type: knn, node: concept, k: 1}\n"],
)
def test_edges_and_nodes_that_an_earlier_step_makes_are_there(graph: str) -> None:
    made = experiment_from_dict(yaml.safe_load(FILES + "method: {type: rrnet, source: user, target: item}\n" + graph))
    assert len(made.graph or ()) == 2


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("rrnet, inter_units: 0", "inter_units: expected a number of at least 1, got 0"),
        ("lir, loss: n_pair, margin: 2", "margin: the loss 'n_pair' has no margin"),
        ("cmcr, half: true, hidden_channels: 8", "hidden_channels: a half projector has no hidden layer"),
        ("cmcr, half: true, final_relu: true", "final_relu: a half projector always ends with a ReLU"),
        ("mltm, loss: info_nce, metric: diagonal, epsilon: 3",
         "metric: only the loss 'mltm' learns a ground metric, not 'info_nce'"),
        ("mltm, temperature: 0.1", "temperature: only the loss 'info_nce' or "
         "'info_nce_entropy' or 'info_nce_reverse' has a temperature, "
         "not 'mltm'"),
        ("mltm, loss: info_nce, entropy_weight: 1",
         "entropy_weight: only the loss 'info_nce_entropy' has an entropy term, not 'info_nce'"),
        ("mltm, loss: info_nce, margin: 1", "margin: only the loss 'triplet' has a margin, not 'info_nce'"),
        ("lir, proxies: false, mask_own_pair: false", "mask_own_pair: there are no proxies (proxies is false)"),
        ("lir, interaction_weight: 0, weighting: soft",
         "weighting: nothing is regularised (interaction_weight is 0)"),
        ("lir, interaction_weight: 0, inter_weight: 1",
         "inter_weight: nothing is regularised (interaction_weight is 0)"),
        ("lir, dependencies: identity, intra_weight: 1",
         "intra_weight: the graph 'identity' has no edges within a modality"),
        *[(f"lir, dependencies: identity, {option}",
           f"{option.partition(':')[0]}: no graph is searched (dependencies is 'identity')")
          for option in ("restarts: 9", "penalty_discount: 2", "l1: 1", "ridge: 1", "signs: positive")],
        ("cmcr, overlap_loss: false, temperature: 1", "temperature: items are not contrasted (overlap_loss is false)"),
        ("cmcr, pseudo_loss: false, pseudo_temperature: 1",
         "pseudo_temperature: what is recalled is not contrasted (pseudo_loss is false)"),
        ("cmcr, intra_weight: 0, intra_spaces: [a]", "intra_spaces: no gap is closed (intra_weight is 0)"),
        ("cmcr, pseudo_loss: false, intra_weight: 0, recall: random",
         "recall: nothing is recalled (pseudo_loss is false, and no gap is closed)"),
        ("cmcr, recall: random, recall_temperature: 1",
         "recall_temperature: only a softmax has it (recall is 'random')"),
        ("cmcr, edge_items: 9", "edge_items: the learned graph has no memory edges (edges_per_item is 0)"),
        ("rrnet, intra_units: 0, incidence: target", "incidence: there is no intra unit (intra_units is 0)"),
        ("rrnet, intra_units: 0, aggr: sum",
         "aggr: no edge reads what the only inter unit tells the nodes (intra_units is 0)"),
    ],
)  # fmt: skip
def test_an_option_that_would_be_ignored_is_refused(lines: Lines, method: str, line: str) -> None:
    nodes = ", ".join(f"{node}: {{x: a.npy}}" for node in ("audio", "visual", "text", "label"))
    dataset = SHORT.replace("type: synthetic", f"type: files, nodes: {{{nodes}}}")
    assert lines(dataset.replace("rrnet", method)) == [f"x.yaml:2: method.{line}"]


def test_frozen_weights_have_to_be_given(lines: Lines) -> None:
    assert lines("dataset: {type: stamps}\nmethod: {type: mmvae, audio_frozen: true}\n") == [
        "x.yaml:2: method.audio_frozen: there are no weights to keep (audio_weights is not set)"
    ]


def test_a_method_that_would_learn_nothing_is_refused(lines: Lines) -> None:
    off = "method: {type: cmcr, overlap_loss: false, pseudo_loss: false, intra_spaces: []}\n"
    assert lines(f"dataset: {{type: esc50_cifar10_spaces}}\n{off}") == [
        "x.yaml:2: method: overlap_loss, pseudo_loss, intra_weight and path_weight are all off: nothing to learn"
    ]


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("dataset: {type: synthetic, classes: 500}", "dataset.classes: expected a number of at most 120, got 500"),
        ("dataset: {type: esc50_zero_shot, on_missing: [synthetic, synthetic]}",
         "dataset.on_missing.1: 'synthetic' is listed twice"),
        ("dataset: {type: class_paired, on_missing: [download, download]}",
         "dataset.on_missing.1: 'download' is listed twice"),
        ("dataset: {type: ave, on_missing: [synthetic, synthetic]}",
         "dataset.on_missing.1: 'synthetic' is listed twice"),
        ("dataset: {type: vegas, on_missing: [synthetic, synthetic]}",
         "dataset.on_missing.1: 'synthetic' is listed twice"),
        ("dataset: {type: esc50_cifar10_spaces, on_missing: [synthetic, synthetic]}",
         "dataset.on_missing.1: 'synthetic' is listed twice"),
        ("graph: [{type: coupling_edges, source: a, target: b, solver: partial, mass: 3}]",
         "graph.0.mass: expected a number of at most 1, got 3"),
        ("graph: [{type: coupling_edges, source: a, target: b, solver: emd, epsilon: 1}]",
         "graph.0.epsilon: not with solver 'emd', which is exact"),
    ],
)  # fmt: skip
def test_validation_refuses_what_the_constructor_would(lines: Lines, part: str, line: str) -> None:
    assert f"x.yaml:1: {line}" in lines(f"{part}\nmethod: {{type: rrnet}}\n")


def test_what_has_no_effect_is_not_written_to_the_run() -> None:
    declared = {"dataset": {"type": "esc50_zero_shot"}, "method": {"type": "mltm", "loss": "triplet", "margin": 0.5}}
    made = experiment_from_dict(declared)
    method = made.to_dict()["method"]
    assert method["margin"] == 0.5
    assert not {"metric", "mass", "temperature", "entropy_weight"} & method.keys()
    assert experiment_from_dict(made.to_dict()) == made
    assert {"margin"} <= made.method.arguments().keys()


def test_an_experiment_made_in_python_is_checked_too() -> None:
    graph = [KnnOptions(node="audio", k=1), CandidatesOptions(source="audio", target="label", k=2)]
    made = Experiment(dataset=Synthetic(), method=RrnetOptions(), graph=graph)
    assert made.graph == graph
    with pytest.raises(ConfigError, match="method rrnet needs edges"):
        Experiment(dataset=Synthetic(), method=RrnetOptions(), graph=graph[:1])
    with pytest.raises(ValueError, match="frozen"):
        made.seed = 5


LIR = """\
dataset: {type: class_paired}
method:
  type: lir
  teacher_epochs: 400
  snapshot_epochs: [3, 5]
train: {epochs: 5}
"""


def test_stages_of_lir_that_would_never_come(lines: Lines) -> None:
    assert lines(LIR) == [
        "x.yaml:4: method.teacher_epochs: expected fewer than train.epochs, 5, got 400: the student never starts; "
        "or set method.interaction_weight to 0",
        "x.yaml:5: method.snapshot_epochs: expected epochs below train.epochs, 5, got 5",
    ]
    fits = LIR.replace("[3, 5]", "[3]")
    for fitting in ("", "  teacher_epochs: 4\n"):
        experiment_from_dict(yaml.safe_load(fits.replace("  teacher_epochs: 400\n", fitting)))
    experiment_from_dict(yaml.safe_load(fits), {"method.interaction_weight": 0})
    assert lines(fits.replace("  teacher_epochs: 400\n", "  insertion_epochs: [2]\n")) == [
        "x.yaml:4: method.insertion_epochs: is gone; train a run for each M, with method.teacher_epochs: M, and one "
        "with method.interaction_weight: 0"
    ]
