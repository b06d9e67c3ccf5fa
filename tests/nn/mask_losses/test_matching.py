"""The divergence of the sound from the masked patches against a plain loop."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import matching_divergence


def _softmax(values: list[float]) -> list[float]:
    parts = [math.exp(value) for value in values]
    return [part / sum(parts) for part in parts]


def test_it_equals_a_loop() -> None:
    sound, picture = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4, 2, 3, dtype=torch.float64)
    mask = torch.rand(3, 4, 6, dtype=torch.float64)
    total = 0.0
    for f in range(3):
        said = []
        for d in range(4):
            cells = []
            for i in range(2):
                for j in range(3):
                    share = sum(float(mask[f, 2 * i + a, 2 * j + b]) for a in (0, 1) for b in (0, 1)) / 4
                    cells.append(share * float(picture[f, d, i, j]))
            said.append(sum(cells) / 6)
        p, q = _softmax(sound[f].tolist()), _softmax(said)
        total += sum(one * math.log(one / other) for one, other in zip(p, q, strict=True)) / 3
    assert float(matching_divergence(sound, picture, mask)) == pytest.approx(total, rel=1e-12)


def test_it_is_zero_where_both_say_the_same_and_sees_only_masked_patches() -> None:
    sound, mask = torch.randn(2, 3), torch.zeros(2, 4, 4)
    mask[:, :2] = 1
    picture = torch.randn(2, 3, 2, 2)
    picture[:, :, 0] = 2 * sound[:, :, None]  # half of the patches are masked
    assert float(matching_divergence(sound, picture, mask)) == pytest.approx(0, abs=1e-6)
    assert float(matching_divergence(sound, picture, 1 - mask)) > 0.01


def test_gradcheck() -> None:
    sound, picture = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 3, 2, 2, dtype=torch.float64)
    mask = torch.rand(2, 4, 4, dtype=torch.float64)
    assert gradcheck(matching_divergence, [x.requires_grad_() for x in (sound, picture, mask)])


def test_bad_input_is_named() -> None:
    sound, picture, mask = torch.zeros(2, 3), torch.zeros(2, 3, 2, 2), torch.zeros(2, 4, 4)
    with pytest.raises(GraphError, match=r"expected \[f, d\] and \[f, d, h, w\], got \[2, 4\] and \[2, 3, 2, 2\]"):
        matching_divergence(torch.zeros(2, 4), picture, mask)
    with pytest.raises(GraphError, match=r"mask: expected \[f, h, w\] of 2 frames and at least \[2, 2\] pixels"):
        matching_divergence(sound, picture, mask[:, :1])
    with pytest.raises(GraphError, match="sound: row 1 is not finite"):
        matching_divergence(torch.tensor([[0.0] * 3, [math.nan] * 3]), picture, mask)
