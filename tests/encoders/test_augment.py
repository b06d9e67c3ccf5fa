"""Augmentation keeps what it must: the content under a shift, the sum of a soft label."""

import numpy as np
import torch

from avgraph.encoders.augment import band_shift, circular_shift, colour, mixup, reverse


def test_shift_is_a_roll_of_each_clip() -> None:
    x = torch.randn(6, 1, 4, 9)
    shifted = circular_shift(x, np.random.default_rng(1))
    for clip, moved in zip(x, shifted, strict=True):
        assert any(torch.equal(clip.roll(step, 2), moved) for step in range(9))
    assert not torch.equal(x, shifted)


def test_band_shift_moves_all_frames_alike_and_repeats_the_edge() -> None:
    x = torch.arange(10.0).reshape(1, 1, 10, 1).expand(40, 1, 10, 3)
    moved = band_shift(x, 3, np.random.default_rng(0))
    assert torch.equal(moved.amin(3), moved.amax(3))
    middle = moved[:, 0, 5, 0] - 5
    assert set(middle.tolist()) == {-3, -2, -1, 0, 1, 2, 3}
    up = moved[middle == 3][0, 0, :, 0]
    assert up.tolist() == [3, 4, 5, 6, 7, 8, 9, 9, 9, 9]


def test_mixup_keeps_soft_labels_and_the_larger_share() -> None:
    x, target = torch.randn(50, 1, 3, 3), torch.eye(50)
    mixed, soft = mixup(x, target, 0.4, np.random.default_rng(0))
    torch.testing.assert_close(soft.sum(1), torch.ones(50))
    assert bool((soft.diagonal() >= 0.5).all())
    torch.testing.assert_close(mixed, torch.einsum("ij,jcft->icft", soft, x), rtol=1e-4, atol=1e-5)


def test_mixup_off_returns_its_input() -> None:
    x, target = torch.randn(3, 1, 3, 3), torch.eye(3)
    mixed, soft = mixup(x, target, 0.0, np.random.default_rng(0))
    assert mixed is x
    assert soft is target


def test_reverse_turns_some_clips_and_only_in_time() -> None:
    x = torch.randn(40, 1, 4, 9)
    turned = reverse(x, np.random.default_rng(0))
    backwards = [torch.equal(after, before.flip(2)) for before, after in zip(x, turned, strict=True)]
    untouched = [torch.equal(after, before) for before, after in zip(x, turned, strict=True)]
    assert all(one != other for one, other in zip(backwards, untouched, strict=True))
    assert 5 < sum(backwards) < 35


def test_colour_adds_the_same_curve_to_every_frame() -> None:
    x = torch.randn(6, 1, 16, 5)
    added = colour(x, 0.25, np.random.default_rng(0)) - x
    torch.testing.assert_close(added, added[..., :1].expand_as(added), atol=1e-6, rtol=0)
    assert bool((added.abs().amax((1, 2, 3)) > 0).all())
    assert bool((added.diff(dim=2).abs() < added.abs().amax((1, 2, 3), keepdim=True)).all())
