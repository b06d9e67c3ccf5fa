"""RR-Net's defaults by the README's recipe: files, a 10-nearest-neighbour graph and every class as a candidate.

A class is its name, hashed; the made-up classes have vectors of random numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

import avgraph
from benchmarks.defaults.baselines import logistic_regression, majority
from benchmarks.defaults.data import DRAWS, SETS, Table
from benchmarks.defaults.tables import cell, markdown

RECIPE = """\
dataset:
  type: files
  root: .
  nodes:
    audio: {{x: audio.npy, y: audio_labels.txt, split: split.txt}}
    label: {{{label}}}
encoders:
  audio: {{type: logistic_regression}}
  label: {{type: {encoder}}}
graph:
  - {{type: knn, node: audio, k: 10}}
  - {{type: complete, source: audio, target: label}}
method: {{type: rrnet}}
"""

GRID: tuple[Mapping[str, Any], ...] = (
    {},
    {"method.hidden_channels": 32},
    {"method.dropout": 0.2},
    {"train.optimizer.lr": 0.001},
    {"train.optimizer.lr": 0.01},
    {"train.epochs": 300},
    {"method.intra_units": 0},
    {"encoders.audio.type": "precomputed"},
)


def experiment(folder: Path, table: Table) -> Path:
    """The files of a table and the YAML of the README."""
    np.save(folder / "audio.npy", table.x.astype(np.float32))
    _lines(folder / "audio_labels.txt", [table.classes[i] for i in table.y])
    _lines(folder / "split.txt", [("train", "val", "test")[i] for i in table.split])
    _lines(folder / "labels.txt", table.classes)
    label, encoder = "name: labels.txt", "hashing"
    if table.targets is not None:
        np.savez(folder / "bundle.npz", labels=table.targets.astype(np.float32))
        label, encoder = "x: bundle.npz:labels, name: labels.txt", "precomputed"
    path = folder / "own.yaml"
    path.write_text(RECIPE.format(label=label, encoder=encoder), encoding="utf-8")
    return path


def accuracies(table: Table, overrides: Mapping[str, Any], seed: int) -> tuple[float, float]:
    """Accuracy on val and test of a run."""
    with tempfile.TemporaryDirectory() as name:
        path = experiment(Path(name), table)
        run = avgraph.train(path, {"seed": seed, "output": f"{name}/runs", "train.threads": 1, **overrides})
        return run.metrics["val/accuracy"], run.metrics["test/accuracy"]


def main(
    sets: Mapping[str, Callable[[int], Table]] = SETS,
    *,
    grid: bool = True,
    draws: int = DRAWS,
    always: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Print the table: a row a set, test accuracy in %, mean ± sd over the draws; ``always`` is set in every run."""
    rows = []
    for name, draw in sets.items():
        tables = [draw(number) for number in range(draws)]
        plain = [accuracies(table, always, seed)[1] for seed, table in enumerate(tables)]
        best, chosen = _best(tables, always) if grid else ([], {})
        size = f"{tables[0].x.shape[0]} × {tables[0].x.shape[1]}, {len(tables[0].classes)}"
        simple = [[model(table) for table in tables] for model in (majority, logistic_regression)]
        told = ", ".join(f"{key.split('.')[-1]} {value}" for key, value in chosen.items()) or "the defaults"
        rows.append([name, size, *map(cell, simple), cell(plain), f"{cell(best)} ({told})" if grid else ""])
        print(" | ".join(rows[-1]), flush=True)
    head = ("set", "rows × features, classes", "majority class", "logistic regression", "defaults", "best of the grid")
    print("\n" + markdown(head, rows))


def _best(tables: list[Table], always: Mapping[str, Any]) -> tuple[list[float], Mapping[str, Any]]:
    """Test accuracies of the setting that is best on the validation rows of the first draw, and the setting."""
    chosen = max(GRID, key=lambda overrides: accuracies(tables[0], {**overrides, **always}, 0)[0])
    return [accuracies(table, {**chosen, **always}, seed)[1] for seed, table in enumerate(tables)], chosen


def _lines(path: Path, lines: list[str] | tuple[str, ...]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
