"""What a run of LIR has to show: its graphs over training, its curves, and what test clips retrieve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.dag import draw_edge_frequency
from avgraph.figures.curves import draw_curves
from avgraph.figures.figures import Draw
from avgraph.figures.gallery import draw_gallery
from avgraph.figures.subgraphs import Snapshots, draw_subgraphs, read_snapshots


def clip_figures(
    graph: HeteroData, history: Sequence[Mapping[str, Any]], nodes: tuple[str, str, str]
) -> dict[str, Draw]:
    """``frequency.png`` and ``subgraphs.png`` of snapshots, ``curves.png`` of a measured MAP, ``retrieval.png``.

    Args:
        graph: as a run leaves it.
        history: the lines of its ``metrics.jsonl``.
        nodes: types of audio, visual and concept nodes.

    Example:
        >>> lines = [{"epoch": 0, "train/loss": 1.0, "val/map": 0.5}]
        >>> list(clip_figures(HeteroData(audio={}, visual={}, concept={}), lines, ("audio", "visual", "concept")))
        ['curves.png']
    """
    audio, _, concept = nodes
    found: dict[str, Draw] = {}
    snapshots = read_snapshots(graph, concept)
    if snapshots is not None:
        found["frequency.png"] = partial(_draw_frequency, snapshots)
        found["subgraphs.png"] = partial(draw_subgraphs, snapshots)
    measured = [split for split in ("test", "val") if any(f"{split}/map" in record for record in history)]
    if measured:
        epoch = graph[concept].get("insertion_epoch")
        inserted = {} if epoch is None else {"run": epoch}
        found["curves.png"] = partial(draw_curves, {"run": history}, inserted=inserted, split=measured[0])
    mask = graph[audio].get("test_mask")
    if mask is not None and bool(mask.any()):
        found["retrieval.png"] = partial(_draw_gallery, graph, nodes)
    return found


def _draw_frequency(snapshots: Snapshots, path: Path) -> None:
    title = f"{len(snapshots.epochs)} checkpoints, epochs {snapshots.epochs[0]}–{snapshots.epochs[-1]}"
    draw_edge_frequency(snapshots.frequency(), path, names=snapshots.names, title=title, blocks=2)


def _draw_gallery(graph: HeteroData, nodes: tuple[str, str, str], path: Path) -> None:
    audio, visual, concept = (graph[node] for node in nodes)
    test = audio.test_mask.cpu()
    draw_gallery(
        audio.embedding[test],
        visual.embedding[test],
        audio.y[test],
        path,
        names=[name.removesuffix(" (audio)") for name in concept.name[: len(concept.name) // 2]],
        pictures=visual.picture[test] if "picture" in visual else None,
    )
