"""Downloads and caches need the surroundings of the data sets: a fresh cache, no network."""

from tests.datasets.conftest import own_cache

__all__ = ["own_cache"]
