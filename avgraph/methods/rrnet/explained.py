"""RR-Net as PyG's explainers take a model: features and relations in, the logits of one node's candidates out."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.question import Question
from avgraph.methods.rrnet.removable import removable
from avgraph.nn.module_keys import module_key


class ExplainedRRNet(nn.Module):
    """A question whose relations and features an explainer may mask.

    The units of a layer lie in a ``ModuleDict`` by relation, where `set_hetero_masks` looks for them: RR-Net has one
    for all relations of a kind. No edge reads what the last layer tells the nodes, so no mask counts there.

    Args:
        question: what is asked.

    Shapes:
        x_dict {type: [n, d]} less the centre of each, so that a mask of 0 is a feature that is not known;
        edge_index_dict {relation: [2, e]}, those of `Question.removable` → logits [1, c], or [1, 2] of the edge's
        being none and one, where every edge is judged by itself
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        removed = question.removable()
        stays = ~removed[question.inter] if question.inter in removed else None
        *layers, (last, kinds) = question.model.layers()
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {module_key(kind): removable(unit, stays if kind == question.inter else None) for kind in kinds}
            )
            for unit, kinds in layers
        )
        self.units: list[dict[EdgeType, nn.Module]] = [
            {kind: twins[module_key(kind)] for kind in kinds}  # type: ignore[index]
            for (_, kinds), twins in zip(layers, self.layers, strict=True)
        ]
        self.units.append(dict.fromkeys(kinds, last))
        self.eval()

    def inputs(self) -> tuple[dict[str, Tensor], dict[EdgeType, Tensor]]:
        """What the explainer is called with."""
        graph = self.question.graph
        x = {node: value - self.question.centre[node] for node, value in graph.x.items()}
        return x, {kind: graph.edge_index[kind] for kind in self.question.removable()}

    @property
    def target(self) -> int:
        """Number of the answer among the logits."""
        return 1 if self.question.each_edge else self.question.asked

    def forward(self, x_dict: Mapping[str, Tensor], edge_index_dict: Mapping[EdgeType, Tensor]) -> Tensor:
        """Logits of the source node's candidates, one row."""
        question, graph = self.question, self.question.graph
        x = {node: value + question.centre[node] for node, value in x_dict.items()}
        logits = question.model(x, graph.edge_index, graph.edge_attr, graph.plans, self.units)
        logits = question.with_offset(logits[question.place])
        if question.each_edge:
            logits = torch.stack([torch.zeros_like(logits[0]), logits[question.asked]])
        return logits[None]
