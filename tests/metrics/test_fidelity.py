"""Fidelity: PyG's numbers on a graph of its own, a loop, and choices that are what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch_geometric.explain import Explainer
from torch_geometric.explain.algorithm import DummyExplainer
from torch_geometric.explain.metric import fidelity as fidelity_of_pyg
from torch_geometric.nn import SAGEConv

from avgraph.errors import GraphError
from avgraph.metrics import fidelity
from avgraph.metrics.fidelity import largest, random_like


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = SAGEConv(4, 3, aggr="sum")

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        out: Tensor = self.conv(x, edge_index)
        return out


def test_flips_are_the_fidelity_of_pyg() -> None:
    torch.manual_seed(0)
    x, edge_index = torch.randn(30, 4), torch.randint(30, (2, 90))
    network = Network().eval()
    explainer = Explainer(
        network, DummyExplainer(), explanation_type="model", edge_mask_type="object",
        model_config={"mode": "multiclass_classification", "task_level": "node", "return_type": "raw"},
    )  # fmt: skip
    explanation = explainer(x, edge_index)
    explanation.edge_mask = (explanation.edge_mask > 0.5).float()
    plus, minus = fidelity_of_pyg(explainer, explanation)
    full, chosen = network(x, edge_index).softmax(-1), explanation.edge_mask > 0
    # A message that is multiplied by 0 is an edge that is not there, as they are summed.
    without, alone = (network(x, edge_index[:, kept]).softmax(-1) for kept in (~chosen, chosen))
    assert 0 < plus < 1
    assert 0 < minus < 1
    assert float(fidelity(full, without).changed.float().mean()) == pytest.approx(plus)
    assert float(fidelity(full, alone).changed.float().mean()) == pytest.approx(minus)


def test_against_a_loop() -> None:
    torch.manual_seed(1)
    full, masked, answer = torch.rand(2, 5, 4), torch.rand(2, 5, 4), torch.randint(4, (2, 5))
    drop, changed = fidelity(full, masked, answer)
    of_best, _ = fidelity(full, masked)
    for i in range(2):
        for j in range(5):
            asked, best = int(answer[i, j]), int(full[i, j].argmax())
            assert float(drop[i, j]) == float(full[i, j, asked] - masked[i, j, asked])
            assert float(of_best[i, j]) == float(full[i, j, best] - masked[i, j, best])
            assert bool(changed[i, j]) == (int(masked[i, j].argmax()) != best)


def test_shapes_that_differ_are_told() -> None:
    with pytest.raises(GraphError, match=r"full and masked \[..., c\], answer \[...\], got \[2, 3\], \[2, 2\]"):
        fidelity(torch.ones(2, 3), torch.ones(2, 2))


def test_the_largest_are_those_of_all_groups_together_that_may_be_chosen() -> None:
    importance = {"a": torch.tensor([0.9, 0.1, 0.5]), "b": torch.tensor([0.6, 0.7])}
    among = {"a": torch.tensor([False, True, True]), "b": torch.tensor([True, True])}
    found = largest(importance, among, 3)
    assert {name: mask.tolist() for name, mask in found.items()} == {"a": [False, False, True], "b": [True, True]}
    assert sum(int(mask.sum()) for mask in largest(importance, among, 9).values()) == 4


def test_random_ones_are_as_many_of_each_group_and_every_one_comes_up() -> None:
    among = {"a": torch.arange(6) != 2, "b": torch.ones(3, dtype=torch.bool)}
    chosen = {"a": torch.arange(6) < 2, "b": torch.arange(3) < 1}
    rng = np.random.default_rng(0)
    seen = {"a": torch.zeros(6), "b": torch.zeros(3)}
    for _ in range(300):
        for name, mask in random_like(chosen, among, rng).items():
            assert int(mask.sum()) == int(chosen[name].sum())
            seen[name] += mask
    assert seen["a"].tolist()[2] == 0
    torch.testing.assert_close(seen["a"][[0, 1, 3, 4, 5]] / 300, torch.full((5,), 0.4), atol=0.1, rtol=0)
    torch.testing.assert_close(seen["b"] / 300, torch.full((3,), 1 / 3), atol=0.1, rtol=0)
