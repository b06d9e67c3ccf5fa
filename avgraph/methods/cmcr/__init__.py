"""C-MCR: spaces of embeddings connected through the modalities they overlap in."""

from avgraph.methods.cmcr.heads import load_head
from avgraph.methods.cmcr.losses import Side, connection_loss
from avgraph.methods.cmcr.task import CMCRTask

__all__ = ["CMCRTask", "Side", "connection_loss", "load_head"]
