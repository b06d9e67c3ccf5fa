"""Which audio attends to which patch: every frame's audio to all patches of the frames of its clip."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors


def companions(clip: Tensor, heard: Tensor | None = None) -> tuple[Int[Tensor, "f t"], Bool[Tensor, "f t"]]:
    """The frames of a frame's own clip, itself among them, and whether each of these places is one that sounds.

    Args:
        clip: number of the clip of each frame, in any order.
        heard: whether a frame has audio (default: all).

    Shapes:
        clip, heard [f] → [f, t], t the frames of the longest clip

    Example:
        >>> companions(torch.tensor([7, 7, 2]))
        (tensor([[0, 1],
                [0, 1],
                [2, 0]]), tensor([[ True,  True],
                [ True,  True],
                [ True, False]]))
    """
    _, number, count = clip.unique(return_inverse=True, return_counts=True)
    order = number.argsort(stable=True)
    place = torch.arange(int(count.max()) if len(count) else 0, device=clip.device)
    start = (count.cumsum(0) - count)[number]
    index = order[(start[:, None] + place) % len(clip)]
    sounds = place < count[number][:, None]
    return index, sounds if heard is None else sounds & heard[index]


def attention_edges(clip: Tensor, height: int, width: int, *, heard: Tensor | None = None) -> Int[Tensor, "2 e"]:
    """Edges (audio, attends, patch) of maps of that size: for each frame, for each audio of its clip, for each patch.

    Source is the number of the audio's frame, target the number of the patch, frame · h · w + row · w + column. The
    order is that of the attention [f, t, h, w] of `AudioAttention`, without the places where nothing sounds.

    Args:
        clip: number of the clip of each frame.
        height, width: of the maps.
        heard: whether a frame has audio (default: all).

    Shapes:
        clip, heard [f] → [2, e]

    Raises:
        GraphError: if ``clip`` is no vector of whole numbers, or a size is below 1.

    Example:
        >>> attention_edges(torch.tensor([0, 0]), 1, 2)
        tensor([[0, 0, 1, 1, 0, 0, 1, 1],
                [0, 1, 0, 1, 2, 3, 2, 3]])
    """
    check_clip(clip, None, heard)
    if height < 1 or width < 1:
        raise GraphError(f"height, width: expected at least 1, got {height} and {width}")
    index, sounds = companions(clip, heard)
    frame = torch.arange(len(clip), device=clip.device)[:, None].expand_as(index)[sounds]
    patches = torch.arange(height * width, device=clip.device)
    target = frame[:, None] * len(patches) + patches
    return torch.stack([index[sounds][:, None].expand_as(target).flatten(), target.flatten()])


def check_clip(clip: Tensor, frames: int | None, heard: Tensor | None) -> None:
    """Refuse clips that are no whole number for each of the frames.

    Raises:
        GraphError: naming the argument.

    Example:
        >>> check_clip(torch.tensor([0, 0]), 3, None)
        Traceback (most recent call last):
        avgraph.errors.GraphError: clip: expected whole numbers [3], got torch.int64 [2]
    """
    check_tensors({"clip": clip})
    want = "[f]" if frames is None else f"[{frames}]"
    fits = clip.dim() == 1 and frames in (None, len(clip))
    if not fits or clip.is_floating_point() or clip.dtype == torch.bool:
        raise GraphError(f"clip: expected whole numbers {want}, got {clip.dtype} {list(clip.shape)}")
    if heard is not None:
        check_tensors({"heard": heard})
        if heard.shape != clip.shape or heard.dtype != torch.bool:
            raise GraphError(f"heard: expected bool [{len(clip)}], got {heard.dtype} {list(heard.shape)}")
