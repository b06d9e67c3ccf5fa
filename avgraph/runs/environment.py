"""What the numbers of a run depend on besides its configuration, and whether a run that goes on still has it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from avgraph.errors import DataError, one_line, shortened
from avgraph.graph.provenance import Provenance
from avgraph.runs.folder import CHECKPOINT, ENVIRONMENT, read_json

READ = "read"
_PACKAGES = ("avgraph", "torch", "torch-geometric", "pytorch-lightning", "numpy", "networkx")


def check_same_data(directory: Path, provenance: Provenance) -> None:
    """Refuse to go on with other data than those a run has learned from; where its files lie does not matter.

    Raises:
        DataError: naming a file whose content is another than when the run began, or that is not read any more.
    """
    if not (directory / CHECKPOINT).is_file() or not (directory / ENVIRONMENT).is_file():
        return
    files, found = provenance.files or {}, provenance.source
    data = read_json(directory / ENVIRONMENT).get("data", {})
    known = data.get("files", {}) if isinstance(data, dict) else None
    if not isinstance(known, dict):
        raise DataError(f"{directory / ENVIRONMENT}: not what a run writes: expected checksums under data.files")
    for name, checksum in known.items():
        shown = one_line(shortened(name, 200))
        if name not in files and checksum not in files.values():
            raise DataError(
                f"{directory}: {shown}, which the run has learned from so far, is not read; train a new run"
            )
        if files.get(name, checksum) != checksum:
            raise DataError(f"{directory}: {shown} is not what the run has learned from so far; train a new run")
    if (source := data.get("source", found)) != found:
        learned = one_line(shortened(str(source)))
        raise DataError(f"{directory}: the run has learned from {learned} data so far, not {found}; train a new run")


def environment(
    seed: int, device: str, provenance: Provenance, read: Mapping[str, str], processes: int = 1
) -> dict[str, Any]:
    """What a number depends on besides the configuration: versions, machine, device, data checksums, seed.

    Args:
        seed: of the run.
        device: it works on.
        provenance: of its graph.
        read: absolute path → SHA-256 of every file that was read for it.
        processes: that train together.
    """
    import torch

    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu",
        "threads": torch.get_num_threads(),
        "processes": processes,
        "seed": seed,
        "data": provenance.as_dict(),
        READ: dict(read),
    }
