"""Latent interactions ("Inferred Latent Interaction Graphs", Eq. 7) as a layer over dicts of PyG's graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType
from avgraph.nn.edges.complete import complete_edges
from avgraph.nn.edges.hooked_steps import HookedSteps
from avgraph.nn.losses._interaction_inputs import checked_concepts
from avgraph.nn.losses.interaction_energy import Distance, Modality, edge_energies, euclidean_energy, shares_of
from avgraph.nn.losses.latent_interaction import Weighting
from avgraph.nn.module_keys import module_key
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import finite, is_traced


class EdgeSum(HookedSteps):
    """What comes in over a node's edges, times their weights; the steps of `LatentInteraction`."""

    def forward(self, x: tuple[Tensor, Tensor], edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        """Sums [m, d] from x [n, d] along edges [2, e] into as many nodes as the second part has rows."""
        out: Tensor = self.propagate(edge_index, x=x, edge_weight=edge_weight, size=(len(x[0]), len(x[1])))
        return out

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        """What a node sends, times the weight of the edge."""
        return edge_weight[:, None] * x_j


class LatentInteraction(nn.Module):
    r"""Energy of a graph of concepts: how far apart the clips are in which concepts that drive each other are active.

    .. math::
        \sum_{(i, j)} A_{ij} \sum_{p, q} W_{pq}
        \operatorname{mean}_{n \in p,\, m \in q\,:\, n \to i,\, m \to j} \lVert z_n - z_m \rVert

    Along (clip, activates, concept) and (concept, drives, concept); p and q are the types of clips, W is
    ``intra_weight`` where they are one and ``inter_weight`` where not. With the classes as heard and as seen for
    concepts it is `avgraph.nn.latent_interaction_loss`. With an explainer or a hook on a step of ``steps``, a
    `MessagePassing` for each relation, activities and dependencies go as messages, and edge masks of both have
    gradients.

    Args:
        clips: node types of clips.
        concept: node type.
        activates, drives: relations.
        threshold: above it a concept is active, where ``weighting`` is ``"hard"``; ``"soft"`` weighs by activity.
        intra_weight, inter_weight: W.
        distance: ``"euclidean"`` as published, of all pairs of clips, or ``"squared"``, in O(nC + E).

    Shapes:
        x_dict {clip: [n, d]}, edge_index_dict {activates: [2, e], drives: [2, E]}, edge_weight_dict {activates: [e],
        drives: [E]} → scalar; a relation without ``edge_index`` is complete, and its weights a table [n, C] or [C, C]

    Raises:
        GraphError: if an option, a node type, a relation or a shape does not fit.

    Example:
        >>> z, activates = torch.tensor([[0.0], [3.0]]), torch.tensor([[0, 1], [0, 1]])
        >>> heard, drives = ("audio", "activates", "concept"), ("concept", "drives", "concept")
        >>> layer = LatentInteraction(["audio"], intra_weight=1.0)
        >>> layer({"audio": z}, {heard: activates, drives: torch.tensor([[0], [1]])},
        ...       {heard: torch.ones(2), drives: torch.ones(1)})
        tensor(3.)
    """

    def __init__(
        self,
        clips: Sequence[str] = ("audio", "visual"),
        concept: str = "concept",
        *,
        activates: str = "activates",
        drives: str = "drives",
        threshold: float = 0.5,
        intra_weight: float = 0.1,
        inter_weight: float = 0.4,
        weighting: Weighting = "hard",
        distance: Distance = "euclidean",
    ) -> None:
        super().__init__()
        for name, value, known in (
            ("weighting", weighting, ("hard", "soft")),
            ("distance", distance, ("euclidean", "squared")),
        ):
            if value not in known:
                raise GraphError(f"{name}: expected {known[0]!r} or {known[1]!r}, got {value!r}")
        if not clips or len(set(clips)) < len(clips):
            raise GraphError(f"clips: expected node types, each once, got {list(clips)}")
        self.activates: dict[str, EdgeType] = {clip: (clip, activates, concept) for clip in clips}
        self.drives: EdgeType = (concept, drives, concept)
        self.threshold, self.weighting, self.distance = threshold, weighting, distance
        self.intra_weight, self.inter_weight = intra_weight, inter_weight
        self.steps = nn.ModuleDict({module_key(kind): EdgeSum() for kind in (*self.activates.values(), self.drives)})

    def forward(
        self,
        x_dict: Mapping[str, Tensor],
        edge_index_dict: Mapping[EdgeType, Tensor],
        edge_weight_dict: Mapping[EdgeType, Tensor],
    ) -> Tensor:
        """The energy; only the embeddings get a gradient, and where there are any the masks of an explainer."""
        kinds = [*self.activates.values(), self.drives]
        count = checked_concepts(kinds, x_dict, edge_index_dict, edge_weight_dict)
        fused = all(self._step(kind).runs_fused() for kind in kinds)
        with full_precision(*(x_dict[clip] for clip in self.activates)) as rows:
            parts = []
            for z, kind in zip(rows, self.activates.values(), strict=True):
                weight = edge_weight_dict[kind].detach()
                activity = (weight > self.threshold if self.weighting == "hard" else weight).to(z)
                table = self._table(kind, activity, edge_index_dict.get(kind), (len(z), count), fused)
                parts.append(_modality(z, table, fused and self.distance == "euclidean"))
            drives, weight = edge_index_dict.get(self.drives), edge_weight_dict[self.drives].detach().to(rows[0])
            if fused and self.distance == "euclidean":
                if drives is not None:
                    weight = weight.new_zeros(count, count).index_put(tuple(drives), weight, accumulate=True)
                energy = euclidean_energy(parts, weight, self.intra_weight, self.inter_weight)
            else:
                if drives is None:
                    drives = weight.nonzero().T
                    weight = weight[drives[0], drives[1]]
                each = edge_energies(parts, drives, self.intra_weight, self.inter_weight, self.distance)
                energy = weight @ each if fused else self._summed(drives, each, weight, count)
            return finite(energy, {f"x_dict[{clip!r}]": x_dict[clip] for clip in self.activates})

    def _step(self, kind: EdgeType) -> EdgeSum:
        step = self.steps[module_key(kind)]
        assert isinstance(step, EdgeSum)
        return step

    def _table(
        self, kind: EdgeType, activity: Tensor, edge_index: Tensor | None, size: tuple[int, int], fused: bool
    ) -> Tensor:
        """Activity of each concept in each clip [n, C]; as messages, a clip tells its concepts which one it is."""
        if fused and edge_index is None:
            return activity
        if edge_index is None:
            edge_index, activity = complete_edges(*size, device=activity.device), activity.flatten()
        if fused:
            return activity.new_zeros(size).index_put(tuple(edge_index), activity, accumulate=True)
        own = torch.eye(size[0], dtype=activity.dtype, device=activity.device)
        told: Tensor = self._step(kind)((own, own.new_empty(size[1], 0)), edge_index, activity)
        return told.T

    def _summed(self, drives: Tensor, each: Tensor, weight: Tensor, count: int) -> Tensor:
        """Dependencies as messages: each edge brings its target its weighted energy."""
        ends = (torch.arange(len(each), device=each.device), drives[1])
        one: Tensor = self._step(self.drives)((each[:, None], each.new_empty(count, 0)), torch.stack(ends), weight)
        return one.sum()

    def __repr__(self) -> str:
        return f"LatentInteraction({list(self.activates)}, weighting={self.weighting!r}, distance={self.distance!r})"


def _modality(z: Tensor, activity: Tensor, trim: bool) -> Modality:
    """With the concepts only from the first to the last that is active, so that those of others cost nothing."""
    own = slice(0, activity.shape[1])
    if trim and not is_traced(activity):
        active = activity.any(0).nonzero()[:, 0]
        own = slice(int(active[0]), int(active[-1]) + 1) if len(active) else slice(0, 0)
    return Modality(z, shares_of(activity[:, own]), own)
