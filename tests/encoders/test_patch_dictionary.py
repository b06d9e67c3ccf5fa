"""Dictionaries of patches: equal to a loop over patches, what is in the pictures is found, silence, draws."""

import pytest
import torch
import torch.nn.functional as F

from avgraph.encoders import patch_dictionary
from avgraph.encoders.log_mel_pictures import equal_loudness
from avgraph.encoders.patch_dictionary import (
    PatchDictionary,
    PatchShape,
    dictionary_statistics,
    learned_dictionary,
)

SHAPE = PatchShape(pool=(2, 1), size=(4, 3), stride=(1, 2))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_equal_to_a_loop_over_patches() -> None:
    torch.manual_seed(0)
    pictures, filters, bias = torch.rand(3, 16, 20), torch.randn(5, 1, 4, 3), torch.randn(5)
    filters = filters - filters.mean((2, 3), keepdim=True)
    found = dictionary_statistics(pictures, PatchDictionary(SHAPE, filters, bias))
    for picture, row in zip(pictures, found, strict=True):
        pooled = (picture - picture.mean()) / (picture.std() + 1e-5)
        pooled = (pooled[::2] + pooled[1::2]) / 2  # 8 bands
        answer = torch.zeros(5, 5, 9)
        for band in range(5):
            for place in range(9):
                patch = pooled[band : band + 4, 2 * place : 2 * place + 3]
                even = (patch - patch.mean()) / (patch.std() + 0.1)
                answer[:, band, place] = ((filters[:, 0] * even).sum((1, 2)) + bias - 0.5).clamp_min(0)
        halves = torch.stack([answer[:, :3].mean(1), answer[:, 2:].mean(1)], 1)  # the middle band is in both
        parts = halves.mean(2).sqrt(), halves.std(2, correction=0), halves.amax(2).sqrt()
        torch.testing.assert_close(row, torch.cat([part.flatten() for part in parts]), atol=1e-4, rtol=1e-4)


def test_an_answer_is_the_whitened_patch_times_a_unit_vector() -> None:
    """Of the patches that it was learned from: as many directions as centres, so that the filters can be inverted."""
    torch.manual_seed(0)
    pictures, shape = torch.randn(30, 16, 24), PatchShape((1, 1), (2, 2), (1, 1))
    found = learned_dictionary(pictures, shape, 40, seeded())
    patches = patch_dictionary._even_contrast(patch_dictionary._drawn(pictures, shape, seeded()))
    answers = patches @ found.filters.flatten(1).T + found.bias
    assert answers.mean(0).abs().max() < 1e-3  # whitening takes the mean out
    # White noise without its mean has three directions of equal variance: so has every centre's answer, of length 1.
    torch.testing.assert_close(answers.std(0), torch.ones(40), atol=0.03, rtol=0)


def test_patterns_of_the_pictures_are_found() -> None:
    """Glides up and glides down: of two centres one answers to each."""
    band, frame = torch.arange(16)[:, None], torch.arange(40)[None]
    phase = torch.rand(40, 1, 1, generator=seeded())
    up = torch.cos(2 * torch.pi * ((frame + band) / 8 + phase))
    down = torch.cos(2 * torch.pi * ((frame - band) / 8 + phase))
    found = learned_dictionary(torch.cat([up, down]), PatchShape((1, 1), (8, 8), (2, 2)), 8, seeded())
    mean = dictionary_statistics(torch.stack([up[0], down[0]]), found)[:, :16].view(2, 8, 2).mean(2)
    strong = (mean[0] - mean[1]) / (mean[0] + mean[1])
    assert strong.max() > 0.8
    assert strong.min() < -0.8
    assert (strong.abs() > 0.5).sum() >= 6


def test_the_generator_draws_and_parts_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = torch.randn(10, 16, 24, generator=seeded())
    first, again, other = (learned_dictionary(pictures, SHAPE, 4, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(first.filters, again.filters)
    assert not torch.allclose(first.filters, other.filters)
    whole = dictionary_statistics(pictures, first)
    monkeypatch.setattr(patch_dictionary, "_CLIPS", 3)
    torch.testing.assert_close(learned_dictionary(pictures, SHAPE, 4, seeded()).filters, first.filters)
    torch.testing.assert_close(dictionary_statistics(pictures, first), whole)


def test_silence_and_loudness() -> None:
    pictures = torch.rand(6, 16, 24, generator=seeded())
    pictures[:2] = 0
    found = learned_dictionary(pictures, SHAPE, 4, seeded())
    assert found.filters.isfinite().all()
    statistics = dictionary_statistics(pictures, found)
    assert statistics.isfinite().all()
    torch.testing.assert_close(dictionary_statistics(3 * pictures + 7, found), statistics, atol=1e-3, rtol=1e-3)
    assert learned_dictionary(torch.zeros(4, 16, 24), SHAPE, 4, seeded()).filters.isfinite().all()
    assert equal_loudness(torch.zeros(1, 2, 2)).eq(0).all()


def test_more_centres_than_directions_and_one_picture() -> None:
    found = learned_dictionary(
        torch.randn(1, 16, 24, generator=seeded()), PatchShape((8, 8), (1, 2), (1, 1)), 9, seeded()
    )
    assert found.filters.shape == (9, 1, 1, 2)
    assert F.normalize(found.filters.flatten(1)).isfinite().all()
