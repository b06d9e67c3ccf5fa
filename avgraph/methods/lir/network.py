"""What an LIR experiment trains: an encoder and, for the metric loss, a proxy in each modality."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from avgraph.methods.lir.encoder import LogitEncoder
from avgraph.nn import CrossAttentionProxy
from avgraph.nn.precision import at_least_single


class ClipNetwork(nn.Module):
    """Encoders of both modalities and the proxies of training.

    Args:
        in_channels: "audio" and "visual" → width of the features.
        classes: width of the embedding.
        proxies: whether the metric loss sees proxies by cross-attention.
        mask_own_pair: whether a proxy may not see the clip's own pair.
        hidden_channels, layers, dropout: see `LogitEncoder`.

    Shapes:
        "audio" → [n, d_a], "visual" → [n, d_v] → two embeddings [n, classes]

    Example:
        >>> import torch
        >>> z_audio, z_visual = ClipNetwork({"audio": 128, "visual": 1024}, 15)(
        ...     {"audio": torch.zeros(2, 128), "visual": torch.zeros(2, 1024)}
        ... )
        >>> z_visual.shape
        torch.Size([2, 15])
    """

    def __init__(
        self,
        in_channels: Mapping[str, int],
        classes: int,
        *,
        proxies: bool = True,
        mask_own_pair: bool = False,
        hidden_channels: int = 1024,
        layers: int = 3,
        dropout: float = 0.15,
    ) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict(
            {
                name: LogitEncoder(width, classes, hidden_channels, layers, dropout)
                for name, width in in_channels.items()
            }
        )
        proxied = in_channels if proxies else ()
        self.proxy = nn.ModuleDict(
            {name: CrossAttentionProxy(classes, mask_own_pair=mask_own_pair) for name in proxied}
        )

    def forward(self, x: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Embeddings, each modality by itself."""
        z_audio, z_visual = (self.encoder[name](x[name]) for name in ("audio", "visual"))
        return at_least_single(z_audio), at_least_single(z_visual)

    def proxies(self, z_audio: Tensor, z_visual: Tensor) -> tuple[Tensor, Tensor]:
        """What the metric loss sees in training: proxies, or the embeddings themselves."""
        if not self.proxy:
            return z_audio, z_visual
        audio, visual = self.proxy["audio"](z_audio, z_visual), self.proxy["visual"](z_visual, z_audio)
        return at_least_single(audio), at_least_single(visual)
