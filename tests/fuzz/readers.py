"""Every reader of files: its samples, how they are damaged, how often it is tried."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz import mutate
from tests.fuzz.samples import TABLE, YAML, YAML_SHORT


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes:
        name: of its samples.
        file: name that a damaged file gets.
        read: called with its path; returns, or raises an `AvgraphError`.
        damage: makes a damaged file from the samples.
        share: inputs of each thousand.
    """

    name: str
    file: str
    read: Callable[[Path], Any]
    damage: mutate.Mutation
    share: int


def readers() -> list[Reader]:
    """All readers; their shares make a thousand."""
    from avgraph.config import load_experiment
    from avgraph.dag.table import read_table
    from avgraph.datasets.audio import read_audio
    from avgraph.datasets.captions.tables import read_captions
    from avgraph.datasets.esc.table import read_table as read_esc
    from avgraph.datasets.features.file import read_feature_file
    from avgraph.datasets.graph_file.saved import read_saved_graph
    from avgraph.encoders.glove import read_glove
    from avgraph.export import read_graphml, read_json
    from avgraph.methods.cmcr.heads import load_head
    from avgraph.runs import folder as directory
    from avgraph.runs.checkpoints import load_checkpoint

    def short_audio(path: Path) -> None:
        read_audio(path, 0.5)

    torch_file = mutate.zip_of(mutate.mutate_bytes)
    return [
        Reader("yaml", "small.yaml", load_experiment, mutate.mutate_text, 40),
        Reader("graphml", "g.graphml", read_graphml, mutate.mutate_text, 75),
        Reader("json", "g.json", read_json, mutate.mutate_text, 75),
        Reader("npy", "a.npy", _array("a.npy"), mutate.mutate_npy, 80),
        Reader("npz", "a.npz", _array("a.npz:x"), mutate.zip_of(mutate.mutate_npy), 80),
        Reader("safetensors", "a.safetensors", _array("a.safetensors:x"), mutate.mutate_safetensors, 60),
        Reader("parquet", "a.parquet", _parquet, mutate.mutate_bytes, 60),
        Reader("txt", "a.txt", _array("a.txt"), mutate.mutate_text, 20),
        Reader("table", "t.csv", read_table, mutate.mutate_text, 70),
        Reader("captions", "c.csv", read_captions, mutate.mutate_text, 40),
        Reader("esc", "e.csv", read_esc, mutate.mutate_text, 40),
        Reader("glove", "glove.txt", lambda path: read_glove(path, ["dog", "rain"]), mutate.mutate_text, 20),
        Reader("mat", "a.mat", read_feature_file, mutate.mutate_matlab, 80),
        Reader("h5", "a.h5", read_feature_file, mutate.mutate_bytes, 40),
        Reader("wav", "a.wav", short_audio, mutate.mutate_bytes, 40),
        Reader("ogg", "a.ogg", short_audio, mutate.mutate_bytes, 20),
        Reader("flac", "a.flac", short_audio, mutate.mutate_bytes, 30),
        Reader("checkpoint", "last.ckpt", load_checkpoint, torch_file, 25),
        Reader("graph", "graph.pt", read_saved_graph, torch_file, 25),
        Reader("head", "heads.pt", lambda path: load_head(f"{path}:Head_A"), torch_file, 20),
        Reader("metrics", "metrics.json", lambda path: directory.read_metrics(path.parent), mutate.mutate_text, 20),
        Reader("history", "metrics.jsonl", lambda path: directory.read_history(path.parent), mutate.mutate_text, 20),
        Reader("environment", "environment.json", _environment, mutate.mutate_text, 20),
    ]


def prepare(folder: Path) -> None:
    """Files beside the damaged one."""
    (folder / "base.yaml").write_text(YAML_SHORT)
    (folder / "full.yaml").write_text(YAML)
    (folder / "table.csv").write_text(TABLE)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "last.ckpt").write_bytes(b"")


def _array(reference: str) -> Callable[[Path], None]:
    """Reading and mapping, which must agree: both the same array, or both the same message."""
    from avgraph.errors import DataError
    from avgraph.io.arrays import map_array, read_array

    def read(path: Path) -> None:
        results: list[Any] = []
        for reads in (read_array, map_array):
            try:
                results.append(np.array(reads(reference, path.parent)))
            except DataError as error:
                results.append(error)
        one, other = results
        if isinstance(one, DataError) or isinstance(other, DataError):
            # Of two tensors with the same wrong offsets, safetensors names one or the other.
            words, others = (str(told).partition("tensor `")[0][:300] for told in results)
            assert words == others, (words, others)
            raise one
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()

    return read


def _parquet(path: Path) -> None:
    from avgraph.dag.table import read_table
    from avgraph.errors import DataError
    from avgraph.io.arrays import read_array

    with suppress(DataError):
        read_table(path)
    read_array("a.parquet:x", path.parent)


def _environment(path: Path) -> None:
    from avgraph.graph.provenance import Provenance
    from avgraph.runs.environment import check_same_data

    check_same_data(path.parent, Provenance(files={"a.npy": "00"}))
