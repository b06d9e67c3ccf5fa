"""What classifiers read of a node type."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.precomputed import kept_features
from avgraph.errors import DataError
from avgraph.graph.nodes import node_store


@dataclass(frozen=True)
class LabelledRows:
    """Features, classes, numbers of the training rows, and how many classes there are."""

    x: Float[Tensor, "n d"]
    y: Int[Tensor, " n"]
    train: Int[Tensor, " m"]
    classes: int


def labelled_rows(encoder: str, data: HeteroData, node: str) -> LabelledRows:
    """Those of a node type; classes are counted over all rows, which says no row's own.

    Raises:
        DataError: without vectors, classes or training rows; it names the encoder.

    Example:
        >>> import torch
        >>> labelled_rows("perceptron", HeteroData(audio={"x": torch.eye(2), "y": torch.arange(2)}), "audio")
        Traceback (most recent call last):
        avgraph.errors.DataError: perceptron: node type 'audio' has no 'train_mask'; it needs vectors with classes
    """
    train = training_rows(encoder, data, node, of="vectors")
    store = data[node]
    return LabelledRows(kept_features(f"{node}.x", store.x), store.y, train, int(store.y.max()) + 1)


def training_rows(encoder: str, data: HeteroData, node: str, *, of: str, classes: bool = True) -> Int[Tensor, " m"]:
    """Numbers of the training rows of a node type that has ``x``, what ``of`` says, and, where asked for, classes.

    Raises:
        DataError: without them; it names the encoder.

    Example:
        >>> import torch
        >>> data = HeteroData(image={"x": torch.eye(2), "y": torch.arange(2), "train_mask": torch.arange(2) > 0})
        >>> training_rows("picture_cnn", data, "image", of="pictures")
        tensor([1])
        >>> del data["image"].y
        >>> training_rows("logmel_patches", data, "image", of="log-mels", classes=False)
        tensor([1])
    """
    store = node_store(data, node)
    for needed in ("x", "y", "train_mask") if classes else ("x", "train_mask"):
        if needed not in store:
            and_what = "classes" if classes else "a split"
            raise DataError(f"{encoder}: node type '{node}' has no '{needed}'; it needs {of} with {and_what}")
    mask = store.train_mask & (store.y >= 0) if classes else store.train_mask
    train: Tensor = mask.nonzero().flatten()
    if len(train) == 0:
        raise DataError(f"{encoder}: node type '{node}' has no training row{' with a class' * bool(mask.any())}")
    return train
