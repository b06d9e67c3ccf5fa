"""An experiment becomes a run: train, resume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import torch

from avgraph.config import Experiment, dump_experiment, experiment_from_dict, load_experiment
from avgraph.encoders.context import EncodeContext
from avgraph.errors import ConfigError
from avgraph.graph.provenance import Provenance
from avgraph.io.cache import cache_folder
from avgraph.io.files import remove_leftovers
from avgraph.io.files_read import files_read
from avgraph.io.graph_file import check_storable
from avgraph.runs import folder as folder
from avgraph.runs.distributed.devices import check_place
from avgraph.runs.distributed.everywhere import fit_everywhere, follow, started_together
from avgraph.runs.environment import check_same_data, environment
from avgraph.runs.finish import finish
from avgraph.runs.finished import Run, experiment_of, load_run
from avgraph.runs.kept_encoders import KeptEncoder, save_encoders
from avgraph.runs.loggers import Loggers
from avgraph.runs.pipeline import build_graph, build_task
from avgraph.runs.stages import with_stages
from avgraph.runs.training import pick_device
from avgraph.runtime.progress import counted, reporting
from avgraph.runtime.settings import run_settings

Overrides = Sequence[str] | Mapping[str, object]


def train(experiment: str | Path | Experiment, overrides: Overrides = (), *, quiet: bool = True) -> Run:
    """Train the experiment of a YAML file, or a built one, in a new run folder.

    Args:
        experiment: a path, or an `Experiment` (which takes no overrides).
        overrides: ``["train.epochs=5"]`` or ``{"train.epochs": 5}``.
        quiet: no progress on standard error.

    Raises:
        AvgraphError: for any mistake in the configuration or the data; the message is one line per mistake.
    """
    if isinstance(experiment, Experiment):
        if overrides:
            raise TypeError(
                "overrides go with a path; for a built one: experiment_from_dict(experiment.to_dict(), overrides)"
            )
    else:
        experiment = load_experiment(experiment, overrides, check_files=True)
    check_one_run(experiment)
    check_place(experiment.train)  # refuse a device that is not there before a folder is made
    with started_together(experiment.train) as leads:
        if not leads:
            return follow(experiment.train)
        with folder.new_run(experiment) as directory:
            return train_in(directory, experiment, quiet=quiet)


def check_one_run(experiment: Experiment) -> None:
    """Refuse an experiment with a sweep, which is not to be passed over.

    Raises:
        ConfigError: saying what to do.
    """
    if experiment.sweep is not None:
        message = "sweep: the experiment is a sweep, which avgraph sweep trains"
        raise ConfigError(f"{message}; --set sweep=null makes it one of the settings that it declares beside it")


def resume(path: str | Path, *, devices: int | None = None, nodes: int | None = None, quiet: bool = True) -> Run:
    """Continue a run that was stopped, and end with the numbers of an unbroken one; a finished run is loaded.

    Args:
        path: its folder.
        devices, nodes: train the rest on so many processes; as declared if not given.
        quiet: no progress on standard error.

    Raises:
        DataError: if ``path`` is not the folder of a run, or another process works in it.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP; the message says how the run continues.
    """
    directory = Path(path)
    experiment = on_processes(experiment_of(directory), devices, nodes)
    if (directory / folder.METRICS).is_file():
        return load_run(directory)
    check_place(experiment.train)
    with started_together(experiment.train) as leads:
        if not leads:
            return follow(experiment.train)
        with _at_work(directory, experiment, quiet=quiet):
            if not (directory / folder.METRICS).is_file():  # else another process has just finished it
                remove_leftovers(directory)
                return _train_in(directory, experiment, quiet=quiet)
    return load_run(directory)


def on_processes(experiment: Experiment, devices: int | None, nodes: int | None) -> Experiment:
    """The experiment on another number of processes, on which nothing depends but time and the last digits.

    Raises:
        ConfigError: if its method cannot be split so.
    """
    changed = {"train.devices": devices, "train.nodes": nodes}
    changed = {name: value for name, value in changed.items() if value is not None}
    return experiment_from_dict(experiment.to_dict(), changed) if changed else experiment


def train_in(directory: Path, experiment: Experiment, *, quiet: bool = True) -> Run:
    """All steps of a run in a folder that has its ``config.yaml``, starting from what is there already.

    Raises:
        DataError: if another process works in it.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP; the message says how the run continues.
    """
    with _at_work(directory, experiment, quiet=quiet):
        return _train_in(directory, experiment, quiet=quiet)


def run_in(directory: Path, experiment: Experiment, *, quiet: bool = True) -> Run:
    """Continue the run of a folder, or begin it there; a finished one is loaded.

    Raises:
        DataError: if another process works in it.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP; the message says how the run continues.
    """
    if (directory / folder.CONFIG).is_file():
        return resume(directory, quiet=quiet)
    directory.mkdir(exist_ok=True)
    folder.write_text(directory / folder.CONFIG, dump_experiment(experiment))
    return train_in(directory, experiment, quiet=quiet)


@contextmanager
def _at_work(directory: Path, experiment: Experiment, *, quiet: bool) -> Iterator[None]:
    """What surrounds the steps of a run."""
    with folder.at_work(directory), reporting(not quiet), run_settings(experiment.train.threads):
        yield


def _train_in(directory: Path, experiment: Experiment, *, quiet: bool) -> Run:
    options, loggers = experiment.train, Loggers(experiment, directory)
    loggers.check()
    device = pick_device(options.device)
    experiment = with_stages(experiment, directory, train=train, resume=resume, quiet=quiet)
    torch.manual_seed(experiment.seed)
    task = build_task(experiment)
    context = EncodeContext(seed=experiment.seed, device=device, cache=cache_folder("encoders"), quiet=quiet)
    with files_read() as read, counted(None, f"{experiment.name}: building the graph"):
        kept: dict[str, KeptEncoder] = {}
        graph = build_graph(experiment, task, context, kept)
        check_storable(graph)
        torch.manual_seed(experiment.seed)  # the weights must not depend on whether the encoders came from the cache
        task.bind(graph, options, experiment.seed)  # reads the heads that it starts from
        provenance = Provenance.of(graph).with_files(read.checksums())
    check_same_data(directory, provenance)
    known = environment(experiment.seed, device, provenance, read.all_checksums(), options.processes)
    folder.write_json(directory / folder.ENVIRONMENT, known)
    save_encoders(kept, directory)
    with closing(loggers):
        selected = fit_everywhere(task, graph, experiment, directory, device=device, quiet=quiet, loggers=loggers)
        with counted(None, f"{experiment.name}: metrics, graph and figures"):
            task.to(device).eval()
            return finish(directory, experiment, task, provenance, selected, loggers)
