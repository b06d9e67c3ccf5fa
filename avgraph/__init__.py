"""Declarative graph neural networks across audio, images and text, on PyTorch Geometric.

Everything public is imported on first use, so that ``import avgraph`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports
from avgraph.version import __version__

if TYPE_CHECKING:
    from avgraph.config import Experiment, load_experiment
    from avgraph.dag import DAG, grasp
    from avgraph.runs.compare import Comparison, compare_runs
    from avgraph.runs.elsewhere import evaluate_on
    from avgraph.runs.finished import Run, evaluate, load_run
    from avgraph.runs.folds import FoldRuns, resume_folds, train_folds, train_seeds
    from avgraph.runs.listing import ListedRun, list_runs
    from avgraph.runs.run import resume, train
    from avgraph.runs.sweep.results import Sweep
    from avgraph.runs.sweep.run import resume_sweep, train_sweep
    from avgraph.tools.discover import Discovery, discover_table
    from avgraph.tools.explain import explain

__all__ = [
    "DAG",
    "Comparison",
    "Discovery",
    "Experiment",
    "FoldRuns",
    "ListedRun",
    "Run",
    "Sweep",
    "__version__",
    "compare_runs",
    "discover_table",
    "evaluate",
    "evaluate_on",
    "explain",
    "grasp",
    "list_runs",
    "load_experiment",
    "load_run",
    "resume",
    "resume_folds",
    "resume_sweep",
    "train",
    "train_folds",
    "train_seeds",
    "train_sweep",
]


__getattr__, __dir__ = exports(
    __name__,
    {
        "config": ["Experiment", "load_experiment"],
        "dag": ["DAG", "grasp"],
        "runs.elsewhere": ["evaluate_on"],
        "runs.compare": ["Comparison", "compare_runs"],
        "runs.finished": ["Run", "evaluate", "load_run"],
        "runs.folds": ["FoldRuns", "resume_folds", "train_folds", "train_seeds"],
        "runs.listing": ["ListedRun", "list_runs"],
        "runs.run": ["resume", "train"],
        "runs.sweep.results": ["Sweep"],
        "runs.sweep.run": ["resume_sweep", "train_sweep"],
        "tools.discover": ["Discovery", "discover_table"],
        "tools.explain": ["explain"],
    },
)
