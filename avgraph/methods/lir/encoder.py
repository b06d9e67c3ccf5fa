"""The network of one modality ("Inferred Latent Interaction Graphs", 4.2): its embedding is the vector of logits."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn


class LogitEncoder(nn.Module):
    """Layers of [Linear, Tanh, dropout], then Linear to one logit per class.

    Args:
        in_channels: width of the features.
        classes: width of the embedding.
        hidden_channels: width of the layers before.
        layers: how many there are.
        dropout: behind each.

    Shapes:
        x [n, in_channels] → [n, classes]

    Example:
        >>> import torch
        >>> LogitEncoder(128, 15, hidden_channels=8, layers=1, dropout=0.0)(torch.zeros(2, 128)).shape
        torch.Size([2, 15])
    """

    def __init__(self, in_channels: int, classes: int, *, hidden_channels: int, layers: int, dropout: float) -> None:
        super().__init__()
        widths = [in_channels] + [hidden_channels] * layers
        parts: list[nn.Module] = []
        for before, after in pairwise(widths):
            parts += [nn.Linear(before, after), nn.Tanh(), nn.Dropout(dropout)]
        self.network = nn.Sequential(*parts, nn.Linear(widths[-1], classes))

    def forward(self, x: Tensor) -> Tensor:
        """Logits, which are the embedding; their sigmoid is the soft label."""
        logits: Tensor = self.network(x)
        return logits
