"""Sound and masked picture that say the same (Zhou et al., "Audio-Visual Segmentation", ECCV 2022, Eq. 4)."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_tensors, finite


def matching_divergence(sound: Tensor, feature_map: Tensor, mask: Tensor) -> Float[Tensor, ""]:
    r"""KL divergence of what the masked patches say from what the sound says, over their channels.

    .. math::
        \operatorname{mean}_f \operatorname{KL}\bigl(\operatorname{softmax}(a_f) \,\|\,
        \operatorname{softmax}(\operatorname{mean}_p m_{fp} v_{fp})\bigr)

    The mask is averaged over the pixels of each patch. 0 where both say the same; a frame without a mask says the same
    of all channels.

    Args:
        sound: vector of the sound of each frame.
        feature_map: of the frames, of the same channels.
        mask: probability of each pixel.

    Shapes:
        sound [f, d], feature_map [f, d, h, w], mask [f, H, W], H ≥ h, W ≥ w → scalar

    Raises:
        GraphError: if shapes disagree, there is no frame, or a number is not finite.

    Example:
        >>> import torch
        >>> sound, picture = torch.tensor([[2.0, 0.0]]), torch.zeros(1, 2, 2, 2)
        >>> picture[:, 0, 0] = 4
        >>> upper = torch.zeros(1, 8, 8)
        >>> upper[:, :4] = 1
        >>> matching_divergence(sound, picture, upper), matching_divergence(sound, picture, 1 - upper)
        (tensor(0.), tensor(0.3278))
    """
    check_tensors({"sound": sound, "feature_map": feature_map, "mask": mask})
    if feature_map.dim() != 4 or not feature_map.numel() or sound.shape != feature_map.shape[:2]:
        raise GraphError(
            "sound, feature_map: expected [f, d] and [f, d, h, w], "
            f"got {list(sound.shape)} and {list(feature_map.shape)}"
        )
    if mask.dim() != 3 or len(mask) != len(sound) or any(
        fine < coarse for fine, coarse in zip(mask.shape[1:], feature_map.shape[2:], strict=True)
    ):  # fmt: skip
        raise GraphError(
            f"mask: expected [f, h, w] of {len(sound)} frames and at least {list(feature_map.shape[2:])} pixels, "
            f"got {list(mask.shape)}"
        )
    given = {"sound": sound, "feature_map": feature_map, "mask": mask}
    with full_precision(sound, feature_map, mask) as (sound, feature_map, mask):
        height, width = feature_map.shape[2:]
        patches = F.adaptive_avg_pool2d(mask[:, None], (height, width))
        picture = (feature_map * patches).mean((2, 3))
        log_sound, log_picture = sound.log_softmax(1), picture.log_softmax(1)
        return finite(F.kl_div(log_picture, log_sound, reduction="batchmean", log_target=True), given)
