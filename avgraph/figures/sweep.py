"""What each option of a sweep does to the metric that chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avgraph.errors import DataError
from avgraph.io.pictures import save_figure

_MOST_COLUMNS = 3
_MOST_TICKS, _LONGEST_TICK = 6, 5  # the values themselves, where they have room


def draw_sweep(
    trials: Sequence[tuple[Mapping[str, Any], float, float | None]],
    path: str | Path,
    *,
    metric: str,
    chosen: int | None = None,
) -> Path:
    """Write a panel per option to ``path``: a point with its standard deviation per setting; returns the path.

    Numbers that all lie within one power of ten stand as they are, others on a logarithmic axis; what is no number
    stands side by side.

    Args:
        trials: setting, mean and standard deviation of each.
        path: ``.png`` or ``.svg``; whole or absent.
        metric: its name.
        chosen: number of the chosen setting, which stands out.

    Raises:
        DataError: if there is no setting, or the suffix is neither.

    Example:
        >>> import tempfile
        >>> trials = [({"lr": 0.1}, 0.5, None), ({"lr": 0.01}, 0.7, 0.1)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_sweep(trials, f"{folder}/s.png", metric="val/map").name
        's.png'
    """
    from matplotlib.figure import Figure

    if not trials:
        raise DataError("trials: expected at least one")
    options = list(dict.fromkeys(name for setting, _, _ in trials for name in setting))
    columns = min(_MOST_COLUMNS, len(options))
    lines = -(-len(options) // columns)
    figure = Figure(figsize=(1.2 + 3.2 * columns, 0.6 + 2.6 * lines), facecolor="white", layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True).flat
    for name, axes in zip(options, panels, strict=False):
        _draw(axes, [setting.get(name) for setting, _, _ in trials], trials, chosen)
        axes.set_xlabel(name, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.margins(x=0.1)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in list(panels)[len(options) :]:
        axes.set_visible(False)
    figure.supylabel(f"{metric}, mean ± sd", fontsize=9)
    if chosen is not None:
        figure.suptitle("red: the chosen setting", fontsize=8, color="tab:red", x=0.99, ha="right")
    return save_figure(figure, path)


def _draw(
    axes: Any, values: Sequence[Any], trials: Sequence[tuple[Any, float, float | None]], chosen: int | None
) -> None:
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    words = len(numbers) < len(values)
    texts = list(dict.fromkeys(map(str, values)))
    for number, (value, (_, mean, sd)) in enumerate(zip(values, trials, strict=True)):
        x = texts.index(str(value)) if words else float(value)
        best = number == chosen
        colour, order = ("tab:red", 3) if best else ("tab:blue", 2)
        axes.errorbar(x, mean, yerr=sd, fmt="o", color=colour, markersize=6 if best else 4, capsize=2,
                      linewidth=1, alpha=1 if best else 0.6, zorder=order)  # fmt: skip
    if words:
        axes.set_xticks(range(len(texts)), texts)
        axes.set_xlim(-0.5, len(texts) - 0.5)
        return
    if min(numbers) > 0 and max(numbers) >= 10 * min(numbers):
        axes.set_xscale("log")
    ticks = {x: f"{x:g}" for x in sorted(set(numbers))}
    if len(ticks) <= _MOST_TICKS and all(len(text) <= _LONGEST_TICK for text in ticks.values()):
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.minorticks_off()
