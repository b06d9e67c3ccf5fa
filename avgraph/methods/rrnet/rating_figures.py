"""What a run on ratings has to show: whether predictions mean what they say, and for whom they are good."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.figures.figures import Draw
from avgraph.graph.rating_edges import KnownRatings
from avgraph.graph.ratings import RATES
from avgraph.io.pictures import save_figure
from avgraph.methods.rrnet.rating_heads import Answer, median_level
from avgraph.methods.rrnet.rating_results import known_counts
from avgraph.nn.rating_biases import DampedBiases

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHOD, BIASES, MODEL = "RR-Net", "bias model", "rating_model"
_COLOURS = {METHOD: "#1f5fa8", BIASES: "#999999", MODEL: "#c8791c"}
_BINS = 10
_COUNTS = (0, 1, 3, 6, 11, 21, 51, 101)  # where a bin of known ratings begins


def rating_figures(graph: HeteroData, known: KnownRatings, answer: Answer, biases: DampedBiases) -> dict[str, Draw]:
    """``calibration.png`` and ``cold_to_warm.png`` of the test ratings, or of those to validate on; else nothing.

    Args:
        graph: with ratings, and ``level_probability`` where a step gave one.
        known: those to train on.
        answer: predictions for all ratings of the graph.
        biases: of the known ratings.
    """
    edges = graph[RATES]
    masks = [edges[name] for name in ("test_mask", "val_mask") if name in edges]
    rows = next((mask for mask in masks if bool(mask.any())), None)
    if rows is None:
        return {}
    plain = biases.predict(edges.edge_index[:, rows]).clamp(known.rating.min(), known.rating.max()).float()
    answers = {METHOD: _rows(answer, rows), BIASES: Answer(plain, plain)}
    if (given := edges.get("level_probability")) is not None:
        levels = known.rating.unique()
        answers[MODEL] = Answer(given[rows] @ levels, median_level(given[rows], levels), given[rows])
    rating, counts = edges.rating[rows], known_counts(known, edges.edge_index[:, rows])
    return {
        "calibration.png": partial(draw_calibration, answers, rating, known.rating.unique()),
        "cold_to_warm.png": partial(draw_cold_to_warm, answers, rating, counts),
    }


def _rows(answer: Answer, rows: Tensor) -> Answer:
    probability = None if answer.probability is None else answer.probability[rows]
    return Answer(answer.mean[rows], answer.median[rows], probability)


def draw_calibration(answers: Mapping[str, Answer], rating: Tensor, levels: Tensor, path: str | Path) -> Path:
    """Ratings as they came beside the prediction of as many pairs a point; probabilities of levels beside how often
    these came true.

    Args:
        answers: name → predictions of some pairs.
        rating: what their ratings were.
        levels: that probabilities are of.
        path: ``.png`` or ``.svg``.
    """
    from matplotlib.figure import Figure

    told = {name: one.probability for name, one in answers.items() if one.probability is not None}
    figure = Figure(figsize=(4.4 * (1 + bool(told)), 4.2), facecolor="white", layout="constrained")
    panels = figure.subplots(1, 1 + bool(told), squeeze=False)[0]
    for name, one in answers.items():
        predicted, came, spread = binned(one.mean, rating)
        panels[0].errorbar(predicted, came, spread, **_line(name))
    _finish(panels[0], "predicted rating", "mean of the ratings (± standard error)")
    for name, probability in told.items():
        is_level = (rating[:, None] == levels).float()
        predicted, came, spread = binned(probability.flatten(), is_level.flatten())
        panels[1].errorbar(predicted, came, spread, **_line(name))
    if told:
        _finish(panels[1], "probability of a level", "share that came true")
    return save_figure(figure, path)


def binned(value: Tensor, came: Tensor, bins: int = _BINS) -> tuple[list[float], list[float], list[float]]:
    """Means of two columns over bins of as many rows each, by the first, and standard errors of the second.

    Example:
        >>> binned(torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, 3.0, 3.0, 3.0]), bins=2)
        ([1.5, 3.5], [2.0, 3.0], [1.0, 0.0])
    """
    parts = [part for part in value.argsort(stable=True).tensor_split(bins) if len(part)]
    return (
        [float(value[part].mean()) for part in parts],
        [float(came[part].mean()) for part in parts],
        [_standard_error(came[part]) for part in parts],
    )


def draw_cold_to_warm(answers: Mapping[str, Answer], rating: Tensor, counts: Tensor, path: str | Path) -> Path:
    """Absolute errors by how many ratings of the user, and of the item, are known.

    Args:
        answers: name → predictions of some pairs.
        rating: what their ratings were.
        counts: known ratings of user and item of each [2, q].
        path: ``.png`` or ``.svg``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.8, 4.0), facecolor="white", layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    starts = torch.tensor(_COUNTS)
    for axes, node, count in zip(panels, ("user", "item"), counts, strict=True):
        place = torch.bucketize(count, starts, right=True) - 1
        there = place.unique().tolist()
        for shift, (name, one) in enumerate(answers.items()):
            error = (one.median - rating).abs()
            mean = [float(error[place == number].mean()) for number in there]
            spread = [_standard_error(error[place == number]) for number in there]
            at = [position + 0.08 * (shift - (len(answers) - 1) / 2) for position in range(len(there))]
            axes.errorbar(at, mean, spread, **_line(name))
        sizes = [int((place == number).sum()) for number in there]
        axes.set_xticks(range(len(there)), [f"{_span(k)}\n{n}" for k, n in zip(there, sizes, strict=True)], fontsize=8)
        axes.set_xlabel(f"known ratings of the {node}; below: ratings measured on", fontsize=9)
        axes.grid(axis="y", color="#e8e8e8", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("mean absolute error (± standard error)", fontsize=9)
    panels[0].legend(frameon=False, fontsize=8)
    return save_figure(figure, path)


def _span(number: int) -> str:
    first, last = _COUNTS[number], (*_COUNTS, None)[number + 1]
    if last is None:
        return f"{first}+"
    return str(first) if last == first + 1 else f"{first}–{last - 1}"


def _standard_error(value: Tensor) -> float:
    return float(value.std() / len(value) ** 0.5) if len(value) > 1 else 0.0


def _line(name: str) -> dict[str, object]:
    return {"label": name, "color": _COLOURS[name], "marker": "o", "markersize": 3.5, "linewidth": 1.2,
            "elinewidth": 0.8, "zorder": 3 if name == METHOD else 2}  # fmt: skip


def _finish(axes: Axes, below: str, left: str) -> None:
    """A diagonal, on which predictions mean what they say."""
    low, high = min(axes.get_xlim()[0], axes.get_ylim()[0]), max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([low, high], [low, high], color="#bbbbbb", linewidth=0.8, linestyle="--", zorder=1)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.set_xlabel(below, fontsize=9)
    axes.set_ylabel(left, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
