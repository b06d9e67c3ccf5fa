"""New data through a finished run: what `avgraph predict` runs."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avgraph.errors import DataError
from avgraph.export import export_graph
from avgraph.graph.segmentation import AUDIO, FRAME
from avgraph.io.arrays import read_array
from avgraph.io.files import atomic_path
from avgraph.io.graph_path import writable
from avgraph.io.new_folder import new_folder
from avgraph.io.references import split_reference
from avgraph.io.sound_files import SOUNDS
from avgraph.methods.mmvae.figures import save_map
from avgraph.methods.predictions import Predictions
from avgraph.runs.finished import Run, load_run
from avgraph.runtime.interrupt import interruptible
from avgraph.tools.new_rows import PICTURES, read_pairs, read_rows

TABLES, GRAPHS = (".parquet", ".csv", ".json"), (".graphml", ".gexf")


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was predicted, and what was written.

    Attributes:
        predictions: a row each.
        files: empty where nothing was to be written.
    """

    predictions: Predictions
    files: list[Path]


@interruptible()
def predict_files(
    run: str | Path | Run,
    files: Sequence[str | Path],
    output: str | Path | None = None,
    *,
    node: str | None = None,
    names: str | Path | None = None,
    device: str | None = None,
) -> Predicted:
    """What a run says of the rows of files, each as if there were no other.

    Args:
        run: a finished one, or its folder.
        files: recordings, pictures, or references to arrays of rows as the run's data set gives them.
        output: ``.parquet``, ``.csv``, ``.json``: a table; ``.graphml``, ``.gexf``: the new nodes and their edges to
            nodes of the run; without suffix: a new folder of masks. Whole or not at all; None writes nothing.
        node: type of the rows; the method's usual one if not given.
        names: reference to a name of each row.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; as trained if not given.

    Raises:
        DataError: if a file cannot be read or written, or its rows are not as those of the run.
        GraphError: if rows cannot be joined to the graph of the run.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.
    """
    target = None if output is None else checked_target(output)
    if not files:
        raise DataError("predict: expected at least one file")
    loaded = run if isinstance(run, Run) else load_run(run, device=device)
    rows, called = _rows(loaded, files, node)
    if names is not None:
        called = [str(name) for name in read_array(names).tolist()]
    found = loaded.predict(rows, node=node, name=called)
    if target is not None:
        write_predictions(found, target)
    return Predicted(found, [] if target is None else [target])


def checked_target(output: str | Path) -> Path:
    """The path, if predictions can be written to it: to be asked before the work.

    Raises:
        DataError: for another suffix, a missing folder, or a folder in its place.

    Example:
        >>> checked_target("found.xls")
        Traceback (most recent call last):
        avgraph.errors.DataError: found.xls: expected a file .parquet, ...
    """
    path = Path(output)
    if not path.suffix and path.absolute().parent.is_dir() and not path.exists():
        return path
    return writable(path, (*TABLES, *GRAPHS))


def _rows(run: Run, files: Sequence[str | Path], node: str | None) -> tuple[Any, list[str] | None]:
    kind = run.new_rows.answered(node)
    if run.experiment.method.type == "rrnet_ratings":
        return read_pairs(files), None
    if run.experiment.method.type == "mmvae":
        pictures, sounds = ([file for file in files if _ends(file, kinds)] for kinds in (PICTURES, SOUNDS))
        if not pictures or len(pictures) != len(sounds) or len(pictures) + len(sounds) < len(files):
            raise DataError(f"predict: expected pairs of a picture and a sound, got {', '.join(map(str, files))}")
        rows, called = read_rows(pictures, run.new_rows.expected(FRAME))
        return {FRAME: rows, AUDIO: read_rows(sounds, run.new_rows.expected(AUDIO))[0]}, called
    return read_rows(files, run.new_rows.expected(kind))


def _ends(file: str | Path, kinds: tuple[str, ...]) -> bool:
    return Path(file).suffix.lower() in kinds


def write_predictions(found: Predictions, path: Path) -> None:
    """Write them as a table or as a graph, by the suffix; a table of Parquet has the embeddings too.

    Masks go into a new folder, a grey picture each: a name without suffix.

    Raises:
        DataError: if the file cannot be written.
    """
    suffix = path.suffix.lower()
    if not suffix:
        if found.mask is None:
            raise DataError(f"{path}: only masks of pictures are written into a folder; expected a file")
        with new_folder(path) as folder:
            for number, (name, mask) in enumerate(zip(found["name"], found.mask, strict=True)):
                save_map(mask, folder / f"{number:04d}-{Path(name).stem}.png")
        return
    if suffix in GRAPHS:
        export_graph(found.graph, path)
        return
    with atomic_path(path) as temporary:
        if suffix == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            table = dict(found.columns)
            if found.embedding is not None:
                table["embedding"] = list(found.embedding.numpy())
            pq.write_table(pa.table({key: list(value) for key, value in table.items()}), temporary)
        elif suffix == ".json":
            temporary.write_text(json.dumps({"rows": found.rows()}, ensure_ascii=False) + "\n", encoding="utf-8")
        else:
            with temporary.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(found.columns)
                writer.writerows(zip(*found.columns.values(), strict=True))


def inputs_of(files: Sequence[str]) -> list[Path]:
    """The files that references to rows name, keys left out.

    Example:
        >>> [str(file) for file in inputs_of(["a.npz:x", "b.wav"])]
        ['a.npz', 'b.wav']
    """
    found = []
    for file in files:
        try:
            found.append(split_reference(file)[0])
        except DataError:  # a recording or a picture
            found.append(Path(file))
    return found
