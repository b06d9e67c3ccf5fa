from __future__ import annotations

import csv
import re
import resource
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from hypothesis import given
from hypothesis import strategies as st

from avgraph.datasets.audio import (
    hz_to_mel,
    log_mel,
    log_mel_picture,
    mel_filterbank,
    mel_to_hz,
    read_audio,
    to_uint8,
)
from avgraph.errors import DataError


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_reads_each_format_as_five_seconds_of_mono(tmp_path: Path, suffix: str) -> None:
    stereo = np.stack([np.full(22_050, 0.5), np.full(22_050, -0.25)], axis=1)
    soundfile.write(tmp_path / f"a.{suffix}", stereo, 44_100)
    samples = read_audio(tmp_path / f"a.{suffix}")
    assert samples.shape == (220_500,)
    assert samples[5_000:15_000] == pytest.approx(0.125, abs=0.02)
    assert not samples[23_000:].any()


def test_cuts_what_is_longer(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.linspace(0, 0.9, 300_000), 44_100, subtype="FLOAT")
    assert read_audio(tmp_path / "a.wav")[-1] == pytest.approx(0.9 * 220_499 / 299_999, abs=1e-5)


def test_resampling_keeps_the_pitch(tmp_path: Path) -> None:
    for rate in (16_000, 48_000, 44_100):
        soundfile.write(tmp_path / f"{rate}.wav", 0.5 * np.sin(2 * np.pi * 2_000 * np.arange(5 * rate) / rate), rate)
        loudest = log_mel(read_audio(tmp_path / f"{rate}.wav"))[:, 100].argmax().item()
        edge = mel_to_hz(np.linspace(0.0, hz_to_mel(np.array(22_050.0)).item(), 130))
        assert edge[loudest] < 2_000 < edge[loudest + 2]


def test_silence_is_all_zero(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 44_100)
    picture = log_mel_picture(tmp_path / "a.wav")
    assert picture.shape == (128, 216)
    assert not picture.any()


def test_filters_have_equal_area_and_the_edges_of_the_scale() -> None:
    bank = mel_filterbank()
    area = bank.sum(1) * 22_050 / 1024
    # A wide filter is sampled finely: its area is 1; a narrow one falls between two bins and misses a little.
    assert area[60:] == pytest.approx(torch.ones(68), abs=0.02)
    assert (bank >= 0).all()
    assert (bank.argmax(1).diff() >= 0).all()


@given(st.floats(0.0, 22_050.0))
def test_mel_scale_is_invertible(hz: float) -> None:
    assert mel_to_hz(hz_to_mel(np.array(hz))).item() == pytest.approx(hz, abs=1e-6)


def test_normalisation_ignores_the_level() -> None:
    decibel = torch.rand(128, 216) * 100
    lower = to_uint8(decibel - 23.0).int() - to_uint8(decibel).int()
    assert lower.abs().max() <= 1  # rounding of float32
    assert (to_uint8(decibel).min(), to_uint8(decibel).max()) == (0, 255)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable audio file"),
        (b"RIFF and then rubbish", "not a readable audio file"),
        (None, "no such file"),
    ],
)
def test_unreadable_file_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=f"bad.wav: {message}"):
        read_audio(path)


@pytest.mark.parametrize(("samples", "message"), [([], "holds no samples"), ([0.0, np.nan], "NaN or infinite")])
def test_unusable_samples_are_named(tmp_path: Path, samples: list[float], message: str) -> None:
    soundfile.write(tmp_path / "bad.wav", np.array(samples), 44_100, subtype="FLOAT")
    with pytest.raises(DataError, match=f"bad.wav: .*{message}"):
        read_audio(tmp_path / "bad.wav")


@pytest.mark.data
def test_reproduces_the_prepared_pictures(data_root: Path) -> None:
    """ESC-10 and ESC-50 share recordings; fold 4 of the prepared pictures was computed from audio."""
    bundle = np.load(data_root / "esc50" / "esc50_logmel_u8.npz", allow_pickle=False)
    row_of = {str(name).rsplit("-", 1)[0]: row for row, name in enumerate(bundle["name"])}
    with open(data_root / "esc10" / "esc10.csv", newline="") as file:
        names = [row["filename"] for row in csv.DictReader(file) if row["fold"] == "4"][::8]
    prepared = bundle["logmel"]
    correlation = []
    for name in names:
        ours = log_mel_picture(data_root / "esc10" / "audio" / name).numpy()
        theirs = prepared[row_of[re.sub(r"-\d+\.ogg$", "", name)]]
        correlation.append(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
    assert len(correlation) == 10
    assert np.median(correlation) > 0.99
    assert min(correlation) > 0.98


def test_only_what_is_used_is_decoded(tmp_path: Path) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, 16_000 * 20).astype(np.float32)
    wave[16_000 * 7 :] = np.nan  # told if it were decoded
    soundfile.write(tmp_path / "long.wav", wave, 16_000, subtype="FLOAT")
    soundfile.write(tmp_path / "whole.wav", np.nan_to_num(wave), 16_000, subtype="FLOAT")
    whole, rate = soundfile.read(tmp_path / "whole.wav", dtype="float32")
    expected = soxr.resample(whole, rate, 44_100)[: 5 * 44_100]
    np.testing.assert_allclose(read_audio(tmp_path / "long.wav"), expected, atol=1e-6)


@pytest.mark.parametrize("rate", [1, 999, 2_000_000_000])
def test_a_header_with_an_absurd_rate(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 8000)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(DataError, match=f"expected 1000 to 768000 samples a second, got {rate}"):
        read_audio(tmp_path / "a.wav")


def test_a_flac_that_claims_hours_takes_no_memory(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(4410), 44_100)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] |= 0x0F  # the upper bits of the number of samples
    data[22:26] = b"\xff" * 4
    (tmp_path / "a.flac").write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(DataError):
        read_audio(tmp_path / "a.flac")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
