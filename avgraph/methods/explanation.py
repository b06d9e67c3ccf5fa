"""What an answer of a finished run rests on: edges and features by importance, and whether that is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.errors import DataError, did_you_mean
from avgraph.graph.vocabulary import EdgeType

ALGORITHMS = ("removal", "gradient", "gnn_explainer")


@dataclass(frozen=True)
class ExplainOptions:
    """How to explain.

    Attributes:
        algorithm: of importance. ``removal``, of edges: what the probability loses without each, one by one.
            ``gradient`` of the log-probability by a mask on each edge and feature, at the whole graph: quick, and blind
            where an answer is so sure that no small step changes it. ``gnn_explainer`` (Ying et al., NeurIPS 2019)
            learns the masks. Features are those of ``gradient`` under ``removal`` too.
        top: how many edges, and how many features, are the explanation.
        draws: how often as many are drawn at random to stand beside it.
        seed: of these draws, and of what an algorithm starts from.

    Raises:
        DataError: naming the option.

    Example:
        >>> ExplainOptions(algorithm="gradients")
        Traceback (most recent call last):
        avgraph.errors.DataError: algorithm: expected removal, gradient, gnn_explainer, got 'gradients'; did you ...
    """

    algorithm: str = "removal"
    top: int = 5
    draws: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            meant = did_you_mean(self.algorithm, ALGORITHMS)
            told = f"expected {', '.join(ALGORITHMS)}, got {self.algorithm!r}"
            raise DataError(f"algorithm: {told}{'; ' if meant else ''}{meant}")
        for name, least in (("top", 1), ("draws", 1), ("seed", 0)):
            if not isinstance(value := getattr(self, name), int) or value < least:
                raise DataError(f"{name}: expected a whole number of at least {least}, got {value!r}")


@dataclass(frozen=True)
class ImportantEdge:
    """An edge that an answer can depend on.

    Attributes:
        relation: its type.
        source, target: numbers of its ends in the graph of the run.
        source_name, target_name: what they are called.
        importance: by the algorithm; above 0 of ``removal`` and ``gradient``: it speaks for the answer.
        change: of the probability once this edge alone is removed; None of edges that are not in the explanation.
    """

    relation: EdgeType
    source: int
    target: int
    source_name: str
    target_name: str
    importance: float
    change: float | None = None


@dataclass(frozen=True)
class ImportantFeature:
    """A feature of the source node.

    Attributes:
        feature: its name, or its column.
        importance: by the algorithm.
        value: as the network sees it, less the mean of the training nodes.
    """

    feature: str
    importance: float
    value: float


@dataclass(frozen=True)
class Ablation:
    """An answer without some part of what it was given.

    Attributes:
        without: what was taken away: edges removed, features set to the mean of the training nodes.
        probability: of the answer then.
        changed: whether another answer is the most probable one then.
    """

    without: str
    probability: float
    changed: bool


@dataclass(frozen=True)
class Faithfulness:
    """What the chosen edges or features do to an answer, beside as many drawn at random.

    Edges are removed from the graph, features set to the mean of the training nodes.

    Attributes:
        of: what was chosen from.
        chosen, among: how many, of how many.
        plus: fidelity+, the probability that is lost without the chosen ones.
        minus: fidelity−, the probability that is lost with the chosen ones alone.
        random_plus, random_minus: the same of random ones, the mean of all draws.
        changed, random_changed: share of answers that are others without them.
        changed_alone, random_changed_alone: share of answers that are others with them alone.
    """

    of: str
    chosen: int
    among: int
    plus: float
    minus: float
    random_plus: float
    random_minus: float
    changed: float
    random_changed: float
    changed_alone: float
    random_changed_alone: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """What one answer rests on.

    Attributes:
        relation: type of the edge that is explained.
        source, target: numbers of its ends.
        source_name, target_name: what they are called.
        probability: of the edge.
        predicted: name of the target that the run predicts for the source.
        truth: name of its class, where that is known.
        options: how it was explained.
        edges: every edge that the answer can depend on and do without, most important first; the first
            ``options.top`` are the explanation.
        features: of the source node, the most important.
        ablations: the answer without all of some kind.
        faithfulness: of the edges together, by relation, of the features.
        graph: the part of the graph that the answer depends on, with ``importance`` on nodes and edges.
    """

    relation: EdgeType
    source: int
    target: int
    source_name: str
    target_name: str
    probability: float
    predicted: str
    truth: str | None
    options: ExplainOptions
    edges: Sequence[ImportantEdge]
    features: Sequence[ImportantFeature]
    ablations: Sequence[Ablation]
    faithfulness: Sequence[Faithfulness]
    graph: HeteroData

    def as_dict(self, most: int = 50) -> dict[str, Any]:
        """All but the graph, as JSON has it; of the edges the first ``most``, and at least those that were chosen."""
        found: dict[str, Any] = {
            key: getattr(self, key)
            for key in ("source", "target", "source_name", "target_name", "probability", "predicted", "truth")
        }
        parts: Mapping[str, Sequence[Any]] = {
            "edges": self.edges[: max(most, self.options.top)],
            "features": self.features,
            "ablations": self.ablations,
            "faithfulness": self.faithfulness,
        }
        return {
            "relation": list(self.relation),
            **found,
            "settings": asdict(self.options),
            "edges_in_all": len(self.edges),
            **{name: [asdict(row) for row in rows] for name, rows in parts.items()},
        }
