"""The object that sounds in anyone's own picture: what `avgraph segment` runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from avgraph.datasets.audio import BANDS, log_mel_columns
from avgraph.datasets.avsbench.vggish import read_vggish
from avgraph.errors import DataError
from avgraph.graph.segmentation import AUDIO
from avgraph.io.graph_path import writable
from avgraph.io.pictures import read_picture
from avgraph.methods.mmvae import MMVAETask
from avgraph.methods.mmvae.clips import resized
from avgraph.methods.mmvae.figures import save_map
from avgraph.methods.mmvae.network import placed
from avgraph.methods.mmvae.scene import Scene
from avgraph.metrics import segmented_area
from avgraph.runs.finished import experiment_of, load_task
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.settings import random_state_kept
from avgraph.tools.new_rows import PICTURES


@dataclass(frozen=True)
class Segmented:
    """What was written, and how much of the picture sounds.

    Attributes:
        files: the mask and, where it was asked for, the uncertainty.
        area: share of the pixels whose probability is above one half.
        probability: the largest of a pixel.
        uncertainty: mean of the pixels' standard deviations; None without samples.
        samples: masks that were drawn.
    """

    files: list[Path]
    area: float
    probability: float
    uncertainty: float | None
    samples: int


@interruptible()
def segment_picture(
    run: str | Path,
    picture: str | Path,
    sound: str | Path,
    output: str | Path,
    *,
    samples: int = 0,
    uncertainty: str | Path | None = None,
    device: str = "auto",
) -> Segmented:
    """Mask what sounds in a picture, by a finished run; masks are grey pictures of the picture's size.

    Args:
        run: folder of a finished run of method ``mmvae`` on log-mels.
        picture: one frame; it is brought to the size that the run was trained on, and the mask back.
        sound: what is heard, WAV, OGG or FLAC; cut or padded to the length of the run's recordings (or seconds).
        output: ``.png``: 255 times the probability of each pixel; whole or not at all.
        samples: masks to draw from the prior; their mean is written. 0 takes the mean of the prior.
        uncertainty: ``.png`` of twice their standard deviation; needs at least two samples.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        DataError: if the run is of another method or does not hear log-mels of recordings, or a file cannot be read or
            written.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.
    """
    experiment = experiment_of(Path(run))
    if experiment.method.type != "mmvae":
        raise DataError(f"{run}: a run of method '{experiment.method.type}'; only 'mmvae' masks pictures")
    targets = [Path(output), *([Path(uncertainty)] if uncertainty is not None else [])]
    for target in targets:
        writable(target, [".png"])
        if any(target.exists() and Path(given).exists() and target.samefile(given) for given in (picture, sound)):
            raise DataError(f"{target}: is the input; choose another name")
    if len({target.resolve() for target in targets}) < len(targets):
        raise DataError(f"{targets[1]}: is the file of the mask as well; choose another name")
    if samples < 0 or (uncertainty is not None and samples < 2):
        raise DataError(f"samples: expected at least {2 if uncertainty is not None else 0}, got {samples}")
    frame = _read_picture(picture)
    task = load_task(Path(run), experiment, device)
    assert isinstance(task, MMVAETask)
    if samples and task.network.posterior is None:
        raise DataError(f"samples: {run} has no latents to draw (method.latent is false)")
    scene = _scene(task, frame, _read_sound(task, sound))
    with torch.no_grad(), random_state_kept():
        torch.manual_seed(experiment.seed)
        found = task.network.samples(scene, samples) if samples else task.network(scene).probability[None]
    size = (frame.shape[1], frame.shape[2])
    whole = resized(found.float().cpu(), size, "bilinear")[:, 0].clamp(0, 1)
    mean, deviation = whole.mean(0), whole.std(0, correction=0)
    save_map(mean, targets[0])
    if uncertainty is not None:
        save_map(2 * deviation, targets[1])  # the deviation of numbers from 0 to 1 is at most one half
    area, peak = float(segmented_area(mean[None])), float(mean.max())
    return Segmented(targets, area, peak, float(deviation.mean()) if samples else None, samples)


def _read_picture(path: str | Path) -> Tensor:
    """RGB from 0 to 1 [3, h, w].

    Raises:
        DataError: if it is missing or no picture.
    """
    if Path(path).suffix.lower() not in PICTURES:
        raise DataError(f"{path}: expected a picture ({', '.join(PICTURES)})")
    return torch.from_numpy(read_picture(path, "RGB").copy()).permute(2, 0, 1).float() / 255


def _read_sound(task: MMVAETask, path: str | Path) -> Tensor:
    """The described sound [1, ...], as long as those of the run: of AVSBench's the first second.

    Raises:
        DataError: if the run's sounds are no log-mels of recordings, or the file cannot be read.
    """
    like = task.graph[AUDIO].x
    if like.dtype == torch.float32 and tuple(like.shape[1:]) == (64, 96):  # seconds, as AVSBench has them
        second = torch.from_numpy(read_vggish(Path(path), 1)).mT.contiguous()
        described: Tensor = task.network.sound_encoder.describe(second)
        return described
    if like.dtype != torch.uint8 or like.ndim != 3 or like.shape[1] != BANDS:
        got = f"{like.dtype} {list(like.shape[1:])}"
        raise DataError(f"{path}: the run hears {got}; only log-mels can be made of a recording")
    logmel = log_mel_columns(path, like.shape[2])
    described = task.network.sound_encoder.describe(logmel[None].float() / 255)
    return described


def _scene(task: MMVAETask, frame: Tensor, described: Tensor) -> Scene:
    """One frame with its sound."""
    like = next(task.network.parameters())
    zero = torch.zeros(1, dtype=torch.int64, device=like.device)
    with torch.no_grad():
        sound = placed(task.network.sound_encoder(described.to(like)), zero)
    there = torch.ones(1, dtype=torch.bool, device=like.device)
    return Scene(resized(frame[None], task.clips.size, "bilinear").to(like), sound, zero, there, there)
