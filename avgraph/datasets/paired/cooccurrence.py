"""Unannotated co-occurrence with a known truth: a second class is mixed into some clips, whose label stays as it was.

Clips of class c hold, in a fraction of cases, also what their companion class π(c) sounds and looks like, as a clip
labelled "train" may hold a motorcycle. Which concepts occur together is then known and a found graph can be scored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.clip_graph import clip_graph
from avgraph.datasets.paired.labelled import Labelled
from avgraph.datasets.paired.pairing import Pairs
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance


@dataclass(frozen=True)
class CoOccurrence:
    """What is mixed into what.

    Attributes:
        partner: the clip mixed into each clip, of the same split; −1 for none.
        companion: companion class π(c) of each class.

    Shapes:
        partner [n], companion [c]
    """

    partner: Int64[Tensor, " n"]
    companion: Int64[Tensor, " c"]

    def concept_pairs(self) -> Int64[Tensor, "2 e"]:
        """Pairs (concept of c, concept of π(c)) in both modalities, audio concepts 0 … C−1 first; c leads to π(c).

        Example:
            >>> CoOccurrence(torch.tensor([-1]), torch.tensor([1, 0])).concept_pairs()
            tensor([[0, 0, 2, 2, 1, 1, 3, 3],
                    [1, 3, 1, 3, 0, 2, 0, 2]])
        """
        c = len(self.companion)
        pairs = [
            (k + c * first, int(other) + c * second)
            for k, other in enumerate(self.companion)
            for first in range(2)
            for second in range(2)
        ]
        return torch.tensor(pairs).T


def draw_cooccurrence(pairs: Pairs, fraction: float, seed: int = 0) -> CoOccurrence:
    """Choose a companion for every class, and in every class and split the clips that get a second one mixed in.

    Args:
        pairs: the clips.
        fraction: of the clips of every class, 0 to 1, rounded.
        seed: of the choice; companions depend on it alone, not on the fraction.

    Raises:
        DataError: if a split lacks clips of a companion.

    Example:
        >>> both = torch.arange(8)
        >>> clips = Pairs(both, both, both % 2, torch.zeros(8, dtype=torch.int64), ("cat", "dog"))
        >>> mixed = draw_cooccurrence(clips, 0.5)
        >>> int((mixed.partner >= 0).sum()), mixed.companion
        (4, tensor([1, 0]))
    """
    rng = np.random.default_rng([seed, 1])
    cycle = rng.permutation(len(pairs.classes))
    companion = torch.empty(len(cycle), dtype=torch.int64)
    companion[torch.from_numpy(cycle)] = torch.from_numpy(np.roll(cycle, -1))  # one cycle: no class is its own
    partner = torch.full_like(pairs.y, -1)
    for split in (0, 1, 2):
        for c in range(len(cycle)):
            here = pairs.split == split
            own = (here & (pairs.y == c)).nonzero()[:, 0]
            pool = (here & (pairs.y == companion[c])).nonzero()[:, 0]
            count = round(fraction * len(own))
            if count and not len(pool):
                name = pairs.classes[int(companion[c])]
                raise DataError(
                    f"cooccurrence: a split has clips of '{pairs.classes[c]}' but none of '{name}' to mix in"
                )
            if count:
                chosen = torch.from_numpy(rng.permutation(len(own))[:count])
                partner[own[chosen]] = pool[torch.from_numpy(rng.integers(len(pool), size=count))]
    return CoOccurrence(partner, companion)


def mixed_clip_graph(
    audio: Labelled, visual: Labelled, pairs: Pairs, mixed: CoOccurrence, level: float, provenance: Provenance
) -> HeteroData:
    """The graph of paired sets, with second classes mixed in where ``mixed`` says so.

    Clips that hold a second class have it as ``second_y`` (else −1); it is for scoring, no method may learn from it.
    What truly occurs together are the edges (concept, co_occurs, concept).
    """
    rows = {"audio": (audio, pairs.audio), "visual": (visual, pairs.visual)}
    x = {node: _mixed(labelled, own, mixed.partner, level) for node, (labelled, own) in rows.items()}
    data = clip_graph(x["audio"], x["visual"], pairs.y, pairs.split, pairs.classes, provenance)
    for node, (labelled, own) in rows.items():
        for name, value in labelled.attributes.items():
            data[node][name] = value[own] if isinstance(value, Tensor) else [value[row] for row in own.tolist()]
    has_second = mixed.partner >= 0
    if bool(has_second.any()):
        second = torch.where(has_second, pairs.y[mixed.partner.clamp_min(0)], -1)
        data["audio"].second_y, data["visual"].second_y = second, second.clone()
        data["concept", "co_occurs", "concept"].edge_index = mixed.concept_pairs()
    return data


def _mixed(labelled: Labelled, own: Tensor, partner: Tensor, level: float) -> Tensor:
    raw = labelled.x[own]
    mixed = raw.clone()
    rows = (partner >= 0).nonzero()[:, 0]
    if len(rows):
        mixed[rows] = labelled.mix(raw[rows], raw[partner[rows]], level)
    return labelled.finish(mixed)
