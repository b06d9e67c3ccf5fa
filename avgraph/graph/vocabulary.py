"""What every part calls the same: edge types and the three splits. No torch."""

from __future__ import annotations

from collections.abc import Sequence

EdgeType = tuple[str, str, str]
"""Source node type, relation, target node type."""

SPLITS = ("train", "val", "test")
"""Parts of the data; ``<split>_mask`` of a node type holds each."""


def show_edge(edge: Sequence[str]) -> str:
    """An edge type as a message writes it.

    Example:
        >>> show_edge(("audio", "near", "audio"))
        '(audio, near, audio)'
    """
    return f"({', '.join(map(str, edge))})"
