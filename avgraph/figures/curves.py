"""Loss and MAP over epochs, for several insertion epochs ("Inferred Latent Interaction Graphs", Fig. 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avgraph.errors import DataError
from avgraph.io.picture import save_figure

Record = Mapping[str, Any]
_BRANCH = re.compile(r"train/loss(_at_(?P<epoch>\d+)|_without)?")
_LEAD = 0.8  # with insertions the picture begins at this share of the first: the fall before says nothing of them


def draw_curves(
    history: Sequence[Record], path: str | Path, *, insertion_epoch: int | None = None, split: str = "test"
) -> Path:
    """Write loss (left) and MAP (right) of a run and of its branches to ``path``; returns the path.

    The picture begins shortly before the first insertion, so that what it changes can be seen.

    Args:
        history: the lines of ``metrics.jsonl``: ``train/loss``, ``train/loss_at_300``, ``train/loss_without``,
            ``test/map`` and so on, each where it was measured.
        path: ``.png`` or ``.svg``; whole or absent.
        insertion_epoch: M of ``train/loss`` itself.
        split: whose MAP.

    Raises:
        DataError: if no line has a loss, or the suffix is neither.

    Example:
        >>> import tempfile
        >>> lines = [{"epoch": k, "train/loss": 1 / (k + 1), "test/map": k / 10} for k in range(5)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_curves(lines, f"{folder}/c.png").name
        'c.png'
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    suffixes = _branches(history)
    own = "run" if insertion_epoch is None else f"M = {insertion_epoch}"
    starts: dict[str, int] = {suffix: int(suffix[4:]) for suffix in suffixes if suffix.startswith("_at_")}
    if insertion_epoch is not None:
        starts[""] = insertion_epoch
    inserted = sorted(starts, key=lambda suffix: starts[suffix])
    shades = colormaps["viridis"]
    colour = {suffix: shades(0.9 * k / max(1, len(inserted) - 1)) for k, suffix in enumerate(inserted)}
    figure = Figure(figsize=(8.4, 3.2), facecolor="white", layout="constrained")
    panels = figure.subplots(1, 2)
    # What has no graph yet is one line: that of "without", before it leaves the run's own.
    order = [suffix for suffix in ("_without", *inserted, "") if suffix in suffixes]
    for suffix in dict.fromkeys(order):
        label = own if suffix == "" else "without" if suffix == "_without" else f"M = {starts[suffix]}"
        style: dict[str, Any] = {"color": colour.get(suffix, "black"), "label": label, "linewidth": 1.3}
        if suffix == "_without":
            style |= {"linestyle": "--"}
        for axes, name in zip(panels, ("train/loss", f"{split}/map"), strict=True):
            points = branch_line(history, name, suffix, starts.get(suffix, 0), starts.get("", 0))
            axes.plot(*points, **style, zorder=3 if suffix == "_without" else 2)
    for suffix, epoch in starts.items():
        for axes in panels:
            axes.axvline(epoch, color=colour[suffix], linewidth=0.6, alpha=0.5, zorder=1)
    for axes, name in zip(panels, ("training loss", f"{split} MAP"), strict=True):
        _finish(axes, name, _LEAD * min(starts.values(), default=0))
    if len(order) > 1:
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center", fontsize=8, frameon=False, title="graph inserted")
    return save_figure(figure, path)


def _branches(history: Sequence[Record]) -> list[str]:
    """Suffixes of the losses that there are; "" is the run's own."""
    keys = dict.fromkeys(key for record in history for key in record)
    found = [key.removeprefix("train/loss") for key in keys if _BRANCH.fullmatch(key)]
    if not found:
        raise DataError("history: expected lines with 'train/loss', got none")
    return found


def branch_line(
    history: Sequence[Record], name: str, suffix: str, start: int, main: int
) -> tuple[list[int], list[float]]:
    """Epochs done and values of one network; a branch's line begins where it left the one before.

    Args:
        history: see `draw_curves`.
        name: ``train/loss`` or ``test/map``.
        suffix: of the network: "" is the run's own, else "_without" or "_at_300".
        start: epochs before it got its graph.
        main: epochs before the run's own did.

    Example:
        >>> lines = [{"epoch": 0, "train/loss": 3.0}, {"epoch": 1, "train/loss": 2.0, "train/loss_at_1": 1.0}]
        >>> branch_line(lines, "train/loss", "_at_1", 1, 5)
        ([1, 2], [3.0, 1.0])
    """
    trunk = "" if start <= main else "_without"
    epochs, values = [], []
    for record in history:
        done = record["epoch"] + 1
        key = f"{name}{suffix}"
        if suffix == "_without" and key not in record:
            key = name  # before the run got its graph
        elif suffix not in ("", "_without") and done == start:
            key = f"{name}{trunk}" if f"{name}{trunk}" in record else name
        if key in record:
            epochs.append(done)
            values.append(float(record[key]))
    return epochs, values


def _finish(axes: Any, name: str, begin: float) -> None:
    values = [y for line in axes.lines for x, y in line.get_xydata() if x >= begin and line.get_label()[0] != "_"]
    room = 0.05 * (max(values, default=1.0) - min(values, default=0.0)) or 0.05
    axes.set_ylim(min(values, default=0.0) - room, max(values, default=1.0) + room)
    axes.set_xlim(left=begin)
    axes.set_xlabel("epoch", fontsize=9)
    axes.set_ylabel(name, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
