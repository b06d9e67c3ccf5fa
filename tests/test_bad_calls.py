"""Calls a newcomer makes, and the argument that the error names; each is one line, never torch's or numpy's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from jaxtyping import config
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph import dag, metrics, nn, transforms
from avgraph.errors import AvgraphError
from avgraph.methods.rrnet import RRNet

NEAR, CANDIDATE = ("audio", "near", "audio"), ("audio", "candidate", "label")
X = {"audio": torch.randn(4, 6), "label": torch.randn(3, 5)}
EDGES = {NEAR: torch.tensor([[1, 2, 3], [0, 1, 2]]), CANDIDATE: torch.tensor([[0, 1, 2, 3], [0, 1, 2, 0]])}
ROWS, OTHER = torch.randn(4, 3), torch.randn(4, 3)
LABEL, MASK = torch.tensor([0, 1, 0, 1]), torch.tensor([True] * 4)
SOFT = torch.rand(4, 2)
GRAPH = HeteroData(audio={"x": ROWS, "y": LABEL}, label={"x": OTHER})


@pytest.fixture(autouse=True)
def _as_a_user_has_it() -> Iterator[None]:
    """Types are checked by beartype under pytest only."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


def model(**options: Any) -> RRNet:
    widths = {"audio": 6, "label": 5}
    return RRNet(**({"channels": widths, "intra": [NEAR], "inter": CANDIDATE, "hidden_channels": 4} | options))


def call(x: Any = None, edges: Any = None, attr: Any = None, **options: Any) -> Tensor:
    return model(**options)(X | (x or {}), EDGES | (edges or {}), attr)


def without(given: dict[Any, Any], key: Any) -> dict[Any, Any]:
    return {k: value for k, value in given.items() if k != key}


