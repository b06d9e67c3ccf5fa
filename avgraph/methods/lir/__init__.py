"""LIR: AV-SAL teacher, dependency graph of its classes, student with the latent interaction regulariser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.lir.network import LogitEncoder
    from avgraph.methods.lir.options import LirOptions
    from avgraph.methods.lir.task import LIRTask

__all__ = ["LIRTask", "LirOptions", "LogitEncoder"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "network": ["LogitEncoder"],
        "options": ["LirOptions"],
        "task": ["LIRTask"],
    },
)
