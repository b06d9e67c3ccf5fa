"""Files for an experiment that a page shows: whatever names it gives to arrays, rows that a method can learn from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avgraph.io.references import split_reference
from tests.datasets.sound_folder import write_sounds, write_table

CLASSES = ("dog", "rain", "bell", "saw")
ROWS = 80
WRITTEN = ("files", "spaces", "recordings")
Array = npt.NDArray[Any]


def write_files(dataset: Mapping[str, Any], folder: Path) -> None:
    """The files of a data set of one of the types `WRITTEN`, below ``folder``."""
    root = folder / (dataset.get("root") or "")
    if dataset["type"] == "recordings":
        names = write_sounds(root, each=10)
        if "table" in dataset:
            write_table(root, names)
        return
    arrays = _of_files(dataset) if dataset["type"] == "files" else _of_spaces(dataset)
    bundles: dict[Path, dict[str, Array]] = {}
    for reference, array in arrays.items():
        file, _, key = split_reference(reference)
        bundles.setdefault(root / file, {})[key or ""] = array
    for file, bundle in bundles.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, bundle)


def _of_files(dataset: Mapping[str, Any]) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    nodes = dataset["nodes"]
    rows = {node: ROWS if {"y", "table"} & keys.keys() else len(CLASSES) for node, keys in nodes.items()}
    pairs = [edge for edge in dataset.get("edges", ()) if edge.get("relation") == "described"]
    rows |= {edge[end]: ROWS for edge in pairs for end in ("source", "target")}
    arrays: dict[str, Array] = {}
    for node, keys in nodes.items():
        label = np.arange(rows[node]) % len(CLASSES)
        made = {
            "x": np.eye(len(CLASSES), 12)[label] * 3 + rng.normal(size=(rows[node], 12)),
            "y": np.array(CLASSES)[label] if keys.get("y", "").endswith(".txt") else label,
            "split": np.array(["train", "train", "val", "test"])[np.arange(rows[node]) // len(CLASSES) % 4],
            "name": np.array(CLASSES if rows[node] == len(CLASSES) else [f"{node} {k}" for k in range(rows[node])]),
        }
        arrays |= {reference: made[key] for key, reference in keys.items() if key in made}
        if table := keys.get("table"):
            made |= {"y": np.array(CLASSES)[label], "fold": np.arange(rows[node]) // len(CLASSES) % 5 + 1}
            made |= {"source": np.array([f"tape {k}" for k in range(rows[node])]), "length": rng.random(rows[node])}
            made |= {f"f{k}": column for k, column in enumerate(made.pop("x").T)}
            arrays |= {f"{table}:{name}": column for name, column in made.items()}
        if group := keys.get("random_split", {}).get("group"):
            arrays[group] = np.array([f"{k % 7}" for k in range(rows[node])])
    for edge in dataset.get("edges", ()):
        ends = [rng.integers(0, rows[edge[end]], 2 * ROWS) for end in ("source", "target")]
        ends = [np.arange(ROWS)] * 2 if edge in pairs else ends
        made = {"index": np.stack(ends), "weight": rng.random(2 * ROWS), "attr": rng.normal(size=(2 * ROWS, 3))}
        arrays |= {edge[key]: array for key, array in made.items() if key in edge}
        if table := edge.get("table"):
            named = [
                np.array([f"{edge[end]} {k}" for k in row]) for end, row in zip(("source", "target"), ends, strict=True)
            ]
            made = dict(zip(("source", "target"), named, strict=True)) | {
                "weight": made["weight"],
                "hour": ends[0] % 24,
            }
            made |= {f"d{k}": rng.normal(size=2 * ROWS) for k in range(2)}
            arrays |= {f"{table}:{name}": column for name, column in made.items()}
    return arrays


def _of_spaces(dataset: Mapping[str, Any]) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    arrays: dict[str, Array] = {}
    hidden = {node: rng.normal(size=(200, 6)) for held in dataset["spaces"].values() for node in held}
    turn = {space: rng.normal(size=(6, 16)) for space in dataset["spaces"]}
    for space, held in dataset["spaces"].items():
        arrays |= {reference: hidden[node] @ turn[space] for node, reference in held.items()}
    centres = rng.normal(size=(len(CLASSES), 6))
    for files in dataset.get("held_out", {}).values():
        label = np.arange(ROWS) % len(CLASSES)
        rows = centres[label] + 0.3 * rng.normal(size=(ROWS, 6))
        arrays |= {reference: rows @ turn[space] for space, reference in files["x"].items()}
        if "y" in files:
            arrays[files["y"]] = label
    if localisation := dataset.get("localisation"):
        corners = {"picture": np.arange(ROWS), "x0": np.zeros(ROWS), "y0": np.zeros(ROWS)}
        corners |= {"x1": rng.integers(1, 90, ROWS), "y1": rng.integers(1, 90, ROWS)}
        for key, rows in (("boxes", ROWS), ("truth", ROWS // 2)):
            arrays |= {f"{localisation[key]}:{name}": column[:rows] for name, column in corners.items()}
    return arrays


def _write(file: Path, bundle: dict[str, Array]) -> None:
    match file.suffix:
        case ".npy":
            np.save(file, bundle[""])
        case ".npz":
            np.savez(file, **bundle)
        case ".csv":
            columns: dict[str, Array] = {}
            for key, array in bundle.items():
                parts = array.reshape(len(array), -1).T
                columns |= dict(zip(key.split(","), parts, strict=False))
            rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
            file.write_text("\n".join(rows), encoding="utf-8")
        case ".txt":
            file.write_text("".join(f"{line}\n" for line in bundle[""]), encoding="utf-8")
        case ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            pq.write_table(pa.table({key: array.tolist() for key, array in bundle.items()}), file)
        case ".safetensors":
            from safetensors.numpy import save_file

            save_file(bundle, file)
        case suffix:
            raise ValueError(f"{file}: nothing makes {suffix} files")
