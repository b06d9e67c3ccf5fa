"""Pictures of some clips: frame, mask, prediction, uncertainty and what the sound attends to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.graph.segmentation import AUDIO, CLIP, FRAME, HEARD, OFF_SCREEN, SILENCE, SWAPPED
from avgraph.graph.vocabulary import EdgeType
from avgraph.io.files import atomic_path
from avgraph.methods.mmvae.clips import Batch
from avgraph.methods.mmvae.latents import mean_of
from avgraph.runtime.settings import random_state_kept

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from avgraph.methods.mmvae.task import MMVAETask

_WAYS: tuple[tuple[str, EdgeType], ...] = (
    ("heard", HEARD), ("swapped", SWAPPED), ("off screen", OFF_SCREEN), ("silence", SILENCE),
)  # fmt: skip


@torch.no_grad()
def segmentation(task: MMVAETask, clips: Tensor) -> Figure:
    """A row a clip: the first frame under what is heard, mask, prediction, uncertainty, attention.

    Args:
        task: a bound one, in evaluation.
        clips: their numbers; at least one.
    """
    batch = task.clips.batch(clips, task.heard)
    scene, _ = task.scene(batch)
    looked = task.network.look(scene, attention=True)
    mean = task.network.prior(looked, mean_of).probability.cpu()
    columns = ["frame", "mask", "prediction"]
    panels: list[Tensor] = [batch.frame, batch.mask, mean]
    if task.network.posterior is not None:
        with random_state_kept():
            torch.manual_seed(0)
            panels.append(task.network.samples(scene, task.options.samples).std(0, correction=0).cpu())
        columns.append("uncertainty (sd)")
    if looked.attention:
        first = looked.attention[0].cpu().sum(1)[:, None]  # of the finest map
        panels.append(F.interpolate(first, mean.shape[1:], mode="bilinear", align_corners=False)[:, 0])
        columns.append("attention of the sound")
    rows = _first_frames(batch, len(clips))
    names, words = task.graph[AUDIO].get("name"), task.graph[CLIP].get("heard")  # composed clips say it in words
    titles = []
    for row in rows:
        sound = int(batch.sounds[batch.audio[row]]) if batch.audio[row] >= 0 else -1
        if sound < 0:
            titles.append("no sound")
        else:
            titles.append(str(words[int(clips[batch.clip[row]])] if words else names[sound] if names else ""))
    return _grid([[panel[row] for panel in panels] for row in rows], columns, titles)


@torch.no_grad()
def listening(task: MMVAETask, clips: Tensor) -> Figure:
    """A row a clip: the same frame under several sounds; a panel is blank where the data have no such sound for it.

    Args:
        task: a bound one, in evaluation.
        clips: their numbers; at least one.
    """
    found, columns = [], ["frame"]
    batch = task.clips.batch(clips, task.heard)
    for name, relation in _WAYS:
        if relation not in task.graph.edge_types:
            continue
        batch = task.clips.batch(clips, task.clips.audio(relation))
        scene, _ = task.scene(batch)
        probability = task.network(scene).probability.cpu()
        probability[batch.audio < 0] = torch.nan  # a clip that the condition is not for: left blank
        found.append(probability)
        columns.append(name)
    rows = _first_frames(batch, len(clips))
    names = task.graph[FRAME].get("name", [])
    titles = [str(names[int(batch.index[row])]) if names else "" for row in rows]
    return _grid([[batch.frame[row], *(panel[row] for panel in found)] for row in rows], columns, titles)


def _first_frames(batch: Batch, clips: int) -> list[int]:
    return [int((batch.clip == number).nonzero()[0]) for number in range(clips)]


def _grid(rows: list[list[Tensor]], columns: list[str], titles: list[str]) -> Figure:
    """Pictures [3, h, w] and maps [h, w]; probabilities from 0 to 1, other maps by their own range."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.9 * len(columns), 1.9 * len(rows) + 0.4), layout="constrained")
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, (panels, title) in enumerate(zip(rows, titles, strict=True)):
        for place, (panel, column) in enumerate(zip(panels, columns, strict=True)):
            axis = axes[line][place]
            if panel.ndim == 3:
                axis.imshow(panel.permute(1, 2, 0).numpy())
            else:
                own = column.startswith(("uncertainty", "attention"))
                axis.imshow(panel.numpy(), cmap="magma", **({} if own else {"vmin": 0, "vmax": 1}))
            axis.set_xticks([])
            axis.set_yticks([])
            if line == 0:
                axis.set_title(column, fontsize=8)
        axes[line][0].set_ylabel(title[:28], fontsize=7)
    return figure


def save_map(values: Tensor, path: Path) -> None:
    """Write a map [h, w] from 0 to 1 as a grey picture, whole or not at all.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_map(torch.zeros(2, 3), Path(folder, "a.png"))
        ...     Path(folder, "a.png").stat().st_size > 0
        True
    """
    from PIL import Image

    grey = (255 * values.clamp(0, 1)).round().to(torch.uint8)
    with atomic_path(path) as temporary:
        Image.fromarray(grey.numpy()).save(temporary)
