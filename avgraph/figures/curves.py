"""Loss and MAP over epochs, of runs with other insertion epochs ("Inferred Latent Interaction Graphs", Fig. 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avgraph.errors import DataError
from avgraph.io.pictures import save_figure

Record = Mapping[str, Any]
_LEAD = 0.8  # with insertions the picture begins at this share of the first: the fall before says nothing of them


def draw_curves(
    histories: Mapping[str, Sequence[Record]],
    path: str | Path,
    *,
    inserted: Mapping[str, int] | None = None,
    split: str = "test",
) -> Path:
    """Write loss (left) and MAP (right) of some runs to ``path``; returns the path.

    The picture begins shortly before the first insertion, so that what it changes can be seen. A run without one is a
    dashed line on top: what runs share before their graph comes is one line then.

    Args:
        histories: name of a run → the lines of its ``metrics.jsonl``, with ``train/loss`` and ``test/map`` where it
            was measured.
        path: ``.png`` or ``.svg``; whole or absent.
        inserted: name of a run → epochs before it got its graph, where it got one.
        split: whose MAP.

    Raises:
        DataError: if a run has no line with a loss, ``inserted`` names another, or the suffix is neither.

    Example:
        >>> import tempfile
        >>> lines = [{"epoch": k, "train/loss": 1 / (k + 1), "test/map": k / 10} for k in range(5)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_curves({"M = 3": lines, "without": lines}, f"{folder}/c.png", inserted={"M = 3": 3}).name
        'c.png'
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    starts = dict(inserted or {})
    for name in (*starts, *histories):
        if not any("train/loss" in record for record in histories.get(name, ())):
            raise DataError(f"histories: {name!r}: expected lines with 'train/loss', got none")
    ranked = sorted(starts, key=lambda name: starts[name])
    shades = colormaps["viridis"]
    colour = {name: shades(0.9 * k / max(1, len(ranked) - 1)) for k, name in enumerate(ranked)}
    figure = Figure(figsize=(8.4, 3.2), facecolor="white", layout="constrained")
    panels = figure.subplots(1, 2)
    for name in [*(name for name in histories if name not in starts), *ranked]:
        style: dict[str, Any] = {"color": colour.get(name, "black"), "label": name, "linewidth": 1.3, "zorder": 2}
        if starts and name not in starts:
            style |= {"linestyle": "--", "zorder": 3}
        for axes, key in zip(panels, ("train/loss", f"{split}/map"), strict=True):
            points = [(record["epoch"] + 1, float(record[key])) for record in histories[name] if key in record]
            axes.plot([x for x, _ in points], [y for _, y in points], **style)
    for name, epoch in starts.items():
        for axes in panels:
            axes.axvline(epoch, color=colour[name], linewidth=0.6, alpha=0.5, zorder=1)
    for axes, title in zip(panels, ("training loss", f"{split} MAP"), strict=True):
        _finish(axes, title, _LEAD * min(starts.values(), default=0))
    if len(histories) > 1:
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center", fontsize=8, frameon=False, title="graph inserted")
    return save_figure(figure, path)


def _finish(axes: Any, name: str, begin: float) -> None:
    values = [y for line in axes.lines for x, y in line.get_xydata() if x >= begin and line.get_label()[0] != "_"]
    room = 0.05 * (max(values, default=1.0) - min(values, default=0.0)) or 0.05
    axes.set_ylim(min(values, default=0.0) - room, max(values, default=1.0) + room)
    axes.set_xlim(left=begin)
    axes.set_xlabel("epoch", fontsize=9)
    axes.set_ylabel(name, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
