"""How well a mask is reconstructed: edge-weighted BCE and IoU (F3Net, AAAI 2020; the reconstruction of MMVAE-AVS)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_tensors, finite, is_traced

WINDOW = 31
"""Pixels of the square whose mean a pixel is compared with."""


def mask_log_likelihood(
    logits: Tensor, mask: Tensor, *, official_bce: bool = False, smoothing: float = 0.001
) -> Float[Tensor, " f"]:
    r"""What stands for log p(mask | ...): minus weighted binary cross-entropy, minus weighted IoU loss.

    .. math::
        -\frac{\sum_i w_i\,\mathrm{BCE}(\hat y_i, \tilde y_i)}{\sum_i w_i}
        - \Bigl(1 - \frac{1 + \sum_i w_i p_i y_i}{1 + \sum_i w_i (p_i + y_i - p_i y_i)}\Bigr),
        \qquad w_i = 1 + 5\,\lvert \operatorname{mean}_{31 \times 31}(y)_i - y_i \rvert

    Pixels near an edge of the mask count up to 6 times; ỹ = (1 − s) y + s/2. An objective, not a normalised
    likelihood. The published code takes the mean of the cross-entropy before it weighs it, so that its weights cancel.

    Args:
        logits: of each pixel.
        mask: 1 where the object is, else 0; of any type, and between 0 and 1 for a soft mask.
        official_bce: the cross-entropy without weights, as published (the IoU is weighted either way).
        smoothing: s of the labels of the cross-entropy.

    Shapes:
        logits, mask [f, h, w] → [f]

    Raises:
        GraphError: if shapes disagree, a mask is not from 0 to 1, ``smoothing`` is not in [0, 1), or a logit is not
            finite.

    Example:
        >>> import torch
        >>> mask = torch.zeros(1, 4, 4)
        >>> mask[0, :2] = 1
        >>> mask_log_likelihood(20 * mask - 10, mask), mask_log_likelihood(10 - 20 * mask, mask)
        (tensor([-0.0051]), tensor([-10.9775]))
    """
    check_tensors({"logits": logits, "mask": mask})
    if logits.dim() != 3 or logits.shape != mask.shape or not logits.numel():
        raise GraphError(f"logits, mask: expected two [f, h, w], got {list(logits.shape)} and {list(mask.shape)}")
    if not logits.is_floating_point():
        raise GraphError(f"logits: expected floating point, got {logits.dtype}")
    if not 0 <= smoothing < 1:
        raise GraphError(f"smoothing: expected a number in [0, 1), got {smoothing}")
    with full_precision(logits) as (logits,):
        mask = mask.to(logits.dtype)
        if not is_traced(mask) and not bool(((mask >= 0) & (mask <= 1)).all()):
            raise GraphError("mask: expected numbers from 0 to 1")
        weight = edge_weight(mask)
        label = (1 - smoothing) * mask + smoothing / 2
        entropy = F.binary_cross_entropy_with_logits(logits, label, reduction="none")
        bce = entropy.mean((1, 2)) if official_bce else (weight * entropy).sum((1, 2)) / weight.sum((1, 2))
        probability = logits.sigmoid()
        hit = (weight * probability * mask).sum((1, 2))
        union = (weight * (probability + mask)).sum((1, 2)) - hit
        return finite((1 + hit) / (1 + union) - 1 - bce, {"logits": logits})


def edge_weight(mask: Tensor) -> Float[Tensor, "f h w"]:
    """1 + 5 · how far each pixel is from the mean of the 31 × 31 pixels around it; zeros stand outside the picture.

    Example:
        >>> import torch
        >>> edge_weight(torch.zeros(1, 2, 2))
        tensor([[[1., 1.],
                 [1., 1.]]])
    """
    rows, columns = (_window(side, mask) for side in mask.shape[1:])
    near = rows @ mask @ columns
    weight: Tensor = 1 + 5 * (near - mask).abs()
    return weight


def _window(side: int, like: Tensor) -> Float[Tensor, "n n"]:
    """Mean over the window of each place of a line; as a product it is ten times as fast as pooling one channel."""
    place = torch.arange(side, device=like.device)
    return ((place[:, None] - place).abs() <= WINDOW // 2).to(like) / WINDOW
