"""Numbers of a trained model: what it masks under what is heard, and under what is not (AVSBench-Robust, 2025)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.segmentation import AUDIO, FRAME, HEARD, NOISE, OFF_SCREEN, SILENCE, SWAPPED
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.mmvae.clips import Batch, resized
from avgraph.metrics.calibration import error_detection_auroc, expected_calibration_error
from avgraph.metrics.segmentation import f_curves, mask_iou, segmented_area
from avgraph.runtime.settings import random_state_kept

if TYPE_CHECKING:
    from avgraph.methods.mmvae.task import MMVAETask

CLIPS = 16  # at a time
_PIXELS = 4_000_000  # looked at for calibration: frames evenly spaced, all their pixels
_EMPTY = {"silence_area": SILENCE, "noise_area": NOISE, "off_screen_area": OFF_SCREEN}


@torch.no_grad()
def predicted(
    task: MMVAETask, clips: Tensor, audio: Tensor, *, samples: int = 0, seen: bool = True
) -> Iterator[tuple[Batch, Tensor]]:
    """Probabilities of the frames of some clips, in the size of the data's masks, a few clips at a time.

    Args:
        task: a bound one, in evaluation.
        clips: their numbers.
        audio: number of the audio of every frame of the graph, −1 none.
        samples: masks to draw from the prior; 0 takes its mean.
        seen: whether there are pictures; without, they are black.

    Returns:
        Batches with probabilities [f, H, W], or [samples, f, H, W].
    """
    size = task.graph[FRAME].mask.shape[1:]
    for part in clips.split(CLIPS) if len(clips) else ():
        batch = task.clips.batch(part, audio)
        scene, _ = task.scene(batch)
        if not seen:
            scene = replace(scene, frame=torch.zeros_like(scene.frame), seen=torch.zeros_like(scene.seen))
        found = task.network.samples(scene, samples) if samples else task.network(scene).probability[None]
        back = resized(found.float().cpu(), (int(size[0]), int(size[1])), "bilinear").clamp(0, 1)
        yield batch, back if samples else back[0]


def worst_to_best(task: MMVAETask, clips: Tensor, count: int) -> Tensor:
    """So many of some clips, from the one that is masked worst to the one that is masked best, evenly spaced."""
    mask, iou = task.graph[FRAME].mask, []
    for batch, found in predicted(task, clips, task.heard):
        frames = mask_iou(found, mask[batch.index])
        number = int(batch.clip.max()) + 1
        iou.append(frames.new_zeros(number).index_add(0, batch.clip, frames) / batch.clip.bincount())
    order = torch.cat(iou).argsort(stable=True) if iou else clips
    return clips[order[torch.linspace(0, len(order) - 1, min(count, len(order)), dtype=torch.float64).long().unique()]]


def heard_ious(task: MMVAETask, split: str) -> Tensor | None:
    """IoU of every frame of a split under what is heard; None where it has no clip."""
    clips, mask = task.clips.of_split(split), task.graph[FRAME].mask
    parts = [mask_iou(found, mask[batch.index]) for batch, found in predicted(task, clips, task.heard)]
    return torch.cat(parts) if parts else None


def largest_object_iou(graph: HeteroData, split: str) -> float | None:
    """mIoU of the largest object of each frame, by its true outline: the best of those who look and do not listen.

    None where the data do not say which objects there are, or the split is empty.

    Example:
        >>> largest_object_iou(HeteroData(frame={"mask": torch.zeros(1, 2, 2)}), "test") is None
        True
    """
    frames = graph[FRAME]
    if "objects" not in frames or not bool(frames[f"{split}_mask"].any()):
        return None
    rows = frames[f"{split}_mask"]
    objects, mask = frames.objects[rows].long(), frames.mask[rows]
    area = torch.stack([(objects == number).sum((1, 2)) for number in range(1, max(int(objects.max()), 1) + 1)], 1)
    largest = (objects == (area.argmax(1) + 1)[:, None, None]).float()
    return float(mask_iou(largest, mask).mean())


@torch.no_grad()
def heard_metrics(task: MMVAETask, split: str) -> dict[str, float]:
    """``miou`` and ``f`` of the frames of a split under what is heard; none where it has no clip."""
    mask, iou, curves = task.graph[FRAME].mask, list[Tensor](), list[Tensor]()
    for batch, found in predicted(task, task.clips.of_split(split), task.heard):
        iou.append(mask_iou(found, mask[batch.index]))
        curves.append(f_curves(found, mask[batch.index]))
    if not iou:
        return {}
    result = {"miou": float(torch.cat(iou).mean())}
    if len(whole := torch.cat(curves)):
        result["f"] = float(whole.mean(0).max())
    return result


@torch.no_grad()
def segmentation_metrics(task: MMVAETask, split: str, samples: int) -> dict[str, float]:
    """All numbers of a split that its graph allows.

    `heard_metrics`; ``no_audio_miou`` and ``no_picture_miou`` without (edges dropped, pictures
    black); ``visual_only_miou``, no number of this model but the largest object's (`largest_object_iou`); areas
    under silence, noise and the sound of what is not there; ``swapped_miou`` against the object whose sound is heard
    now, ``swapped_original_miou`` against the one that was; ``ece`` and ``error_auroc`` of masks drawn from the prior
    (their mean, their deviation), ``mean_ece`` and ``mean_error_auroc`` of its mean (and the entropy of that mask).
    """
    clips, frames = task.clips.of_split(split), task.graph[FRAME]
    if not len(clips):
        return {}
    result = heard_metrics(task, split)
    silent = task.clips.audio(None)
    for name, audio, seen in (("no_audio_miou", silent, True), ("no_picture_miou", task.heard, False)):
        parts = [mask_iou(p, frames.mask[batch.index]) for batch, p in predicted(task, clips, audio, seen=seen)]
        result[name] = float(torch.cat(parts).mean())
    if (largest := largest_object_iou(task.graph, split)) is not None:
        result["visual_only_miou"] = largest
    for name, relation in _EMPTY.items():
        areas = [segmented_area(p) for _, p, _ in _under(task, clips, relation)]
        if areas:
            result[name] = float(torch.cat(areas).mean())
    result |= _swapped(task, clips) | _calibration(task, clips, samples) | _naming(task, split)
    return result


def _under(task: MMVAETask, clips: Tensor, relation: EdgeType) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Frames that a condition is for, their probabilities and their sounds."""
    audio = task.clips.audio(relation)
    concerned = clips[torch.isin(clips, task.graph[FRAME].clip[audio >= 0])]
    for batch, found in predicted(task, concerned, audio):
        there = audio[batch.index] >= 0
        yield batch.index[there], found[there], audio[batch.index[there]]


