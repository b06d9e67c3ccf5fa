"""The command line: parse, call, print. No torch is imported before a command needs it."""

from __future__ import annotations

from avgraph.cli import compare, data, explain, new_data, runs, sweep, tables, training
from avgraph.cli.group import main

__all__ = ["compare", "data", "explain", "main", "new_data", "runs", "sweep", "tables", "training"]
