"""VGGish's log-mels against their definition, sums over a loop."""

from __future__ import annotations

import numpy as np
import pytest

from avgraph.datasets.avsbench.vggish import RATE, vggish_log_mel


def test_vggish_against_its_definition() -> None:
    rng = np.random.default_rng(0)
    wave = rng.standard_normal(RATE)
    found = vggish_log_mel(wave)
    assert found.shape == (1, 96, 64)
    column = 40
    piece = wave[column * 160 : column * 160 + 400] * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400))
    power = [abs(sum(piece * np.exp(-2j * np.pi * k * np.arange(400) / 512))) for k in range(257)]

    def mel(hz: float) -> float:
        return float(1127 * np.log(1 + hz / 700))

    edge = np.linspace(mel(125), mel(7500), 66)
    for band in (0, 10, 63):
        total = 0.0
        for k in range(1, 257):
            at = mel(k * RATE / 512)
            total += power[k] * max(0.0, min((at - edge[band]) / (edge[band + 1] - edge[band]),
                                             (edge[band + 2] - at) / (edge[band + 2] - edge[band + 1])))  # fmt: skip
        assert found[0, column, band] == pytest.approx(np.log(total + 0.01), abs=1e-4)
    assert vggish_log_mel(np.zeros(100)).shape == (0, 96, 64)
