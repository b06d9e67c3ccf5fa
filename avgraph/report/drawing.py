"""Drawings that need no program to be seen: they stand where a reader has no JavaScript, and on paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from markupsafe import Markup, escape

from avgraph.report.network import Network

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 10, 26
_MOST_LABELS = 24


def network_svg(
    network: Network, place: Float[np.ndarray, "n 2"], colours: Sequence[str], least: float | None = None
) -> Markup:
    """Nodes as dots, edges as lines; the nodes with most edges have their names.

    Args:
        network: what is shown.
        place: of every node.
        colours: of every node.
        least: of an edge's most telling weight; all edges where there is none.

    Example:
        >>> from avgraph.report.network import Node
        >>> one = Network([Node("<b>", "a", "", "", "", 0)], [], {}, [], [], 1, 0)
        >>> "&lt;b&gt;" in network_svg(one, np.zeros((1, 2)), ["#123456"])
        True
    """
    at = place.round(1).tolist()
    edges = [
        edge
        for edge in network.edges
        if edge.relation in network.first and (least is None or next(iter(edge.values.values()), least) >= least)
    ]
    lines = "".join(
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
        for (x1, y1), (x2, y2) in ((at[edge.source], at[edge.target]) for edge in edges)
    )
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="6" fill="{colour}"><title>{escape(node.name)}</title></circle>'
        for node, (x, y), colour in zip(network.nodes, at, colours, strict=True)
    )
    central = sorted(range(len(at)), key=lambda row: -network.nodes[row].degree)[:_MOST_LABELS]
    names = "".join(
        f'<text x="{at[row][0]}" y="{at[row][1] - 9}">{escape(network.nodes[row].name[:28])}</text>' for row in central
    )
    return Markup(
        f'<svg class="network" viewBox="0 0 1000 1000" role="img" aria-label="the learned graph">'
        f'<g class="edges">{lines}</g><g class="dots">{dots}</g><g class="names">{names}</g></svg>'
    )


def curves_svg(series: Mapping[str, Sequence[tuple[int, float]]], marked: int | None = None) -> Markup:
    """Lines over epochs, with both axes; a series a colour, in the order given.

    Args:
        series: name → (epoch, value) pairs; values that are not finite are left out.
        marked: an epoch that a line stands at.

    Example:
        >>> "<polyline" in curves_svg({"train/loss": [(1, 0.5), (2, 0.25)]})
        True
    """
    points = {name: [(x, y) for x, y in line if math.isfinite(y)] for name, line in series.items()}
    every = [point for line in points.values() for point in line]
    if not every:
        return Markup("")
    (x0, x1), (y0, y1) = _span([x for x, _ in every]), _span([y for _, y in every])

    def across(x: float) -> float:
        return round(_LEFT + (x - x0) / (x1 - x0) * (WIDTH - _LEFT - _RIGHT), 1)

    def down(y: float) -> float:
        return round(HEIGHT - _BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - _TOP - _BOTTOM), 1)

    grid = "".join(
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{down(y)}" y2="{down(y)}"/>'
        f'<text class="y" x="{_LEFT - 6}" y="{down(y) + 4}">{y:.4g}</text>'
        for y in _ticks(y0, y1, 4)
    )
    below = "".join(
        f'<text class="x" x="{across(x)}" y="{HEIGHT - 6}">{x:g}</text>' for x in _ticks(x0, x1, 7, whole=True)
    )
    lines = "".join(
        f'<polyline class="line s{number % 8}" points="{" ".join(f"{across(x)},{down(y)}" for x, y in line)}"/>'
        if len(line) > 1
        else "".join(f'<circle class="dot s{number % 8}" cx="{across(x)}" cy="{down(y)}" r="3"/>' for x, y in line)
        for number, line in enumerate(points.values())
    )
    mark = ""
    if marked is not None:
        x = across(marked)
        mark = f'<line class="marked" x1="{x}" x2="{x}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
    return Markup(
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="curves over epochs">'
        f'<g class="grid">{grid}{below}</g>{mark}{lines}</svg>'
    )


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[Any]:
    """Round numbers between two ends.

    Example:
        >>> _ticks(0.0, 1.0, 4), _ticks(1, 9, 4, whole=True)
        ([0.0, 0.5, 1.0], [2, 4, 6, 8])
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    if whole:
        step = max(1, round(step))
    first = math.ceil(low / step - 1e-9)
    found = [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]
    return [int(value) for value in found] if whole else found
