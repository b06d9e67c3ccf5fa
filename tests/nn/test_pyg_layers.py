"""Every layer where PyG users put one: beside others in `HeteroConv`, in `to_hetero`, explained."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.explain import Explainer, GNNExplainer
from torch_geometric.nn import HeteroConv, SAGEConv, summary, to_hetero

from avgraph.graph.vocabulary import EdgeType
from avgraph.nn import HeteroEdgeUnit, LatentInteraction
from tests.nn.pyg_layers import EDGES, LAYERS, WIDTH, Network, made, rows

TOLD = SimpleNamespace(tabulate=lambda tabular_data, **style: str(tabular_data))  # a package that PyG wants here
each_layer = pytest.mark.parametrize("name", LAYERS)


@each_layer
def test_in_hetero_conv_beside_another(name: str) -> None:
    layer, sage = made(name), SAGEConv(WIDTH, WIDTH).double()
    ours, theirs, back = ("a", "to", "b"), ("b", "near", "b"), ("b", "near", "a")
    a, b = rows(5, 4)
    near = torch.tensor([[0, 1, 2], [1, 2, 3]])
    convs = HeteroConv({ours: layer, theirs: sage, back: sage})
    out = convs({"a": a, "b": b}, {ours: EDGES, theirs: near, back: near})
    torch.testing.assert_close(out["b"], layer((a, b), EDGES) + sage((b, b), near))


@each_layer
def test_to_hetero(name: str) -> None:
    kinds = [("a", "to", "b"), ("b", "to", "a")]
    x, edge_index = dict(zip("ab", rows(5, 4), strict=True)), dict(zip(kinds, (EDGES, EDGES.flip(0)), strict=True))
    network = to_hetero(Network(made(name)), (["a", "b"], kinds)).double()
    out = network(x, edge_index)
    for source, _, target in kinds:
        layer = network.get_submodule(f"conv.{source}__to__{target}")
        torch.testing.assert_close(out[target], layer((x[source], x[target]), edge_index[source, "to", target]))


@each_layer
def test_explainer_masks_edges(name: str) -> None:
    explainer = Explainer(
        Network(made(name)), GNNExplainer(epochs=3), explanation_type="model", edge_mask_type="object",
        node_mask_type="attributes",
        model_config={"mode": "regression", "task_level": "node", "return_type": "raw"},
    )  # fmt: skip
    mask = explainer(*rows(5), EDGES, index=0).edge_mask
    assert mask[EDGES[1] == 0].all()
    assert not mask[EDGES[1] != 0].any()


@each_layer
def test_forward_hook_and_summary(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network, seen = Network(made(name)), []
    network.conv.register_forward_hook(lambda module, inputs, output: seen.append(output))
    out = network(*rows(5), EDGES)
    monkeypatch.setitem(sys.modules, "tabulate", TOLD)
    assert f"(conv){name}', '[5, 4], [2, 7]', '[5, 4]'" in summary(network, *rows(5), EDGES)
    assert torch.equal(seen[0], out)


NEAR, TO = ("a", "near", "a"), ("a", "to", "b")


class OnDicts(nn.Module):
    """A unit with edge states, and what a `HeteroConv` makes of its nodes; the energy of these on a concept graph."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = HeteroEdgeUnit(WIDTH, [NEAR, TO])
        self.convs = HeteroConv({TO: SAGEConv(WIDTH, WIDTH), NEAR: SAGEConv(WIDTH, WIDTH)})
        self.energy = LatentInteraction(["a"], concept="b", weighting="soft", distance="squared")

    def forward(self, x_dict: dict[str, Tensor], edge_index_dict: dict[EdgeType, Tensor]) -> Tensor:
        state = {kind: torch.zeros(index.shape[1], WIDTH) for kind, index in edge_index_dict.items()}
        x, _ = self.unit(x_dict, edge_index_dict, state)
        activates, drives = ("a", "activates", "b"), ("b", "drives", "b")
        index = {activates: edge_index_dict[TO], drives: torch.tensor([[0], [1]])}
        weight = {activates: torch.ones(index[activates].shape[1]), drives: torch.ones(1)}
        out: Tensor = self.convs(x, edge_index_dict)["b"] + self.energy(x, index, weight)
        return out


def test_layers_on_dicts_are_hooked_summarised_and_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network, seen = OnDicts(), []
    given = {"a": torch.randn(5, WIDTH), "b": torch.randn(2, WIDTH)}, {NEAR: EDGES, TO: torch.tensor([[0, 1], [0, 1]])}
    for layer in (network.unit, network.energy):
        layer.register_forward_hook(lambda module, inputs, output: seen.append(type(module)))
    out = network(*given)
    assert seen == [HeteroEdgeUnit, LatentInteraction]
    monkeypatch.setitem(sys.modules, "tabulate", TOLD)
    table = summary(network, *given)
    assert "(unit)HeteroEdgeUnit" in table
    assert "(energy)LatentInteraction" in table
    explainer = Explainer(
        network, GNNExplainer(epochs=3), explanation_type="model", edge_mask_type="object",
        node_mask_type="attributes",
        model_config={"mode": "regression", "task_level": "node", "return_type": "raw"},
    )  # fmt: skip
    found = explainer(*given, index=0)
    torch.testing.assert_close(found.prediction, out)
    assert found["a"].node_mask.shape == (5, WIDTH)
    assert found[TO].edge_mask[0] > 0
    assert found[NEAR].edge_mask[EDGES[1] == 0].all()  # through the unit: they end in the node that `to` starts from
