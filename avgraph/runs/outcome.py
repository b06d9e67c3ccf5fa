"""How a run ended: what its checks look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.graph.provenance import Provenance
from avgraph.methods.headline import Headline
from avgraph.methods.trivial import Trivial


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        metrics: `<split>/<name>` numbers.
        history: numbers of every epoch up to that of the weights, as in ``metrics.jsonl``.
        trivial: what could be had without the data; None where the method does not know.
        headline: what the run is judged by; None where the method does not say.
        graph: with what was learned.
        data: what they are of.
        chosen_by: the metric that has chosen the epoch of the weights; None where they are of the last one.
    """

    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    trivial: Trivial | None = None
    headline: Headline | None = None
    graph: HeteroData | None = None
    data: Provenance | None = None
    chosen_by: str | None = None
