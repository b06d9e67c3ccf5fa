"""Edges of concepts: what drives what by GRaSP, what activates what, the concept nodes they make, what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.dag import infer_dependencies
from avgraph.errors import GraphError
from avgraph.graph.provenance import Provenance
from avgraph.methods.lir import LirOptions
from avgraph.methods.lir.dependencies import teacher_dependencies
from avgraph.transforms import ActivationEdges, InferDependencies
from avgraph.transforms.activation_edges import active_concepts
from avgraph.transforms.dependency_edges import dependency_matrix
from tests.logged import Logged

DRIVES = ("concept", "drives", "concept")


def clips(n: int = 300) -> HeteroData:
    """Sounds and pictures of n clips; as heard, class 0 drives class 1, which drives class 1 as seen."""
    draw = torch.Generator().manual_seed(0)
    audio, visual = (torch.randn(n, 2, generator=draw) for _ in range(2))
    audio[:, 1] += audio[:, 0]
    visual[:, 1] += 2 * audio[:, 1]
    train = torch.arange(n) % 3 > 0
    data = HeteroData()
    for node, logit in (("audio", audio), ("visual", visual)):
        data[node].logit, data[node].x, data[node].train_mask = logit, torch.zeros(n, 1), train
    Provenance(classes=["cat", "dog"]).write_to(data)
    return data


def test_a_graph_over_the_columns_of_two_node_types() -> None:
    data = clips()
    found = InferDependencies(["audio", "visual"], attribute="logit")(data)
    assert found["concept"].name == ["cat (audio)", "dog (audio)", "cat (visual)", "dog (visual)"]
    assert found["concept"].y.tolist() == [0, 1, 0, 1]
    pairs = {tuple(sorted(pair)) for pair in found[DRIVES].edge_index.T.tolist()}
    assert pairs == {(0, 1), (1, 3)}
    assert float(found[DRIVES].edge_weight.sum()) == pytest.approx(1)
    assert found[DRIVES].frequency.shape == found[DRIVES].edge_weight.shape
    assert not data.edge_types
    assert data.node_types == ["audio", "visual"]


def test_it_is_the_search_of_the_dag_room_and_of_lir() -> None:
    data, names = clips(), ["a", "b", "c", "d"]
    rows = torch.cat([data["audio"].logit, data["visual"].logit], 1)[data["audio"].train_mask]
    weights = dependency_matrix(InferDependencies(["audio", "visual"], attribute="logit", restarts=2, seed=3)(data))
    plain = infer_dependencies(rows.numpy(), restarts=2, seed=3)
    assert np.array_equal(weights.numpy(), plain.weights.astype(np.float32))
    assert torch.equal(weights, teacher_dependencies(rows, names, LirOptions(restarts=2), seed=3)[0])


def test_only_training_rows_are_seen() -> None:
    one, other = clips(), clips()
    held_out = ~other["audio"].train_mask
    other["visual"].logit[held_out] = torch.randn(int(held_out.sum()), 2)
    found = [InferDependencies(["audio", "visual"], attribute="logit")(data)[DRIVES] for data in (one, other)]
    assert torch.equal(found[0].edge_weight, found[1].edge_weight)
    for node in ("audio", "visual"):
        del other[node].train_mask
    every = InferDependencies(["audio", "visual"], attribute="logit")(other)[DRIVES].edge_weight
    assert not torch.equal(found[1].edge_weight, every)


def test_probabilities_as_logits() -> None:
    data = clips()
    plain = InferDependencies(["audio"], attribute="logit")(data)[DRIVES]
    data["audio"].score = data["audio"].logit.double().sigmoid()
    found = InferDependencies(["audio"], to_logits=True)(data)[DRIVES]
    assert torch.equal(found.edge_index, plain.edge_index)
    with pytest.raises(GraphError, match=r"to_logits: expected probabilities in 'logit', got -?[0-9.]+ in"):
        InferDependencies(["audio"], attribute="logit", to_logits=True)(data)


def test_concepts_that_the_graph_has_are_taken() -> None:
    data = clips()
    data["label"].name, data["label"].y = ["cat", "dog"], torch.arange(2)
    found = InferDependencies(["audio"], attribute="logit", concept="label")(data)
    assert found["label", "drives", "label"].edge_index.shape == (2, 1)
    assert "x" not in found["label"]
    data["label"].y = torch.tensor([1, 0])
    with pytest.raises(GraphError, match=r"label\.y: row 0: expected class 0, got 1: column 0 of audio\.logit is"):
        InferDependencies(["audio"], attribute="logit", concept="label")(data)
    with pytest.raises(GraphError, match=r"each column, got 2 nodes and 2 of audio\.logit \+ 2 of visual\.logit"):
        InferDependencies(["audio", "visual"], attribute="logit", concept="label")(data)


def test_time_that_is_up_is_told(logged: Logged) -> None:
    InferDependencies(["audio"], attribute="logit", time_limit=1e-9)(clips())
    assert re.search(r"infer_dependencies: time is up after [0-4] of 5 starts", logged.text)  # some may be quick


def test_active_concepts_are_those_of_a_loop() -> None:
    soft = torch.rand(7, 5, generator=torch.Generator().manual_seed(1)).round(decimals=1)
    for threshold, k in ((0.0, None), (0.4, None), (0.4, 2), (0.9, 5), (0.0, 1)):
        expected = []
        for row, labels in enumerate(soft.tolist()):
            best = sorted(range(5), key=lambda c: (-labels[c], c))[: k or 5]
            expected += [(row, c) for c in range(5) if c in best and labels[c] > soft.new_tensor(threshold)]
        index, weight = active_concepts(soft, threshold, k)
        assert [tuple(pair) for pair in index.T.tolist()] == expected
        assert weight.tolist() == [float(soft[pair]) for pair in expected]


def test_activations_of_two_node_types_and_their_labels() -> None:
    data = clips(6)
    data["audio"].y = torch.arange(6) % 2
    found = ActivationEdges(["audio", "visual"], attribute="logit", from_logits=True, threshold=0.0)(data)
    seen = found["visual", "activates", "concept"]
    assert seen.edge_index[1].unique().tolist() == [2, 3]
    assert torch.equal(seen.edge_weight.view(6, 2), data["visual"].logit.double().sigmoid().float())
    assert "y" not in seen  # pictures have none
    heard = found["audio", "activates", "concept"]
    assert torch.equal(heard.y.bool(), data["audio"].y[heard.edge_index[0]] == heard.edge_index[1])
    assert torch.equal(heard.train_mask, data["audio"].train_mask[heard.edge_index[0]])
    with pytest.raises(GraphError, match=r"audio\.logit: expected soft labels from 0 to 1, got .* from_logits takes"):
        ActivationEdges(["audio"], attribute="logit")(data)


@pytest.mark.parametrize("transform", [InferDependencies, ActivationEdges])
def test_what_is_not_there_is_named(transform: type) -> None:
    data = clips()
    with pytest.raises(GraphError, match=r"no node type 'adio'; did you mean 'audio'\?"):
        transform(["adio"])(data)
    with pytest.raises(GraphError, match="node type 'audio' has no 'score'; it has: logit, train_mask, x"):
        transform(["audio"])(data)
    data["audio"].score = torch.arange(300)
    with pytest.raises(GraphError, match=r"audio\.score: expected numbers \[300, classes\], got torch\.int64 \[300\]"):
        transform(["audio"])(data)
    data["audio"].score = torch.full((300, 2), torch.nan)
    with pytest.raises(GraphError, match=r"audio\.score: row 0, column 0 is nan"):
        transform(["audio"])(data)
    with pytest.raises(GraphError, match=r"nodes\.1: 'audio' is listed twice"):
        transform(("audio", "audio"))


def test_rows_that_do_not_pair_up_are_refused() -> None:
    data = clips()
    data["visual"].train_mask = ~data["visual"].train_mask
    with pytest.raises(GraphError, match=r"audio\.train_mask and visual\.train_mask differ"):
        InferDependencies(["audio", "visual"], attribute="logit")(data)
    data["visual"].logit, data["visual"].x = torch.randn(9, 2), torch.zeros(9, 1)
    with pytest.raises(GraphError, match="expected as many 'visual' as 'audio' nodes, got 9 and 300"):
        InferDependencies(["audio", "visual"], attribute="logit")(data)
    data["audio"].logit[:, 1] = 1
    with pytest.raises(GraphError, match=r"no dependency graph of audio\.logit: .*'dog'"):
        InferDependencies(["audio"], attribute="logit")(data)