Call = Callable[[], object]
RRNET: dict[str, tuple[Call, str]] = {
    "a node type without width": (
        lambda: model(channels={"audio": 6}),
        "channels: no width of node type 'label'; it has: audio",
    ),
    "a width of zero": (
        lambda: model(channels={"audio": 6, "label": 0}),
        "channels: expected a width of at least 1 of 'label', got 0",
    ),
    "an intra edge across": (
        lambda: model(intra=[("audio", "of", "label")]),
        "intra: (audio, of, label) joins two node types",
    ),
    "an intra edge of another node type": (
        lambda: model(channels={"audio": 6, "label": 5, "user": 2}, intra=[("user", "trusts", "user")]),
        "intra: (user, trusts, user): expected nodes that inter joins, audio, label",
    ),
    "an edge type twice": (lambda: model(intra=[NEAR, NEAR]), "expected every edge type once"),
    "an edge type that is a word": (
        lambda: model(inter="candidate"),
        "expected edge types (source, relation, target), got 'candidate'",
    ),
    "attributes of an edge type that is not there": (
        lambda: model(edge_channels={("audio", "nears", "audio"): 1}),
        "edge_channels: no edge type (audio, nears, audio); did you mean '(audio, near, audio)'?",
    ),
    "no hidden channel": (lambda: model(hidden_channels=0), "hidden_channels: expected at least 1, got 0"),
    "dropout of everything": (lambda: model(dropout=1.0), "dropout: expected a number in [0, 1), got 1.0"),
    "another aggregation": (lambda: model(aggr="max"), "aggr: expected 'mean' or 'sum', got 'max'"),
    "no features of a node type": (
        lambda: model()(without(X, "label"), EDGES),
        "x_dict: no node type 'label'; it has: audio",
    ),
    "features of another width": (
        lambda: call(x={"label": torch.randn(3, 7)}),
        "x_dict['label']: expected [n, 5], got [3, 7]",
    ),
    "a vector of features": (lambda: call(x={"label": torch.randn(3)}), "x_dict['label']: expected [n, 5], got [3]"),
    "a numpy array of features": (
        lambda: call(x={"label": np.ones((3, 5))}),
        "x_dict['label']: expected a tensor, got ndarray",
    ),
    "complex features": (
        lambda: call(x={"label": torch.ones(3, 5, dtype=torch.complex64)}),
        "x_dict['label']: expected real numbers",
    ),
    "no edges of a type": (
        lambda: model()(X, {CANDIDATE: EDGES[CANDIDATE]}),
        "edge_index_dict: no (audio, near, audio); it has: (audio, candidate, label)",
    ),
    "a mistyped edge type": (
        lambda: model()(X, {("audio", "neer", "audio"): EDGES[NEAR], CANDIDATE: EDGES[CANDIDATE]}),
        "no (audio, near, audio); did you mean '(audio, neer, audio)'?",
    ),
    "edges as rows": (
        lambda: call(edges={NEAR: EDGES[NEAR].T}),
        "(audio, near, audio): edge_index: expected int64 [2, e], got int64 [3, 2]",
    ),
    "edges in int32": (
        lambda: call(edges={NEAR: EDGES[NEAR].int()}),
        "(audio, near, audio): edge_index: expected int64 [2, e], got int32",
    ),
    "edges as a list": (
        lambda: call(edges={NEAR: [[0], [1]]}),
        "(audio, near, audio): edge_index: expected a tensor int64 [2, e], got list",
    ),
    "an edge to nowhere": (
        lambda: call(edges={CANDIDATE: torch.tensor([[0], [3]])}),
        "(audio, candidate, label): edge_index row 1 (target): expected node numbers 0 … 2 (3 nodes), got 3",
    ),
    "undeclared attributes": (
        lambda: call(attr={NEAR: torch.ones(3, 1)}),
        "edge_attr_dict[(audio, near, audio)]: given, but not declared; expected its width in edge_channels",
    ),
    "missing attributes": (
        lambda: call(edge_channels={NEAR: 2}),
        "edge_attr_dict: no (audio, near, audio), whose edge_channels are 2",
    ),
    "attributes of another width": (
        lambda: call(attr={NEAR: torch.ones(3, 3)}, edge_channels={NEAR: 2}),
        "edge_attr_dict[(audio, near, audio)]: expected [3, 2], got [3, 3]",
    ),
    "attributes of fewer edges": (
        lambda: call(attr={NEAR: torch.ones(2)}, edge_channels={NEAR: 1}),
        "edge_attr_dict[(audio, near, audio)]: expected [3, 1], got [2, 1]",
    ),
    "attributes of an unknown type": (
        lambda: call(attr={("audio", "nears", "audio"): torch.ones(3, 1)}),
        "edge_attr_dict: no edges (audio, nears, audio); did you mean '(audio, near, audio)'?",
    ),
    "plans of another graph": (
        lambda: model()(X, EDGES, None, {NEAR: nn.Incidence.from_edge_index(EDGES[NEAR], 9, 9)}),
        "plans[(audio, near, audio)]: expected (4, 4) source and target nodes, got (9, 9)",
    ),
    "plans without a type": (
        lambda: model()(X, EDGES, None, {NEAR: nn.Incidence.from_edge_index(EDGES[NEAR], 4, 4)}),
        "plans: no (audio, candidate, label);",
    ),
}

