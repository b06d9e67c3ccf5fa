"""The edges that one answer rests on, drawn: wider is more important."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.figures.names import short_names
from avgraph.graph.vocabulary import EdgeType
from avgraph.io.pictures import save_figure

FOR, AGAINST, ASKED, QUIET = "#2f6db3", "#c8553d", "#222222", "#9a9a9a"
_ROW, _FONT = 0.42, 8.5  # inches; points
_COLUMNS = (0.0, 1.15, 2.55, 3.75)  # neighbours, the source, its candidates, other targets
_PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4}  # behind text that lines cross
Node = tuple[str, int]


@dataclass(frozen=True)
class _Line:
    one: Node
    other: Node
    importance: float


def draw_explanation(graph: HeteroData, relation: EdgeType, path: str | Path, *, most: int = 12) -> Path:
    """Draw the source with its candidates and the most important edges; returns the path.

    Blue edges speak for the answer and red ones against it, as wide as they are important. A node's dot is as large as
    its features are important. Candidates stand with their probabilities.

    Args:
        graph: `avgraph.methods.explanation.Explanation.graph`.
        relation: type of the edge that is explained.
        path: ``.png`` or ``.svg``; whole or absent.
        most: edges to draw, besides those to the candidates; and candidates.

    Raises:
        DataError: if the suffix is neither.

    Example:
        >>> import tempfile, torch
        >>> graph = HeteroData()
        >>> for node in ("a", "b"):
        ...     graph[node].name, graph[node].importance = ["x", "y"], torch.tensor([1.0, 0.5])
        >>> edges = graph["a", "candidate", "b"]
        >>> edges.edge_index, edges.importance = torch.tensor([[0, 0], [0, 1]]), torch.zeros(2)
        >>> edges.asked, edges.probability = torch.tensor([True, False]), torch.tensor([0.9, 0.1])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_explanation(graph, ("a", "candidate", "b"), f"{folder}/why.svg").name
        'why.svg'
    """
    from matplotlib.figure import Figure

    edges = graph[relation]
    row = int(edges.asked.nonzero()[0, 0])
    source, answer = (
        (node, int(end)) for node, end in zip((relation[0], relation[2]), edges.edge_index[:, row], strict=True)
    )
    own = edges.probability.nan_to_num(-1).argsort(descending=True)[
        : min(most, int(edges.probability.isfinite().sum()))
    ]
    candidates = {
        (relation[2], int(edges.edge_index[1, each])): float(edges.probability[each]) for each in own.tolist()
    }
    candidates.setdefault(answer, float(edges.probability[row]))
    lines = _strongest(graph, most)
    place = _places(source, list(candidates), lines)
    rows = max(sum(x == column for x, _ in place.values()) for column in _COLUMNS)
    figure = Figure(figsize=(8.6, max(2.6, _ROW * rows + 1.0)), facecolor="white")
    axes = figure.add_axes((0.01, 0.02, 0.98, 0.86))
    used = {x for x, _ in place.values()}
    axes.set_xlim(-0.75 if _COLUMNS[0] in used else 0.35, 4.6 if _COLUMNS[3] in used else 3.6)
    axes.set_ylim(max(y for _, y in place.values()) + 0.8, min(y for _, y in place.values()) - 0.8)
    axes.axis("off")
    for node, probability in candidates.items():
        style: dict[str, Any] = {"color": QUIET, "linewidth": 0.8, "linestyle": ":"}
        if node == answer:
            style = {"color": ASKED, "linewidth": 1.6}
        (x1, y1), (x2, y2) = place[source], place[node]
        axes.plot([x1, x2], [y1, y2], zorder=1, **style)
        words = {"fontsize": _FONT - 1.5, "ha": "right", "color": style["color"], "bbox": _PAPER}
        axes.text(x2 - 0.1, y2 - 0.12, f"{probability:.3f}", **words)
    largest = max((abs(line.importance) for line in lines), default=0.0) or 1.0
    for line in lines:
        _draw_line(axes, place[line.one], place[line.other], line.importance / largest)
    _draw_nodes(axes, graph, place, source, answer)
    names = {node: graph[node[0]].name[node[1]] for node in (source, answer)}
    figure.text(0.02, 0.955, f"Why {names[source]} → {names[answer]}?", fontsize=_FONT + 2, weight="bold", va="center")
    told = f"blue edges speak for it, red ones against it; the widest has importance {largest:.2g}"
    figure.text(
        0.02, 0.9, told if lines else "no edge can change it", fontsize=_FONT - 0.5, color="#555555", va="center"
    )
    return save_figure(figure, path)


def _strongest(graph: HeteroData, most: int) -> list[_Line]:
    """The most important edges of all relations, whichever way they speak."""
    found = [
        _Line((kind[0], source), (kind[2], target), value)
        for kind in graph.edge_types
        for (source, target), value in zip(
            graph[kind].edge_index.T.tolist(), graph[kind].importance.tolist(), strict=True
        )
        if value
    ]
    return sorted(found, key=lambda line: -abs(line.importance))[:most]


def _places(source: Node, candidates: list[Node], lines: list[_Line]) -> dict[Node, tuple[float, float]]:
    """A column for the neighbours, one for the source, one for its candidates, one for what else there is."""
    others = dict.fromkeys(node for line in lines for node in (line.one, line.other))
    left = [node for node in others if node[0] == source[0] and node != source]
    right = [node for node in others if node[0] != source[0] and node not in candidates]
    place = {source: (_COLUMNS[1], 0.0)}
    for column, nodes in ((0, left), (2, candidates), (3, right)):
        for number, node in enumerate(nodes):
            place[node] = (_COLUMNS[column], number - (len(nodes) - 1) / 2)
    return place


def _draw_line(axes: Any, one: tuple[float, float], other: tuple[float, float], share: float) -> None:
    """An arrow; within a column it bends outwards, so that it crosses no name."""
    from matplotlib.patches import FancyArrowPatch

    bend = 0.0
    if one[0] == other[0] and one != other:
        outwards = -1 if one[0] == _COLUMNS[0] else 1
        bend = outwards * (0.42 if one[1] > other[1] else -0.28)  # either way its own arc
    elif one != other and one[0] < 1.5 and other[0] < 1.5:
        bend = 0.08  # an edge either way between the same two stays visible
    axes.add_patch(
        FancyArrowPatch(
            one,
            other,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=9,
            shrinkA=6,
            shrinkB=7,
            color=FOR if share > 0 else AGAINST,
            linewidth=0.6 + 4 * abs(share),
            alpha=0.75,
            zorder=2,
        )
    )


def _draw_nodes(
    axes: Any, graph: HeteroData, place: dict[Node, tuple[float, float]], source: Node, answer: Node
) -> None:
    weight = {node: abs(float(graph[node[0]].importance[node[1]])) for node in place}
    largest = max(weight.values()) or 1.0
    called = dict(zip(place, short_names([str(graph[node].name[row]) for node, row in place], most=24), strict=True))
    for node, (x, y) in place.items():
        bold = node in (source, answer)
        axes.plot([x], [y], "o", markersize=5 + 7 * (weight[node] / largest) ** 0.5, zorder=3,
                  color=ASKED if bold else "#6b6b6b", markeredgecolor="white")  # fmt: skip
        style: dict[str, Any] = {"fontsize": _FONT, "va": "center", "weight": "bold" if bold else "normal", "zorder": 4}
        style["bbox"] = _PAPER
        if node == source:
            axes.text(x, y + 0.42, called[node], ha="center", **style)
        elif x == _COLUMNS[0]:
            axes.text(x - 0.12, y, called[node], ha="right", **style)
        else:
            axes.text(x + 0.14, y, called[node], ha="left", **style)
