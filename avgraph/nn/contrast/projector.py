"""Projector of one space into the connected space (C-MCR, NeurIPS 2023, Table 6 and the released heads)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.runtime.ranks import world_size
from avgraph.tensors.checks import check_tensors


class Projector(nn.Module):
    """Two linear layers, each followed by batch normalisation: Linear, BN, ReLU, Linear, BN.

    The names in its state dict are those of the released heads: ``net1.0``, ``net1.1``, ``net2.0``, ``net2.1``, and
    ``net.0``, ``net.1`` of a half head. In training it is called once per modality, as BatchNorm's statistics are
    those of one modality at a time; a batch then needs at least 2 rows.

    Args:
        in_channels, hidden_channels, out_channels: widths; the paper takes 512, 1024, 512.
        final_relu: end with a ReLU, as the paper's table does and the released audio–visual heads do not.
        half: the released 3D heads: Linear(in, out), BN, ReLU. It has no hidden layer and always the ReLU.

    Shapes:
        x [b, in_channels] → [b, out_channels]

    Raises:
        GraphError: if a width is below 1, or (when called) rows have another width.

    Example:
        >>> import torch
        >>> sorted(key for key in Projector(4, 8, 2).state_dict() if key.endswith("weight"))
        ['net1.0.weight', 'net1.1.weight', 'net2.0.weight', 'net2.1.weight']
        >>> Projector(4, 8, 2, half=True)(torch.randn(3, 4)).shape
        torch.Size([3, 2])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        *,
        final_relu: bool = False,
        half: bool = False,
    ) -> None:
        widths = {"in_channels": in_channels, "hidden_channels": hidden_channels, "out_channels": out_channels}
        for name, width in widths.items():
            if width < 1:
                raise GraphError(f"{name}: expected at least 1, got {width}")
        super().__init__()
        self._is_half = half  # Module.half() casts the weights
        if half:
            self.net = _layer(in_channels, out_channels, relu=True)
        else:
            self.net1 = _layer(in_channels, hidden_channels, relu=True)
            self.net2 = _layer(hidden_channels, out_channels, relu=final_relu)

    def forward(self, x: Float[Tensor, "b in_channels"]) -> Float[Tensor, "b out_channels"]:
        """Project rows; they are not scaled to length 1."""
        first = self.net[0] if self._is_half else self.net1[0]
        check_tensors({"x": x})
        if x.dim() != 2 or x.shape[1] != first.in_features:
            raise GraphError(f"x: expected [b, {first.in_features}], got {list(x.shape)}")
        if self.training and len(x) < 2 and world_size() == 1:  # else `WholeBatchNorm` counts the rows of all ranks
            raise GraphError(f"x: expected at least 2 rows in training, as BatchNorm needs, got {len(x)}")
        projected: Tensor = self.net(x) if self._is_half else self.net2(self.net1(x))
        return projected

    def reset_parameters(self) -> None:
        """Draw the weights anew and forget the running statistics."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.BatchNorm1d):
                module.reset_parameters()


def _layer(in_channels: int, out_channels: int, *, relu: bool) -> nn.Sequential:
    last = [nn.ReLU()] if relu else []
    return nn.Sequential(nn.Linear(in_channels, out_channels), nn.BatchNorm1d(out_channels), *last)
