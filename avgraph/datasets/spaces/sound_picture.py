"""Two small embedding spaces over real data that share nothing but texts: ESC-50 with one, CIFAR-10 with the other."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.base import DatasetStatus, check_root
from avgraph.datasets.locate import Located
from avgraph.datasets.paired import cifar10
from avgraph.datasets.paired.cifar10 import load_cifar10_features
from avgraph.datasets.paired.esc50_sounds import load_esc50_sounds
from avgraph.datasets.paired.labelled import TEST, TRAIN, VAL, Labelled
from avgraph.datasets.paired.made_up import made_up_pictures, made_up_sounds
from avgraph.datasets.paired.options import CLASS_MAPS
from avgraph.datasets.paired.parts import (
    describe_pictures,
    describe_sounds,
    locate_below,
    locate_pictures,
    locate_sounds,
)
from avgraph.datasets.spaces.options import SoundPictureSpaces
from avgraph.encoders import GloVe, Hashing
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.io.arrays import read_array

logger = logging.getLogger(__name__)

SOUND, PICTURE = "sound", "picture"
PROMPTS = {SOUND: "This is a sound of {}", PICTURE: "a photo of a {}"}
_TEXT_FILES = ("minilm_captions.npz", "minilm_labels.npz", "glove_6b_50d_vocab.npz")
_MADE_UP = ("a {} is near", "the {} goes by while people talk", "someone hears a {} and then a {}")


def load_sound_picture(options: SoundPictureSpaces) -> HeteroData:
    """The graph of `SoundPictureSpaces`.

    Raises:
        DataError: if data are missing or cannot be used.
    """
    folds = options.fold, options.val_fold
    check_root(options.root)
    sounds, pictures, texts = (find(options.root).folder for find in (locate_sounds, locate_pictures, _locate_texts))
    if sounds is not None and pictures is not None and texts is not None:
        audio, image = load_esc50_sounds(str(sounds), *folds, []), load_cifar10_features(pictures)
        names, states = _real_texts(texts, audio, image)
    elif "synthetic" in options.on_missing:
        logger.warning("esc50_cifar10_spaces: data not found; using SYNTHETIC data in their place")
        class_map = CLASS_MAPS["esc50_cifar10"]
        audio = made_up_sounds([name for part in class_map.values() for name in part], *folds)
        image = made_up_pictures(list(class_map))
        names, states = _made_up_texts(audio, image)
    else:
        needed = f"esc50/, cifar10/{cifar10.FILE} and text/{', text/'.join(_TEXT_FILES)}"
        where = options.root or "$AVGRAPH_DATA or the user's cache"
        raise DataError(f"esc50_cifar10_spaces: expected {needed} in {where}; see on_missing")
    data = _graph(audio, image, names, states)
    _provenance(options, audio, image).write_to(data)
    return data


def describe_sound_picture(root: str | Path | None, name: str, what: str) -> DatasetStatus:
    """The three sets it is made of.

    Raises:
        DataError: if ``root`` is no folder, or a file there cannot be used.
    """
    check_root(root)
    located = _locate_texts(root)
    texts = DatasetStatus(
        "text",
        "Captions and class names as vectors of MiniLM and GloVe.",
        "missing" if located.folder is None else "real",
        folder=located.folder,
        looked=located.looked,
        layout=", ".join(_TEXT_FILES),
        note=f"expected {', '.join(_TEXT_FILES)}" if located.folder is None else "",
    )
    parts = (describe_sounds(root), describe_pictures(root), texts)
    lacks = [part.name for part in parts if part.source != "real"]
    note = f"lacks {', '.join(lacks)}" if lacks else ""
    return DatasetStatus(name, what, "missing" if lacks else "real", note=note, parts=parts)


def _locate_texts(root: str | Path | None) -> Located:
    return locate_below(root, "text", lambda folder: all((folder / file).is_file() for file in _TEXT_FILES))


def _graph(audio: Labelled, image: Labelled, names: list[str], states: Mapping[str, Tensor]) -> HeteroData:
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
    return data


def _provenance(options: SoundPictureSpaces, audio: Labelled, image: Labelled) -> Provenance:
    unpaired = Provenance(note="no sound is paired with a picture; a stand-in for large pretrained spaces")
    return replace(
        Provenance.joined([unpaired, audio.provenance, image.provenance]),
        dataset="esc50_cifar10_spaces",
        settings=options.model_dump(include={"fold", "val_fold"}),
        classes=list(CLASS_MAPS["esc50_cifar10"]),
        leakage=[],
    )


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
