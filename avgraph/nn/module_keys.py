"""Names of modules for edge types: PyTorch's have no dots."""

from __future__ import annotations

from collections.abc import Sequence


def module_key(kind: Sequence[str]) -> str:
    """Key of a `torch.nn.ModuleDict` for a node or edge type, whatever its names are.

    Example:
        >>> module_key(("audio", "near", "v1.5"))
        'audio__near__v1#5'
    """
    return "__".join(kind).replace(".", "#")
