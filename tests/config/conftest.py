"""Experiment files in a folder of their own, and the lines of what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from avgraph.config import load_experiment
from avgraph.errors import ConfigError

GOOD = """\
name: good
seed: 3
dataset: {type: synthetic, classes: 4, clips_per_class: 5}
encoders:
  audio: {type: logmel_cnn, epochs: 1}
  label: {type: hashing}
graph:
  - {type: knn, node: audio, k: 3}
  - {type: candidates, source: audio, target: label, k: 2}
method: {type: rrnet, hidden_channels: 8}
train:
  epochs: 2
  optimizer: {type: sgd, lr: 1e-2}
output: runs
"""
SHORT = "dataset: {type: synthetic}\nmethod: {type: rrnet}\n"

Lines = Callable[..., list[str]]


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Write ``x.yaml`` and the other files into an empty working directory; the lines of the error of loading it."""
    monkeypatch.chdir(tmp_path)

    def of(text: str | bytes, overrides: Sequence[Any] | Mapping[str, Any] = (), **files: str) -> list[str]:
        Path("x.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, content in files.items():
            path = Path(name.replace("__", "/") + ".yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        with pytest.raises(ConfigError) as caught:
            load_experiment("x.yaml", overrides)
        return str(caught.value).split("\n")

    return of
