"""Importance of the edges and features of a heterogeneous graph, by PyG's `Explainer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch_geometric.explain import Explainer, ExplainerAlgorithm, GNNExplainer, HeteroExplanation
from torch_geometric.explain.algorithm.utils import clear_masks, set_hetero_masks

from avgraph.graph.vocabulary import EdgeType
from avgraph.runtime.settings import random_state_kept

# PyG's weight of the entropy drives every mask to 0 or 1, and where an edge changes a probability by less than a
# hundredth it decides which: the order was no better than a random one on ESC-10 and CIFAR-10 (docs/explaining.md).
LEARNED = {"epochs": 200, "lr": 0.05, "edge_ent": 0.0, "node_feat_ent": 0.0}


class MaskGradient(ExplainerAlgorithm):
    """The gradient of the target's log-probability by a mask of ones on each edge and each feature.

    To first order it is what the log-probability loses without the edge or the feature: above 0 it speaks for the
    target. The masks are those of PyG's explainers; one backward pass gives them all.

    Example:
        >>> MaskGradient().supports()
        True
    """

    def forward(
        self,
        model: nn.Module,
        x: Mapping[str, Tensor],
        edge_index: Mapping[EdgeType, Tensor],
        *,
        target: Tensor,
        index: Tensor | None = None,
        **kwargs: Any,
    ) -> HeteroExplanation:
        """Masks by node type and by relation, of the kinds that the explainer asks for."""
        config = self.explainer_config
        edge = {
            kind: nn.Parameter(value.new_ones(value.shape[1], dtype=torch.float32))
            for kind, value in edge_index.items()
        }
        node = {kind: nn.Parameter(torch.ones_like(value)) for kind, value in x.items()}
        wanted: dict[str, dict[Any, nn.Parameter]] = {
            "node_mask": node if config.node_mask_type else {},
            "edge_mask": edge if config.edge_mask_type else {},
        }
        set_hetero_masks(model, wanted["edge_mask"], edge_index, apply_sigmoid=False)
        try:
            masked = {kind: value * node[kind] for kind, value in x.items()}
            rows = model(masked, edge_index, **kwargs).log_softmax(-1)
            gain = rows.gather(-1, target[:, None]) if index is None else rows[index].gather(-1, target[index][:, None])
            leaves = [mask for masks in wanted.values() for mask in masks.values()]
            found = iter(torch.autograd.grad(gain.sum(), leaves, allow_unused=True, materialize_grads=True))
        finally:
            clear_masks(model)
        explanation = HeteroExplanation()
        for name, masks in wanted.items():
            if masks:
                explanation.set_value_dict(name, {kind: next(found) for kind in masks})
        return explanation

    def supports(self) -> bool:
        """Whatever has a gradient."""
        return True


def importance(
    model: nn.Module,
    x: Mapping[str, Tensor],
    edge_index: Mapping[EdgeType, Tensor],
    target: int,
    *,
    algorithm: str,
    over: Literal["edges", "features"],
    seed: int,
) -> dict[Any, Tensor]:
    """Of every edge, by relation, or of every feature, by node type, for one answer.

    Args:
        model: (x, edge_index) → logits [1, c]; in evaluation.
        x, edge_index: what it is called with; relations without edges are left out.
        target: number of the answer among the c.
        algorithm: ``gradient`` or ``gnn_explainer``.
        over: what is masked.
        seed: of what the masks start from, where they are learned.

    Shapes:
        x {type: [n, d]}, edge_index {relation: [2, e]} → {relation: [e]} or {type: [n, d]}
    """
    if over == "edges" and not edge_index:
        return {}
    explainer = Explainer(
        model,
        GNNExplainer(**LEARNED) if algorithm == "gnn_explainer" else MaskGradient(),
        explanation_type="phenomenon",
        model_config={"mode": "multiclass_classification", "task_level": "graph", "return_type": "raw"},
        node_mask_type="attributes" if over == "features" else None,
        edge_mask_type="object" if over == "edges" else None,
    )
    device = next(iter(x.values())).device
    with random_state_kept(), torch.enable_grad():
        torch.manual_seed(seed)
        found = explainer(dict(x), dict(edge_index), target=torch.tensor([target], device=device))
    masks: Mapping[Any, Tensor] = found.collect("edge_mask" if over == "edges" else "node_mask")
    return {kind: mask.detach() for kind, mask in masks.items()}
