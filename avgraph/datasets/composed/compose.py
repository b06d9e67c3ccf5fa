"""Clips composed of cut-outs, sounds and backgrounds, as the graph that `avgraph.graph.segmentation` describes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn import functional
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.materials import Materials
from avgraph.datasets.composed.options import Composed
from avgraph.datasets.composed.painting import Motion, Painted, Pyramid, draw_motion, paint, tint
from avgraph.datasets.composed.plan import Clip, Planner, names_of
from avgraph.datasets.composed.sound_edges import add_sounds
from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.graph.vocabulary import SPLITS
from avgraph.runtime.progress import counted

PIXELS = 1 << 20  # painted at a time: bounds the memory
ZOOM = 0.8  # how much of a background a frame shows; it pans over the rest


def compose(materials: Materials, composition: Composed, silent_share: float = 0.3) -> HeteroData:
    """Draw, paint and join clips of the three splits. Equal arguments give equal bytes.

    Args:
        materials: cut-outs, sounds and backgrounds.
        composition: how many clips, of what size, with what in them.
        silent_share: how likely a silent cut-out is one that never makes a sound.

    Raises:
        DataError: if a split has too few classes.
    """
    clips: list[list[Clip]] = []
    for split, count in enumerate(composition.clips):
        planner = Planner(materials, composition, split, silent_share) if count else None
        clips.append([planner.draw() for _ in range(count)] if planner else [])
    pyramid = Pyramid(materials.cut_outs.picture)
    parts: list[Painted] = []
    with counted(sum(composition.clips), "composing clips") as advance:
        for split, planned in enumerate(clips):
            rng = np.random.default_rng([composition.seed, split, 1])
            objects = np.array([len(clip.cut_outs) for clip in planned], dtype=np.int64)
            backgrounds = materials.backgrounds[split]
            motion = draw_motion(objects, composition.max_objects, composition.frames, len(backgrounds), rng)
            at_once = max(1, PIXELS // (composition.size**2 * composition.frames))
            for begin in range(0, len(planned), at_once):
                own = slice(begin, begin + at_once)
                parts.append(_paint_clips(planned[own], motion.of(own), backgrounds, pyramid, composition.size))
                advance(len(planned[own]))
    painted = Painted(*(torch.cat(values) for values in zip(*parts, strict=True)))
    return _graph(clips, painted, materials, composition)


def _paint_clips(
    clips: Sequence[Clip], motion: Motion, backgrounds: UInt8[Tensor, "n 3 b b"], pyramid: Pyramid, size: int
) -> Painted:
    count, layers, frames, _ = motion.centre.shape
    behind = _behind(backgrounds, motion, size)
    # One row per clip, layer and frame; clips with fewer cut-outs have no row there.
    clip, layer = np.nonzero(np.arange(layers) < np.array([len(one.cut_outs) for one in clips])[:, None])
    row = torch.tensor(
        [clips[c].cut_outs[k] for c, k in zip(clip.tolist(), layer.tolist(), strict=True)]
    ).repeat_interleave(frames)
    flip = torch.from_numpy(np.where(motion.flip[clip, layer], -1.0, 1.0).astype(np.float32))
    sampled = pyramid.sample(
        row,
        torch.from_numpy(motion.centre[clip, layer].reshape(-1, 2)),
        torch.from_numpy(motion.scale[clip, layer].reshape(-1)),
        flip.repeat_interleave(frames),
        size,
    )
    gain, shift = (torch.from_numpy(v[clip, layer]).repeat_interleave(frames, 0) for v in (motion.gain, motion.shift))
    placed = torch.zeros(count, layers, frames, 4, size, size)
    placed[clip, layer] = tint(sampled, gain, shift).view(-1, frames, 4, size, size)
    return paint(behind, placed.transpose(1, 2).flatten(0, 1))


def _behind(backgrounds: UInt8[Tensor, "n 3 b b"], motion: Motion, size: int) -> Tensor:
    """Backgrounds of the clips, scaled up and blurred, panning a little: [clips * frames, 3, size, size]."""
    count, frames, _ = motion.pan.shape
    chosen = backgrounds[torch.from_numpy(motion.background)].float() / 255
    blur = torch.tensor([1.0, 2.0, 1.0])
    kernel = (blur[:, None] * blur / 16).expand(3, 1, 3, 3)
    chosen = functional.conv2d(functional.pad(chosen, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    side = torch.from_numpy(np.where(motion.mirrored, -ZOOM, ZOOM).astype(np.float32))
    matrix = torch.zeros(count * frames, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = side.repeat_interleave(frames), ZOOM
    matrix[:, :, 2] = (1 - ZOOM) * torch.from_numpy(motion.pan).flatten(0, 1)
    grid = functional.affine_grid(matrix, [count * frames, 3, size, size], align_corners=False)
    return functional.grid_sample(
        chosen.repeat_interleave(frames, 0), grid, padding_mode="border", align_corners=False
    ).clamp(0, 1)


def _graph(
    clips: Sequence[Sequence[Clip]], painted: Painted, materials: Materials, composition: Composed
) -> HeteroData:
    planned = [clip for part in clips for clip in part]
    split = torch.tensor([number for number, part in enumerate(clips) for _ in part])
    place = [row for part in clips for row in range(len(part))]
    frame_clip = torch.arange(len(planned)).repeat_interleave(composition.frames)
    data = HeteroData()
    for number, name in enumerate(SPLITS):
        data["clip"][f"{name}_mask"] = split == number
        data["frame"][f"{name}_mask"] = (split == number)[frame_clip]
    y = materials.cut_outs.y
    first = [next((int(y[row]) for row, on in zip(c.cut_outs, c.heard, strict=True) if on), -1) for c in planned]
    clip, frame = data["clip"], data["frame"]
    clip.name = [f"{SPLITS[s]}-{row:05d}" for s, row in zip(split.tolist(), place, strict=True)]
    clip.y, clip.class_names = torch.tensor(first), list(materials.classes)
    clip.shown = [names_of(one, materials.cut_outs, heard=False) for one in planned]
    clip.heard = [names_of(one, materials.cut_outs, heard=True) for one in planned]
    clip.condition = [one.condition for one in planned]
    heard = torch.zeros(len(planned), 1 + composition.max_objects, dtype=torch.uint8)  # by place, 0 the background
    for row, one in enumerate(planned):
        heard[row, 1 : 1 + len(one.heard)] = torch.tensor(one.heard)
    frame.x, frame.clip, frame.objects = painted.frame, frame_clip, painted.objects
    flat = heard[frame_clip].gather(1, painted.objects.flatten(1).long())
    frame.mask = flat.view_as(painted.objects)
    frame.labelled = torch.ones(len(frame_clip), dtype=torch.bool)
    frame.name = [f"{name}-{number + 1}" for name in clip.name for number in range(composition.frames)]
    add_sounds(data, planned, materials)
    materials.provenance.write_to(data)
    check_segmentation_graph(data)
    return data
