"""New rows of a space, mapped into the connected space of a C-MCR run: what `avgraph embed` runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from avgraph.errors import DataError, hint
from avgraph.io.arrays import map_array
from avgraph.io.files import atomic_path
from avgraph.io.mapped_rows import check_embeddings, row_blocks
from avgraph.io.references import split_reference
from avgraph.io.writing import new_mapped_array
from avgraph.methods.cmcr import CMCRTask
from avgraph.runs.finished import experiment_of, load_task
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.progress import counted


@dataclass(frozen=True)
class Embedded:
    """Where the rows were written and how many there are.

    Attributes:
        file: ``.npy`` of unit rows, float32.
        rows, channels: its shape.
    """

    file: Path
    rows: int
    channels: int


@interruptible()
def embed_rows(
    run: str | Path, space: str, source: str | Path, output: str | Path, *, device: str = "auto"
) -> Embedded:
    """Project rows of ``space`` by the head that a run has learned for it; rows of all spaces then compare by cosine.

    Rows are read, projected and written a block at a time, so that neither file has to fit into memory.

    Args:
        run: folder of a finished C-MCR run.
        space: name of one of its spaces.
        source: reference to rows [n, d] (see `avgraph.io.arrays.read_array`); they are scaled to length 1.
        output: ``.npy`` to write; whole or not at all.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        DataError: if the run has no such space, a row is zero or not finite, the width is wrong, or a file cannot be
            read or written.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.
    """
    experiment = experiment_of(Path(run))
    if experiment.method.type != "cmcr":
        raise DataError(f"{run}: a run of method '{experiment.method.type}'; only 'cmcr' connects spaces")
    task = load_task(Path(run), experiment, device)
    assert isinstance(task, CMCRTask)
    if space not in task.spaces:
        raise DataError(f"space: no space '{space}' in {run}; {hint(space, task.spaces, 'it has')}")
    target = Path(output)
    if target.exists() and any(target.samefile(part) for part in [split_reference(str(source))[0]] if part.exists()):
        raise DataError(f"{output}: is the input; choose another name")
    if target.suffix != ".npy" or not target.parent.is_dir() or target.is_dir():
        raise DataError(f"{output}: expected a file .npy in a folder that exists")
    rows = map_array(source)
    width = int(task.graph["space"].channels[task.spaces.index(space)])
    check_embeddings(rows, f"{source} (space '{space}')", unit=False, expected=width)
    channels = task.project(space, torch.eye(width)[:1]).shape[1]
    with counted(len(rows), f"embedding rows of space '{space}'") as advance, atomic_path(target) as temporary:
        made = new_mapped_array(temporary, (len(rows), channels), np.float32)
        for start, block in row_blocks(rows):
            unit = block / np.linalg.norm(block.astype(np.float64), axis=1, keepdims=True)
            made[start : start + len(block)] = task.project(space, torch.from_numpy(unit.astype(np.float32))).numpy()
            advance(len(block))
        made.flush()
        del made
    return Embedded(target, len(rows), channels)
