"""`logmel_patches`: log-mel pictures → how they answer to dictionaries of patches, and class probabilities.

Patches of four shapes, from two octaves by a tenth of a second to an octave by a third, each with a dictionary of its
own (`avgraph.encoders.patch_dictionary`), beside the modulation spectrum of `logmel_modulation`. The dictionaries are
learned from the training clips without their classes; linear discriminants on the principal components do the rest. It
takes a minute where a CNN takes ten, and a few dozen clips a class suffice.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from sklearn.decomposition import PCA
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.context import EncodeContext
from avgraph.encoders.discriminants import discriminant_scores, new_scores
from avgraph.encoders.labelled_rows import training_rows
from avgraph.encoders.log_mel_pictures import check_log_mels
from avgraph.encoders.log_mels import LogmelPatches
from avgraph.encoders.logmel_modulation import modulation_spectrum
from avgraph.encoders.memory import as_learned, remembered, threads_of
from avgraph.encoders.patch_dictionary import PatchDictionary, PatchShape, dictionary_statistics, learned_dictionary
from avgraph.graph.inner_folds import checked_folds
from avgraph.runtime.progress import counted
from avgraph.tensors.rows import column_scale

_FORMAT = 1  # raise when the features or the scores change, so that old results are not taken for new ones
SHAPES = (
    PatchShape(pool=(2, 1), size=(16, 8), stride=(2, 2)),
    PatchShape(pool=(4, 2), size=(16, 4), stride=(1, 2)),
    PatchShape(pool=(2, 2), size=(32, 2), stride=(2, 1)),
    PatchShape(pool=(2, 2), size=(8, 8), stride=(2, 2)),
)


def encode(options: LogmelPatches, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A copy of ``data`` whose ``node`` store holds features and scores."""
    train = training_rows("logmel_patches", data, node, of="log-mels", classes=options.scores)
    store = data[node]
    check_log_mels("logmel_patches", store.x)
    seed = context.seed if options.seed is None else options.seed
    recipe = options.model_dump(exclude={"type", "seed"})
    about = {"encoder": "logmel_patches", "format": _FORMAT, "recipe": recipe, "seed": seed, **threads_of(context)}
    result = copy.copy(data)
    if not options.scores:
        inputs = [store.x, train]
        result[node].x = remembered(context, about, inputs, lambda: _features(options, store.x, train, seed)[0])["x"]
        return result
    groups = checked_folds("logmel_patches", data, node, train)
    found = remembered(
        context, about, [store.x, store.y, train, groups], lambda: _scored(options, store, train, groups, seed)
    )
    result[node].x, result[node].score = found["x"], found["score"]
    return result


def encode_new(options: LogmelPatches, data: HeteroData, node: str, learned: Mapping[str, Tensor]) -> HeteroData:
    """Features of further clips, and their scores by the discriminants of all training clips."""
    check_log_mels("logmel_patches", data[node].x)
    dictionaries = [
        PatchDictionary(shape, learned[f"{number}.filters"], learned[f"{number}.bias"])
        for number, shape in enumerate(SHAPES)
        if f"{number}.filters" in learned
    ]
    described = (_described(data[node].x, dictionaries) - learned["mean"]) / learned["deviation"]
    result = copy.copy(data)
    result[node].x = described @ learned["components"].T
    if options.scores:
        result[node].score = new_scores(learned, described)
    return result


def _scored(options: LogmelPatches, store: Any, train: Tensor, groups: Tensor, seed: int) -> dict[str, Tensor]:
    """Describe every clip and score it by a model that has not seen it."""
    found, described = _features(options, store.x, train, seed)
    return found | discriminant_scores(
        described, store.y, train, groups,
        shrinkage=options.shrinkage, components=options.components, encoder="logmel_patches",
    )  # fmt: skip


def _features(options: LogmelPatches, logmel: Tensor, train: Tensor, seed: int) -> tuple[dict[str, Tensor], Tensor]:
    """Principal components ``x`` of what is said of every clip, what new clips need, and what is said, standardised."""
    shapes = {number: shape for number, shape in enumerate(SHAPES) if shape.fits(*logmel.shape[1:])}
    generator = torch.Generator().manual_seed(seed)
    learned: dict[str, Tensor] = {}
    heard = logmel[train]
    with counted(2 * len(shapes), "encoder: dictionaries of patches") as advance:
        parts = [modulation_spectrum(logmel)]
        for number, shape in shapes.items():
            dictionary = learned_dictionary(heard, shape, options.centres, generator)
            advance(1)
            parts.append(dictionary_statistics(logmel, dictionary))
            advance(1)
            learned |= {f"{number}.filters": dictionary.filters, f"{number}.bias": dictionary.bias}
    described = torch.cat(parts, 1)
    mean, deviation = column_scale(described, train, added=1e-6)
    described = (described - mean) / deviation
    count = min(options.components, len(train), described.shape[1])
    components = torch.from_numpy(PCA(count, svd_solver="full").fit(described[train].numpy()).components_)
    learned |= {"mean": mean, "deviation": deviation, "components": components}
    return {"x": described @ components.T, **as_learned(learned)}, described


def _described(logmel: Tensor, dictionaries: Sequence[PatchDictionary]) -> Float[Tensor, "n d"]:
    return torch.cat([modulation_spectrum(logmel), *(dictionary_statistics(logmel, one) for one in dictionaries)], 1)
