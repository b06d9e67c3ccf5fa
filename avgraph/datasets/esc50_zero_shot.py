"""ESC-50 for zero-shot retrieval: learn from the sounds of some classes, retrieve those of the others by text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.esc_sets import ESC50
from avgraph.datasets.locate import locate
from avgraph.errors import DataError
from avgraph.io.npz import read_npz

SPLITS = 5
VECTORS = "minilm_labels.npz"
PROMPT = "This is a sound of {}"


class Esc50ZeroShot:
    """ESC-50 with its classes in five parts; the classes of one part are unseen, those of another may validate.

    Class k is in part (rank of k in a fixed shuffle) mod 5: 40 seen and 10 unseen classes, every class unseen once.
    Graph without edges: ``audio`` (raw log-mels) and ``text``, one sentence per class.

    Args:
        root: folder of ESC-50; None looks in ``$AVGRAPH_DATA``, then in the user's cache.
        part: whose classes are tested, 1 to 5.
        val_part: whose classes validate, or None.
        text: ``.npz`` with sentence vectors ``esc50_x`` of the names ``esc50``; None looks for
            ``text/minilm_labels.npz`` in ``$AVGRAPH_DATA``. Without it ``text`` has names only, for a text encoder.
        on_missing: as `ESC50`; made-up sounds get made-up sentence vectors.

    Raises:
        DataError: if a part is not 1 to 5 or both are the same.

    Example:
        >>> Esc50ZeroShot(part=2).part
        2
    """

    def __init__(
        self,
        root: str | Path | None = None,
        part: int = 1,
        val_part: int | None = None,
        text: str | Path | None = None,
        on_missing: Sequence[Literal["download", "synthetic"]] = ("download", "synthetic"),
    ) -> None:
        for key, value in (("part", part), ("val_part", val_part)):
            if value is not None and value not in range(1, SPLITS + 1):
                raise DataError(f"dataset.{key}: expected a part from 1 to {SPLITS}, got {value}")
        if part == val_part:
            raise DataError(f"dataset.val_part: expected another part than the test part {part}")
        self.root, self.part, self.val_part, self.text, self.on_missing = root, part, val_part, text, tuple(on_missing)

    def load(self) -> HeteroData:
        """The graph; masks follow the class, on ``text`` too.

        Raises:
            DataError: if no data can be had, or what is there cannot be used.
        """
        data = ESC50(self.root, on_missing=self.on_missing).load()
        names = list(data["label"].name)
        part = class_parts(len(names))
        audio, text = data["audio"], data["text"]
        text.name = [PROMPT.format(name.replace("_", " ")) for name in names]
        text.y, text.num_nodes = torch.arange(len(names)), len(names)
        for store in (audio, text):
            own = part[store.y]
            store.test_mask = own == self.part
            store.val_mask = own == self.val_part if self.val_part is not None else torch.zeros_like(store.test_mask)
            store.train_mask = ~(store.test_mask | store.val_mask)
        if data.provenance["source"] == "synthetic":
            text.x = torch.nn.functional.normalize(
                torch.randn(len(names), 64, generator=torch.Generator().manual_seed(0))
            )
        elif (vectors := self._vectors(names)) is not None:
            text.x = vectors
        del data["label"]
        chosen = {"part": self.part, "val_part": self.val_part}
        kept = {key: value for key, value in data.provenance.items() if key not in ("fold", "val_fold", "leakage")}
        data.provenance = {**kept, **chosen, "dataset": "esc50_zero_shot", "leakage": []}
        return data

    def _vectors(self, names: Sequence[str]) -> Tensor | None:
        """Sentence vectors in the order of ``names``, or None where there is no file and none was named."""
        if self.text is not None:
            path = Path(self.text)
        else:
            found = locate(["text"], None, holds=lambda folder: (folder / VECTORS).is_file()).folder
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


def class_parts(classes: int) -> Tensor:
    """Part of each class, 1 to 5, of equal sizes.

    Example:
        >>> class_parts(50).bincount().tolist()
        [0, 10, 10, 10, 10, 10]
    """
    part = torch.empty(classes, dtype=torch.int64)
    part[torch.from_numpy(np.random.default_rng(0).permutation(classes))] = torch.arange(classes) % SPLITS + 1
    return part
