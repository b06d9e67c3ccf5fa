"""Train a bound task on as many processes as are declared; the one that calls has the result."""

from __future__ import annotations

import logging
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.errors import DataError
from avgraph.io.graph_file import save_graph
from avgraph.methods.task import Task
from avgraph.options.train import TrainOptions
from avgraph.runs.checkpoints import load_checkpoint
from avgraph.runs.distributed.devices import device_of
from avgraph.runs.distributed.group import is_joined, joined_group
from avgraph.runs.distributed.launch import launch
from avgraph.runs.distributed.launched import launched
from avgraph.runs.distributed.share import HANDED, train_share
from avgraph.runs.finished import Run, experiment_of, load_run
from avgraph.runs.folder import CHECKPOINT
from avgraph.runs.loggers import Loggers
from avgraph.runs.selection import Selected
from avgraph.runs.training import fit, take_best
from avgraph.runtime.ranks import text_of_first, together
from avgraph.runtime.settings import run_settings


def fit_everywhere(
    task: Task,
    graph: HeteroData,
    experiment: Experiment,
    directory: Path,
    *,
    device: str,
    quiet: bool,
    loggers: Loggers,
) -> Selected | None:
    """As `avgraph.runs.training.fit`, alone or with others; afterwards the task has the weights that the run ends with.

    Other processes are handed the graph in a file of the run's folder, which is there for the time of the training.

    Args:
        task: bound to ``graph``.
        graph: as the transforms have left it.
        experiment: what is declared.
        directory: of the run.
        device: of this process alone.
        quiet: no progress.
        loggers: where the numbers of every epoch go, if this process trains.

    Returns:
        The epoch that was chosen; None where the weights are those of the last one.
    """
    options = experiment.train
    (directory / HANDED).unlink(missing_ok=True)  # of a process that was killed
    if not options.distributed:
        fit(task, experiment, directory, device=device, quiet=quiet, loggers=loggers)
        return take_best(task, experiment, directory)
    member = launched(options)
    if member is not None and not is_joined():
        told = "runs over folds, seeds and sweeps start their processes themselves"
        raise DataError(f"train.devices: {told}; leave the launcher out, or train one run")
    save_graph(graph, directory / HANDED)
    try:
        if member is not None:
            _tell(str(directory))
            train_share(directory, options, member.local_rank, quiet=quiet)
        elif options.processes == 1:
            with (
                tempfile.TemporaryDirectory(prefix="avgraph-") as folder,
                joined_group(0, 1, meet=f"file://{folder}/meet", device=device),
            ):
                train_share(directory, options, 0, quiet=quiet)
        else:
            launch(directory, options.devices, quiet=quiet)
    finally:
        (directory / HANDED).unlink(missing_ok=True)
    if options.precision == "64-true":
        task.double()
    task.load_state_dict(load_checkpoint(directory / CHECKPOINT)["state_dict"])
    return take_best(task, experiment, directory)


@contextmanager
def started_together(options: TrainOptions) -> Iterator[bool]:
    """Join the processes that torchrun or SLURM has started; says whether this one is to lead the run.

    Alone, or on the way of another run, it leads. What has to be done once is done by the first, for which the others
    wait in `follow`.
    """
    member = launched(options)
    if member is None or is_joined():
        yield True
        return
    with joined_group(member.rank, member.world, meet="env://", device=device_of(options, member.local_rank)):
        yield member.rank == 0
        if member.rank == 0:
            _tell("")  # nothing more to train


def follow(options: TrainOptions) -> Run:
    """Train the share of this process of whatever the first one begins; the last run, once that has finished it.

    Raises:
        DataError: if the first process ends without a word.
    """
    member = launched(options)
    assert member is not None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it may wait in a library, which hears no handler of Python's
    logging.disable(logging.WARNING)
    directory = None
    try:
        while told := _hear():
            directory = Path(told)
            with run_settings(experiment_of(directory).train.threads):
                train_share(directory, options, member.local_rank, quiet=True)
    except RuntimeError:  # gloo's, when a connection ends
        raise DataError(f"rank {member.rank}: another rank has ended") from None
    if directory is None:
        raise DataError(f"rank {member.rank}: the first rank had nothing to train")
    return load_run(directory)


def _tell(text: str) -> None:
    with together():
        text_of_first(text)


def _hear() -> str:
    with together():
        return text_of_first("")
