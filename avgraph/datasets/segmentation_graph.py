"""Whether a graph is one of audio-visual segmentation, as `avgraph.segmentation` describes it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.node_stores import MASKS, node_attribute
from avgraph.segmentation import AUDIO, CLIP, CONDITIONS, FRAME, HEARD, SWAPPED


def check_segmentation_graph(data: HeteroData) -> None:
    """Check nodes, masks and edges of a graph of audio-visual segmentation.

    Args:
        data: the graph; see `avgraph.segmentation` for what it must have.

    Raises:
        GraphError: naming the first attribute or edge that is missing or wrong, with what was expected and found.

    Example:
        >>> check_segmentation_graph(HeteroData(clip={"name": ["a"]}))
        Traceback (most recent call last):
        avgraph.errors.GraphError: no node type 'frame'; the graph has: clip
    """
    picture = _tensor(data, FRAME, "x", (torch.uint8,), (None, 3, None, None))
    frames, height, width = len(picture), picture.shape[2], picture.shape[3]
    clip = _tensor(data, FRAME, "clip", (torch.int64,), (frames,))
    for mask in MASKS:
        _tensor(data, CLIP, mask, (torch.bool,), (None,))
    clips = len(data[CLIP][MASKS[0]])
    _check_clips(data, clip, clips)
    labelled = _tensor(data, FRAME, "labelled", (torch.bool,), (frames,))
    _check_binary(_tensor(data, FRAME, "mask", (torch.uint8,), (frames, height, width)), f"{FRAME}.mask")
    if "objects" in data[FRAME]:
        _tensor(data, FRAME, "objects", (torch.uint8,), (frames, height, width))
    if len(unknown := (~(labelled | data[FRAME].train_mask)).nonzero()):
        raise GraphError(f"{FRAME}.labelled: expected a mask for every frame that is not trained on, got none for"
                         f" frame {int(unknown[0])}")  # fmt: skip
    sound = _tensor(data, AUDIO, "x", (torch.uint8, torch.float32), (None, None, None))
    if sound.is_floating_point() and not bool(sound.isfinite().all()):
        raise GraphError(f"{AUDIO}.x: expected finite numbers, got NaN or infinity")
    for node, count in ((CLIP, clips), (FRAME, frames), (AUDIO, len(sound))):
        if len(node_attribute(data, node, "name")) != count:
            raise GraphError(f"{node}.name: expected {count} names, got {len(data[node].name)}")
    if HEARD not in data.edge_types:
        raise GraphError(f"no edges {HEARD}: expected what is heard in each frame")
    for kind in (HEARD, *CONDITIONS):
        if kind in data.edge_types:
            _check_edges(data, kind, len(sound), frames)
    if SWAPPED in data.edge_types:
        edges = data[SWAPPED].edge_index.shape[1]
        if "mask" not in data[SWAPPED]:
            raise GraphError(f"{SWAPPED[1]}.mask: missing; expected the object that is heard, per edge")
        value = _checked(data[SWAPPED].mask, f"{SWAPPED[1]}.mask", (torch.uint8,), (edges, height, width))
        _check_binary(value, f"{SWAPPED[1]}.mask")


def _check_clips(data: HeteroData, clip: Tensor, clips: int) -> None:
    if len(clip) and (int(clip.min()) < 0 or int(clip.max()) >= clips):
        raise GraphError(f"{FRAME}.clip: expected clips 0 to {clips - 1}, got {int(clip.min())} to {int(clip.max())}")
    if bool((clip[1:] < clip[:-1]).any()):
        raise GraphError(f"{FRAME}.clip: expected the frames of a clip together, clips in order")
    parts = [data[CLIP][mask] for mask in MASKS]
    if bool((torch.stack(parts).sum(0) > 1).any()):
        raise GraphError(f"{CLIP}: expected every clip in one split, got one in two")
    for mask in MASKS:
        own = _tensor(data, FRAME, mask, (torch.bool,), (len(clip),))
        if not torch.equal(own, data[CLIP][mask][clip]):
            raise GraphError(f"{FRAME}.{mask}: expected that of the frame's clip, got another")


def _check_edges(data: HeteroData, kind: tuple[str, str, str], sounds: int, frames: int) -> None:
    name = f"{kind[1]}.edge_index"
    index = _checked(data[kind].get("edge_index"), name, (torch.int64,), (2, None))
    for row, node, count in zip(index, (AUDIO, FRAME), (sounds, frames), strict=True):
        if len(row) and (int(row.min()) < 0 or int(row.max()) >= count):
            raise GraphError(f"{name}: expected '{node}' nodes 0 to {count - 1}, got {int(row.min())} to"
                             f" {int(row.max())}")  # fmt: skip
    if len(several := (index[1].bincount(minlength=frames) > 1).nonzero()):
        raise GraphError(f"{name}: expected at most one audio a frame, got several for frame {int(several[0])}")
    if kind != HEARD and bool(data[FRAME].train_mask[index[1]].any()):
        raise GraphError(f"{name}: expected validation and test frames only, got a training frame")


def _tensor(
    data: HeteroData, node: str, name: str, dtypes: tuple[torch.dtype, ...], shape: tuple[int | None, ...]
) -> Tensor:
    return _checked(node_attribute(data, node, name), f"{node}.{name}", dtypes, shape)


def _checked(value: Any, where: str, dtypes: tuple[torch.dtype, ...], shape: tuple[int | None, ...]) -> Tensor:
    """A tensor of one of ``dtypes`` with ``shape``; None is any length."""
    fits = isinstance(value, Tensor) and value.dtype in dtypes and value.ndim == len(shape)
    if not fits or any(want not in (None, got) for want, got in zip(shape, value.shape, strict=True)):
        got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        sizes = ", ".join("any" if size is None else str(size) for size in shape)
        raise GraphError(f"{where}: expected {' or '.join(map(str, dtypes))} [{sizes}], got {got}")
    found: Tensor = value
    return found


def _check_binary(mask: Tensor, where: str) -> None:
    if mask.numel() and int(mask.max()) > 1:
        raise GraphError(f"{where}: expected 0 and 1, got {int(mask.max())}")
