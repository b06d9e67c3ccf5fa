"""How much a run of m-LTM trusts its training pairs, and which it trusts least."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.figures.names import short_names
from avgraph.graph.vocabulary import EdgeType
from avgraph.io.pictures import save_figure

_BINS, _LISTED = 20, 12


def draw_trusted_pairs(graph: HeteroData, path: str | Path, kind: EdgeType = ("audio", "trusted", "text")) -> Path:
    """Write a histogram of trust and the least trusted pairs by name to ``path``; returns the path.

    Pairs that were made wrong on purpose (``corrupted``) have a colour of their own.

    Args:
        graph: `avgraph.Run.graph` of a run with ``trust``.
        path: ``.png`` or ``.svg``; whole or absent.
        kind: the edges with ``trust``.

    Raises:
        GraphError: if the graph has no such edges.
        DataError: if the suffix is neither.

    Example:
        >>> import tempfile, torch
        >>> data = HeteroData(audio={"num_nodes": 2}, text={"name": ["a dog", "rain"]})
        >>> edges = data["audio", "trusted", "text"]
        >>> edges.edge_index, edges.trust = torch.tensor([[0, 1], [0, 1]]), torch.tensor([0.9, 0.1])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_trusted_pairs(data, f"{folder}/trust.png").name
        'trust.png'
    """
    from matplotlib.figure import Figure

    if kind not in graph.edge_types or "trust" not in graph[kind]:
        raise GraphError(f"expected a graph with {'-'.join(kind)} edges that have 'trust', as a run of m-LTM leaves it")
    edges = graph[kind]
    trust = edges.trust.double().numpy()
    wrong = edges.corrupted.numpy() if "corrupted" in edges else np.zeros(len(trust), dtype=bool)
    figure = Figure(figsize=(7.6, 3.2), facecolor="white", layout="constrained")
    axes, table = figure.subplots(1, 2, width_ratios=[1.2, 1.0])
    parts, names, colours = [trust[~wrong]], ["pairs"], ["0.65"]
    if wrong.any():
        parts, names, colours = [trust[~wrong], trust[wrong]], ["as given", "made wrong on purpose"], ["0.65", "C3"]
    met = [part[np.isfinite(part)] for part in parts]
    axes.hist(met, bins=np.linspace(0, 1, _BINS + 1).tolist(), stacked=True, color=colours, label=names)
    axes.set_xlabel("trust", fontsize=9)
    axes.set_ylabel("training pairs", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    if wrong.any():
        axes.legend(fontsize=8, frameon=False)
    order = np.argsort(np.where(np.isfinite(trust), trust, 2), kind="stable")[:_LISTED]
    rows = edges.edge_index[:, order].tolist()
    ends = [_names(graph, node, index) for node, index in zip(kind[::2], rows, strict=True)]
    table.axis("off")
    table.set_title("trusted least", fontsize=9, loc="left")
    for line, (pair, source, target) in enumerate(zip(order.tolist(), *ends, strict=True)):
        text = f"{trust[pair]:.2f}  {source} – {target}"
        table.text(0, 1 - (line + 0.5) / _LISTED, text, fontsize=7, va="center", color="C3" if wrong[pair] else "black")
    return save_figure(figure, path)


def _names(graph: HeteroData, node: str, index: list[int]) -> list[str]:
    known = graph[node].get("name")
    return short_names([f"{node} {row}" if known is None else str(known[row]) for row in index], most=28)
