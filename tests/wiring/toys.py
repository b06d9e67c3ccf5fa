"""The graphs that methods are tried on, as data sets of a user: a few dozen nodes, made of seeded random numbers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.clip_graph import clip_graph
from avgraph.graph.provenance import Provenance
from avgraph.graph.segmentation import HEARD, OFF_SCREEN, SILENCE, SWAPPED
from avgraph.transforms import KNN, Candidates, DependencyEdges
from tests.rating_graphs import complete


def rows(count: int, width: int, seed: int, centre: Tensor | None = None, spread: float = 0.5) -> Tensor:
    """Random rows, around ``centre`` where it is given."""
    noise = torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
    return noise if centre is None else centre + spread * noise


def masks(count: int, block: int = 1) -> dict[str, Tensor]:
    """Of three blocks of nodes in a row two are to train on and one to test on."""
    test = torch.arange(count) // block % 3 == 2
    return {"train_mask": ~test, "val_mask": torch.zeros_like(test), "test_mask": test}


class Sounds:
    """``audio`` and ``label`` for RR-Net, and the same under the names ``user`` and ``item`` in other widths."""

    def load(self) -> HeteroData:
        """24 sounds of 4 classes; every node type has near edges, every pair of types candidates."""
        data, y = HeteroData(), torch.arange(24) % 4
        for source, target, width, seed in (("audio", "label", 6, 0), ("user", "item", 7, 9)):
            data[source].x = 3 + rows(24, width, seed, torch.eye(4, width)[y])
            data[source].y, data[source].score = y, (rows(24, 4, seed + 1, torch.eye(4)[y])).softmax(1)
            for name, mask in masks(24).items():
                data[source][name] = mask
            data[target].x, data[target].y = rows(4, width - 2, seed + 2), torch.arange(4)
            for step in (KNN(source, 2), KNN(target, 1), Candidates(source, target, 2)):
                data = step(data)
        data["audio"].name = [f"sound {row}" for row in range(24)]
        data.provenance = {"source": "synthetic", "dataset": "toy", "files": {}}
        return data


class Validated(Sounds):
    """The same, with every second row of the test to validate on."""

    def load(self) -> HeteroData:
        """Also of ``user`` nodes."""
        data = super().load()
        for node in ("audio", "user"):
            test = data[node].test_mask
            data[node].val_mask = test & (test.cumsum(0) % 2 == 0)
            data[node].test_mask = test & ~data[node].val_mask
        return data


class Clips:
    """``audio``, ``visual``, ``concept`` for LIR, and ``sound``, ``picture``, ``word``, which differ in width."""

    def load(self) -> HeteroData:
        """90 clips of 4 classes and a graph between concepts, within and across modalities."""
        y = torch.arange(90) % 4
        split = 2 * (torch.arange(90) // 4 % 3 == 2).long()
        x = [rows(90, width, seed, torch.eye(4, width)[y], 0.8) for seed, width in enumerate((6, 8, 5, 9))]
        data = clip_graph(x[0], x[1], y, split, ["cat", "dog", "frog", "owl"], Provenance(source="synthetic"))
        weights = torch.zeros(8, 8)
        weights[0, 1], weights[0, 5], weights[2, 3], weights[1, 6] = 0.4, 0.3, 0.2, 0.1
        data = DependencyEdges(weights)(data)
        for node, like, features in (("sound", "audio", x[2]), ("picture", "visual", x[3])):
            for name, value in data[like].items():
                data[node][name] = value
            data[node].x = features
        for name, value in data["concept"].items():
            data["word"][name] = value
        return data


class Names:
    """24 ``audio`` nodes with scores for 24 named ``label`` nodes: enough for RR-Net's own recipe."""

    def __init__(self, fold: int = 1) -> None:
        self.fold = fold

    def load(self) -> HeteroData:
        """No edges; the labels have features, and names to encode."""
        data, y = HeteroData(), torch.arange(24)
        data["audio"].x, data["audio"].y = rows(24, 6, 0), y
        data["audio"].score = rows(24, 24, 1).softmax(1)
        for name, mask in masks(24).items():
            data["audio"][name] = mask
        data["label"].x, data["label"].y, data["label"].name = rows(24, 5, 2), y, [f"name {row}" for row in y]
        data.provenance = {"source": "synthetic", "dataset": "names", "files": {}}
        return data


