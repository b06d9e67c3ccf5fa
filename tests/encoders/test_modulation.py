"""The modulation spectrum: equal to a double loop over frequencies, blind to time and loudness, errors."""

import math

import pytest
import torch

from avgraph.encoders.logmel_modulation import _log_modulation, modulation_spectrum
from avgraph.errors import DataError


def octave_bins(size: int, first: int) -> list[list[int]]:
    bins, start, stop = [], first, 1 if first < 1 else 2
    while start < size:
        bins.append(list(range(start, min(stop, size))))
        start, stop = stop, 2 * stop
    return bins


def test_equal_to_a_loop_over_scales_and_rates() -> None:
    torch.manual_seed(0)
    bands, frames = 16, 24
    picture = torch.randn(1, bands, frames, dtype=torch.float64)
    flat = picture[0] - picture[0].mean(1, keepdim=True)

    def amplitude(scale: int, rate: int) -> float:
        total = 0j
        for band in range(bands):
            for frame in range(frames):
                angle = -2 * math.pi * (scale * band / bands + rate * frame / frames)
                total += flat[band, frame].item() * complex(math.cos(angle), math.sin(angle))
        return abs(total)

    rates, scales = octave_bins(frames // 2 + 1, 1), octave_bins(bands // 2, 0)
    # Downward glides are the negative scales -1 … -8, in bins as wide as those of the upward ones 0 … 7.
    expected = []
    for sign, offset in ((1, 0), (-1, 1)):
        for scale_bin in scales:
            for rate_bin in rates:
                values = [amplitude(sign * (scale + offset), rate) for scale in scale_bin for rate in rate_bin]
                expected.append(math.log(max(sum(values) / len(values), 1e-3)))
    found = _log_modulation(picture.float())[0].double()
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), atol=1e-4, rtol=1e-4)


def test_loudness_and_offset_change_nothing_and_a_rotation_in_time_only_the_seam() -> None:
    torch.manual_seed(0)
    picture = torch.rand(3, 64, 40)
    feature = modulation_spectrum(picture)
    torch.testing.assert_close(modulation_spectrum(2 * picture + 5), feature, atol=1e-3, rtol=1e-3)
    turned = modulation_spectrum(picture.roll(7, 2))
    change = 4 * 32  # level and change of 32 pairs of bands; the difference from frame to frame sees the seam
    torch.testing.assert_close(turned[:, change:], feature[:, change:], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(turned[:, :64], feature[:, :64], atol=1e-4, rtol=1e-4)


def test_a_rising_glide_is_told_from_a_falling_one() -> None:
    frame, band = torch.arange(64)[None], torch.arange(32)[:, None]
    rising = torch.cos(2 * math.pi * (4 * frame / 64 - 3 * band / 32))
    spectrum = _log_modulation(torch.stack([rising, rising.flip(0)]))
    half = spectrum.shape[1] // 2
    first, second = spectrum[:, :half], spectrum[:, half:]
    assert (first.amax(1) > second.amax(1)).tolist() in ([True, False], [False, True])


@pytest.mark.parametrize("shape", [(2, 128), (2, 8, 100), (2, 100, 8)])
def test_refuses_what_is_no_log_mel(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"expected log-mels \[clips, bands, frames\] of at least 16 × 16, got"):
        modulation_spectrum(torch.zeros(shape))


def test_bytes_and_floats_agree_and_rows_do_not_touch() -> None:
    torch.manual_seed(0)
    picture = torch.randint(0, 255, (4, 32, 32), dtype=torch.uint8)
    whole = modulation_spectrum(picture)
    torch.testing.assert_close(modulation_spectrum(picture.float()), whole)
    torch.testing.assert_close(modulation_spectrum(picture[2:3]), whole[2:3], atol=1e-4, rtol=1e-4)
    assert modulation_spectrum(torch.zeros(1, 16, 16)).isfinite().all()  # silence
