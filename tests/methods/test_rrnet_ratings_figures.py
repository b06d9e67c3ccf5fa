"""Figures of a run on ratings: what is measured, of whom, and that they are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure

from avgraph.graph.ratings import RATES
from avgraph.methods.rrnet import rating_figures
from avgraph.methods.rrnet.rating_figures import BIASES, METHOD, MODEL, draw_calibration, draw_cold_to_warm
from avgraph.methods.rrnet.rating_heads import Answer
from tests.methods.test_rrnet_ratings import fitted
from tests.rating_graphs import complete, ratings


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    found: list[Figure] = []
    monkeypatch.setattr(rating_figures, "save_figure", lambda figure, path: found.append(figure) or path)
    return found


def lines(figure: Figure, panel: int) -> dict[str, Any]:
    """Name → x and y of its points, and half the lengths of its bars."""
    found = {}
    for container in figure.axes[panel].containers:
        points, _, (bars,) = container
        spread = [(end[1][1] - end[0][1]) / 2 for end in bars.get_segments()]
        found[container.get_label()] = (*points.get_xydata().T.tolist(), spread)
    return found


def test_a_run_has_both(tmp_path: Path) -> None:
    task = fitted(complete(), epochs=1)
    found = task.figures(task.annotated(), [])
    assert list(found) == ["calibration.png", "cold_to_warm.png"]
    for name, draw in found.items():
        draw(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 10_000


def test_without_held_out_ratings_there_is_nothing_to_draw() -> None:
    data = ratings()
    del data[RATES].val_mask
    data[RATES].test_mask[:] = False
    task = fitted(data, epochs=0, recommend=0)
    assert task.figures(data, []) == {}


def test_test_ratings_are_shown_before_those_to_validate_on(drawn: list[Figure]) -> None:
    data = complete()
    task = fitted(data, epochs=0)
    for split in ("test", "val"):
        task.figures(data, [])["cold_to_warm.png"](Path("x.png"))
        ticks = [label.get_text() for label in drawn[-1].axes[0].get_xticklabels()]
        assert sum(int(tick.split("\n")[1]) for tick in ticks) == int(data[RATES][f"{split}_mask"].sum())
        data[RATES].test_mask[:] = False
    assert set(lines(drawn[0], 0)) == {METHOD, BIASES, MODEL}


def test_probabilities_that_come_true_lie_on_the_diagonal(drawn: list[Figure]) -> None:
    draw, levels = torch.Generator().manual_seed(0), torch.tensor([1.0, 2.0, 3.0])
    probability = torch.rand(40_000, 3, generator=draw).softmax(1)
    rating = levels[torch.multinomial(probability, 1, generator=draw)[:, 0]]
    mean = probability @ levels
    answers = {METHOD: Answer(mean, mean, probability), BIASES: Answer(mean + 1, mean)}
    draw_calibration(answers, rating, levels, Path("x.png"))
    for panel in (0, 1):
        predicted, came, spread = lines(drawn[0], panel)[METHOD]
        assert len(predicted) == 10
        for one, other, sigma in zip(predicted, came, spread, strict=True):
            assert abs(one - other) < 4 * sigma
    predicted, came, _ = lines(drawn[0], 0)[BIASES]
    assert all(one - other > 0.9 for one, other in zip(predicted, came, strict=True))
    assert BIASES not in lines(drawn[0], 1)


def test_numbers_without_probabilities_have_one_panel(drawn: list[Figure]) -> None:
    value = torch.arange(20.0)
    draw_calibration({METHOD: Answer(value, value)}, value, value, Path("x.png"))
    assert len(drawn[0].axes) == 1


def test_errors_are_by_the_number_of_known_ratings(drawn: list[Figure]) -> None:
    rating, counts = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([[0, 1, 2, 300], [20, 20, 21, 0]])
    median = torch.tensor([2.0, 2.0, 5.0, 4.0])
    draw_cold_to_warm({METHOD: Answer(rating, median)}, rating, counts, Path("x.png"))
    of_user, of_item = (drawn[0].axes[panel] for panel in (0, 1))
    assert [label.get_text() for label in of_user.get_xticklabels()] == ["0\n1", "1–2\n2", "101+\n1"]
    assert [label.get_text() for label in of_item.get_xticklabels()] == ["0\n1", "11–20\n2", "21–50\n1"]
    assert lines(drawn[0], 0)[METHOD][1] == [1.0, 1.0, 0.0]
    assert lines(drawn[0], 1)[METHOD][1] == [0.0, 0.5, 2.0]
