"""One candidate edge of a trained RR-Net, with all that its probability depends on: what an explanation takes apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from avgraph.errors import GraphError, first_few
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.predictions import row_names
from avgraph.methods.rrnet.features import known_classes
from avgraph.methods.rrnet.model import RRNet
from avgraph.methods.rrnet.parts import ModelGraph
from avgraph.nn.edges.neighbourhood import Neighbourhood
from avgraph.nn.edges.sampling import incident_edges

if TYPE_CHECKING:
    from avgraph.methods.rrnet.task import RRNetTask


@dataclass(frozen=True, eq=False)
class Question:
    """Which target does a source node map to?

    Attributes:
        model: the network, in evaluation.
        graph: the part that the answer depends on.
        numbers: of its nodes and edges in the graph of the run.
        place: numbers of the source node's candidate edges in the part; they are the question, and never removed.
        asked: which of them is asked about.
        offset: what the encoder says of each, added to its logit; None where the run does not start from it.
        each_edge: whether a probability is of an edge by itself, or of the candidates of a source node.
        centre: node type → the feature row that stands for "not known": the mean of the training nodes.
        mean_attr: of all candidate edges of the run; None where they have no attributes.

    Shapes:
        place, offset [c]; centre [1, d] each; mean_attr [a]
    """

    model: RRNet
    graph: ModelGraph
    numbers: Neighbourhood
    place: Tensor
    asked: int
    offset: Tensor | None
    each_edge: bool
    centre: Mapping[str, Tensor]
    mean_attr: Tensor | None

    @property
    def inter(self) -> EdgeType:
        """(source, candidate, target)."""
        return self.model.inter

    def removable(self) -> dict[EdgeType, Tensor]:
        """Relation → which of its edges the answer can depend on and do without; those with at least one such edge."""
        found = {}
        for kind, index in self.graph.edge_index.items():
            carries = self.model.intra_units if kind != self.inter else self.model.inter_units[1:]
            mask = torch.full((index.shape[1],), len(carries) > 0, device=index.device)
            if kind == self.inter:
                mask[self.place] = False  # what the last inter unit tells the nodes, no edge reads
            if bool(mask.any()):
                found[kind] = mask
        return found

    @torch.no_grad()
    def probabilities(
        self,
        kept: Mapping[EdgeType, Tensor] | None = None,
        *,
        x: Mapping[str, Tensor] | None = None,
        scores: bool = True,
        offset: bool = True,
    ) -> Tensor:
        """Of the candidates [c].

        Args:
            kept: relation → mask of its edges [e]: the others are removed from the graph; all are kept if not given.
            x: other features.
            scores: whether the candidates have their own attributes, or the mean ones.
            offset: whether what the encoder says is added.
        """
        graph, place = self.graph if x is None else replace(self.graph, x=x), self.place
        if not scores and self.mean_attr is not None:
            attr = graph.edge_attr[self.inter].clone()
            attr[place] = self.mean_attr
            graph = replace(graph, edge_attr={**graph.edge_attr, self.inter: attr})
        if kept:
            graph = graph.with_edges(kept)
            if self.inter in kept:
                place = kept[self.inter].cumsum(0)[place] - 1
        logits = graph.logits(self.model)[place]
        logits = self.with_offset(logits) if offset else logits
        return logits.sigmoid() if self.each_edge else logits.softmax(-1)

    def without(self, kind: EdgeType, edge: int) -> Tensor:
        """Probabilities of the candidates [c] without one edge."""
        kept = torch.ones(self.graph.edge_index[kind].shape[1], dtype=torch.bool, device=self.place.device)
        kept[edge] = False
        return self.probabilities({kind: kept})

    def with_offset(self, logits: Tensor) -> Tensor:
        """Logits of the candidates with what the encoder says of each."""
        return logits if self.offset is None else logits + self.offset

    def unknown(self, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Features with those of some nodes, a mask a type, set to what stands for "not known"."""
        return {
            node: value if node not in rows else torch.where(rows[node][:, None], self.centre[node], value)
            for node, value in self.graph.x.items()
        }

    def row(self, node: str) -> int:
        """Number in the part of the end of the asked edge that is of this type."""
        side = 0 if node == self.inter[0] else 1
        return int(self.graph.edge_index[self.inter][side, self.place[self.asked]])

    def targets(self) -> Tensor:
        """Number of every candidate in the graph of the run [c]."""
        return self.numbers.nodes[self.inter[2]][self.graph.edge_index[self.inter][1, self.place].cpu()]

    def ends(self, kind: EdgeType) -> Tensor:
        """The edges of a relation by the numbers of the run [2, e]."""
        return torch.stack(
            [
                self.numbers.nodes[node][ends.cpu()]
                for node, ends in zip((kind[0], kind[2]), self.graph.edge_index[kind], strict=True)
            ]
        )


@torch.no_grad()
def ask(task: RRNetTask, source: int, target: int | None = None) -> Question:
    """A candidate edge of a run as a question.

    Where the run takes up some of a node's edges only (``fan_out``), those that its seed draws are all there are.

    Args:
        task: bound to the graph of its run, in evaluation.
        source: number of the node.
        target: number of the candidate; the most probable one if not given.

    Raises:
        GraphError: if the target is no candidate of the source, or it has none.
    """
    whole, options, inter = task.placed().to(torch.device("cpu")), task.options, task.inter
    edges = incident_edges(torch.tensor([source]), [whole.plans[inter].source])
    asked = _asked(task, source, target, whole.edge_index[inter][1][edges])
    numbers = whole.neighbourhood(task.model, edges, options.fan_out, np.random.default_rng([task.seed, source]))
    graph, place = whole.part(numbers), torch.searchsorted(numbers.edges[inter], edges)
    centre = {node: _centre(task, node, value) for node, value in whole.x.items()}
    if columns := known_classes(task.graph, options):
        row = graph.edge_index[inter][0][place[:1]]
        graph.x[inter[0]][row, -columns:] = 0  # what is asked for is not known
        centre[inter[0]][:, -columns:] = 0
    device, attr = task.device, whole.edge_attr.get(inter)
    question = Question(
        task.model,
        graph.to(device),
        numbers,
        place.to(device),
        asked,
        task.offset.cpu()[edges].to(device) if task.starts_scored else None,
        options.loss == "bce",
        {node: value.to(device) for node, value in centre.items()},
        None if attr is None else attr.mean(0).to(device),
    )
    return question if target is not None else replace(question, asked=int(question.probabilities().argmax()))


def _asked(task: RRNetTask, source: int, target: int | None, candidates: Tensor) -> int:
    """Place of a target among the candidates."""
    names = [row_names(task.graph, node) for node in (task.inter[0], task.inter[2])]
    if not len(candidates):
        raise GraphError(
            f"rrnet: {task.inter[0]} {names[0][source]!r} has no candidates, so nothing is predicted of it"
        )
    if target is None:
        return 0
    found = (candidates == target).nonzero()[:, 0]
    if not len(found):
        known = first_few([names[1][each] for each in candidates.tolist()], 20)
        told = f"{names[1][target]!r} is no candidate of {names[0][source]!r}, and only candidates are judged"
        raise GraphError(f"rrnet: {told}; it has: {known}")
    return int(found[0])


def _centre(task: RRNetTask, node: str, x: Tensor) -> Tensor:
    mask = task.graph[node].get("train_mask")
    return (x if mask is None else x[mask.to(x.device)]).mean(0, keepdim=True)
