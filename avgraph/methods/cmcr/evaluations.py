"""What held-out rows are asked besides retrieval: zero-shot classes, and where in a picture a sound comes from.

Both are read from the graph: rows with ``is_prompt`` are prompts of the classes ``y``; edges of
`avgraph.graph.localisation` join the proposals of a picture to its sound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.localisation import REGION, proposal_edges, region_edges
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.cmcr.readouts import places_of
from avgraph.metrics import best_proposals, counterfactual_scores, localisation_scores, region_iou, zero_shot_accuracy

_KS = (1, 3, 5)
HIT = 0.5  # of the IoU: at least in `localisation_scores`, above in `counterfactual_scores`, as published

Embedded = Mapping[str, tuple[Tensor, Tensor]]
"""Node type → numbers of held-out rows, and their unit rows in the connected space."""


def evaluations(graph: HeteroData, embedded: Embedded, splits: Sequence[str]) -> dict[str, float]:
    """`zero_shot_metrics` and `localisation_metrics`, as far as the graph asks for them."""
    return zero_shot_metrics(graph, embedded, splits) | localisation_metrics(graph, embedded, splits)


def zero_shot_metrics(graph: HeteroData, embedded: Embedded, splits: Sequence[str]) -> dict[str, float]:
    """Accuracy of every node type with ``y`` by the prompts of each that has prompts (`zero_shot_accuracy`).

    ``<split>/top_<k>_<node>_by_<prompts>`` for k of 1, 3, 5 below the number of classes, and 1.

    Raises:
        GraphError: if a class has no prompt.

    Example:
        >>> mask, y = torch.tensor([True, True]), torch.tensor([0, 1])
        >>> shape, prompt = {"test_mask": mask, "y": y}, {"test_mask": mask, "y": y, "is_prompt": mask}
        >>> embedded = {node: (torch.arange(2), torch.eye(2)) for node in ("shape", "prompt")}
        >>> zero_shot_metrics(HeteroData(shape=shape, prompt=prompt), embedded, ["test"])
        {'test/top_1_shape_by_prompt': 1.0}
    """
    found: dict[str, float] = {}
    asking = [node for node in embedded if "is_prompt" in graph[node]]
    for split in splits:
        parts = {node: _part(graph, embedded, node, split) for node in embedded if "y" in graph[node]}
        for prompts in asking:
            for node, (rows, x) in parts.items():
                if node in asking or not len(x) or not len(parts[prompts][0]):
                    continue
                y, prompt_y = graph[node].y[rows], graph[prompts].y[parts[prompts][0]]
                classes = int(torch.cat([y, prompt_y]).max()) + 1
                ks = [k for k in _KS if k == 1 or k < classes]
                try:
                    scores = zero_shot_accuracy(x, parts[prompts][1], y, prompt_y, ks)
                except GraphError as error:
                    raise GraphError(f"{node} by {prompts}: {error}") from None
                found |= {f"{split}/{name}_{node}_by_{prompts}": value for name, value in scores.items()}
    return found


def localisation_metrics(graph: HeteroData, embedded: Embedded, splits: Sequence[str]) -> dict[str, float]:
    """How well the proposal that is most similar to its picture's sound covers what sounds (C-MCR, Tables 2 and 3).

    ``<split>/localisation_ciou`` and ``_auc`` over the pictures that show what sounds (`localisation_scores`), beside
    ``_chance_ciou``, the mean over a proposal taken by chance, and ``_best_ciou``, that of the best one; where other
    pictures show nothing that sounds, ``_ap`` and ``_max_f1`` over all (`counterfactual_scores`).
    """
    found: dict[str, float] = {}
    for kind in proposal_edges(graph):
        for split in splits if {kind[0], kind[2]} <= embedded.keys() else ():
            chosen = localised(graph, embedded, kind, split)
            scores = {} if chosen is None else chosen.scores()
            found |= {f"{split}/localisation_{key}": value for key, value in scores.items()}
    return found


def keep_localisation(result: HeteroData, graph: HeteroData) -> None:
    """Boxes, regions and their edges, which the learned graph has as the graph had them."""
    for kind in proposal_edges(graph):
        result[kind[0]].box, result[REGION].x = graph[kind[0]].box, graph[REGION].x
        for edge in (kind, region_edges(kind[2])):
            result[edge].edge_index = graph[edge].edge_index


def _part(graph: HeteroData, embedded: Embedded, node: str, split: str) -> tuple[Tensor, Tensor]:
    """Numbers and embeddings of the rows of a split."""
    rows, x = embedded[node]
    mask = graph[node].get(f"{split}_mask")
    of_split = torch.zeros(len(rows), dtype=torch.bool) if mask is None else mask[rows]
    return rows[of_split], x[of_split]


@dataclass(frozen=True)
class Localised:
    """What was chosen in the pictures of some sounds.

    Attributes:
        iou: of the chosen proposal; confidence: its cosine with the sound; sounding: whether the picture shows it.
        chance, best: share of the proposals that hit, and whether one does.

    Shapes:
        iou, confidence, sounding, chance, best [n]
    """

    iou: Tensor
    confidence: Tensor
    sounding: Tensor
    chance: Tensor
    best: Tensor

    def scores(self) -> dict[str, float]:
        """`localisation_metrics` of them, by their last names."""
        told = self.sounding
        found = localisation_scores(self.iou[told])
        found |= {"chance_ciou": float(self.chance[told].mean()), "best_ciou": float(self.best[told].mean())}
        return found if bool(told.all()) else found | counterfactual_scores(self.iou, self.confidence, told)


def localised(graph: HeteroData, embedded: Embedded, kind: EdgeType, split: str) -> Localised | None:
    """The proposal that is most similar to the sound of its picture, in every picture of a split; None without one.

    Raises:
        GraphError: if a proposal is not held out, or no picture shows what sounds.
    """
    rows, x = _part(graph, embedded, kind[2], split)
    if not len(rows):
        return None
    store = graph[kind[2]]
    proposal, picture = _of_rows(graph[kind].edge_index, rows, store.num_nodes)
    region, region_picture = _of_rows(graph[region_edges(kind[2])].edge_index, rows, store.num_nodes)
    place = places_of(embedded[kind[0]][0], graph[kind[0]].num_nodes)[proposal]
    if bool((place < 0).any()):
        raise GraphError(f"{kind[0]}: row {int(proposal[place < 0][0])} is a proposal, but not held out")
    if not len(region):
        raise GraphError(f"{REGION}: no picture of {split} shows what sounds: there is nothing to localise")
    similarity = F.cosine_similarity(embedded[kind[0]][1][place], x[picture])
    size = store.picture_height[rows], store.picture_width[rows]
    boxes, regions = graph[kind[0]].box[proposal], graph[REGION].x[region]
    iou = region_iou(boxes, picture, regions, region_picture, *size)
    chosen, confidence = best_proposals(similarity, picture, len(rows))
    hit, none = (iou >= HIT).double(), torch.zeros(len(rows), dtype=torch.float64)
    return Localised(
        iou[chosen],
        confidence,
        torch.zeros(len(rows), dtype=torch.bool).index_fill(0, region_picture, True),
        none.scatter_reduce(0, picture, hit, "mean", include_self=False),
        none.scatter_reduce(0, picture, hit, "amax"),
    )


def _of_rows(edge_index: Tensor, rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The edges that end in ``rows``: their sources, and the places of their ends among these rows."""
    place = places_of(rows, count)[edge_index[1]]
    return edge_index[0][place >= 0], place[place >= 0]
