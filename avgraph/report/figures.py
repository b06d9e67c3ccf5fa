"""All figures that a learned graph and its history allow, drawn into a folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.dag import draw_edge_frequency
from avgraph.pictures import noted
from avgraph.report.coupled import draw_coupled
from avgraph.report.curves import draw_curves
from avgraph.report.gallery import draw_gallery
from avgraph.report.snapshots import read_snapshots
from avgraph.report.subgraphs import draw_subgraphs

logger = logging.getLogger(__name__)


def draw_figures(graph: HeteroData, history: Sequence[Mapping[str, Any]], folder: str | Path) -> list[Path]:
    """Draw what there is to draw; a graph of another method gives nothing and leaves no folder.

    ``frequency.png`` and ``subgraphs.png`` need the graphs of checkpoints, ``curves.png`` a measured MAP,
    ``retrieval.png`` embeddings of audio and visual test clips, ``shared_space_test.png`` and ``matching_test.png``
    coupled nodes with embeddings. On made-up data every picture says so. What cannot be drawn is told in a warning.

    Args:
        graph: as a run leaves it.
        history: the lines of its ``metrics.jsonl``.
        folder: is made.

    Example:
        >>> draw_figures(HeteroData(), [], "figures")
        []
    """
    folder = Path(folder)
    made_up = dict(graph.get("provenance", {})).get("source") == "synthetic"
    drawn: list[Path] = []
    with noted("SYNTHETIC data" if made_up else ""):
        for pictures in (_of_checkpoints(graph, history, folder), _of_test_clips(graph, folder),
                         _of_coupling(graph, folder)):  # fmt: skip
            try:
                drawn.extend(pictures)
            except Exception as error:  # hours of training are worth more than a picture of them
                logger.warning("%s: a figure could not be drawn: %s: %s", folder, type(error).__name__, error)
    return drawn


def draw_own_figures(draw: Callable[[Path], list[Path]], graph: HeteroData, folder: str | Path) -> list[Path]:
    """Draw what only the method itself knows to draw; what cannot be drawn is told in a warning.

    Args:
        draw: `avgraph.methods.Task.draw`.
        graph: as the run leaves it.
        folder: where to.

    Example:
        >>> draw_own_figures(lambda folder: [], HeteroData(), "figures")
        []
    """
    made_up = dict(graph.get("provenance", {})).get("source") == "synthetic"
    with noted("SYNTHETIC data" if made_up else ""):
        try:
            return draw(Path(folder))
        except Exception as error:  # hours of training are worth more than a picture of them
            logger.warning("%s: a figure could not be drawn: %s: %s", folder, type(error).__name__, error)
            return []


def _of_checkpoints(graph: HeteroData, history: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[Path]:
    """Graphs of checkpoints, and what was measured during training."""
    snapshots = read_snapshots(graph)
    if snapshots is not None:
        title = f"{len(snapshots.epochs)} checkpoints, epochs {snapshots.epochs[0]}–{snapshots.epochs[-1]}"
        place = _in(folder, "frequency.png")
        yield draw_edge_frequency(snapshots.frequency(), place, names=snapshots.names, title=title, blocks=2)
        yield draw_subgraphs(snapshots, _in(folder, "subgraphs.png"))
    measured = [split for split in ("test", "val") if any(f"{split}/map" in record for record in history)]
    if measured:
        inserted = graph["concept"].get("insertion_epoch") if "concept" in graph.node_types else None
        yield draw_curves(history, _in(folder, "curves.png"), insertion_epoch=inserted, split=measured[0])


def _of_test_clips(graph: HeteroData, folder: Path) -> Iterator[Path]:
    clips = _test_clips(graph)
    if clips is not None:
        yield draw_gallery(**clips, path=_in(folder, "retrieval.png"))


def _of_coupling(graph: HeteroData, folder: Path) -> Iterator[Path]:
    pairs = _coupled_pairs(graph)
    if pairs is not None:
        folder.mkdir(exist_ok=True)
        yield from draw_coupled(graph, folder, audio=pairs[0], text=pairs[1])


def _in(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    return folder / name


def _coupled_pairs(graph: HeteroData) -> tuple[str, str] | None:
    """The two node types that a method has coupled, where there are test nodes to show."""
    for source, relation, target in graph.edge_types:
        if relation != "coupled" or "mass" not in graph[source, relation, target]:
            continue
        if all("embedding" in graph[node] and "y" in graph[node] for node in (source, target)):
            mask = graph[source].get("test_mask")
            if mask is not None and bool(mask.any()):
                return source, target
    return None


def _test_clips(graph: HeteroData) -> dict[str, Any] | None:
    """Arguments of the gallery, where the graph has embedded clips to test on."""
    if not {"audio", "visual", "concept"} <= set(graph.node_types):
        return None
    audio, visual = graph["audio"], graph["visual"]
    if "embedding" not in audio or "test_mask" not in audio or not bool(audio.test_mask.any()):
        return None
    test = audio.test_mask.cpu()
    names = [name.removesuffix(" (audio)") for name in graph["concept"].name[: len(graph["concept"].name) // 2]]
    return {
        "query": audio.embedding[test],
        "gallery": visual.embedding[test],
        "label": audio.y[test],
        "names": names,
        "pictures": visual.picture[test] if "picture" in visual else None,
    }
