"""What is heard in composed clips, and what is heard instead where a model is tested: audio nodes and their edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.materials import SILENT, Materials
from avgraph.datasets.composed.plan import Clip
from avgraph.graph.segmentation import HEARD, NOISE, OFF_SCREEN, SILENCE, SWAPPED
from avgraph.graph.vocabulary import SPLITS

Edges = Int64[Tensor, "2 e"]


def add_sounds(data: HeteroData, planned: Sequence[Clip], materials: Materials) -> None:
    """Add ``audio`` nodes and the edges to the frames of ``planned`` clips; see `avgraph.graph.segmentation`.

    Audio nodes are the recordings of the classes, then silence, noises to test under and to train with, and, where two
    sound, their mixtures.
    Only recordings have a class and are in a split.
    """
    sounds = materials.sounds
    silence = len(sounds.x)
    noise = silence + 1
    training_noise = noise + len(materials.noise)
    mixture = training_noise + len(materials.training_noise)
    mixtures = {pair: mixture + row for row, pair in enumerate(_pairs(planned))}
    audio = data["audio"]
    mixed = [mix(sounds.x[one], sounds.x[two])[None] for one, two in mixtures]
    audio.x = torch.cat([sounds.x, torch.zeros_like(sounds.x[:1]), materials.noise, materials.training_noise, *mixed])
    noises = [f"noise {row + 1}" for row in range(len(materials.noise))]
    noises += [f"coloured noise {row + 1}" for row in range(len(materials.training_noise))]
    audio.name = [*sounds.name, "silence", *noises]
    audio.name += [f"{sounds.name[one]} + {sounds.name[two]}" for one, two in mixtures]
    audio.y = torch.full((len(audio.x),), SILENT)
    audio.y[:silence] = torch.from_numpy(sounds.y)
    for split, name in enumerate(SPLITS):
        mask = torch.zeros(len(audio.x), dtype=torch.bool)
        mask[:silence] = torch.from_numpy(sounds.usable[split])
        # What all splits hear is trained on; each recording is in one split.
        audio[f"{name}_mask"] = mask if split == 0 else mask & ~audio.train_mask
    audio.test_mask &= ~audio.val_mask

    def heard(clip: Clip) -> int:
        if len(clip.sounds) == 2:
            return mixtures[clip.sounds]
        if clip.condition == "noise":
            return training_noise + clip.noise % len(materials.training_noise)
        return clip.sounds[0] if clip.sounds else silence

    everywhere = range(len(planned))
    tested = [row for row in everywhere if not data["clip"].train_mask[row]]
    swapped = [row for row in tested if planned[row].swapped is not None]
    frames = len(data["frame"].clip) // len(planned)
    data[HEARD].edge_index = _edges(map(heard, planned), everywhere, frames)
    data[SILENCE].edge_index = _edges((silence for _ in tested), tested, frames)
    data[NOISE].edge_index = _edges((noise + row % len(materials.noise) for row in tested), tested, frames)
    data[OFF_SCREEN].edge_index = _edges((planned[row].off_screen for row in tested), tested, frames)
    others = [other for row in swapped if (other := planned[row].swapped) is not None]
    index = _edges((sound for _, sound in others), swapped, frames)
    place = torch.tensor([place + 1 for place, _ in others], dtype=torch.uint8).repeat_interleave(frames)
    data[SWAPPED].edge_index = index
    data[SWAPPED].mask = (data["frame"].objects[index[1]] == place[:, None, None]).to(torch.uint8)


def mix(one: UInt8[Tensor, "bands columns"], two: UInt8[Tensor, "bands columns"]) -> UInt8[Tensor, "bands columns"]:
    """Two recordings at once: the maximum of their normalised log-mels, since their levels are not known.

    Example:
        >>> mix(torch.tensor([[0, 9]], dtype=torch.uint8), torch.tensor([[5, 3]], dtype=torch.uint8)).tolist()
        [[5, 9]]
    """
    return torch.maximum(one, two)


def _pairs(planned: Sequence[Clip]) -> dict[tuple[int, ...], None]:
    return dict.fromkeys(clip.sounds for clip in planned if len(clip.sounds) == 2)


def _edges(sounds: Iterable[int], clips: Sequence[int], frames: int) -> Edges:
    """From each sound to every frame of the clip in the same place."""
    source = torch.tensor(list(sounds), dtype=torch.int64).repeat_interleave(frames)
    frame = torch.tensor(list(clips), dtype=torch.int64)[:, None] * frames + torch.arange(frames)
    return torch.stack([source, frame.flatten()])
