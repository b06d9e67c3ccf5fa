"""Finished runs as data sets."""
