"""Edges from clips to the concepts that are active in them ("Inferred Latent Interaction Graphs", Eq. 7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._concepts import concept_columns, with_concepts
from avgraph.transforms.concept_options import ActivationEdgesOptions
from avgraph.transforms.pairs import set_pairs
from avgraph.transforms.top_k import stable_top_k


def active_concepts(soft: Tensor, threshold: float, k: int | None = None) -> tuple[Tensor, Tensor]:
    """Row and column of every soft label above ``threshold``, and the label, sorted by row, then column.

    Args:
        soft: soft labels.
        threshold: that they must exceed.
        k: most of a row, the largest, ties by column; none is all.

    Shapes:
        soft [n, c] → [2, e], [e]

    Example:
        >>> index, weight = active_concepts(torch.tensor([[0.9, 0.2, 0.7]]), 0.5, k=1)
        >>> index.tolist(), weight
        ([[0], [0]], tensor([0.9000]))
    """
    active = soft > threshold
    if k is not None and k < soft.shape[1]:
        active &= torch.zeros_like(active).scatter(1, stable_top_k(soft, k)[0], torch.ones_like(active))
    index = active.nonzero().T.contiguous()
    return index, soft[index[0], index[1]]


class ActivationEdges(BaseTransform):
    """Add (node, ``relation``, ``concept``) for each of ``nodes``: the concepts whose soft label is above a threshold.

    Edges are sorted by node, then concept; ``edge_weight`` is the soft label. Where both ends have ``y`` they get ``y``
    (1 where equal) and the masks of the node. Edges that the graph already has under the same type are replaced.

    Args:
        nodes: node types; the columns of the second follow those of the first.
        attribute: of these nodes, [n, c] each: soft labels from 0 to 1.
        concept: node type of the columns, in their order; made, and named after the classes, where there is none.
        relation: name of the relation.
        threshold: of a soft label, above which a concept is active.
        k: most concepts per node and node type, the strongest, ties by number; none is all that are active.
        from_logits: the attribute holds logits; soft labels are their sigmoid.

    Raises:
        GraphError: if a node type or the attribute is missing, concepts are not as many as columns, or a soft label
            is below 0 or above 1.

    Example:
        >>> data = HeteroData(audio={"score": torch.tensor([[0.9, 0.2], [0.6, 0.7]])})
        >>> edges = ActivationEdges(["audio"])(data)["audio", "activates", "concept"]
        >>> edges.edge_index.tolist(), edges.edge_weight
        ([[0, 1, 1], [0, 0, 1]], tensor([0.9000, 0.6000, 0.7000]))
    """

    def __init__(
        self,
        nodes: Sequence[str],
        *,
        attribute: str = "score",
        concept: str = "concept",
        relation: str = "activates",
        threshold: float = 0.5,
        k: int | None = None,
        from_logits: bool = False,
    ) -> None:
        check_arguments(
            ActivationEdgesOptions, nodes=nodes, attribute=attribute, concept=concept, relation=relation,
            threshold=threshold, k=k, from_logits=from_logits,
        )  # fmt: skip
        self.nodes, self.attribute, self.concept, self.relation = list(nodes), attribute, concept, relation
        self.threshold, self.k, self.from_logits = threshold, k, from_logits

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        columns = concept_columns(data, self.nodes, self.attribute)
        with_concepts(data, self.concept, self.nodes, columns, self.attribute)
        first = 0
        for node, part in zip(self.nodes, columns, strict=True):
            soft = part.sigmoid() if self.from_logits else self._checked(node, part)
            index, weight = active_concepts(soft, self.threshold, self.k)
            index[1] += first
            first += soft.shape[1]
            data = set_pairs(data, (node, self.relation, self.concept), index, weight.float())
        return data

    def _checked(self, node: str, soft: Tensor) -> Tensor:
        outside = ((soft < 0) | (soft > 1)).nonzero()
        if len(outside):
            row, column = outside[0].tolist()
            got = f"{float(soft[row, column]):g} in row {row}, column {column}"
            raise GraphError(
                f"{node}.{self.attribute}: expected soft labels from 0 to 1, got {got}; from_logits takes the sigmoid"
            )
        return soft

    def __repr__(self) -> str:
        return (
            f"ActivationEdges({self.nodes!r}, attribute={self.attribute!r}, concept={self.concept!r}, "
            f"threshold={self.threshold}, k={self.k})"
        )
