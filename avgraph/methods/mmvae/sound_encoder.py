"""From sounds to vectors: modulation spectra under a small network, a CNN, VGGish, or vectors as they are.

What is fixed (`describe`) is computed once for every sound; what is learned runs in every step.
"""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from avgraph.encoders.logmel_cnn import prepare
from avgraph.encoders.logmel_modulation import modulation_spectrum
from avgraph.encoders.separable_cnn import SeparableCNN
from avgraph.errors import DataError, GraphError, reason_of
from avgraph.io.reading import reading
from avgraph.io.torch_file import load_tensors

_VGGISH = (((1, 64),), ((64, 128),), ((128, 256), (256, 256)), ((256, 512), (512, 512)))  # a pooling after each
_FLOOR = 1e-3
_FARTHEST = 5.0  # deviations: a silent recording lies dozens off


class SoundEncoder(nn.Module):
    """A vector per sound; `describe` first, then the module.

    Shapes:
        described sounds [a, ...] → [a, channels]
    """

    def describe(self, sound: Tensor) -> Tensor:
        """The fixed part, of log-mels [a, bands, columns] from 0 to 1 or vectors [a, d]."""
        raise NotImplementedError

    def standardise(self, described: Tensor) -> None:
        """Take mean and deviation from described training sounds, where the encoder has any use for them."""


class VectorEncoder(SoundEncoder):
    """Two layers on vectors that are standardised; the vectors are given, or modulation spectra of log-mels.

    Args:
        in_channels: width of the vectors.
        channels: of what comes out.
        dropout: of the vectors and the hidden layer.
        modulation: whether the sounds are log-mels.

    Example:
        >>> encoder = VectorEncoder(844, 16, modulation=True).eval()
        >>> encoder(encoder.describe(torch.rand(2, 128, 216))).shape
        torch.Size([2, 16])
    """

    def __init__(self, in_channels: int, channels: int, dropout: float = 0.0, *, modulation: bool = False) -> None:
        super().__init__()
        self.modulation = modulation
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(in_channels))
        self.register_buffer("deviation", torch.ones(in_channels))
        self.network = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(in_channels, 2 * channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * channels, channels),
            nn.LayerNorm(channels),  # a silent recording must not shout at the latents
        )

    def describe(self, sound: Tensor) -> Float[Tensor, "a d"]:
        """Modulation spectra, or the vectors themselves."""
        return modulation_spectrum(sound) if self.modulation else sound.float()

    def standardise(self, described: Tensor) -> None:
        """Mean 0 and deviation 1 over these."""
        self.mean.copy_(described.mean(0))
        self.deviation.copy_(described.std(0, correction=0) + _FLOOR)

    def forward(self, described: Float[Tensor, "a d"]) -> Float[Tensor, "a channels"]:
        """A vector per sound."""
        found: Tensor = self.network(((described - self.mean) / self.deviation).clamp(-_FARTHEST, _FARTHEST))
        return found


class CnnEncoder(SoundEncoder):
    """The package's compact CNN, trained with the rest.

    Example:
        >>> encoder = CnnEncoder(16).eval()
        >>> encoder(encoder.describe(torch.rand(2, 128, 216))).shape
        torch.Size([2, 16])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.network = SeparableCNN(classes=1, channels=channels, width=16)
        self.network.classifier = nn.Identity()  # type: ignore[assignment]

    def describe(self, sound: Tensor) -> Float[Tensor, "a 1 g s"]:
        """Pooled and standardised sound by sound."""
        return prepare(255 * sound)

    def forward(self, described: Float[Tensor, "a 1 g s"]) -> Float[Tensor, "a channels"]:
        """Its embedding."""
        found: Tensor = self.network.embed(described)
        return found


class VggishEncoder(SoundEncoder):
    """VGGish (Hershey et al. 2017): log-mels of 96 hops × 64 bands to 128 numbers, layers named as in torchvggish.

    Example:
        >>> sum(part.numel() for part in VggishEncoder(128).parameters())
        72141184
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for block in _VGGISH:
            for before, after in block:
                layers += [nn.Conv2d(before, after, 3, 1, 1), nn.ReLU(inplace=True)]
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(
            nn.Linear(512 * 4 * 6, 4096), nn.ReLU(True), nn.Linear(4096, 4096), nn.ReLU(True), nn.Linear(4096, channels)
        )

    def describe(self, sound: Tensor) -> Float[Tensor, "a 96 64"]:
        """Hops before bands, as the published weights have them.

        Raises:
            GraphError: if the sounds are of another size.
        """
        check_vggish(sound)
        return (sound.mT if sound.shape[1] == 64 else sound).float()

    def forward(self, described: Float[Tensor, "a 96 64"]) -> Float[Tensor, "a channels"]:
        """The last layer."""
        found = self.features(described[:, None]).permute(0, 2, 3, 1).flatten(1)  # the order of the release
        embedded: Tensor = self.embeddings(found)
        return embedded


def check_vggish(sound: Tensor) -> None:
    """Refuse log-mels that VGGish cannot take.

    Raises:
        GraphError: if they are not of 64 bands × 96 columns.

    Example:
        >>> check_vggish(torch.zeros(1, 128, 216))
        Traceback (most recent call last):
        avgraph.errors.GraphError: mmvae: vggish expects log-mels of 64 bands × 96 columns, got [128, 216]
    """
    if sound.shape[1:] not in ((64, 96), (96, 64)):
        raise GraphError(f"mmvae: vggish expects log-mels of 64 bands × 96 columns, got {list(sound.shape[1:])}")


def build_sound_encoder(name: str, sound: Tensor, channels: int, dropout: float) -> SoundEncoder:
    """The encoder of a name for sounds [a, bands, columns]; for vectors [a, d] it is two layers, whatever the name.

    Raises:
        GraphError: if the sounds are neither.

    Example:
        >>> type(build_sound_encoder("cnn", torch.zeros(2, 9), 4, 0.0)).__name__
        'VectorEncoder'
    """
    if sound.ndim == 2:
        return VectorEncoder(sound.shape[1], channels, dropout)
    if sound.ndim != 3 or len(sound) == 0:
        raise GraphError(f"mmvae: expected audio.x as [sounds, bands, columns] or vectors, got {list(sound.shape)}")
    if name == "modulation":
        width = modulation_spectrum(sound[:1]).shape[1]
        return VectorEncoder(width, channels, dropout, modulation=True)
    if name == "vggish":
        check_vggish(sound)  # before 72 million weights are drawn
        return VggishEncoder(channels)
    return CnnEncoder(channels)


def load_sound_weights(encoder: SoundEncoder, path: str | Path) -> None:
    """Put published weights into an encoder; a file of tensors, no code in it is run.

    Raises:
        DataError: if it cannot be read or belongs to another encoder.
    """
    with reading(path, "weights"):
        tensors = load_tensors(Path(path))
    try:
        encoder.load_state_dict(tensors)
    except Exception as error:  # other names or shapes
        raise DataError(f"{path}: no weights of this sound encoder: {reason_of(error)}") from None
