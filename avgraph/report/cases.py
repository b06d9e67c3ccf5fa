"""The rows that a run got most wrong, and those that it is surest of and right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.vocabulary import EdgeType
from avgraph.metrics import average_precision
from avgraph.report.words import short_classes
from avgraph.tensors.rows import unit_rows_of

WORST, BEST = 8, 4
_FOUND = 5  # shown of what a query retrieves
_MOST_QUERIES = 2000


@dataclass(frozen=True)
class Row:
    """A node: its type, its number, what it is called, its class (empty where it has none)."""

    kind: str
    number: int
    name: str
    label: str


@dataclass(frozen=True)
class Case:
    """A row of the split and what the run says of it.

    Attributes:
        row: what was asked about.
        truth: what is right.
        answer: what the run says.
        right: whether that is so; None where it is more or less so.
        score: a number in words.
        found: what it retrieves, best first, each with whether it is of the right class.
    """

    row: Row
    truth: str
    answer: str
    right: bool | None
    score: str
    found: Sequence[tuple[Row, bool]] = field(default=())


@dataclass(frozen=True)
class Cases:
    """The worst and the best of a split, and how they were ranked."""

    split: str
    ranked: str
    worst: list[Case]
    best: list[Case]


def cases_of(graph: HeteroData) -> Cases | None:
    """Of nodes with a ``prediction``, of edges with a predicted ``rating``, or of what embeddings retrieve.

    Which it is, is read from the attributes that a method leaves, under whatever names its nodes have. None where a
    graph holds none of them, or no row of the test (without one: of validation).

    Args:
        graph: a learned one.

    Example:
        >>> graph = HeteroData(a={"y": torch.tensor([0, 1]), "prediction": torch.tensor([0, 0])})
        >>> graph["a"].label_probability, graph["a"].test_mask = torch.tensor([0.9, 0.2]), torch.tensor([True, True])
        >>> [case.score for case in cases_of(graph).worst]
        ['probability of the true class 0.200']
    """
    return _classified(graph) or _rated(graph) or _retrieved(graph)


def _rows(store: object, count: int) -> tuple[str, Tensor] | None:
    for split in ("test", "val"):
        mask = getattr(store, f"{split}_mask", None)
        if isinstance(mask, Tensor) and mask.shape == (count,) and bool(mask.any()):
            return split, mask.cpu().nonzero()[:, 0]
    return None


def _named(graph: HeteroData, node: str, number: int) -> Row:
    names, y, classes = graph[node].get("name"), graph[node].get("y"), short_classes(graph, node)
    label = ""
    if isinstance(y, Tensor) and number < len(y):
        label = classes.get(int(y[number]), f"class {int(y[number])}")
    listed = isinstance(names, list) and number < len(names)
    return Row(node, number, str(names[number]) if listed else f"{node} {number}", label)


def _halves(order: Sequence[int], is_bad: Sequence[bool] | None = None) -> tuple[list[int], list[int]]:
    """Worst and best ends of rows that are ordered worst first; none is in both."""
    worst = [row for place, row in enumerate(order) if is_bad is None or is_bad[place]][:WORST]
    best = [row for place, row in enumerate(order) if is_bad is None or not is_bad[place]][::-1][:BEST]
    return worst, [row for row in best if row not in worst]


def _classified(graph: HeteroData) -> Cases | None:
    for node in graph.node_types:
        store = graph[node]
        if not all(isinstance(store.get(key), Tensor) for key in ("prediction", "y", "label_probability")):
            continue
        if (found := _rows(store, len(store.y))) is None:
            continue
        split, rows = found
        rows = rows[store.label_probability[rows].argsort(stable=True)]
        wrong = (store.prediction[rows] != store.y[rows]).tolist()
        worst, best = ([_labelled(graph, node, row) for row in end] for end in _halves(rows.tolist(), wrong))
        return Cases(split, "by the probability of the true class", worst, best)
    return None


def _labelled(graph: HeteroData, node: str, row: int) -> Case:
    store, own, classes = graph[node], _named(graph, node, row), short_classes(graph, node)
    answer = int(store.prediction[row])
    return Case(
        own,
        truth=own.label,
        answer=classes.get(answer, f"class {answer}") if answer >= 0 else "nothing",
        right=answer == int(store.y[row]),
        score=f"probability of the true class {float(store.label_probability[row]):.3f}",
    )


def _rated(graph: HeteroData) -> Cases | None:
    for kind in graph.edge_types:
        store = graph[kind]
        if not all(isinstance(store.get(key), Tensor) for key in ("prediction", "rating")):
            continue
        if (found := _rows(store, len(store.rating))) is None:
            continue
        split, rows = found
        error = (store.prediction[rows] - store.rating[rows]).abs()
        rows = rows[error.argsort(descending=True, stable=True)]
        worst, best = ([_rating(graph, kind, row) for row in end] for end in _halves(rows.tolist()))
        return Cases(split, "by how far the predicted rating is off", worst, best)
    return None


def _rating(graph: HeteroData, kind: EdgeType, row: int) -> Case:
    store, (source, target) = graph[kind], graph[kind].edge_index[:, row].tolist()
    names = [_named(graph, node, number).name for node, number in ((kind[0], source), (kind[2], target))]
    true, predicted = float(store.rating[row]), float(store.prediction[row])
    return Case(
        Row(kind[0], source, " → ".join(names), ""),
        truth=f"{true:.2f}",
        answer=f"{predicted:.2f}",
        right=None,
        score=f"off by {abs(true - predicted):.2f}",
    )


def _retrieved(graph: HeteroData) -> Cases | None:
    held = {}
    for node in graph.node_types:
        store = graph[node]
        known = all(isinstance(store.get(key), Tensor) for key in ("embedding", "y"))
        if known and (rows := _rows(store, len(store.y))) is not None:
            held[node] = rows
    if len(held) < 2:
        return None
    (query, (split, asked)), (gallery, (_, there)) = list(held.items())[:2]
    asked = asked[torch.linspace(0, len(asked) - 1, min(_MOST_QUERIES, len(asked)), dtype=torch.float64).long()]
    one, other = graph[query], graph[gallery]
    precision = average_precision(one.embedding[asked], other.embedding[there], one.y[asked], other.y[there])
    usable = precision.isfinite().nonzero()[:, 0]
    order = usable[precision[usable].argsort(stable=True)].tolist()
    worst, best = (
        [_query(graph, query, int(asked[place]), float(precision[place]), gallery, there) for place in end]
        for end in _halves(order)
    )
    ranked = f"by the average precision of the {gallery} nodes that a node of {query} retrieves"
    return Cases(split, ranked, worst, best)


def _query(graph: HeteroData, query: str, row: int, precision: float, gallery: str, there: Tensor) -> Case:
    one, other, own = graph[query], graph[gallery], _named(graph, query, row)
    near = (unit_rows_of(one.embedding[row : row + 1]) @ unit_rows_of(other.embedding[there]).T)[0]
    first = there[near.argsort(descending=True, stable=True)[:_FOUND]].tolist()
    hits = [(_named(graph, gallery, number), bool(other.y[number] == one.y[row])) for number in first]
    best, right = hits[0]
    return Case(own, own.label, best.label, right, f"average precision {precision:.3f}", hits)
