"""Clips composed from cut-outs, sounds and backgrounds: what is drawn at random, how it is painted, and the graph."""
