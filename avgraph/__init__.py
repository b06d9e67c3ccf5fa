"""Declarative graph neural networks across audio, images and text, on PyTorch Geometric.

Everything public is imported on first use, so that ``import avgraph`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from avgraph.version import __version__

if TYPE_CHECKING:
    from avgraph.config import Experiment, load_experiment
    from avgraph.dag import DAG, grasp
    from avgraph.runs.folds import FoldRuns, resume_folds, train_folds
    from avgraph.runs.run import Run, evaluate, load_run, resume, train
    from avgraph.tools.discover import Discovery, discover_table

_HOME = {
    "Experiment": "avgraph.config",
    "load_experiment": "avgraph.config",
    "DAG": "avgraph.dag",
    "grasp": "avgraph.dag",
    "Discovery": "avgraph.tools.discover",
    "discover_table": "avgraph.tools.discover",
    "FoldRuns": "avgraph.runs.folds",
    "resume_folds": "avgraph.runs.folds",
    "train_folds": "avgraph.runs.folds",
    "Run": "avgraph.runs.run",
    "evaluate": "avgraph.runs.run",
    "load_run": "avgraph.runs.run",
    "resume": "avgraph.runs.run",
    "train": "avgraph.runs.run",
}

__all__ = [
    "DAG",
    "Discovery",
    "Experiment",
    "FoldRuns",
    "Run",
    "__version__",
    "discover_table",
    "evaluate",
    "grasp",
    "load_experiment",
    "load_run",
    "resume",
    "resume_folds",
    "train",
    "train_folds",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'avgraph' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
