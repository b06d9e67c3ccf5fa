"""A report's verdict in a sentence, and its numbers in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch_geometric.data import HeteroData

from avgraph.figures.names import short_names
from avgraph.graph.class_names import class_names
from avgraph.report.choice import size_of

_SPELT = {
    "map": "MAP",
    "miou": "mIoU",
    "mae": "MAE",
    "rmse": "RMSE",
    "ece": "ECE",
    "auroc": "AUROC",
    "f": "F",
    "kl": "KL",
}


def metric_words(name: str) -> str:
    """``test/cosine/audio_to_text_map`` → ``test cosine audio to text MAP``.

    Example:
        >>> metric_words("test/recall_at_1")
        'test recall at 1'
    """
    return " ".join(_SPELT.get(word, word) for word in name.replace("/", " ").replace("_", " ").split(" "))


def number_words(value: float | None) -> str:
    """A number of a table: four digits after the point, a count as it is.

    Example:
        >>> number_words(0.5), number_words(114.0), number_words(None)
        ('0.5000', '114', '')
    """
    if value is None:
        return ""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.4f}"


def short_classes(graph: HeteroData, node: str) -> dict[int, str]:
    """What the classes of a node type are called, without the words that all begin with.

    Example:
        >>> graph = HeteroData(text={"y": torch.arange(2), "name": ["the sound of rain", "the sound of a dog"]})
        >>> short_classes(graph, "text")
        {0: 'rain', 1: 'a dog'}
    """
    known = class_names(graph, node)
    return dict(zip(known, short_names(list(known.values()), 60), strict=True))


def verdict_words(verdict: Mapping[str, Any] | None) -> str:
    """One sentence: what was reached, how sure that is, what it is above and what not.

    Args:
        verdict: of ``metrics.json``, see `avgraph.runs.verdict.verdict`; None of a run that has none.

    Example:
        >>> mark = {"name": "chance", "value": 0.1}
        >>> verdict_words({"metric": "test/map", "better": "higher", "value": 0.5, "interval": [0.4, 0.6], "rows": 80,
        ...                "unit": "rows", "baselines": [mark], "ceiling": []})
        'Test MAP 0.500 (95 % interval 0.400 to 0.600 over 80 rows): better than chance (0.100).'
    """
    if verdict is None:
        return "This run says no one number to judge it by; all of them are below."
    words = metric_words(verdict["metric"])
    told = f"{words[:1].upper()}{words[1:]} {verdict['value']:.3f}"
    if verdict["interval"] is not None:
        low, high = verdict["interval"]
        told += f" (95 % interval {low:.3f} to {high:.3f} over {verdict['rows']:,} {verdict['unit']})"
    beside: dict[str, list[str]] = {}
    for mark in verdict["baselines"]:
        beside.setdefault(standing(verdict, mark["value"]), []).append(f"{mark['name']} ({mark['value']:.3f})")
    parts = [f"{stands} {_listed(names)}" for stands, names in beside.items()]
    parts += [f"the ceiling is {mark['value']:.3f} ({mark['name']})" for mark in verdict["ceiling"]]
    return f"{told}: {'; '.join(parts)}." if parts else f"{told}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def standing(verdict: Mapping[str, Any], mark: float) -> str:
    """How a result stands to a mark: ``better than``, ``worse than``, or neither within its interval.

    Example:
        >>> standing({"value": 0.5, "interval": [0.4, 0.6], "better": "lower"}, 0.7)
        'better than'
    """
    if not math.isfinite(verdict["value"]):
        return "worse than"
    low, high = verdict["interval"] or (verdict["value"], verdict["value"])
    if low <= mark <= high:
        return "no clear difference from"
    return "better than" if (mark < low) == (verdict["better"] == "higher") else "worse than"


def graph_words(graph: HeteroData) -> str:
    """One sentence on a graph that no run has made: its size, and what `discover` or `match` says of its edges.

    Example:
        >>> graph = HeteroData(column={"name": ["a", "b"]})
        >>> graph["column", "drives", "column"].edge_index = torch.tensor([[0], [1]])
        >>> graph["column", "drives", "column"].directed = torch.tensor([True])
        >>> graph_words(graph)
        '1 edge between 2 nodes; 1 with a direction that the data identify.'
    """
    stores = [graph[kind] for kind in graph.edge_types]
    edges = sum(store.edge_index.shape[1] for store in stores)
    told = (
        f"{edges:,} edge{'' if edges == 1 else 's'} between {sum(size_of(graph, n) for n in graph.node_types):,} nodes"
    )
    parts = [told]
    for store in stores:
        if isinstance(store.get("directed"), torch.Tensor):
            parts.append(f"{int(store.directed.sum()):,} with a direction that the data identify")
        if isinstance(store.get("adjacent"), torch.Tensor):
            stable = int((store.adjacent >= 0.9).sum())
            parts.append(f"{stable:,} in at least 9 of 10 graphs that were counted")
        if isinstance(store.get("mass"), torch.Tensor):
            parts.append(f"they hold {float(store.mass.sum()):.4f} of the mass")
    return "; ".join(parts) + "."
