"""A run, runs or a graph as one HTML page that asks for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.report.page import write_report

__all__ = ["write_report"]

__getattr__, __dir__ = exports(__name__, {"page": ["write_report"]})