UNIT, BETWEEN = nn.IntraUnit(3), nn.InterUnit(3)
PAIR = torch.tensor([[0, 1], [1, 2]])
FUNCTIONS: dict[str, tuple[Call, str]] = {
    "IntraUnit, double": (
        lambda: UNIT(ROWS.double(), PAIR, torch.ones(2, 3)),
        "IntraUnit: x: expected torch.float32, as the weights have, got torch.float64",
    ),
    "IntraUnit, whole numbers": (
        lambda: UNIT(ROWS, PAIR, torch.ones(2, 3).int()),
        "IntraUnit: edge_attr: expected torch.float32",
    ),
    "IntraUnit, array": (
        lambda: UNIT(ROWS.numpy(), PAIR, torch.ones(2, 3)),
        "IntraUnit: x: expected a tensor, got ndarray",
    ),
    "IntraUnit, width": (lambda: UNIT(SOFT, PAIR, torch.ones(2, 3)), "IntraUnit: x: expected [*, 3], got [4, 2]"),
    "IntraUnit, incidence": (
        lambda: nn.IntraUnit(3, incidence="source"),
        "incidence: expected 'both' or 'target', got 'source'",
    ),
    "InterUnit, half": (
        lambda: BETWEEN(ROWS, ROWS.half(), PAIR, torch.ones(2, 3)),
        "InterUnit: x_target: expected torch.float32",
    ),
    "InterUnit, list": (
        lambda: BETWEEN(ROWS, ROWS, [[0], [1]], torch.ones(1, 3)),
        "edge_index: expected a tensor int64 [2, e], got list",
    ),
    "Incidence, array": (
        lambda: nn.Incidence.from_table(np.zeros((2, 1), int)),
        "neighbour: expected a tensor int64 [n, k], got ndarray",
    ),
    "Projector, width": (lambda: nn.Projector(4, 8, 2)(ROWS), "x: expected [b, 4], got [4, 3]"),
    "Projector, one row": (lambda: nn.Projector(3, 8, 2)(ROWS[:1]), "x: expected at least 2 rows in training"),
    "Projector, no width": (lambda: nn.Projector(0, 8, 2), "in_channels: expected at least 1, got 0"),
    "AnchorProxy, width": (lambda: nn.AnchorProxy(4)((ROWS, ROWS)), "other: expected [n, 4], got [4, 3]"),
    "attention_proxy, vector": (
        lambda: nn.attention_proxy(ROWS[0], ROWS, ROWS, ROWS),
        "z, query, key, value: expected [n, c]",
    ),
    "attention_proxy, width": (
        lambda: nn.attention_proxy(SOFT, ROWS, ROWS, ROWS),
        "z, query, key, value: expected [n, c]",
    ),
    "info_nce, array": (
        lambda: nn.info_nce(ROWS.numpy(), OTHER, 0.1),
        "x: expected a tensor, got numpy.ndarray; torch.as_tensor makes one",
    ),
    "info_nce, whole numbers": (lambda: nn.info_nce(ROWS.int(), OTHER.int(), 0.1), "x, y: expected floating point"),
    "info_nce, empty": (lambda: nn.info_nce(ROWS[:0], OTHER[:0], 0.1), "x, y: expected two [b, d] of one shape"),
    "info_nce, NaN": (lambda: nn.info_nce(ROWS * torch.nan, OTHER, 0.1), "x: row 0 is not finite (nan)"),
    "alignment_gap, list": (lambda: nn.alignment_gap([[1.0]], OTHER), "x: expected a tensor, got list"),
    "alignment_gap, NaN": (lambda: nn.alignment_gap(ROWS, OTHER * torch.nan), "y: row 0 is not finite (nan)"),
    "semantic_noise, list": (lambda: nn.semantic_noise([[1.0]], 0.1), "x: expected a tensor, got list"),
    "proxy_triplet_loss, list": (
        lambda: nn.proxy_triplet_loss(ROWS, OTHER, [0, 1, 0, 1]),
        "label: expected a tensor, got list",
    ),
    "proxy_triplet_loss, float": (
        lambda: nn.proxy_triplet_loss(ROWS, OTHER, LABEL.float()),
        "label: expected classes [4] as whole numbers",
    ),
    "hard_triplet_loss, one-hot": (
        lambda: nn.hard_triplet_loss(ROWS, OTHER, torch.eye(4).int()),
        "label: expected classes [4] as whole numbers",
    ),
    "n_pair_loss, NaN": (lambda: nn.n_pair_loss(ROWS * torch.nan, OTHER, LABEL), "anchor: row 0 is not finite (nan)"),
    "contrastive_loss, margin": (
        lambda: nn.contrastive_loss(ROWS, OTHER, LABEL, margin=-1),
        "margin: expected a number above 0",
    ),
    "semantic_alignment_loss, whole": (
        lambda: nn.semantic_alignment_loss(SOFT.long(), SOFT.long(), SOFT),
        "audio_soft: expected floating point",
    ),
    "semantic_alignment_loss, array": (
        lambda: nn.semantic_alignment_loss(SOFT, SOFT, SOFT.numpy()),
        "target: expected a tensor",
    ),
    "latent_interaction_loss, NaN": (
        lambda: nn.latent_interaction_loss(ROWS * torch.nan, OTHER, SOFT, SOFT, torch.ones(4, 4)),
        "z_audio: row 0 is not finite (nan)",
    ),
    "latent_interaction_loss, NaN of the teacher": (
        lambda: nn.latent_interaction_loss(ROWS, OTHER, SOFT * torch.nan, SOFT, torch.ones(4, 4), weighting="soft"),
        "soft_audio: row 0 is not finite (nan)",
    ),
    "latent_interaction_loss, NaN of the teacher, hard": (
        lambda: nn.latent_interaction_loss(ROWS, OTHER, SOFT, SOFT * torch.nan, torch.ones(4, 4)),
        "soft_visual: row 0 is not finite (nan)",
    ),
    "latent_interaction_loss, array": (
        lambda: nn.latent_interaction_loss(ROWS, OTHER, SOFT, SOFT, np.ones((4, 4))),
        "adjacency: expected a tensor, got numpy.ndarray",
    ),
    "mahalanobis_cost, array": (lambda: nn.mahalanobis_cost(ROWS, OTHER, np.eye(3)), "metric: expected a tensor"),
    "mahalanobis_cost, NaN": (
        lambda: nn.mahalanobis_cost(ROWS, OTHER * torch.nan, torch.eye(3)),
        "y: row 0 is not finite (nan)",
    ),
    "sinkhorn, array": (lambda: nn.sinkhorn(np.ones((2, 2)), 0.1), "cost: expected a tensor, got numpy.ndarray"),
    "sinkhorn, whole numbers": (
        lambda: nn.sinkhorn(torch.ones(2, 2).int(), 0.1),
        "cost: expected floating point [..., n, m]",
    ),
    "sinkhorn, masses": (lambda: nn.sinkhorn(torch.ones(2, 2), 0.1, [0.5, 0.5]), "a: expected a tensor, got list"),
    "sinkhorn_edges, list": (
        lambda: nn.sinkhorn_edges(torch.ones(1), [[0], [0]], 0.1, num_nodes=(1, 1)),
        "edge_index: expected a tensor, got list",
    ),
    "matching_loss, plan": (
        lambda: nn.matching_loss(torch.ones(2, 2)),
        "coupling: expected a Coupling, as sinkhorn returns, got Tensor",
    ),
    "memory_readout, list": (
        lambda: nn.memory_readout(ROWS, [[1.0, 2.0, 3.0]], 0.1),
        "memory: expected a tensor, got list",
    ),
    "memory_readout, array": (
        lambda: nn.memory_readout(ROWS.numpy(), ROWS, 0.1),
        "query: expected a tensor, got ndarray",
    ),
    "project_psd, whole numbers": (
        lambda: nn.project_psd(torch.eye(2).int()),
        "matrix: expected floating point, got torch.int32",
    ),
    "mean_average_precision, array": (
        lambda: metrics.mean_average_precision(ROWS, OTHER, LABEL.numpy(), LABEL),
        "query_label: expected a tensor, got numpy.ndarray",
    ),
    "recall_at_k, list": (
        lambda: metrics.recall_at_k(ROWS, [[1.0]], LABEL, LABEL, 1),
        "gallery: expected a tensor, got list",
    ),
    "recall_at_k, float labels": (
        lambda: metrics.recall_at_k(ROWS, OTHER, LABEL.float(), LABEL, 1),
        "query_label: expected classes [4] as whole numbers",
    ),
    "modality_gap, array": (lambda: metrics.modality_gap(ROWS.numpy(), OTHER), "x: expected a tensor"),
    "accuracy, float classes": (
        lambda: metrics.accuracy(ROWS, LABEL.float(), MASK),
        "y: expected classes [4] as whole numbers",
    ),
    "accuracy, list": (lambda: metrics.accuracy(ROWS, LABEL, [True] * 4), "mask: expected a tensor, got list"),
    "top_k_recall, array": (lambda: metrics.top_k_recall(ROWS.numpy(), LABEL, 1), "score: expected a tensor"),
    "edge_argmax_accuracy, int32": (
        lambda: metrics.edge_argmax_accuracy(torch.ones(4), torch.zeros(2, 4).int(), LABEL, MASK, 4),
        "edge_index: expected int64 [2, e], got torch.int32 [2, 4]",
    ),
    "zero_shot_accuracy, float classes": (
        lambda: metrics.zero_shot_accuracy(ROWS, OTHER, LABEL.float(), LABEL),
        "labels of x: expected classes [4] as whole numbers",
    ),
    "counterfactual_scores, list": (
        lambda: metrics.counterfactual_scores([0.5], torch.ones(1), MASK[:1]),
        "iou: expected a tensor",
    ),
    "best_proposals, list": (
        lambda: metrics.best_proposals([0.5], torch.zeros(1).long(), 1),
        "similarity: expected a tensor",
    ),
    "box_maps, list": (lambda: metrics.box_maps([[0, 0, 1, 1]], 2, 2), "boxes: expected a tensor"),
    "consensus_iou, list": (
        lambda: metrics.consensus_iou([[[1.0]]], torch.ones(1, 1, 1)),
        "predicted: expected a tensor",
    ),
    "localisation_scores, list": (lambda: metrics.localisation_scores([0.5]), "iou: expected a tensor"),
    "mean_iou, list": (lambda: metrics.mean_iou([[[0.5]]], torch.ones(1, 1, 1)), "probability: expected a tensor"),
    "mean_iou, logits": (
        lambda: metrics.mean_iou(9 * ROWS[None], MASK[None, :, None].expand(1, 4, 3)),
        "torch.sigmoid",
    ),
    "f_measure, array": (lambda: metrics.f_measure(ROWS[None], np.ones((1, 4, 3))), "mask: expected a tensor"),
    "reliability, list": (lambda: metrics.reliability([0.5], torch.ones(1)), "probability: expected a tensor"),
    "error_detection_auroc, list": (
        lambda: metrics.error_detection_auroc(torch.rand(2), [True, False]),
        "error: expected a tensor",
    ),
    "gaussian_kl, tensor": (
        lambda: nn.gaussian_kl(ROWS, ROWS),
        "q: expected a Gaussian (mean, logvar), got Tensor",
    ),
    "gaussian_kl, array": (
        lambda: nn.gaussian_kl((ROWS, ROWS.numpy()), (ROWS, ROWS)),
        "q.logvar: expected a tensor, got numpy.ndarray",
    ),
    "product_of_experts, list": (
        lambda: nn.product_of_experts([[0.0]], torch.zeros(1, 1)),
        "experts.mean: expected a tensor, got list",
    ),
    "mixture_moments, weights": (
        lambda: nn.mixture_moments(ROWS, ROWS, [0.5, 0.5]),
        "weights: expected a tensor, got list",
    ),
    "mm_js, one Gaussian": (
        lambda: nn.mm_js(ROWS[0], ROWS[0]),
        "mean, logvar: expected at least one expert [k, ..., d], got [3]",
    ),
    "ExpertAggregation, width": (
        lambda: nn.ExpertAggregation()(ROWS, LABEL),
        "x: expected floating point [e, 2d], mean beside logvar, got torch.float32 [4, 3]",
    ),
    "ExpertAggregation, fusion": (lambda: nn.ExpertAggregation("sum"), "fusion: expected 'product', 'geometric'"),
    "AudioAttention, rows": (
        lambda: nn.AudioAttention(3)(ROWS, ROWS, LABEL),
        "patch: expected [f, 3, h, w], got [4, 3]",
    ),
    "AudioAttention, clips": (
        lambda: nn.AudioAttention(3)(ROWS[:, :, None, None], ROWS, [0, 0, 1, 1]),
        "clip: expected a tensor, got list",
    ),
    "attention_edges, list": (lambda: nn.attention_edges([0, 0], 2, 2), "clip: expected a tensor, got list"),
    "mask_log_likelihood, array": (
        lambda: nn.mask_log_likelihood(ROWS[None], np.ones((1, 4, 3))),
        "mask: expected a tensor, got numpy.ndarray",
    ),
    "orthogonality, list": (lambda: nn.orthogonality(ROWS, [[1.0]]), "y: expected a tensor, got list"),
    "matching_divergence, array": (
        lambda: nn.matching_divergence(ROWS, ROWS[:, :, None, None], np.ones((4, 1, 1))),
        "mask: expected a tensor, got numpy.ndarray",
    ),
    "MutualInformation, width": (
        lambda: nn.MutualInformation(4)(ROWS, ROWS),
        "visual: expected [n, 4], got [4, 3]",
    ),
    "nearest_neighbours, list": (lambda: transforms.nearest_neighbours(ROWS.tolist(), 1), "x: expected a tensor"),
    "nearest_neighbours, empty": (lambda: transforms.nearest_neighbours(ROWS[:0], 1), "k = 1 neighbours of 0 rows"),
    "KNN, no graph": (lambda: transforms.KNN("audio", 1)({"audio": ROWS}), "expected a HeteroData graph, got dict"),
    "KNN, mistyped": (lambda: transforms.KNN("adio", 1)(GRAPH), "no node type 'adio'; did you mean 'audio'?"),
    "Candidates, list": (
        lambda: transforms.Candidates("audio", "label", 1, scores=[[1.0] * 4] * 4)(GRAPH),
        "scores: expected a floating-point tensor, got list",
    ),
    "Candidates, no score": (
        lambda: transforms.Candidates("audio", "label", 1)(GRAPH),
        "node type 'audio' has no 'score' to choose candidates by",
    ),
    "DependencyEdges, vector": (lambda: transforms.DependencyEdges(torch.ones(3)), "weights: expected [p, p], got [3]"),
    "grasp, text": (lambda: dag.grasp([["a", "b"]] * 4), "data"),
    "grasp, vector": (lambda: dag.grasp(np.ones(4)), "data"),
    "bic_score, vector": (
        lambda: dag.bic_score(np.ones(4), 10, 0, []),
        "covariance: expected [p, p] of finite numbers, got [4]",
    ),
    "bic_score, NaN": (
        lambda: dag.bic_score(np.full((2, 2), np.nan), 10, 0, [1]),
        "covariance: expected [p, p] of finite numbers",
    ),
    "total_bic_score, shape": (
        lambda: dag.total_bic_score(np.eye(2), 10, np.zeros((3, 3), bool)),
        "adjacency: expected [2, 2], got [3, 3]",
    ),
    "dependency_weights, list": (
        lambda: dag.dependency_weights(np.random.default_rng(0).normal(size=(9, 2)), [[0, 1, 0]]),
        "adjacency: expected [2, 2], got [1, 3]",
    ),
    "edge_frequency, text": (lambda: dag.edge_frequency([np.array([["a"]])]), "graph 0"),
}


