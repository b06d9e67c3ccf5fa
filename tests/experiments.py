"""A small experiment that a test can run in seconds: a data set of the user's own files, encoded already."""

from pathlib import Path

import numpy as np

TEXT = """\
name: small
seed: 3
dataset:
  type: files
  nodes:
    audio: {x: audio.npy, y: audio_y.npy, split: split.npy}
    label: {x: label.npy, name: label.txt}
graph:
  - {type: knn, node: audio, k: 3}
  - {type: complete, source: audio, target: label}
method: {type: rrnet, hidden_channels: 16, dropout: 0.1, loss: cross_entropy}
train:
  epochs: 30
  optimizer: {type: adam, lr: 0.01}
  schedule: cosine
  device: cpu
  threads: 1
  checkpoint_every: 3
"""


def small_experiment(folder: Path, **replace: str) -> Path:
    """Write the files and the YAML; ``replace`` swaps pieces of its text."""
    rng = np.random.default_rng(0)
    y = np.arange(45) % 3
    np.save(folder / "audio.npy", (np.eye(6)[y] + rng.normal(0, 0.3, (45, 6))).astype(np.float32))
    np.save(folder / "audio_y.npy", y)
    np.save(folder / "split.npy", np.array(["train", "test", "val"])[(np.arange(45) // 3) % 3])
    np.save(folder / "label.npy", rng.normal(size=(3, 4)).astype(np.float32))
    (folder / "label.txt").write_text("cat\ndog\nbird\n", encoding="utf-8")
    text = TEXT + f"output: {folder / 'runs'}\n"
    for old, new in replace.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def synthetic_experiment(folder: Path, audio: str, **replace: str) -> Path:
    """The same on synthetic sounds, which have folds, with an encoder of them."""
    path = small_experiment(folder, **replace)
    text = path.read_text(encoding="utf-8")
    data = text[text.index("dataset:") : text.index("graph:")]
    sounds = "dataset: {type: synthetic, classes: 3, clips_per_class: 10}\n"
    encoders = f"encoders:\n  audio: {audio}\n  label: {{type: hashing}}\n"
    path.write_text(text.replace(data, sounds + encoders), encoding="utf-8")
    return path
