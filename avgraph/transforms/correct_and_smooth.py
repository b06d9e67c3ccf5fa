"""Class scores corrected and smoothed along edges, of training nodes by the classes of the other folds; by PyG."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
import torch_geometric.nn
from jaxtyping import Float, Int64
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.edges import edge_store
from avgraph.graph.inner_folds import inner_folds
from avgraph.graph.nodes import check_finite, node_attribute, node_count, node_labels, node_vector
from avgraph.graph.vocabulary import EdgeType
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._new_rows import Edges
from avgraph.transforms.score_options import CorrectAndSmoothOptions


class CorrectAndSmooth(BaseTransform):
    r"""Correct the ``score`` of nodes by what training nodes around them are wrong by, then smooth it along the edges.

    Huang et al., "Combining label propagation and simple models out-performs graph neural networks" (ICLR 2021), as
    `torch_geometric.nn.CorrectAndSmooth` has it. With S = D^{-1/2} A D^{-1/2} of the edges both ways (two nodes near
    each other have two, and count twice), Z the scores, Y the classes of training nodes, E⁽⁰⁾ = Y - Z on training
    nodes, R⁽⁰⁾ = Y on training nodes and Z + E elsewhere,

    .. math:: E \leftarrow (1 - \alpha) E^{(0)} + \alpha S E, \qquad R \leftarrow (1 - \beta) R^{(0)} + \beta S R

    A training node never has a part in its own score: it gets what it would have if the classes of its inner fold
    (`avgraph.graph.inner_folds.inner_folds`) were not known, so that the scores of training nodes are as good, and as
    wrong, as those of others. Give it scores that are out of fold too, as the encoders' are.

    Writes R as ``score`` [n, classes], rows of probabilities, and puts it first in ``view_score``
    [n, views + 1, classes]: what the encoders said stays beside it, also on the candidate edges made by `Candidates`.
    ``smoothed_views`` says how many of the views are such.

    Args:
        node: node type with ``score``, ``y`` and ``train_mask``.
        relation: the edges within it; their weights are not looked at.
        correction, smoothing: α and β.
        layers: hops, of either.
        autoscale: bring every correction to the mean error of training nodes; else training nodes keep their E⁽⁰⁾.

    Raises:
        GraphError: if scores, classes or edges are missing or do not fit each other, or no training node has a class.

    Example:
        >>> data = HeteroData(audio={"y": torch.tensor([1, 1, -1]), "train_mask": torch.tensor([True, True, False])})
        >>> data["audio"].score = torch.full((3, 2), 0.5)
        >>> data["audio", "near", "audio"].edge_index = torch.tensor([[0, 1], [2, 2]])
        >>> CorrectAndSmooth("audio")(data)["audio"].score.argmax(1)
        tensor([1, 1, 1])
    """

    def __init__(
        self,
        node: str,
        *,
        relation: str = "near",
        correction: float = 0.8,
        smoothing: float = 0.5,
        layers: int = 20,
        autoscale: bool = False,
    ) -> None:
        check_arguments(
            CorrectAndSmoothOptions,
            node=node,
            relation=relation,
            correction=correction,
            smoothing=smoothing,
            layers=layers,
            autoscale=autoscale,
        )
        self.node, self.relation, self.layers = node, relation, layers
        self.correction, self.smoothing, self.autoscale = correction, smoothing, autoscale

    def forward(self, data: HeteroData) -> HeteroData:
        """Change the scores of ``data``; calling the transform instead changes those of a shallow copy."""
        views, index = self._views(data), edge_store(data, self._edge_type).edge_index
        y, known = self._classes(data, views.shape[2])
        both = torch.cat([index, index.flip(0)], 1)
        smoothed = self._smoothed(views[:, 0], y[known], known, both)
        fold = inner_folds(data[self.node], known)
        for number in fold.unique():
            own, others = known[fold == number], known[fold != number]
            smoothed[own] = self._smoothed(views[:, 0], y[others], others, both)[own]
        _put_first(data, self.node, smoothed, views)
        return data

    def rescore(self, data: HeteroData, new: HeteroData, edges: Mapping[EdgeType, Edges]) -> HeteroData:
        """New nodes with the scores that they have beside the graph, each as if it were alone there.

        Args:
            data: the graph with the scores of this step.
            new: the new nodes, with the scores that the step would start from.
            edges: of new nodes, by the steps before this one; without any a node keeps what it has.

        Raises:
            GraphError: if new nodes have other scores than the graph had.
        """
        views, of_graph = self._views(new), node_attribute(data, self.node, "view_score")
        before = of_graph.shape[1] - views.shape[1]  # later steps have put theirs first
        if before < 1 or of_graph.shape[2] != views.shape[2]:
            expected = f"{of_graph.shape[1] - 1} scores of {of_graph.shape[2]} classes"
            raise GraphError(f"{self.node}: expected {expected} of each new row, got {list(views.shape[1:])}")
        count, index = len(of_graph), edge_store(data, self._edge_type).edge_index
        found = edges.get(self._edge_type, {}).get("edge_index", index[:, :0]).to(index)
        both = torch.cat([found, found.flip(0)], 1)
        heard = both[:, both[1] >= count]  # what a new node hears; nobody hears of it
        together = torch.cat([index, index.flip(0), heard], 1)
        score = torch.cat([of_graph[:, before], views[:, 0].to(of_graph)])
        y, known = self._classes(data, views.shape[2])
        result = copy.copy(new)
        _put_first(result, self.node, self._smoothed(score, y[known], known, together)[count:], views)
        return result

    @property
    def _edge_type(self) -> EdgeType:
        return (self.node, self.relation, self.node)

    def _smoothed(
        self, score: Float[Tensor, "n c"], y: Int64[Tensor, " m"], known: Int64[Tensor, " m"], edge_index: Tensor
    ) -> Float[Tensor, "n c"]:
        """By the classes of the nodes that are known; the score itself where nothing at all arrives."""
        if not len(known):  # one fold alone: its own classes are all there are
            return score.clone()
        both = torch_geometric.nn.CorrectAndSmooth(
            self.layers, self.correction, self.layers, self.smoothing, autoscale=self.autoscale
        )
        found: Tensor = both(score, y, known, edge_index)
        total = found.sum(1, keepdim=True)
        return torch.where(total > 0, found / total, score)

    def _views(self, data: HeteroData) -> Float[Tensor, "n v c"]:
        """All scores that nodes have, the one that counts first."""
        score, rows = node_attribute(data, self.node, "score"), node_count(data, self.node)
        if not isinstance(score, Tensor) or not score.is_floating_point() or score.ndim != 2 or len(score) != rows:
            got = f"{score.dtype} {list(score.shape)}" if isinstance(score, Tensor) else type(score).__name__
            raise GraphError(f"{self.node}.score: expected a floating-point tensor [{rows}, classes], got {got}")
        check_finite(f"{self.node}.score", score)
        views = data[self.node].get("view_score", score[:, None])
        if not isinstance(views, Tensor) or views.ndim != 3 or (len(views), views.shape[2]) != tuple(score.shape):
            got = str(list(views.shape)) if isinstance(views, Tensor) else type(views).__name__
            expected = f"[{rows}, views, {score.shape[1]}]"
            raise GraphError(f"{self.node}.view_score: expected {expected}, got {got}")
        return views if torch.equal(views[:, 0], score) else torch.cat([score[:, None], views.to(score)], 1)

    def _classes(self, data: HeteroData, classes: int) -> tuple[Int64[Tensor, " n"], Int64[Tensor, " m"]]:
        """Class of every node, and the nodes whose class is known."""
        y = node_labels(data, self.node)
        known = (node_vector(data, self.node, "train_mask", torch.bool) & (y >= 0)).nonzero()[:, 0]
        if not len(known):
            raise GraphError(f"correct_and_smooth: no training row of {self.node!r} has a class")
        if int(y[known].max()) >= classes:
            told = f"got class {int(y[known].max())} and scores of {classes}"
            raise GraphError(f"correct_and_smooth: expected a score for every class of {self.node!r}, {told}")
        return y, known

    def __repr__(self) -> str:
        return (
            f"CorrectAndSmooth({self.node!r}, relation={self.relation!r}, correction={self.correction}, "
            f"smoothing={self.smoothing}, layers={self.layers}, autoscale={self.autoscale})"
        )


def _put_first(data: HeteroData, node: str, score: Tensor, views: Tensor) -> None:
    data[node].score = score
    data[node].smoothed_views = data[node].get("smoothed_views", 0) + 1
    data[node].view_score = torch.cat([score[:, None], views], 1)
