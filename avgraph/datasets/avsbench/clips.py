"""AVSBench's two parts as graphs: five frames a clip, the second of sound at each, masks as published."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.avsbench.layout import FRAMES, BenchClip, Layout, find_layout, read_clips
from avgraph.datasets.avsbench.options import Part
from avgraph.datasets.avsbench.vggish import BANDS, COLUMNS, RATE, read_vggish, vggish_log_mel
from avgraph.datasets.locate import locate
from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.graph.segmentation import HEARD, NOISE, OFF_SCREEN, SILENCE
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.files_read import checksum, unnoted
from avgraph.io.npz import read_npz
from avgraph.io.pictures import read_picture
from avgraph.io.reading import reading
from avgraph.io.torch_file import load_tensors
from avgraph.runtime.progress import progress

HOMEPAGE = "https://github.com/OpenNLPLab/AVSBench"


def load_avsbench(part: Part, root: str | None, size: int) -> HeteroData:
    """See `avgraph.datasets.AVSBenchS4`."""
    located = locate(["avsbench"], root, lambda folder: find_layout(folder, part) is not None)
    layout = None if located.folder is None else find_layout(located.folder, part)
    if layout is None:
        looked = ", ".join(map(str, located.looked))
        told = f"expected {part}_meta_data.csv beside {part}_data/, from {HOMEPAGE}"
        raise DataError(f"avsbench_{part}: not found in {looked}; {told}")
    clips = read_clips(layout)
    with unnoted():  # thousands of files, which one digest stands for
        return _graph(layout, clips, size)


def _graph(layout: Layout, clips: Sequence[BenchClip], size: int) -> HeteroData:
    clips = sorted(clips, key=lambda clip: SPLITS.index(clip.split))  # sorted() keeps the table's order in a split
    count = len(clips) * FRAMES
    picture, mask = (
        torch.empty(count, 3, size, size, dtype=torch.uint8),
        torch.zeros(count, size, size, dtype=torch.uint8),
    )
    labelled, sounds = torch.zeros(count, dtype=torch.bool), []
    for row, clip in enumerate(progress(clips, f"clips of AVSBench {layout.part}")):
        for second in range(FRAMES):
            at = row * FRAMES + second
            rgb = read_picture(layout.frame(clip, second + 1), "RGB", size)
            picture[at] = torch.from_numpy(rgb.copy()).permute(2, 0, 1)
            if second < layout.masks(clip):
                mask[at] = torch.from_numpy(read_picture(layout.mask(clip, second + 1), "mask", size).copy())
                labelled[at] = True
        sounds.append(read_sound(layout, clip))

    data = HeteroData()
    split = torch.tensor([SPLITS.index(clip.split) for clip in clips])
    frame_clip = torch.arange(len(clips)).repeat_interleave(FRAMES)
    for number, name in enumerate(SPLITS):
        data["clip"][f"{name}_mask"] = split == number
        data["frame"][f"{name}_mask"] = (split == number)[frame_clip]
    data["clip"].name = [clip.name for clip in clips]
    if layout.part == "s4":
        names = sorted({str(clip.category) for clip in clips})
        data["clip"].y = torch.tensor([names.index(str(clip.category)) for clip in clips])
        data["clip"].class_names = names
    frame, audio = data["frame"], data["audio"]
    frame.x, frame.mask, frame.labelled, frame.clip = picture, mask, labelled, frame_clip
    audio.x = torch.cat(sounds)
    frame.name = [f"{clip.name}_{second + 1}" for clip in clips for second in range(FRAMES)]
    audio.name = list(frame.name)
    data[HEARD].edge_index = torch.arange(count).repeat(2, 1)
    add_conditions(data)
    files = {str(layout.table): checksum(layout.table), str(layout.data): _digest(picture, mask, audio.x)}
    Provenance(f"avsbench_{layout.part}", "real", note="", files=files).write_to(data)
    check_segmentation_graph(data)
    return data


def _digest(*parts: Tensor) -> str:
    """SHA-256 of what was read from the many files."""
    found = hashlib.sha256()
    for part in parts:
        found.update(np.ascontiguousarray(part.numpy()).data)
    return found.hexdigest()


def add_conditions(data: HeteroData) -> None:
    """Add silence, noise and, where clips have a class, the sound of a clip of another class in the same split.

    In S4 every clip has one sounding object, so that another class's sound is taken to be off screen; nobody has
    looked whether a clip shows it all the same. In MS3 the classes are not known.
    """
    audio, clip, frame = data["audio"], data["clip"], data["frame"]
    heard = len(audio.x)
    quiet = np.zeros(RATE * FRAMES, np.float32)
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(quiet), np.float32)
    made = torch.from_numpy(np.concatenate([vggish_log_mel(quiet)[:1], vggish_log_mel(noise)])).transpose(1, 2)
    audio.x = torch.cat([audio.x, made])
    audio.name += ["silence", *(f"noise {second + 1}" for second in range(FRAMES))]
    tested = (~frame.train_mask).nonzero().flatten()
    data[SILENCE].edge_index = torch.stack([torch.full_like(tested, heard), tested])
    data[NOISE].edge_index = torch.stack([heard + 1 + tested % FRAMES, tested])
    if "y" not in clip:
        return
    pairs = []
    for split in (clip.val_mask, clip.test_mask):
        rows = split.nonzero().flatten()
        for place, row in enumerate(rows.tolist()):
            # Half the split away and on: clips of a category stand together in the table.
            order = rows.roll(-(place + len(rows) // 2))
            other = order[clip.y[order] != clip.y[row]]
            if len(other):
                pairs.append((int(other[0]), row))
    index = torch.tensor(pairs, dtype=torch.int64).view(-1, 2, 1) * FRAMES + torch.arange(FRAMES)
    data[OFF_SCREEN].edge_index = index.transpose(0, 1).flatten(1)


KEY = "log_mel"


def read_sound(layout: Layout, clip: BenchClip) -> Float32[Tensor, "5 64 96"]:
    """One log-mel a second, bands first: from ``.npz``, ``.wav`` or a ``.pkl`` that holds nothing but a tensor.

    The published ``.pkl`` are pickles, which can run code when they are read: they are refused unless
    ``torch.load(weights_only=True)`` reads them.

    Raises:
        DataError: naming the file, and what to put in its place.
    """
    npz, wav, pkl = (layout.sound(clip, suffix) for suffix in (".npz", ".wav", ".pkl"))
    if npz.is_file():
        with reading(npz, ".npz"):  # text makes no tensor
            return _checked(npz, torch.from_numpy(np.asarray(read_npz(npz, [KEY])[KEY])))
    if wav.is_file():
        return _checked(wav, torch.from_numpy(read_vggish(wav, FRAMES)))
    if not pkl.is_file():
        raise DataError(f"{pkl}: no such file, nor {npz.name} beside it, nor {wav}")
    return _checked(pkl, _unpickled(pkl, npz, wav))


def _unpickled(path: Path, npz: Path, wav: Path) -> object:
    instead = f"put {npz.name} (key '{KEY}', [{FRAMES}, {COLUMNS}, {BANDS}]) beside it, or {wav}"
    refused = f"{path}: a pickle that could run code is not read; {instead}"
    with reading(path, "tensor"):
        if not zipfile.is_zipfile(path):  # torch.save writes an archive
            raise DataError(refused)
        try:
            return load_tensors(path)
        except pickle.UnpicklingError as error:  # one with more than tensors in it
            raise DataError(refused) from error


def _checked(path: Path, value: object) -> Float32[Tensor, "5 64 96"]:
    """As [5, 64, 96] from the published [5, 1, 96, 64], or the same without the 1."""
    shapes = ((FRAMES, 1, COLUMNS, BANDS), (FRAMES, COLUMNS, BANDS))
    if isinstance(value, Tensor) and value.is_floating_point() and value.shape in shapes:
        found = value.detach().float().reshape(FRAMES, COLUMNS, BANDS).transpose(1, 2).contiguous()
        if not bool(found.isfinite().all()):
            raise DataError(f"{path}: holds NaN or infinite values")
        return found
    got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
    raise DataError(f"{path}: expected floating point [{FRAMES}, 1, {COLUMNS}, {BANDS}], got {got}")
