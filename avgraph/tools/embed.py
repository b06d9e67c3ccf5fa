"""New rows in the shared space of a run: what `avgraph embed` runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from avgraph.errors import DataError, hint
from avgraph.io.arrays import map_array
from avgraph.io.files import atomic_path
from avgraph.io.graph_path import writable
from avgraph.io.mapped_rows import check_embeddings, row_blocks
from avgraph.io.references import split_reference
from avgraph.io.writing import new_mapped_array
from avgraph.methods.cmcr import CMCRTask
from avgraph.methods.task import Task
from avgraph.runs.finished import experiment_of, load_task
from avgraph.runs.new_nodes import NewRows
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.progress import counted
from avgraph.runtime.settings import run_settings
from avgraph.tools.new_rows import read_rows


@dataclass(frozen=True)
class Embedded:
    """Where the rows were written and how many there are.

    Attributes:
        file: ``.npy`` of rows, float32.
        rows, channels: its shape.
    """

    file: Path
    rows: int
    channels: int


@interruptible()
def embed_rows(
    run: str | Path, kind: str | None, source: str | Path, output: str | Path, *, device: str = "auto"
) -> Embedded:
    """Embed rows as a run embeds its own, so that rows of all its kinds compare by cosine.

    Rows of a space of a C-MCR run are read, projected and written a block at a time, so that neither file has to fit
    into memory.

    Args:
        run: folder of a finished run of ``cmcr``, ``mltm`` or ``lir``.
        kind: of the rows: a space, or a node type; the method's usual node type if not given.
        source: reference to rows as the run was given them (see `avgraph.io.arrays.read_array`), or a recording or a
            picture; rows of a space are scaled to length 1.
        output: ``.npy`` to write; whole or not at all.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        DataError: if the run has no such space, a row is zero or not finite, the width is wrong, or a file cannot be
            read or written.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.
    """
    experiment = experiment_of(Path(run))
    task = load_task(Path(run), experiment, device)
    if type(task).embedded is Task.embedded:
        raise DataError(f"{run}: a run of method '{experiment.method.type}', which embeds nothing")
    target = writable(output, [".npy"])
    if target.exists() and any(target.samefile(part) for part in [split_reference(str(source))[0]] if part.exists()):
        raise DataError(f"{output}: is the input; choose another name")
    if isinstance(task, CMCRTask):
        return _project(task, _space_of(run, task, kind), source, target)
    new_rows = NewRows(Path(run), experiment, task)
    node = new_rows.answered(kind)
    rows, _ = read_rows([source], new_rows.expected(node))
    with run_settings(experiment.train.threads):
        made = task.embedded(node, new_rows.nodes(rows, node=node)[node].x).numpy()
    # A name would be given the suffix once more where it is in capitals.
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        np.save(file, made)
    return Embedded(target, *made.shape)


def _space_of(run: str | Path, task: CMCRTask, space: str | None) -> str:
    if space is None or space not in task.spaces:
        wrong = "expected a space" if space is None else f"no space '{space}' in {run}"
        raise DataError(f"space: {wrong}; {hint(space or '', task.spaces, 'it has')}")
    return space


def _project(task: CMCRTask, space: str, source: str | Path, target: Path) -> Embedded:
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
