"""C-MCR: spaces of embeddings connected through the modalities they overlap in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.cmcr.heads import load_head
    from avgraph.methods.cmcr.objective import Side, connection_loss
    from avgraph.methods.cmcr.options import CmcrOptions
    from avgraph.methods.cmcr.task import CMCRTask

__all__ = ["CMCRTask", "CmcrOptions", "Side", "connection_loss", "load_head"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "heads": ["load_head"],
        "objective": ["Side", "connection_loss"],
        "options": ["CmcrOptions"],
        "task": ["CMCRTask"],
    },
)
