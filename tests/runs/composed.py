"""A composed experiment that a test can run in a second: m-LTM on toy pairs, and m-LTM again on its embeddings."""

from pathlib import Path

import numpy as np

STAGE = """\
name: stage
dataset:
  type: files
  nodes:
    audio: {x: audio.npy, y: y.npy, split: split.npy}
    text: {x: text.npy, y: text_y.npy, name: text.txt}
method: {type: mltm, hidden_channels: 8, shared_channels: 4, batch_size: 8}
graphml: none
train: {epochs: 3, device: cpu, threads: 1, checkpoint_every: 1}
"""

COMPOSED = """\
name: composed
dataset:
  type: run
  run: {first: stage.yaml}
  nodes: {audio: {x: embedding}, text: {x: embedding}}
  relations: []
method: {type: mltm, hidden_channels: 8, shared_channels: 4, batch_size: 8}
graphml: none
train: {epochs: 4, device: cpu, threads: 1, checkpoint_every: 1}
"""


def write_composed(folder: Path, **replace: str) -> Path:
    """Write the arrays, ``stage.yaml`` and ``composed.yaml``, the path of which is returned.

    Args:
        folder: to write into.
        replace: pieces of either text, and what to put in their place.
    """
    rng, y = np.random.default_rng(0), np.arange(24) % 8
    np.save(folder / "audio.npy", (np.eye(8, 5)[y] + rng.normal(0, 0.3, (24, 5))).astype(np.float32))
    np.save(folder / "text.npy", rng.normal(size=(8, 4)).astype(np.float32))
    np.save(folder / "y.npy", y)
    np.save(folder / "text_y.npy", np.arange(8))
    np.save(folder / "split.npy", np.array(["train", "train", "test"])[np.arange(24) // 8])
    (folder / "text.txt").write_text("".join(f"text {k}\n" for k in range(8)))
    for name, text in (("stage", STAGE), ("composed", COMPOSED)):
        text += f"output: {folder / 'runs'}\n" if name == "composed" else ""
        for old, new in replace.items():
            text = text.replace(old, new)
        (folder / f"{name}.yaml").write_text(text)
    return folder / "composed.yaml"
