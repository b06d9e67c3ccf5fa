"""Two small embedding spaces over real data that share nothing but texts: ESC-50 with one, CIFAR-10 with the other."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets import cifar10_features
from avgraph.datasets.cifar10_features import load_cifar10_features
from avgraph.datasets.class_paired import CLASS_MAPS
from avgraph.datasets.esc import locate_esc
from avgraph.datasets.esc50_sounds import load_esc50_sounds
from avgraph.datasets.labelled import TEST, TRAIN, VAL, Labelled
from avgraph.datasets.locate import locate
from avgraph.datasets.made_up_clips import made_up_pictures, made_up_sounds
from avgraph.encoders import GloVe, Hashing
from avgraph.errors import DataError
from avgraph.graph.masks import check_folds
from avgraph.io.arrays import read_array

logger = logging.getLogger(__name__)

SOUND, PICTURE = "sound", "picture"
PROMPTS = {SOUND: "This is a sound of {}", PICTURE: "a photo of a {}"}
_TEXT_FILES = ("minilm_captions.npz", "minilm_labels.npz", "glove_6b_50d_vocab.npz")
_MADE_UP = ("a {} is near", "the {} goes by while people talk", "someone hears a {} and then a {}")


class SoundPictureSpaces:
    """``text`` nodes with a state in either space, ``audio`` nodes for one space and ``image`` nodes for the other.

    Space ``sound`` has MiniLM sentence vectors, space ``picture`` mean GloVe vectors of the same texts: 20,000 captions
    of AudioCaps and Clotho and a prompt per class. Both are centred over the captions and brought to length 1. The
    sounds and pictures get their places by the encoder `text_aligned`, each in its own space. No sound is paired with
    a picture. Classes that both have (six, by a map) are held out for retrieval: sounds of a fold, test pictures.

    Args:
        root: folder that holds ``esc50/``, ``cifar10/`` and ``text/``; None looks in ``$AVGRAPH_DATA``, then in the
            user's cache.
        fold: fold of the sounds to test on, 1 to 5; val_fold: to validate on, or None.
        on_missing: ``["synthetic"]`` takes made-up sounds, pictures and captions where there is no data.

    Raises:
        DataError: if a fold is out of range.

    Example:
        >>> SoundPictureSpaces(fold=2).fold
        2
    """

    def __init__(
        self,
        root: str | Path | None = None,
        fold: int = 1,
        val_fold: int | None = None,
        on_missing: Sequence[Literal["synthetic"]] = ("synthetic",),
    ) -> None:
        check_folds(fold, val_fold)
        self.root = None if root is None else Path(root).expanduser()
        self.fold, self.val_fold, self.on_missing = fold, val_fold, tuple(on_missing)

    def load(self) -> HeteroData:
        """Graph without edges.

        Shapes:
            text.x_sound [n, 384], text.x_picture [n, 50]; audio.x uint8 [m, 128, 216]; image.x [k, 384]; ``text`` of
            both: number of the prompt of their class.

        Raises:
            DataError: if data are missing or cannot be used.
        """
        folder = {name: self._folder(name, files) for name, files in _NEEDED.items()}
        sounds = locate_esc("esc50", None if self.root is None else self.root / "esc50").folder
        if sounds is not None and folder["cifar10"] is not None and folder["text"] is not None:
            audio = load_esc50_sounds(sounds, self.fold, self.val_fold, ())
            image = load_cifar10_features(folder["cifar10"])
            names, states = _real_texts(folder["text"], audio, image)
        elif "synthetic" in self.on_missing:
            logger.warning("esc50_cifar10_spaces: data not found; using SYNTHETIC data in their place")
            class_map = CLASS_MAPS["esc50_cifar10"]
            audio = made_up_sounds([name for part in class_map.values() for name in part], self.fold, self.val_fold)
            image = made_up_pictures(list(class_map))
            names, states = _made_up_texts(audio, image)
        else:
            needed = f"esc50/, cifar10/{cifar10_features.FILE} and text/{', text/'.join(_TEXT_FILES)}"
            where = self.root or "$AVGRAPH_DATA or the user's cache"
            raise DataError(f"esc50_cifar10_spaces: expected {needed} in {where}; see on_missing")
        return self._graph(audio, image, names, states)

    def _folder(self, name: str, files: Sequence[str]) -> Path | None:
        root = None if self.root is None else self.root / name
        if root is not None and not root.is_dir():
            return None
        return locate([name], root, lambda folder: all((folder / file).is_file() for file in files)).folder

    def _graph(self, audio: Labelled, image: Labelled, names: list[str], states: Mapping[str, Tensor]) -> HeteroData:
        data = HeteroData()
        text = data["text"]
        text.name, text.num_nodes = names, len(names)
        for space, rows in states.items():
            text[f"x_{space}"] = rows
        class_map = CLASS_MAPS["esc50_cifar10"]
        classes = list(class_map)
        of_sound = {sound: classes.index(name) for name, part in class_map.items() for sound in part}
        of_picture = {name: number for number, name in enumerate(classes)}
        first = len(names) - len(audio.classes) - len(image.classes)  # the prompts come last
        for node, part, known, start in (
            ("audio", audio, of_sound, first),
            ("image", image, of_picture, first + len(audio.classes)),
        ):
            store = data[node]
            new = len(classes)  # a class that the other side lacks is one of its own
            numbers = [known.get(_plain(name), new + place) for place, name in enumerate(part.classes)]
            store.x, store.y = part.finish(part.x), torch.tensor(numbers)[part.y]
            store.text = start + part.y
            shared = store.y < new
            store.train_mask = part.split == TRAIN
            store.val_mask, store.test_mask = (part.split == VAL) & shared, (part.split == TEST) & shared
            for name, value in part.attributes.items():
                store[name] = value
        data.provenance = self._provenance([audio, image], classes)
        return data

    def _provenance(self, parts: Sequence[Labelled], classes: list[str]) -> dict[str, Any]:
        made_up = any(part.provenance.get("source") == "synthetic" for part in parts)
        notes = [str(part.provenance["note"]) for part in parts if part.provenance.get("note")]
        told = "no sound is paired with a picture; a stand-in for large pretrained spaces"
        return {
            "dataset": "esc50_cifar10_spaces",
            "source": "synthetic" if made_up else "real",
            "fold": self.fold,
            "val_fold": self.val_fold,
            "note": "; ".join([told, *dict.fromkeys(notes)]),
            "classes": classes,
            "files": {name: value for part in parts for name, value in part.provenance.get("files", {}).items()},
            "leakage": [],
        }


_NEEDED = {"cifar10": (cifar10_features.FILE,), "text": _TEXT_FILES}


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _prompts(audio: Labelled, image: Labelled) -> list[str]:
    sounds = [PROMPTS[SOUND].format(_plain(name)) for name in audio.classes]
    return sounds + [PROMPTS[PICTURE].format(_plain(name)) for name in image.classes]


def _real_texts(folder: Path, audio: Labelled, image: Labelled) -> tuple[list[str], dict[str, Tensor]]:
    """Captions and prompts with their vectors in both spaces."""
    captions = [str(text) for text in read_array("minilm_captions.npz:text", folder).tolist()]
    vectors = [read_array("minilm_captions.npz:x", folder)]
    for key, classes in (("esc50", audio.classes), ("cifar10", image.classes)):
        row_of = {_plain(str(n)): row for row, n in enumerate(read_array(f"minilm_labels.npz:{key}", folder).tolist())}
        if missing := [name for name in classes if _plain(name) not in row_of]:
            raise DataError(f"{folder / 'minilm_labels.npz'}: {key} has no class {missing[0]!r}")
        vectors.append(read_array(f"minilm_labels.npz:{key}_x", folder)[[row_of[_plain(name)] for name in classes]])
    names = captions + _prompts(audio, image)
    glove = GloVe(path=folder / "glove_6b_50d_vocab.npz").encode(HeteroData(text={"name": names}), "text")["text"].x
    minilm = torch.from_numpy(np.concatenate(vectors).astype(np.float32))
    return names, {space: centred(x, len(captions)) for space, x in ((SOUND, minilm), (PICTURE, glove))}


def _made_up_texts(audio: Labelled, image: Labelled) -> tuple[list[str], dict[str, Tensor]]:
    """Sentences of the class names; the two encoders hash words into different numbers of columns."""
    known = [_plain(name) for name in dict.fromkeys([*audio.classes, *image.classes])]
    captions = [form.format(one, other) for form in _MADE_UP for one in known for other in known]
    names = captions + _prompts(audio, image)
    graph = HeteroData(text={"name": names})
    encoded = {
        space: Hashing(channels=width).encode(graph, "text")["text"].x for space, width in ((SOUND, 96), (PICTURE, 64))
    }
    return names, {space: centred(x, len(captions)) for space, x in encoded.items()}


def centred(x: Tensor, captions: int) -> Tensor:
    """Unit rows less their mean over the first ``captions``, at length 1 again: what all texts share says nothing.

    Example:
        >>> centred(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]), 2)
        tensor([[ 0.7071, -0.7071],
                [-0.7071,  0.7071],
                [-0.7071,  0.7071]])
    """
    unit = F.normalize(x.float())
    return F.normalize(unit - unit[:captions].mean(0))
