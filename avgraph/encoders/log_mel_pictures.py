"""What encoders read of log-mel pictures."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from avgraph.errors import DataError

_LEAST = 16  # bands, and frames


def equal_loudness(picture: Float[Tensor, "n b f"]) -> Float[Tensor, "n b f"]:
    """Every picture with mean 0 and deviation 1; silence stays 0.

    Example:
        >>> import torch
        >>> equal_loudness(torch.tensor([[[1.0, 3.0]], [[5.0, 5.0]]]))[:, 0]
        tensor([[-0.7071,  0.7071],
                [ 0.0000,  0.0000]])
    """
    centred = picture - picture.mean((1, 2), keepdim=True)
    return centred / (picture.std((1, 2), keepdim=True) + 1e-5)


def check_log_mels(what: str, pictures: Tensor) -> None:
    """Refuse what is no log-mel pictures [n, bands, frames] of at least 16 × 16.

    Raises:
        DataError: it says ``what`` was expected them by.

    Example:
        >>> import torch
        >>> check_log_mels("modulation", torch.zeros(2, 8, 100))
        Traceback (most recent call last):
        avgraph.errors.DataError: modulation: expected log-mels [clips, bands, frames] of at least 16 × 16, got ...
    """
    if pictures.ndim != 3 or min(pictures.shape[1:]) < _LEAST:
        shape = tuple(pictures.shape)
        raise DataError(f"{what}: expected log-mels [clips, bands, frames] of at least 16 × 16, got {shape}")
