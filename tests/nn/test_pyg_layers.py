"""Every layer where PyG users put one: beside others in `HeteroConv`, in `to_hetero`, explained, compiled."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch
from torch_geometric.explain import Explainer, GNNExplainer
from torch_geometric.nn import HeteroConv, SAGEConv, summary, to_hetero

from tests.forking import ForkServer
from tests.nn.pyg_layers import EDGES, LAYERS, WIDTH, Network, made, rows

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
    told = SimpleNamespace(tabulate=lambda tabular_data, **style: str(tabular_data))  # a package that PyG wants here
    monkeypatch.setitem(sys.modules, "tabulate", told)
    assert f"(conv){name}', '[5, 4], [2, 7]', '[5, 4]'" in summary(network, *rows(5), EDGES)
    assert torch.equal(seen[0], out)


def test_compiled(fork_server: ForkServer) -> None:
    done = fork_server.start(python="from tests.nn.pyg_layers import main; main()")
    assert done.wait() == 0, done.error
    assert all(f"{name} compiled and equal" in done.output for name in LAYERS)
    assert "LatentInteraction and HeteroEdgeUnit compiled and equal" in done.output
