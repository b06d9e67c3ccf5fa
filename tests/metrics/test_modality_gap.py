"""The modality gap in closed form, and what is refused."""

from __future__ import annotations

import pytest
import torch

from avgraph.errors import GraphError
from avgraph.metrics import modality_gap


def test_closed_form_and_length_does_not_matter() -> None:
    x, y = torch.tensor([[2.0, 0.0], [0.0, 5.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
    assert modality_gap(x, y) == pytest.approx(2**0.5 / 6)
    assert modality_gap(x, 7 * x) == 0


def test_bad_input_is_named() -> None:
    x = torch.ones(2, 3)
    with pytest.raises(GraphError, match=r"x, y: expected \[n, d\] and \[m, d\], got \[2, 3\] and \[2, 2\]"):
        modality_gap(x, x[:, :2])
    with pytest.raises(GraphError, match="x, y: expected finite numbers"):
        modality_gap(x, x * torch.nan)