@pytest.mark.parametrize("name", RRNET)
def test_rrnet(name: str) -> None:
    bad, message = RRNET[name]
    with pytest.raises(AvgraphError) as caught:
        bad()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    bad, message = FUNCTIONS[name]
    with pytest.raises(AvgraphError) as caught:
        bad()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool])
def test_features_of_any_real_type_are_those_of_the_weights(dtype: torch.dtype) -> None:
    x = {node: (rows > 0).to(dtype) for node, rows in X.items()}
    trained = model().eval()
    assert torch.equal(trained(x, EDGES), trained({node: rows.float() for node, rows in x.items()}, EDGES))


def test_one_attribute_an_edge_may_be_a_vector() -> None:
    trained = model(edge_channels={NEAR: 1}).eval()
    weight = torch.rand(3, dtype=torch.float64)
    assert torch.equal(trained(X, EDGES, {NEAR: weight}), trained(X, EDGES, {NEAR: weight[:, None].float()}))


def test_types_beside_those_of_the_model_are_left_alone() -> None:
    trained = model().eval()
    x, other = X | {"user": torch.randn(2, 2)}, ("user", "likes", "label")
    edges = EDGES | {other: torch.tensor([[0], [0]])}
    assert torch.equal(trained(x, edges, {other: torch.ones(1, 4)}), trained(X, EDGES))


def test_two_types_of_embeddings_are_promoted() -> None:
    for loss in (nn.contrastive_loss, nn.hard_triplet_loss, nn.n_pair_loss, nn.proxy_triplet_loss):
        assert torch.allclose(loss(ROWS.double(), OTHER, LABEL), loss(ROWS.double(), OTHER.double(), LABEL))
    cost = nn.mahalanobis_cost(ROWS, OTHER.double(), torch.eye(3))
    assert torch.allclose(cost, nn.mahalanobis_cost(ROWS.double(), OTHER.double(), torch.eye(3).double()))


def test_lists_and_tensors_go_into_the_graph_functions() -> None:
    covariance = [[1.0, 0.6], [0.6, 1.0]]
    assert dag.bic_score(covariance, 100, 1, [0]) == dag.bic_score(np.array(covariance), 100, 1, [0])
    x = np.random.default_rng(0).normal(size=(9, 2))
    edges = [[False, True], [False, False]]
    assert np.array_equal(dag.dependency_weights(x, torch.tensor(edges)), dag.dependency_weights(x, edges))
