"""What a tool made its graph of, and how: on the graph itself, so that every file it is exported to says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avgraph.version import __version__


@dataclass(frozen=True)
class MadeOf:
    """Settings and inputs of a graph.

    Attributes:
        settings: every option, with the value it had.
        inputs: SHA-256 of each input file, by the name it was given.
        version: of this package.
    """

    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    version: str = __version__

    def write_to(self, data: Any) -> None:
        """Set the graph-level attributes ``settings``, ``inputs`` and ``avgraph_version`` of a `HeteroData`."""
        data.settings, data.inputs, data.avgraph_version = dict(self.settings), dict(self.inputs), self.version
