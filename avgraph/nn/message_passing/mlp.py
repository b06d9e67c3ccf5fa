"""The perceptron with one hidden layer that every part of a method uses."""

from __future__ import annotations

from torch import nn


class MLP(nn.Sequential):
    """``Sequential(Linear, ReLU, Linear)``, with dropout after the ReLU where asked for.

    Args:
        in_channels, hidden_channels, out_channels: widths.
        dropout: probability of dropping a hidden unit; 0 adds no layer.

    Shapes:
        x [..., in_channels] → [..., out_channels]

    Raises:
        ValueError: if dropout is not in [0, 1).

    Example:
        >>> import torch
        >>> MLP(3, 8, 2)(torch.zeros(5, 3)).shape
        torch.Size([5, 2])
    """

    def __init__(self, in_channels: int, hidden_channels: int, out_channels: int, *, dropout: float = 0.0) -> None:
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"dropout: expected a number in [0, 1), got {dropout}")
        drop = [nn.Dropout(dropout)] if dropout > 0 else []
        first, second = nn.Linear(in_channels, hidden_channels), nn.Linear(hidden_channels, out_channels)
        super().__init__(first, nn.ReLU(), *drop, second)

    @property
    def first(self) -> nn.Linear:
        """The layer into the hidden units."""
        layer = self[0]
        assert isinstance(layer, nn.Linear)
        return layer

    @property
    def last(self) -> nn.Linear:
        """The layer out of the hidden units."""
        layer = self[-1]
        assert isinstance(layer, nn.Linear)
        return layer

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for layer in self:
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()
