"""Whether the graph is one that the method can be bound to."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.segmentation import AUDIO, CLIP, CONDITIONS, FRAME, HEARD, SWAPPED

SMALLEST = 64  # pixels a side: five halvings leave 2 × 2, so that a batch of one frame can be normalised


def check_graph(graph: HeteroData, size: int | None = None) -> None:
    """What the network and its results read; data sets are checked in full where they are loaded.

    Args:
        graph: of an audio-visual segmentation data set.
        size: that pictures are brought to; None leaves them.

    Raises:
        GraphError: naming what is missing.

    Example:
        >>> check_graph(HeteroData())
        Traceback (most recent call last):
        avgraph.errors.GraphError: mmvae: the graph has no 'clip' nodes; it needs an audio-visual segmentation data set
    """
    splits = ("train_mask", "val_mask", "test_mask")
    demanded = {CLIP: splits, FRAME: ("x", "clip", "mask", "labelled", *splits), AUDIO: ("x",)}
    for node, needed in demanded.items():
        if node not in graph.node_types:
            raise GraphError(f"mmvae: the graph has no '{node}' nodes; it needs an audio-visual segmentation data set")
        for name in needed:
            if name not in graph[node]:
                raise GraphError(f"mmvae: '{node}' nodes have no '{name}'")
    frame, count = graph[FRAME], len(graph[FRAME].x)
    if frame.x.dtype != torch.uint8 or frame.x.ndim != 4 or frame.x.shape[1] != 3:
        got = f"{frame.x.dtype} {list(frame.x.shape)}"
        raise GraphError(f"mmvae: expected frame.x as uint8 [frames, 3, h, w], got {got}")
    if size is None and min(frame.x.shape[2:]) < SMALLEST:
        got = f"{list(frame.x.shape[2:])}; see method.size"
        raise GraphError(f"mmvae: expected pictures of at least {SMALLEST} × {SMALLEST} pixels, got {got}")
    if frame.mask.shape != (count, *frame.x.shape[2:]):
        raise GraphError(f"mmvae: expected a mask of each frame's size, got {list(frame.mask.shape)}")
    if frame.mask.numel() and int(frame.mask.max()) > 1:
        raise GraphError(f"mmvae: expected frame.mask as 0 and 1, got {int(frame.mask.max())}; divide by 255?")
    if HEARD not in graph.edge_types:
        raise GraphError(f"mmvae: no edges ({', '.join(HEARD)}): what is heard in which frame?")
    if SWAPPED in graph.edge_types and "mask" not in graph[SWAPPED]:
        raise GraphError(f"mmvae: edges ({', '.join(SWAPPED)}) have no 'mask': the object that is heard then")
    if bool((frame.clip.diff() < 0).any()):
        raise GraphError("mmvae: expected the frames of a clip one after the other, clips in order")
    for kind in (HEARD, *CONDITIONS):
        if kind in graph.edge_types and len(graph[kind].edge_index[1].unique()) < graph[kind].edge_index.shape[1]:
            raise GraphError(f"mmvae: {kind[1]}: expected at most one audio a frame")
