"""AV-SAL: soft labels of both modalities drawn to the annotation ("Inferred Latent Interaction Graphs", Eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors, finite, is_traced


def semantic_alignment_loss(audio_soft: Tensor, visual_soft: Tensor, target: Tensor) -> Tensor:
    r"""Squared distance of the soft labels of a clip, audio and visual, to its annotation.

    .. math::
        \frac1N \sum_n \lVert s_{a,n} - Y_n \rVert_2^2 + \lVert s_{v,n} - Y_n \rVert_2^2

    Args:
        audio_soft, visual_soft: independent probabilities per class (sigmoid, not softmax).
        target: one-hot, or several ones where a clip has several classes.

    Shapes:
        audio_soft, visual_soft, target [n, c] → scalar

    Raises:
        GraphError: if shapes differ, there is no clip, a soft label lies outside [0, 1], or the result overflows.

    Example:
        >>> semantic_alignment_loss(torch.tensor([[1.0, 0.5]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
        tensor(0.2500)
    """
    named = {"audio_soft": audio_soft, "visual_soft": visual_soft, "target": target}
    check_tensors(named)
    shapes = [list(value.shape) for value in (audio_soft, visual_soft, target)]
    if audio_soft.dim() != 2 or any(shape != shapes[0] for shape in shapes):
        raise GraphError(f"audio_soft, visual_soft, target: expected three [n, c] of one shape, got {shapes}")
    if not len(target):
        raise GraphError("semantic_alignment_loss: expected at least one clip, got none")
    for name, value in (("audio_soft", audio_soft), ("visual_soft", visual_soft)):
        if not value.is_floating_point():
            raise GraphError(f"{name}: expected floating point, got {value.dtype}")
        low, high = torch.aminmax(value.detach())
        if not is_traced(value) and not (low >= 0 and high <= 1):
            raise GraphError(f"{name}: expected probabilities in [0, 1], got {float(low):.4g} … {float(high):.4g}")
    truth = target.to(audio_soft)
    loss = ((audio_soft - truth).square().sum(1) + (visual_soft - truth).square().sum(1)).mean()
    return finite(loss, named)
