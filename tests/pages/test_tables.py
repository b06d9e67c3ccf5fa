"""A table that quotes an example is made with that example's settings."""

from __future__ import annotations

import pytest

from avgraph.config import load_experiment
from benchmarks.lir import EXAMPLES, declared, of_length

# What no number depends on: graphs of further epochs, how often a checkpoint is written, where it runs, on which data.
FREE = {("method", "snapshot_epochs"), ("train", "checkpoint_every"), ("train", "device"), ("dataset", "on_missing")}


@pytest.mark.parametrize("sets", EXAMPLES)
def test_row_of_lir_is_the_example(sets: str) -> None:
    example, row = load_experiment(EXAMPLES[sets]), declared(sets, 0, {}, of_length(50, 1e-3))
    for part, options in example.to_dict().items():
        if isinstance(options, dict) and part != "encoders":
            other = row.to_dict()[part]
            changed = {key for key in options if options[key] != other[key]}
            assert {(part, key) for key in changed} <= FREE
        else:
            assert options == row.to_dict()[part]
