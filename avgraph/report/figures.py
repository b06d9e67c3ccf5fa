"""All figures that a learned graph and its history allow, drawn into a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.dag import draw_edge_frequency
from avgraph.report.curves import draw_curves
from avgraph.report.gallery import draw_gallery
from avgraph.report.snapshots import read_snapshots
from avgraph.report.subgraphs import draw_subgraphs


def draw_figures(graph: HeteroData, history: Sequence[Mapping[str, Any]], folder: str | Path) -> list[Path]:
    """Draw what there is to draw; a graph of another method gives nothing and leaves no folder.

    ``frequency.png`` and ``subgraphs.png`` need the graphs of checkpoints, ``curves.png`` a measured MAP,
    ``retrieval.png`` embeddings of audio and visual test clips.

    Args:
        graph: as a run leaves it.
        history: the lines of its ``metrics.jsonl``.
        folder: is made.

    Example:
        >>> draw_figures(HeteroData(), [], "figures")
        []
    """
    folder = Path(folder)
    drawn: list[Path] = []
    snapshots = read_snapshots(graph)
    measured = [split for split in ("test", "val") if any(f"{split}/map" in record for record in history)]
    clips = _test_clips(graph)
    if snapshots is not None or measured or clips is not None:
        folder.mkdir(exist_ok=True)
    if snapshots is not None:
        title = f"{len(snapshots.epochs)} checkpoints, epochs {', '.join(map(str, snapshots.epochs))}"
        place = folder / "frequency.png"
        drawn.append(draw_edge_frequency(snapshots.frequency(), place, names=snapshots.names, title=title, blocks=2))
        drawn.append(draw_subgraphs(snapshots, folder / "subgraphs.png"))
    if measured:
        inserted = graph["concept"].get("insertion_epoch") if "concept" in graph.node_types else None
        drawn.append(draw_curves(history, folder / "curves.png", insertion_epoch=inserted, split=measured[0]))
    if clips is not None:
        drawn.append(draw_gallery(**clips, path=folder / "retrieval.png"))
    return drawn


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
