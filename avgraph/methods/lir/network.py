"""What an LIR experiment trains: an encoder and, for the metric loss, a proxy in each modality."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avgraph.methods.lir.options import LirOptions
from avgraph.nn import AnchorProxy, LatentInteraction
from avgraph.nn.precision import at_least_single


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


class ClipNetwork(nn.Module):
    """Encoders of both modalities and the proxies of training.

    Args:
        in_channels: "audio" and "visual" → width of the features.
        classes: width of the embedding.
        options: of the encoders and proxies.

    Shapes:
        "audio" → [n, d_a], "visual" → [n, d_v] → two embeddings [n, classes]

    Example:
        >>> network = ClipNetwork({"audio": 128, "visual": 1024}, 15, LirOptions())
        >>> z_audio, z_visual = network({"audio": torch.zeros(2, 128), "visual": torch.zeros(2, 1024)})
        >>> z_visual.shape
        torch.Size([2, 15])
    """

    def __init__(self, in_channels: Mapping[str, int], classes: int, options: LirOptions) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict(
            {
                name: LogitEncoder(
                    width,
                    classes,
                    hidden_channels=options.hidden_channels,
                    layers=options.layers,
                    dropout=options.dropout,
                )
                for name, width in in_channels.items()
            }
        )
        proxied = in_channels if options.proxies else ()
        self.proxy = nn.ModuleDict(
            {name: AnchorProxy(classes, mask_own_pair=options.mask_own_pair) for name in proxied}
        )

        self.interaction = LatentInteraction(
            threshold=options.threshold,
            intra_weight=options.intra_weight,
            inter_weight=options.inter_weight,
            weighting=options.weighting,
        )

    def forward(self, x: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Embeddings, each modality by itself."""
        z_audio, z_visual = (self.encoder[name](x[name]) for name in ("audio", "visual"))
        return at_least_single(z_audio), at_least_single(z_visual)

    @torch.no_grad()
    def logits(self, x: Mapping[str, Tensor]) -> Tensor:
        """Embeddings of both modalities side by side [n, 2 classes], without dropout.

        Example:
            >>> network = ClipNetwork({"audio": 4, "visual": 5}, 3, LirOptions())
            >>> network.logits({"audio": torch.zeros(2, 4), "visual": torch.zeros(2, 5)}).shape
            torch.Size([2, 6])
        """
        training = self.training
        found = torch.cat(self.eval()(x), 1)
        self.train(training)
        return found

    def energy(self, z_audio: Tensor, z_visual: Tensor, soft: Tensor, weights: Tensor) -> Tensor:
        """Of the latent interactions, by a teacher's soft labels [n, 2 classes] and graph of concepts.

        Example:
            >>> network = ClipNetwork({"audio": 4, "visual": 5}, 1, LirOptions())
            >>> z, weights = torch.tensor([[0.0], [3.0]]), torch.tensor([[0.0, 1.0], [0.0, 0.0]])
            >>> network.energy(z, z, torch.tensor([[0.9, 0.1], [0.1, 0.9]]), weights)  # clip 0 as heard, 1 as seen
            tensor(1.2000)
        """
        classes = soft.shape[1] // 2
        heard, seen = F.pad(soft[:, :classes], (0, classes)), F.pad(soft[:, classes:], (classes, 0))
        activates = {(clip, "activates", "concept"): table for clip, table in (("audio", heard), ("visual", seen))}
        tables = {**activates, ("concept", "drives", "concept"): weights}
        found: Tensor = self.interaction({"audio": z_audio, "visual": z_visual}, {}, tables)
        return found

    def proxies(self, z_audio: Tensor, z_visual: Tensor) -> tuple[Tensor, Tensor]:
        """What the metric loss sees in training: proxies, or the embeddings themselves."""
        if not self.proxy:
            return z_audio, z_visual
        audio, visual = self.proxy["audio"]((z_visual, z_audio)), self.proxy["visual"]((z_audio, z_visual))
        return at_least_single(audio), at_least_single(visual)