class Captions:
    """``audio`` and ``text`` for m-LTM, and ``sound`` and ``caption``, which differ in width."""

    def load(self) -> HeteroData:
        """36 sounds of 6 sentences."""
        data, y = HeteroData(), torch.arange(36) % 6
        for source, target, width, seed in (("audio", "text", 7, 0), ("sound", "caption", 8, 5)):
            data[source].x, data[source].y = rows(36, width, seed, rows(6, width, seed + 1)[y]), y
            for name, mask in masks(36, 6).items():
                data[source][name] = mask
            data[target].x, data[target].y = rows(6, width - 2, seed + 2), torch.arange(6)
        data["audio", "heard", "text"].edge_index = torch.tensor([[0, 1, 2, 12], [1, 0, 3, 0]])
        data.provenance = {"source": "synthetic", "files": {}}
        return data


class Rated:
    """Users and items for RR-Net on ratings, with like items, candidates, statistics and probabilities."""

    def load(self) -> HeteroData:
        """120 users, 80 items."""
        return complete()


class Spaces:
    """Two spaces that overlap in ``text``, with a memory in each, for C-MCR."""

    def load(self) -> HeteroData:
        """30 texts, 12 sounds, 10 pictures, and held-out sounds and pictures of 4 classes."""
        data, y = HeteroData(), torch.arange(12) % 4
        unit = torch.nn.functional.normalize
        data["text"].x_a, data["text"].x_b = unit(rows(30, 6, 0)), unit(rows(30, 5, 1))
        data["sounds"].x_a, data["pictures"].x_b = unit(rows(12, 6, 2)), unit(rows(10, 5, 3))
        for node, space, width in (("audio", "a", 6), ("image", "b", 5)):
            data[node][f"x_{space}"], data[node].y = unit(rows(12, width, 4, torch.eye(4, width)[y])), y
            data[node].train_mask = torch.zeros(12, dtype=torch.bool)
            data[node].test_mask = ~data[node].train_mask
        data.provenance = {"source": "synthetic", "files": {}}
        return data


class Scenes:
    """Two squares a frame, of which the colour of one is heard, for MMVAE-AVS."""

    def load(self) -> HeteroData:
        """Eight clips of two frames of 64 pixels, four to train on; the last clip has no sound."""
        draw = torch.Generator().manual_seed(0)
        data, clip = HeteroData(), torch.arange(16) // 2
        heard, other = clip % 3, (clip + 1) % 3
        x = torch.randint(0, 60, (16, 3, 64, 64), generator=draw, dtype=torch.uint8)
        objects = torch.zeros(16, 64, 64, dtype=torch.uint8)
        for frame in range(16):
            for number, (colour, left) in enumerate(((heard[frame], 4 + frame), (other[frame], 36 + frame // 2)), 1):
                x[frame, int(colour), 10:30, int(left) : int(left) + 14 + 4 * number] = 250
                objects[frame, 10:30, int(left) : int(left) + 14 + 4 * number] = number
        frames = data["frame"]
        frames.x, frames.mask, frames.objects, frames.clip = x, (objects == 1).to(torch.uint8), objects, clip
        frames.labelled, frames.name = torch.arange(16) != 1, [f"frame {row}" for row in range(16)]
        split = torch.tensor([0, 0, 0, 0, 1, 2, 2, 2])
        for number, name in enumerate(("train_mask", "val_mask", "test_mask")):
            data["clip"][name], frames[name] = split == number, (split == number)[clip]
        data["clip"].name = [f"clip {row}" for row in range(8)]
        sound = torch.randint(0, 60, (4, 32, 32), generator=draw, dtype=torch.uint8)
        for number in range(3):
            sound[number, 10 * number : 10 * number + 10] += 180
        sound[3] = 0
        data["audio"].x, data["audio"].y = sound, torch.tensor([0, 1, 2, -1])
        data["audio"].name = ["red", "green", "blue", "silence"]
        every, held_out = torch.arange(14), torch.arange(8, 16)
        data[HEARD].edge_index = torch.stack([heard[every], every])
        data[SWAPPED].edge_index = torch.stack([other[held_out], held_out])
        data[SWAPPED].mask = (objects[held_out] == 2).to(torch.uint8)
        data[OFF_SCREEN].edge_index = torch.stack([(heard[held_out] + 2) % 3, held_out])
        data[SILENCE].edge_index = torch.stack([torch.full_like(held_out, 3), held_out])
        data.provenance = {"source": "synthetic", "files": {}}
        return data
