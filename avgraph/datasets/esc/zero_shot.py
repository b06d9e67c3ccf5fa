"""ESC-50 for zero-shot retrieval: learn from the sounds of some classes, retrieve those of the others by text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.esc.folder import describe_esc, locate_esc
from avgraph.datasets.esc.options import ESC50, Esc50ZeroShot
from avgraph.datasets.locate import Located, locate
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.io.npz import read_npz

SPLITS = 5
VECTORS = "minilm_labels.npz"
PROMPT = "This is a sound of {}"


def load_zero_shot(options: Esc50ZeroShot) -> HeteroData:
    """The graph; masks follow the class, on ``text`` too.

    Raises:
        DataError: if no data can be had, or what is there cannot be used.
    """
    data = ESC50(root=options.root, on_missing=options.on_missing).load()
    names = list(data["label"].name)
    part = class_parts(len(names))
    audio, text = data["audio"], data["text"]
    text.name = [PROMPT.format(name.replace("_", " ")) for name in names]
    text.y, text.num_nodes = torch.arange(len(names)), len(names)
    for store in (audio, text):
        own = part[store.y]
        store.test_mask = own == options.part
        store.val_mask = own == options.val_part if options.val_part is not None else torch.zeros_like(store.test_mask)
        store.train_mask = ~(store.test_mask | store.val_mask)
    provenance = Provenance.of(data)
    if provenance.source == "synthetic":
        text.x = torch.nn.functional.normalize(torch.randn(len(names), 64, generator=torch.Generator().manual_seed(0)))
    elif (vectors := _vectors(options.text, names)) is not None:
        text.x = vectors
    del data["label"]
    kept = {key: value for key, value in provenance.settings.items() if key not in ("fold", "val_fold")}
    chosen = {**kept, "part": options.part, "val_part": options.val_part}
    replace(provenance, dataset="esc50_zero_shot", settings=chosen, leakage=[]).write_to(data)
    return data


def _vectors(file: str | None, names: Sequence[str]) -> Tensor | None:
    """Sentence vectors in the order of ``names``, or None where there is no file and none was named."""
    if file is not None:
        path = Path(file)
    else:
        found = _located().folder
        if found is None:
            return None
        path = found / VECTORS
    arrays = read_npz(path, ("esc50", "esc50_x"))
    row_of = {str(name).replace("_", " "): row for row, name in enumerate(arrays["esc50"])}
    vectors = torch.from_numpy(arrays["esc50_x"].astype(np.float32))
    missing = [name for name in names if name.replace("_", " ") not in row_of]
    if missing:
        raise DataError(f"{path}: no sentence vector for class {missing[0]!r} ({len(missing)} missing)")
    return vectors[[row_of[name.replace("_", " ")] for name in names]]


def describe_zero_shot(root: str | Path | None, name: str, what: str) -> DatasetStatus:
    """ESC-50's folder and clips; its folds are not used.

    Raises:
        DataError: if ``root`` is no folder, or the table there is wrong.
    """
    clips, vectors = describe_esc("esc50", locate_esc("esc50", root), name, what), _located()
    if vectors.folder is not None:
        told = f"sentence vectors in {vectors.folder / VECTORS}"
    else:
        told = f"no {VECTORS} in {', '.join(map(str, vectors.looked))}: texts need an encoder"
    note = "; ".join(part for part in (clips.note, told) if part)
    return replace(clips, folds={}, leakage={}, note=note)


def _located() -> Located:
    return locate(["text"], None, holds=lambda folder: (folder / VECTORS).is_file())


def class_parts(classes: int) -> Tensor:
    """Part of each class, 1 to 5, of equal sizes.

    Example:
        >>> class_parts(50).bincount().tolist()
        [0, 10, 10, 10, 10, 10]
    """
    part = torch.empty(classes, dtype=torch.int64)
    part[torch.from_numpy(np.random.default_rng(0).permutation(classes))] = torch.arange(classes) % SPLITS + 1
    return part
