"""Labelled sounds and labelled pictures paired by class: what one concept sounds and looks like, clip by clip."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets import cifar10_features, digits
from avgraph.datasets.cifar10_features import load_cifar10_features
from avgraph.datasets.clip_graph import mixed_clip_graph
from avgraph.datasets.cooccurrence import draw_cooccurrence
from avgraph.datasets.digits import load_digit_pictures, load_spoken_digits
from avgraph.datasets.esc import locate_esc
from avgraph.datasets.esc50_sounds import load_esc50_sounds
from avgraph.datasets.labelled import Labelled
from avgraph.datasets.locate import locate
from avgraph.datasets.made_up_clips import made_up_pictures, made_up_sounds, made_up_spoken_digits
from avgraph.datasets.pairing import pair_by_class
from avgraph.errors import DataError
from avgraph.graph.masks import check_folds

logger = logging.getLogger(__name__)

Sets = Literal["esc50_cifar10", "fsdd_digits"]
CLASS_MAPS: Mapping[Sets, Mapping[str, Sequence[str]]] = {
    "esc50_cifar10": {
        "airplane": ["airplane"],
        "automobile": ["engine", "car horn"],
        "bird": ["chirping birds"],
        "cat": ["cat"],
        "dog": ["dog"],
        "frog": ["frog"],
    },
    "fsdd_digits": {name: [name] for name in digits.NAMES},
}


class ClassPaired:
    """Every sound gets a picture of its class: sound and picture were never recorded together.

    Relevance is by class, as it is in the retrieval benchmarks on AVE and VEGAS. Clips have nothing in common beyond
    their class, other than the parts of a real video.

    Args:
        sets: ``"esc50_cifar10"``, ESC-50 log-mels with CIFAR-10 features, or ``"fsdd_digits"``, spoken digits with
            scikit-learn's digit pictures.
        root: folder that holds ``esc50/`` and ``cifar10/``, or ``fsdd/``; None looks in ``$AVGRAPH_DATA``, then in the
            user's cache.
        class_map: class of pictures → classes of sounds; None is a map of what both sets have.
        fold: fold of the sounds to test on, 1 to 5; val_fold: to validate on, or None.
        cooccurrence: fraction of the clips that get a second, unannotated class mixed in.
        second_level: its amplitude beside that of the first.
        seed: of pairs and mixtures.
        on_missing: what to do without data: "download" (ESC-50 alone can be had), "synthetic".

    Raises:
        DataError: if an option is out of range.

    Example:
        >>> ClassPaired("fsdd_digits", cooccurrence=0.2).cooccurrence
        0.2
    """

    def __init__(
        self,
        sets: Sets = "esc50_cifar10",
        root: str | Path | None = None,
        class_map: Mapping[str, Sequence[str]] | None = None,
        fold: int = 1,
        val_fold: int | None = None,
        cooccurrence: float = 0.0,
        second_level: float = 0.5,
        seed: int = 0,
        on_missing: Sequence[Literal["download", "synthetic"]] = ("download", "synthetic"),
    ) -> None:
        if sets not in CLASS_MAPS:
            raise DataError(f"dataset.sets: expected one of {', '.join(CLASS_MAPS)}, got {sets!r}")
        if not second_level > 0:
            raise DataError(f"dataset.second_level: expected a number above 0, got {second_level}")
        check_folds(fold, val_fold)
        self.sets: Sets = sets
        self.root = None if root is None else Path(root).expanduser()
        self.class_map = dict(class_map or CLASS_MAPS[sets])
        self.fold, self.val_fold = fold, val_fold
        self.cooccurrence, self.second_level, self.seed = cooccurrence, second_level, seed
        self.on_missing = tuple(on_missing)

    def load(self) -> HeteroData:
        """Graph without edges: ``audio``, ``visual`` (node i of both is clip i) and ``concept`` nodes.

        With ``cooccurrence`` also what truly occurs together, (concept, co_occurs, concept), for scoring.

        Shapes:
            audio.x [n, 128, 216] uint8 log-mels (ESC-50) or [n, 384]; visual.x [n, 384] or [n, 64], then also
            visual.picture [n, 8, 8] uint8; y [n].

        Raises:
            DataError: if no data can be had, or what is there cannot be used.
        """
        found = self._real()
        if found is None:
            found = self._made_up()
        audio, visual = found
        pairs = pair_by_class(audio, visual, self.class_map, self.seed)
        mixed = draw_cooccurrence(pairs, self.cooccurrence, self.seed)
        graph = mixed_clip_graph(audio, visual, pairs, mixed, self.second_level, self._provenance(audio, visual))
        if self.sets == "fsdd_digits":
            graph["visual"].picture = (255 * graph["visual"].x).round().to(torch.uint8).view(-1, 8, 8)
        return graph

    def _real(self) -> tuple[Labelled, Labelled] | None:
        """Both modalities, or None if one is not there and may not be had."""
        if self.sets == "fsdd_digits":
            folder = self._folder("fsdd", digits.FILE)
            if folder is None:
                return None
            return load_spoken_digits(folder, self.fold, self.val_fold), load_digit_pictures(self.fold, self.val_fold)
        pictures = self._folder("cifar10", cifar10_features.FILE)
        sounds = None if self.root is None else self.root / "esc50"
        if pictures is None or (sounds is not None and not sounds.is_dir()):
            return None
        if "download" not in self.on_missing and locate_esc("esc50", sounds).folder is None:
            return None
        try:
            audio = load_esc50_sounds(sounds, self.fold, self.val_fold, ("download",))
        except DataError:
            if "synthetic" in self.on_missing and locate_esc("esc50", sounds).folder is None:
                return None  # not had; anything wrong with what is there is an error
            raise
        return audio, load_cifar10_features(pictures)

    def _folder(self, name: str, file: str) -> Path | None:
        root = None if self.root is None else self.root / name
        if root is not None and not root.is_dir():
            return None
        return locate([name], root, lambda folder: (folder / file).is_file()).folder

    def _made_up(self) -> tuple[Labelled, Labelled]:
        if "synthetic" not in self.on_missing:
            needed = {
                "esc50_cifar10": f"esc50/ and cifar10/{cifar10_features.FILE}",
                "fsdd_digits": "fsdd/fsdd_8khz.npz",
            }
            where = self.root or "$AVGRAPH_DATA or the user's cache"
            raise DataError(f"class_paired: no {needed[self.sets]} in {where}; see on_missing")
        logger.warning("class_paired: %s not found; using SYNTHETIC data in its place", self.sets)
        if self.sets == "fsdd_digits":
            return made_up_spoken_digits(self.fold, self.val_fold), load_digit_pictures(self.fold, self.val_fold)
        sounds = [name for names in self.class_map.values() for name in names]
        return made_up_sounds(sounds, self.fold, self.val_fold), made_up_pictures(list(self.class_map))

    def _provenance(self, audio: Labelled, visual: Labelled) -> dict[str, Any]:
        parts = [audio.provenance, visual.provenance]
        made_up = any(part.get("source") == "synthetic" for part in parts)
        paired = "sounds and pictures are paired by class and were never recorded together"
        notes = [str(part["note"]) for part in parts if part.get("note")]
        return {
            "dataset": f"class_paired/{self.sets}",
            "source": "synthetic" if made_up else "real",
            "fold": self.fold,
            "val_fold": self.val_fold,
            "cooccurrence": self.cooccurrence,
            "seed": self.seed,
            "note": "; ".join([paired, *notes]),
            "classes": list(self.class_map),
            "files": {name: value for part in parts for name, value in part.get("files", {}).items()},
        }
