"""Contrastive spaces: InfoNCE, memories, projectors, unit rows."""
