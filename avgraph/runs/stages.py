"""The stages of a composed run: finished runs whose graphs are its data, found again or trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avgraph.config import Experiment, dump_experiment, load_experiment
from avgraph.config.stages import shown
from avgraph.datasets.base import Dataset
from avgraph.datasets.run.options import RunGraph
from avgraph.errors import AvgraphError, DataError
from avgraph.io.files_read import FilesRead
from avgraph.io.run_places import finished_run, is_finished, names_experiment, newest_first
from avgraph.runs import folder as folder
from avgraph.runs.environment import READ
from avgraph.runs.finished import Run
from avgraph.runtime.progress import tell

Work = Callable[..., Run]


def with_stages(experiment: Experiment, directory: Path, *, train: Work, resume: Work, quiet: bool) -> Experiment:
    """The experiment with a finished run in place of every file that its data set names.

    Args:
        experiment: of the run.
        directory: its folder, whose ``stages.json`` keeps which runs these are.
        train, resume: what makes a run of an experiment, and goes on with one that was stopped.
        quiet: no progress on standard error.

    Raises:
        AvgraphError: of a stage, which the message names; or if a stage is another one than what the run has learned
            from so far.
    """
    if not isinstance(experiment.dataset, RunGraph):
        return experiment
    before = read_stages(directory)
    learned = (directory / folder.CHECKPOINT).is_file()
    found = _Stages(train, resume, quiet).of(experiment, before, pinned=learned)
    if learned and (changed := [stage for stage in found if found[stage] != before.get(stage)]):
        told = f"{_named(experiment.dataset, changed[0])} is not the run that it has learned from so far"
        raise DataError(f"{directory}: {told} ({before.get(changed[0])}); train a new run")
    folder.write_json(directory / folder.STAGES, found)
    return experiment.model_copy(update={"dataset": _in_place(experiment.dataset, found)})


def with_finished_stages(experiment: Experiment, *, train: Work, resume: Work) -> Experiment:
    """The same of an experiment that is no run of its own.

    Raises:
        AvgraphError: of a stage, which the message names.
    """
    if not isinstance(experiment.dataset, RunGraph):
        return experiment
    found = _Stages(train, resume, quiet=True).of(experiment, {})
    return experiment.model_copy(update={"dataset": _in_place(experiment.dataset, found)})


def _in_place(dataset: RunGraph, found: Mapping[str, str]) -> RunGraph:
    """The data set with these folders."""
    return dataset.model_copy(update={"run": found[""] if "" in found else dict(found)})


def read_stages(directory: Path) -> dict[str, str]:
    """Stage → the folder of its run, as a composed run has kept it; empty where it has not.

    Raises:
        DataError: if the file is damaged.
    """
    path = directory / folder.STAGES
    if not path.exists():
        return {}
    found = folder.read_json(path)
    if not all(isinstance(place, str) for place in found.values()):
        raise DataError(f"{path}: expected the folder of a run for every stage")
    return found


@dataclass(frozen=True)
class _Stages:
    """Finds or makes the runs of stages; ``files`` keeps checksums, which several runs are compared by."""

    train: Work
    resume: Work
    quiet: bool
    files: FilesRead = field(default_factory=FilesRead)

    def of(self, experiment: Experiment, before: Mapping[str, str], *, pinned: bool = False) -> dict[str, str]:
        """Stage → folder of its finished run, trained where there is none; ``pinned``: nothing may be trained."""
        dataset = experiment.dataset
        found = {}
        for stage, path in stages_of(dataset).items():
            told = f"stage {_named(dataset, stage)}"
            with _naming(told):
                found[stage] = str(self._run_of(told, path, experiment, before.get(stage), pinned=pinned))
        return found

    def _run_of(self, told: str, path: str, experiment: Experiment, before: str | None, *, pinned: bool) -> Path:
        if not names_experiment(path):
            return _of_folder(Path(path), before)
        stage = stage_experiment(path, experiment)
        inner = self.of(stage, {}, pinned=pinned)
        places = [Path(before)] if before else []
        places += newest_first((Path(stage.output) / stage.name).absolute())
        places.sort(key=lambda place: not is_finished(place))  # finished ones first
        same = next((place for place in places if is_of(place, stage, inner, self.files)), None)
        if same is not None and is_finished(same):
            tell(f"{told}: {shown(str(same))}, trained already")
            return same
        if pinned:
            raise DataError("its configuration or its data have changed since; train a new run")
        if same is not None:
            tell(f"{told}: {shown(str(same))} continues")
            return self.resume(same, quiet=self.quiet).directory
        tell(f"{told}: {stage.name} is trained")
        done = self.train(stage, quiet=self.quiet)
        tell(f"{told}: done, {done.directory}{_stand_in(done.metrics)}")
        return done.directory.absolute()


def _stand_in(metrics: Mapping[str, Any]) -> str:
    return " (on a SYNTHETIC stand-in)" if metrics["data"].get("source") == "synthetic" else ""


def _of_folder(path: Path, before: str | None) -> Path:
    """The run that a folder names: that of before, where it is one of those that it may stand for."""
    if before is not None and Path(before).parent == path and is_finished(Path(before)):
        return Path(before)
    return finished_run(path)


def stages_of(dataset: Any) -> dict[str, str]:
    """Stage → path, of any data set."""
    return dataset.stages() if isinstance(dataset, RunGraph) else {}


def stage_experiment(path: str, composed: Experiment) -> Experiment:
    """The experiment of a stage; its runs are beside those of the composed one, unless it says where.

    Raises:
        ConfigError: as `avgraph.load_experiment`.
    """
    stage = load_experiment(path, check_files=True)
    if "output" in stage.model_fields_set:
        return stage
    return stage.model_copy(update={"output": composed.output})


def is_of(place: Path, experiment: Experiment, inner: Mapping[str, str], files: FilesRead) -> bool:
    """Whether a folder holds a run of this very experiment on data that are still what they were.

    Args:
        place: the folder.
        experiment: resolved.
        inner: the runs of its own stages.
        files: computes a checksum once.
    """
    try:
        if (place / folder.CONFIG).read_text(encoding="utf-8") != dump_experiment(experiment):
            return False
        if not (place / folder.ENVIRONMENT).is_file():
            return not is_finished(place)  # nothing was read so far
        known = folder.read_json(place / folder.ENVIRONMENT)
        stages = read_stages(place)
    except (OSError, ValueError):  # a damaged one is none
        return False
    read = known.get(READ)
    if not isinstance(read, dict) or stages != inner:
        return False
    return _read_from_here(experiment.dataset, read) and all(
        Path(path).is_file() and files.checksum(path) == checksum for path, checksum in read.items()
    )


def _read_from_here(dataset: Any, read: Mapping[str, str]) -> bool:
    """Whether a run has read the data that are found now, all of them, not a stand-in, nor those of another place."""
    if not isinstance(dataset, Dataset):
        return True
    if any(str(path.absolute()) not in read for path in dataset.listed()):
        return False
    now = dataset.describe(getattr(dataset, "root", None))
    if now.source != "real" or now.folder is None:
        return True
    return any(Path(path).is_relative_to(now.folder.absolute()) for path in read)


def _named(dataset: Any, stage: str) -> str:
    """A stage in messages: its name and its path."""
    path = shown(stages_of(dataset)[stage])
    return f"'{stage}' ({path})" if stage else path


@contextmanager
def _naming(stage: str) -> Iterator[None]:
    """Have errors within the block name the stage."""
    try:
        yield
    except AvgraphError as error:
        error.args = (f"{stage}: {error}", *error.args[1:])
        raise
