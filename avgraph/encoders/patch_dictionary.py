"""A dictionary of what small patches of log-mel pictures look like, and how a picture answers to it.

Patches of equal contrast are whitened and gathered into spherical k-means (Coates & Ng, "Learning Feature
Representations with K-means", 2012; on sounds: Salamon & Bello, "Unsupervised Feature Learning for Urban Sound
Classification", 2015). A picture is described by how strongly each centre answers over time: on average, how much that
varies, and at most. No class is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Real
from torch import Tensor

from avgraph.encoders.log_mel_pictures import equal_loudness

_PATCHES = 60_000  # that a dictionary is learned from
_ROUNDS = 10  # of k-means
_CONTRAST = 0.1  # added to the deviation of a patch, so that silence stays small
_KEPT, _FLOOR = 0.99, 0.01  # of the variance in whitening; of the largest variance, added to each
_THRESHOLD = 0.5  # below which a centre does not answer
_PARTS = 2  # of the frequencies, lower and upper half, that are described apart
_CLIPS = 32  # at a time


@dataclass(frozen=True)
class PatchShape:
    """Patches of ``size`` pooled bands × frames, ``stride`` apart, of pictures that are averaged by ``pool``."""

    pool: tuple[int, int]
    size: tuple[int, int]
    stride: tuple[int, int]

    def fits(self, bands: int, frames: int) -> bool:
        """Whether a picture of this size holds such a patch.

        Example:
            >>> PatchShape((2, 2), (8, 8), (2, 2)).fits(16, 15)
            False
        """
        return bands // self.pool[0] >= self.size[0] and frames // self.pool[1] >= self.size[1]


@dataclass(frozen=True)
class PatchDictionary:
    """Filters [k, 1, bands, frames] of a shape and what is added to their answers [k]."""

    shape: PatchShape
    filters: Float[Tensor, "k 1 h w"]
    bias: Float[Tensor, " k"]


def learned_dictionary(
    pictures: Real[Tensor, "n b f"], shape: PatchShape, centres: int, generator: torch.Generator
) -> PatchDictionary:
    """Spherical k-means of whitened patches, drawn at random from pictures that are brought to equal loudness.

    Args:
        pictures: log-mels; the shape has to fit into them.
        shape: of the patches.
        centres: how many.
        generator: draws the patches and the first centres.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> learned_dictionary(torch.randn(4, 16, 20), PatchShape((2, 2), (8, 8), (2, 2)), 3, generator).filters.shape
        torch.Size([3, 1, 8, 8])
    """
    patches = _even_contrast(_drawn(pictures, shape, generator))
    mean = patches.mean(0)
    whitening = _whitening(patches - mean)
    white = (patches - mean) @ whitening
    found = F.normalize(torch.randn(centres, white.shape[1], generator=generator), dim=1)
    for _ in range(_ROUNDS):
        answer, nearest = (white @ found.T).max(1)
        moved = torch.zeros_like(found).index_add_(0, nearest, white * answer[:, None])
        found = F.normalize(moved + 1e-3 * found, dim=1)  # a centre that nothing is near stays where it is
    filters = found @ whitening.T
    bias = -(filters @ mean)
    filters = filters - filters.mean(1, keepdim=True)  # a patch's own mean is taken out
    return PatchDictionary(shape, filters.view(centres, 1, *shape.size), bias)


def dictionary_statistics(pictures: Real[Tensor, "n b f"], dictionary: PatchDictionary) -> Float[Tensor, "n d"]:
    """Mean, deviation and maximum over time of every centre's answer, in the lower and the upper half of the bands.

    Shapes:
        pictures [n, bands, frames] → [n, 6 · centres]

    Example:
        >>> shape = PatchShape((1, 1), (2, 2), (1, 1))
        >>> dictionary = PatchDictionary(shape, torch.tensor([[[[1.0, -1.0], [1.0, -1.0]]]]), torch.zeros(1))
        >>> dictionary_statistics(torch.eye(4)[None], dictionary).shape
        torch.Size([1, 6])
    """
    return torch.cat([_statistics(part, dictionary) for part in pictures.split(_CLIPS)])


def _pooled(pictures: Tensor, shape: PatchShape) -> Tensor:
    return F.avg_pool2d(equal_loudness(pictures.float())[:, None], shape.pool)


def _drawn(pictures: Tensor, shape: PatchShape, generator: torch.Generator) -> Tensor:
    """So many patches, flat, from pictures and places at random."""
    (bands, frames), (height, width) = _pooled(pictures[:1], shape).shape[2:], shape.size
    picture = torch.randint(len(pictures), (_PATCHES,), generator=generator).sort().values
    band = torch.randint(bands - height + 1, (_PATCHES,), generator=generator)
    frame = torch.randint(frames - width + 1, (_PATCHES,), generator=generator)
    found = []
    for start in range(0, len(pictures), _CLIPS):
        mine = (picture >= start) & (picture < start + _CLIPS)
        pooled = _pooled(pictures[start : start + _CLIPS], shape)[:, 0]
        windows = pooled.unfold(1, height, 1).unfold(2, width, 1)
        found.append(windows[picture[mine] - start, band[mine], frame[mine]].flatten(1))
    return torch.cat(found)


def _even_contrast(patches: Tensor) -> Tensor:
    centred = patches - patches.mean(1, keepdim=True)
    return centred / (patches.std(1, keepdim=True) + _CONTRAST)


def _whitening(centred: Tensor) -> Float[Tensor, "d q"]:
    """Makes the principal directions of patches vary alike; the weakest are left out."""
    variance, direction = torch.linalg.eigh(torch.cov(centred.T))
    variance = variance.clamp_min(0)
    count = int((variance.flip(0).cumsum(0) < _KEPT * variance.sum()).sum()) + 1
    size: Tensor = (variance[-count:] + _FLOOR * variance[-1] + 1e-12).sqrt()  # silence has no variance
    whitening: Tensor = direction[:, -count:] / size
    return whitening


def _statistics(pictures: Tensor, dictionary: PatchDictionary) -> Tensor:
    shape = dictionary.shape
    pooled = _pooled(pictures, shape)
    pixels = shape.size[0] * shape.size[1]
    box = torch.full((1, 1, *shape.size), 1 / pixels)
    mean, square = (F.conv2d(part, box, stride=shape.stride) for part in (pooled, pooled.square()))
    deviation = ((square - mean.square()).clamp_min(0) * (pixels / (pixels - 1))).sqrt()
    answer = F.conv2d(pooled, dictionary.filters, stride=shape.stride).div_(deviation + _CONTRAST)
    answer = answer.add_((dictionary.bias - _THRESHOLD)[:, None, None]).relu_()
    over_time = F.adaptive_avg_pool2d(answer, (_PARTS, answer.shape[3]))
    parts = over_time.mean(3).sqrt(), over_time.std(3, correction=0), over_time.amax(3).sqrt()
    return torch.cat([part.flatten(1) for part in parts], 1)
