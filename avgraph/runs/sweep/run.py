"""A sweep from its first run to its table, and on from wherever it was stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avgraph.config import Experiment, load_experiment
from avgraph.errors import ConfigError
from avgraph.io.files import remove_leftovers
from avgraph.options.sweep import SweepOptions
from avgraph.runs import folder as folder
from avgraph.runs.distributed.devices import check_place
from avgraph.runs.parallel import resume_all
from avgraph.runs.pipeline import HOLD_OUT, has_validation
from avgraph.runs.run import Overrides
from avgraph.runs.sweep.plan import Plan, new_plan, planned_grid, read_plan, with_sweep, write_plan
from avgraph.runs.sweep.results import Sweep, finish
from avgraph.runs.sweep.search import try_grid, try_optuna
from avgraph.runtime.progress import counted


def train_sweep(
    experiment: str | Path,
    overrides: Overrides = (),
    *,
    options: Mapping[str, Any] | None = None,
    quiet: bool = True,
    **sweep: Any,
) -> Sweep:
    """Train an experiment with every setting of its ``sweep``, and choose the best on validation rows.

    Args:
        experiment: a path.
        overrides: as for `avgraph.train`.
        options: further options to try, by dotted name → values: ``{"method.hidden_channels": [8, 16]}``.
        quiet: no progress on standard error.
        **sweep: what takes the place of the experiment's ``sweep``, by name: ``seeds=5``, ``workers=2``.

    Raises:
        ConfigError: if there is nothing to try or to choose by, or a setting does not go with the other options.
        DataError: if the data have no validation rows, or a run fails.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP; the message says how the sweep continues.
    """
    declared = load_experiment(experiment, overrides, check_files=True)
    written = (declared.sweep or SweepOptions()).model_dump()
    written["options"] = {**written["options"], **(options or {})}
    declared = with_sweep(declared, {**written, **sweep})
    check_place(declared.train)  # refuse a device that is not there before a folder is made
    with folder.new_run(declared) as directory, folder.at_work(directory):
        plan = new_plan(directory, declared, experiment, overrides)
        settings = planned_grid(plan)
        for number, setting in enumerate(settings):
            plan.prepare(number, setting)
        check_validation(declared, plan.metric)
        write_plan(plan)
        return _run(plan, quiet=quiet)


def resume_sweep(path: str | Path, *, quiet: bool = True) -> Sweep:
    """Go on with a sweep: runs that are done stay as they are, others are brought to their end.

    Raises:
        DataError: if ``path`` is not the folder of a sweep, another process works in it, or a run fails.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP; the message says how the sweep continues.
    """
    directory = Path(path)
    plan = read_plan(directory)
    with folder.at_work(directory):
        remove_leftovers(directory, below=False)
        return _run(plan, quiet=quiet)


def _run(plan: Plan, *, quiet: bool) -> Sweep:
    options = plan.options
    total = plan.count * len(plan.runs(0))
    with counted(total, f"{plan.declared.name}: {total} runs of {plan.count} settings", quiet=quiet) as advance:

        def work(places: Sequence[Path]) -> None:
            waiting = [place for place in places if not (place / folder.METRICS).is_file()]
            advance(len(places) - len(waiting))
            for _ in resume_all(waiting, workers=options.workers):
                advance()

        trials = try_grid(plan, work) if options.search == "grid" else try_optuna(plan, work)
    return finish(plan, trials)


def check_validation(declared: Experiment, metric: str) -> None:
    """Refuse data without validation rows before anything is trained on them.

    Raises:
        ConfigError: saying what to do.
    """
    if not has_validation(declared.dataset.load()):
        told = f"the data set '{declared.dataset.type}' has no validation rows to choose by, as {metric}"
        raise ConfigError(f"sweep: {told}; {HOLD_OUT}; a sweep never chooses by test rows")