def _swapped(task: MMVAETask, clips: Tensor) -> dict[str, float]:
    """Against the object that is heard now, and against the one that was."""
    if SWAPPED not in task.graph.edge_types:
        return {}
    edges, mask = task.graph[SWAPPED], task.graph[FRAME].mask
    edge = torch.full((len(mask),), -1)
    edge[edges.edge_index[1]] = torch.arange(edges.edge_index.shape[1])
    parts = [
        (mask_iou(found, edges.mask[edge[index]]), mask_iou(found, mask[index]))
        for index, found, _ in _under(task, clips, SWAPPED)
    ]
    if not parts:
        return {}
    now, before = (float(torch.cat(part).mean()) for part in zip(*parts, strict=True))
    return {"swapped_miou": now, "swapped_original_miou": before}


def _calibration(task: MMVAETask, clips: Tensor, samples: int) -> dict[str, float]:
    """Of the mean of the prior, and of samples from it, with a random state of their own."""
    frames, size = task.graph[FRAME], task.graph[FRAME].mask[0].numel()
    most = max(1, _PIXELS // size // max(1, int(task.clips.start.diff().max())))
    some = clips[torch.linspace(0, len(clips) - 1, min(most, len(clips)), dtype=torch.float64).long()]
    result = {}
    for name, count in (("mean_", 0), ("", samples if task.network.posterior is not None else 0)):
        if not name and not count:
            continue  # a model without latents draws nothing
        probability, uncertainty, truth = [], [], []
        with random_state_kept():
            torch.manual_seed(0)
            for batch, found in predicted(task, some, task.heard, samples=count):
                mean = found.mean(0) if count else found
                probability.append(mean)
                uncertainty.append(found.std(0, correction=0) if count else _entropy(mean))
                truth.append(frames.mask[batch.index])
        p, doubt, mask = torch.cat(probability), torch.cat(uncertainty), torch.cat(truth)
        result[f"{name}ece"] = expected_calibration_error(p, mask)
        wrong = (p > 0.5) != mask.bool()
        if bool(wrong.any()) and not bool(wrong.all()):
            result[f"{name}error_auroc"] = error_detection_auroc(doubt, wrong)
    return result


def _entropy(probability: Tensor) -> Tensor:
    """Of a mask, pixel by pixel; 0 where it is sure.

    Example:
        >>> _entropy(torch.tensor([0.0, 0.5, 1.0]))
        tensor([0.0000, 0.6931, 0.0000])
    """
    entropy: Tensor = torch.special.entr(probability) + torch.special.entr(1 - probability)
    return entropy


def _naming(task: MMVAETask, split: str) -> dict[str, float]:
    """Share of the distinct sounds of a split whose class the sound encoder names."""
    if task.network.naming is None or HEARD not in task.graph.edge_types:
        return {}
    sound, frame = task.graph[HEARD].edge_index
    sounds = sound[task.graph[FRAME][f"{split}_mask"][frame]].unique()
    sounds = sounds[task.y[sounds] >= 0]
    if not len(sounds):
        return {}
    like = next(task.network.parameters())
    encoded = torch.cat([task.network.sound_encoder(task.described[part].to(like)) for part in sounds.split(64)])
    named = task.network.naming(encoded).argmax(1).cpu()
    return {f"{AUDIO}_accuracy": float((named == task.y[sounds]).double().mean())}
