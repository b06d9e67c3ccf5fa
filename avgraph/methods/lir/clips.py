"""The clips of a graph: features of both modalities, classes and splits, checked."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.concepts import add_concepts
from avgraph.methods.predictions import class_list
from avgraph.tensors.rows import standardized


@dataclass(frozen=True)
class Clips:
    """What training reads of a graph.

    Attributes:
        graph: it, with concept nodes.
        x: "audio" and "visual" → features.
        y: class of each clip.
        train: training clips.
        masks: split → mask.
        classes: number of classes C.
        names: of the 2C concepts, as heard, then as seen.
        content: which classes each clip truly holds, annotated or not, where the data know it: for scores alone.
    """

    graph: HeteroData
    x: dict[str, Tensor]
    y: Tensor
    train: Tensor
    masks: dict[str, Tensor]
    classes: int
    names: list[str]
    content: Tensor | None = None

    def to(self, device: torch.device, dtype: torch.dtype) -> Clips:
        """The same on another device, features in another type."""
        x = {name: value.to(device, dtype) for name, value in self.x.items()}
        masks = {name: value.to(device) for name, value in self.masks.items()}
        content = None if self.content is None else self.content.to(device)
        return replace(self, x=x, y=self.y.to(device), train=self.train.to(device), masks=masks, content=content)

    def features(self, rows: Tensor | None = None) -> dict[str, Tensor]:
        """Those of some clips, or of all."""
        return {name: value if rows is None else value[rows] for name, value in self.x.items()}


def read_clips(graph: HeteroData, nodes: tuple[str, str, str], *, standardize: bool, to_train_on: bool = True) -> Clips:
    """Read the clips of ``graph``; concept nodes are made where it has none.

    Args:
        graph: nodes of both modalities with ``x``, ``y`` and masks; node i of both is clip i.
        nodes: types of audio, visual and concept nodes.
        standardize: features to mean 0 and deviation 1 over the training clips.
        to_train_on: whether there must be clips for training.

    Raises:
        GraphError: if a modality lacks something, the two do not pair up, or no clip is for training.

    Example:
        >>> store = {"x": torch.eye(2), "y": torch.tensor([0, 1]), "train_mask": torch.tensor([True, True])}
        >>> data = HeteroData(audio=store, visual=store)
        >>> read_clips(data, ("audio", "visual", "concept"), standardize=False).names[2]
        'class 0 (visual)'
    """
    audio, visual, concept = nodes
    for node in (audio, visual):
        if node not in graph.node_types:
            raise GraphError(f"lir: the graph has no '{node}' nodes (it has {', '.join(graph.node_types) or 'none'})")
        for needed in ("x", "y", "train_mask"):
            if needed not in graph[node]:
                raise GraphError(f"lir: '{node}' nodes have no '{needed}'")
    for needed in ("y", "train_mask"):
        if not torch.equal(graph[audio][needed], graph[visual][needed]):
            raise GraphError(f"lir: {audio}.{needed} and {visual}.{needed} differ; node i of both must be clip i")
    y, train = graph[audio].y, graph[audio].train_mask.nonzero()[:, 0]
    if to_train_on and not len(train):
        raise GraphError("lir: no clip is for training")
    graph = copy.copy(graph)
    classes = _concepts(graph, concept, y)
    x = {}
    for name, node in (("audio", audio), ("visual", visual)):
        value = graph[node].x.float()
        if standardize:
            value = standardized(value, train)
        x[name] = value
    nowhere = torch.zeros_like(graph[audio].train_mask)
    masks = {split: graph[audio].get(f"{split}_mask", nowhere) for split in ("train", "val", "test")}
    return Clips(graph, x, y, train, masks, classes, list(graph[concept].name), _content(graph[audio], y, classes))


def _content(store: Any, y: Tensor, classes: int) -> Tensor | None:
    """Flags [n, C] of the annotated class and a ``second_y`` that is mixed in (−1: none), or the data's ``content``."""
    if "content" in store:
        if store.content.dtype != torch.bool or store.content.shape != (len(y), classes):
            found = f"{store.content.dtype} {list(store.content.shape)}"
            raise GraphError(f"lir: content: expected flags [{len(y)}, {classes}], got {found}")
        content: Tensor = store.content
        return content
    if "second_y" not in store:
        return None
    second: Tensor = store.second_y
    mixed_in = F.one_hot(second.clamp_min(0), classes) * (second >= 0)[:, None]
    return (F.one_hot(y, classes) | mixed_in).bool()


def _concepts(graph: HeteroData, concept: str, y: Tensor) -> int:
    """Number of classes; makes the concept nodes where there are none."""
    if concept in graph.node_types:
        count = len(graph[concept].get("name", ()))
        if count % 2 or 2 * int(y.max()) >= count:
            raise GraphError(f"lir: expected a name for 2 '{concept}' nodes per class of y, got {count} names")
        return count // 2
    classes = int(y.max()) + 1
    names = [f"class {k}" for k in range(classes)]
    add_concepts(graph, concept, {"audio": names, "visual": names})
    return classes


def clip_classes(clips: Clips, node: str) -> list[str]:
    """What the classes are called: as the concept nodes of the data are, or else as the data set says.

    Args:
        clips: of a graph.
        node: of either modality.

    Example:
        >>> store = {"x": torch.eye(2), "y": torch.tensor([0, 1]), "train_mask": torch.tensor([True, True])}
        >>> concept = {"name": ["dog (audio)", "cat (audio)", "dog (visual)", "cat (visual)"]}
        >>> data = HeteroData(audio=store, visual=store, concept=concept)
        >>> clip_classes(read_clips(data, ("audio", "visual", "concept"), standardize=False), "audio")
        ['dog', 'cat']
    """
    heard = clips.names[: clips.classes]
    made = [f"class {k} (audio)" for k in range(clips.classes)]
    return class_list(clips.graph, node) if heard == made else [name.removesuffix(" (audio)") for name in heard]
