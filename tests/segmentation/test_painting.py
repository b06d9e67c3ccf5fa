"""Cut-outs lie where they are put, and a pixel is the topmost's, against a loop over pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avgraph.datasets.composed.painting import LARGEST, MARGIN, SMALLEST, VISIBLE, Pyramid, draw_motion, paint, tint


def _square(left: bool = False) -> np.ndarray:
    """An opaque square in the middle of a stamp, its left half red."""
    made = np.zeros((1, 128, 128, 4), np.uint8)
    made[:, 32:96, 32:96] = (0, 0, 255, 255)
    made[:, 32:96, 32:64] = (255, 0, 0, 255)
    return made


@pytest.mark.parametrize("size", [32, 64, 256])
def test_a_cut_out_fills_the_box_it_is_given(size: int) -> None:
    at = torch.tensor([[0.25, 0.5], [0.75, 0.5]])
    flip, scale = torch.tensor([1.0, -1.0]), torch.tensor([0.5, 0.25])
    layers = Pyramid(_square()).sample(torch.tensor([0, 0]), at, scale, flip, size)
    for layer, (x, _), side, turned in zip(layers, at.tolist(), scale.tolist(), (False, True), strict=True):
        alpha = torch.zeros(size, size)
        first, last = round((x - side / 2) * size), round((x + side / 2) * size)
        top, bottom = round((0.5 - side / 2) * size), round((0.5 + side / 2) * size)
        alpha[top:bottom, first:last] = 1
        assert float((layer[3] >= 0.5).float().sub(alpha).abs().sum()) == 0
        red, blue = layer[0].sum(0), layer[2].sum(0)
        middle = round(x * size)
        left, right = (blue, red) if turned else (red, blue)
        assert float(left[: middle - 1].sum()) > 0
        assert float(right[: middle - 1].sum()) == 0
        assert float(right[middle + 1 :].sum()) > 0


def test_a_small_cut_out_is_averaged_not_picked() -> None:
    fine = np.zeros((1, 128, 128, 4), np.uint8)
    fine[..., 3] = 255
    fine[:, :, ::2, :3] = 255
    small = Pyramid(fine).sample(torch.tensor([0]), torch.full((1, 2), 0.5), torch.ones(1), torch.ones(1), 16)
    assert torch.allclose(small[0, :3], torch.full((3, 16, 16), 0.5), atol=0.01)


def test_painting_equals_a_loop_over_pixels() -> None:
    generator = torch.Generator().manual_seed(3)
    background = torch.rand(2, 3, 5, 5, generator=generator)
    alpha = torch.rand(2, 3, 1, 5, 5, generator=generator).mul(2).clamp(max=1)
    layers = torch.cat([torch.rand(2, 3, 3, 5, 5, generator=generator) * alpha, alpha], 2)
    painted = paint(background, layers)
    for f in range(2):
        for h in range(5):
            for w in range(5):
                colour = background[f, :, h, w]
                for k in range(3):  # from the bottom: over
                    colour = layers[f, k, :3, h, w] + (1 - layers[f, k, 3, h, w]) * colour
                assert torch.allclose(painted.frame[f, :, h, w].float(), 255 * colour, atol=0.51)
                owner, left = 0, 1.0
                for k in (2, 1, 0):
                    if owner == 0 and left * float(layers[f, k, 3, h, w]) >= VISIBLE:
                        owner = k + 1
                    left *= 1 - float(layers[f, k, 3, h, w])
                assert int(painted.objects[f, h, w]) == owner


def test_a_tint_stays_within_the_outline() -> None:
    layer = torch.tensor([0.2, 0.4, 0.5, 0.5]).view(1, 4, 1, 1)
    tinted = tint(layer, torch.tensor([[2.0, 2.0, 0.0]]), torch.tensor([[0.1, 0.1, -0.5]]))
    assert torch.allclose(tinted.flatten(), torch.tensor([0.45, 0.5, 0.0, 0.5]))


def test_motions_stay_inside_and_apart() -> None:
    motion = draw_motion(np.full(200, 3), 3, 4, 9, np.random.default_rng(0))
    assert motion.centre.min() >= MARGIN - 1e-6
    assert motion.centre.max() <= 1 - MARGIN + 1e-6
    assert motion.scale[..., 0].min() >= SMALLEST
    assert motion.scale[..., 0].max() <= LARGEST
    step = np.diff(motion.centre, axis=2)
    assert np.allclose(step[:, :, 0], step[:, :, -1], atol=1e-5), "straight on, at one speed"
    apart = np.linalg.norm(motion.centre[:, 0, 0] - motion.centre[:, 1, 0], axis=-1)
    careless = np.random.default_rng(1).uniform(MARGIN, 1 - MARGIN, (2, 5000, 2))
    assert np.quantile(apart, 0.02) > 2 * np.quantile(np.linalg.norm(careless[0] - careless[1], axis=-1), 0.02)
    many = draw_motion(np.array([3, 6]), 6, 1, 9, np.random.default_rng(0)).scale
    assert many.shape == (2, 6, 1)
    assert many[1].max() <= LARGEST * np.sqrt(0.5) + 1e-6
