"""Small made-up spaces in files: items of six classes, each space a random view of them with its own modality gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CLASSES = 6
CONNECTED = {
    "clap": {"text": "clap_text.npy", "sounds": "clap_sounds.npy"},
    "clip": {"text": "clip_text.npy", "pictures": "clip_pictures.npy"},
}
PLACES = {
    "sounds": "audio",
    "proposals": "crops",
    "boxes": "boxes.csv",
    "truth": "truth.csv",
    "height": 64,
    "width": 96,
}
TWO = """\
name: small
seed: 1
dataset:
  type: spaces
  spaces:
    clap: {text: clap_text.npy, sounds: clap_sounds.npy}
    clip: {text: clip_text.npy, pictures: clip_pictures.npy}
  held_out:
    audio: {x: {clap: clap_audio.npy}, y: y.npy}
    image: {x: {clip: clip_image.npy}, y: y.npy}
  names: {text: names.txt}
method: {type: cmcr, hidden_channels: 32, channels: 16, batch_size: 80, edges_per_item: 2, edge_items: 5}
train:
  epochs: 8
  optimizer: {type: adamw, lr: 0.005, weight_decay: 0.01}
  schedule: cosine
  device: cpu
  threads: 1
  checkpoint_every: 2
"""


def write_spaces(folder: Path, *, items: int = 240, memory: int = 120, held_out: int = 36) -> None:
    """``<space>_<modality>.npy`` of clap (text, sounds), clip (text, pictures), ulip (pictures, shapes)."""
    rng = np.random.default_rng(0)
    centre = rng.normal(size=(CLASSES, 8))

    def things(count: int) -> np.ndarray:
        return centre[np.arange(count) % CLASSES] + 0.5 * rng.normal(size=(count, 8))

    text, pictures = things(items), things(memory)
    rows = {
        "clap": {"text": text, "sounds": things(memory), "audio": things(held_out)},
        "clip": {"text": text, "pictures": pictures, "image": things(held_out)},
        "ulip": {"pictures": pictures, "shapes": things(memory), "shape": things(held_out)},
    }
    for width, (space, held) in zip((12, 10, 9), rows.items(), strict=True):
        view = rng.normal(size=(8, width))
        for modality, latent in held.items():
            gap = 0.5 * rng.normal(size=width)
            x = latent @ view + gap + 0.1 * rng.normal(size=(len(latent), width))
            np.save(
                folder / f"{space}_{modality}.npy", (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
            )
    np.save(folder / "y.npy", np.arange(held_out) % CLASSES)
    (folder / "names.txt").write_text("\n".join(f"text {row}" for row in range(items)), encoding="utf-8")


LOCALISATION = """\
    crops: {x: {clip: crops.npy}}
    prompts: {x: {clap: prompts.npy}, y: prompt_y.npy, prompts: true}
  localisation: {sounds: audio, proposals: crops, boxes: boxes.csv, truth: truth.csv, height: 64, width: 96}
"""


def write_boxes(folder: Path, silent: int = 6) -> None:
    """A picture per held-out sound: a crop of each class in a grid of 3 × 2; the last show nothing of their sound's.

    And prompts: three texts of each class.
    """
    rng = np.random.default_rng(1)
    image, y, text = (np.load(folder / name) for name in ("clip_image.npy", "y.npy", "clap_text.npy"))
    crops, boxes, truth = [], [], []
    for picture, sound in enumerate(y):
        for place, shown in enumerate(rng.permutation(CLASSES)):
            left, top = 32 * (place % 3), 32 * (place // 3)
            heard = shown == sound and picture < len(y) - silent
            other = shown if heard or shown != sound else (shown + 1) % CLASSES
            crops.append(image[rng.choice(np.flatnonzero(y == other))])
            boxes.append(f"{picture},{left},{top},{left + 32},{top + 32}")
            truth += [f"{picture},{left + 2},{top},{left + 30},{top + 32}"] if heard else []
    for name, lines in (("boxes", boxes), ("truth", truth)):
        (folder / f"{name}.csv").write_text("\n".join(["picture,x0,y0,x1,y1", *lines]), encoding="utf-8")
    np.save(folder / "crops.npy", np.stack(crops))
    np.save(folder / "prompts.npy", text[: 3 * CLASSES])
    np.save(folder / "prompt_y.npy", np.arange(3 * CLASSES) % CLASSES)


def two_spaces(folder: Path, *changes: tuple[str, str]) -> Path:
    """The files, and an experiment that connects clap and clip through text; ``changes`` swap pieces of its text."""
    write_spaces(folder)
    text = TWO + f"output: {folder / 'runs'}\n"
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path
