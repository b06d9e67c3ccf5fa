"""Tensors from a file of torch's: no class is unpickled, and nothing claims more than the file holds."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from avgraph.io.reading import check_expansion
from avgraph.io.zip_archive import checked_members

MAPPED_FROM = 1 << 28
"""Bytes of a file from which on its tensors are mapped, not loaded: a run's ``graph.pt`` may hold a large memory."""

_MOST_RECORDS = 1_000_000  # a storage is a member
_DEEPEST = 100


def load_tensors(path: Path) -> Any:
    """What `torch.save` wrote, on the CPU. To be called within `avgraph.io.reading.reading`.

    Raises:
        DataError: if it claims far more than its bytes; torch's errors for a damaged file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     torch.save({"x": torch.ones(2)}, f"{folder}/a.pt")
        ...     load_tensors(Path(folder, "a.pt"))
        {'x': tensor([1., 1.])}
    """
    size, is_archive = path.stat().st_size, zipfile.is_zipfile(path)
    if is_archive:
        with zipfile.ZipFile(path) as archive:
            checked_members(archive, size, most=_MOST_RECORDS)
    # A large one stays on disk, copy-on-write; what replaces the file later has another inode, and does not show here.
    content = torch.load(path, weights_only=True, map_location="cpu", mmap=is_archive and size >= MAPPED_FROM)
    # A tensor of stride 0 has any shape on one number; what works on it later would make it real.
    check_expansion("its tensors", size, sum(value.numel() * value.element_size() for value in _tensors(content)))
    return content


def _tensors(content: Any, depth: int = 0) -> Iterator[Tensor]:
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(content, Tensor):
        if content.layout == torch.strided:
            yield content
    elif isinstance(content, dict | list | tuple):
        for value in content.values() if isinstance(content, dict) else content:
            yield from _tensors(value, depth + 1)
