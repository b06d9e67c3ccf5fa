"""Orthogonal Procrustes against scipy, and what `align` may not use."""

import pytest
import torch
from scipy.linalg import orthogonal_procrustes

from avgraph.encoders.alignment import align, procrustes


def test_equals_scipy() -> None:
    source, target = torch.randn(2, 40, 7, dtype=torch.float64)
    expected, _ = orthogonal_procrustes(source.numpy(), target.numpy())
    torch.testing.assert_close(procrustes(source, target), torch.from_numpy(expected))


def test_is_orthogonal_even_when_the_rows_span_less() -> None:
    source, target = torch.randn(2, 3, 7, dtype=torch.float64)
    rotation = procrustes(source, target)
    torch.testing.assert_close(rotation @ rotation.T, torch.eye(7, dtype=torch.float64))


def test_undoes_a_rotation_and_a_shift() -> None:
    source = torch.randn(40, 7, dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(7, 7, dtype=torch.float64)).Q
    unseen = torch.randn(5, 7, dtype=torch.float64)
    torch.testing.assert_close(align(unseen, source, source @ rotation + 3), unseen @ rotation + 3)


def test_refuses_different_shapes() -> None:
    with pytest.raises(ValueError, match=r"two equal shapes, got \(3, 2\) and \(4, 2\)"):
        procrustes(torch.zeros(3, 2), torch.zeros(4, 2))
