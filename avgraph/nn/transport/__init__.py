"""Optimal transport: ground costs, couplings on complete and on given edges, their gradients."""
