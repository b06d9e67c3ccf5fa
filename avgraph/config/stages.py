"""The stages of a composed experiment: other experiments' files, whose graphs are its data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from avgraph.config.experiment import Experiment
from avgraph.config.marked import Marked, locate
from avgraph.datasets.run.options import RunGraph
from avgraph.errors import DataError
from avgraph.io.run_places import finished_run, names_experiment
from avgraph.options.problems import Mistakes, Problem

Load = Callable[[str, tuple[str, ...]], Experiment]


def stage_problems(experiment: Experiment, tree: Marked, chain: tuple[str, ...], load: Load) -> Iterator[Problem]:
    """What is wrong with the runs and files that an experiment takes its data from, and with those of the files.

    Args:
        experiment: to look at.
        tree: what it was made of.
        chain: the files that led to it, its own last.
        load: a file's experiment, given the chain that leads to it.
    """
    dataset = experiment.dataset
    if not isinstance(dataset, RunGraph):
        return
    for stage, path in dataset.stages().items():
        option = ("dataset", *dataset.option_of(stage))
        try:
            if not names_experiment(path):
                finished_run(path)
            elif any(os.path.realpath(path) == os.path.realpath(other) for other in chain):
                names = " -> ".join(map(shown, (*chain, path)))
                yield Problem(locate(tree, option), option, f"the experiment is a stage of itself: {names}")
            elif not os.path.exists(path):
                yield Problem(locate(tree, option), option, f"{shown(path)}: no such file")
            else:
                load(path, chain)
        except DataError as error:
            yield Problem(locate(tree, option), option, str(error))
        except Mistakes as error:
            yield from error.problems


def shown(path: str) -> str:
    """A path as a user would type it here: relative, where that does not lead out of the working directory.

    Example:
        >>> shown(os.path.join(os.getcwd(), "stages", "a.yaml")), shown("/nowhere/a.yaml")
        ('stages/a.yaml', '/nowhere/a.yaml')
    """
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith("..") else relative
