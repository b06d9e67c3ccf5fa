"""LIR: AV-SAL teacher, dependency graph of its classes, student with the latent interaction regulariser."""

from avgraph.methods.lir.encoder import LogitEncoder
from avgraph.methods.lir.task import LIRTask

__all__ = ["LIRTask", "LogitEncoder"]
