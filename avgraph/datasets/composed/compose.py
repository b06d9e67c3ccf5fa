"""Clips composed of cut-outs, sounds and backgrounds, as the graph that `avgraph.segmentation` describes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn import functional
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.composition import Composition
from avgraph.datasets.composed.materials import SPLITS, Materials
from avgraph.datasets.composed.motion import draw_motion
from avgraph.datasets.composed.painting import Painted, Pyramid, paint, tint
from avgraph.datasets.composed.plan import Clip, Planner, shown_names
from avgraph.datasets.composed.sound_edges import add_sounds
from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.runtime.progress import counted

PIXELS = 1 << 20  # painted at a time: bounds the memory
ZOOM = 0.8  # how much of a background a frame shows; it pans over the rest


def compose(materials: Materials, composition: Composition, silent_share: float = 0.3) -> HeteroData:
    """Draw, paint and join clips of the three splits. Equal arguments give equal bytes.

    Args:
        materials: cut-outs, sounds and backgrounds.
        composition: how many clips, of what size, with what in them.
        silent_share: how likely a silent cut-out is one that never makes a sound.

    Raises:
        DataError: if a split has too few classes.
    """
    planners = [Planner(materials, composition, split, silent_share) for split in range(3)]
    clips = [[planner.draw() for _ in range(n)] for planner, n in zip(planners, composition.clips, strict=True)]
    pyramid = Pyramid(materials.cut_outs.picture)
    parts: list[Painted] = []
    with counted(sum(composition.clips), "composing clips") as advance:
        for split, planned in enumerate(clips):
            rng = np.random.default_rng([composition.seed, split, 1])
            at_once = max(1, PIXELS // (composition.size**2 * composition.frames))
            for begin in range(0, len(planned), at_once):
                block = planned[begin : begin + at_once]
                parts.append(_paint_clips(block, materials.backgrounds[split], pyramid, composition, rng))
                advance(len(block))
    painted = Painted(*(torch.cat(values) for values in zip(*parts, strict=True)))
    return _graph(clips, painted, materials, composition)


def _paint_clips(
    clips: Sequence[Clip],
    backgrounds: UInt8[Tensor, "n 3 b b"],
    pyramid: Pyramid,
    composition: Composition,
    rng: np.random.Generator,
) -> Painted:
    frames, size, layers, count = composition.frames, composition.size, composition.max_objects, len(clips)
    objects = np.array([len(one.cut_outs) for one in clips])
    motion = draw_motion(objects, layers, frames, rng)
    behind = _behind(backgrounds, count, composition, rng)
    # One row per clip, layer and frame; clips with fewer cut-outs have no row there.
    clip, layer = np.nonzero(np.arange(layers) < objects[:, None])
    row = torch.tensor([clips[c].cut_outs[k] for c, k in zip(clip, layer, strict=True)]).repeat_interleave(frames)
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


def _behind(
    backgrounds: UInt8[Tensor, "n 3 b b"], count: int, composition: Composition, rng: np.random.Generator
) -> Tensor:
    """Backgrounds of the clips, scaled up and blurred, panning a little: [clips * frames, 3, size, size]."""
    frames, size = composition.frames, composition.size
    chosen = backgrounds[torch.from_numpy(rng.integers(len(backgrounds), size=count))].float() / 255
    blur = torch.tensor([1.0, 2.0, 1.0])
    kernel = (blur[:, None] * blur / 16).expand(3, 1, 3, 3)
    chosen = functional.conv2d(functional.pad(chosen, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    ends = rng.uniform(-(1 - ZOOM), 1 - ZOOM, (2, count, 1, 2))
    at = np.linspace(0, 1, frames)[:, None] if frames > 1 else np.zeros((1, 1))
    offset = torch.from_numpy((ends[0] * (1 - at) + ends[1] * at).astype(np.float32)).flatten(0, 1)
    side = torch.from_numpy(np.where(rng.random(count) < 0.5, -ZOOM, ZOOM).astype(np.float32))
    matrix = torch.zeros(count * frames, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, :, 2] = side.repeat_interleave(frames), ZOOM, offset
    grid = functional.affine_grid(matrix, [count * frames, 3, size, size], align_corners=False)
    return functional.grid_sample(
        chosen.repeat_interleave(frames, 0), grid, padding_mode="border", align_corners=False
    ).clamp(0, 1)


def _graph(
    clips: Sequence[Sequence[Clip]], painted: Painted, materials: Materials, composition: Composition
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
    clip.shown = [shown_names(one, materials.cut_outs) for one in planned]
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
    data.provenance = dict(materials.provenance)
    check_segmentation_graph(data)
    return data
