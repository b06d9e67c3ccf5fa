"""Runs side by side, each in a process of its own by joblib: on this machine, or wherever joblib is told to work."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import joblib

from avgraph.errors import AvgraphError
from avgraph.runs import folder as folder
from avgraph.runs.run import resume
from avgraph.runtime.lock import locked

_LOOK = 0.5  # seconds between two looks whether the process that gave the work is still there


def resume_all(places: Sequence[Path], *, workers: int = 1) -> Iterator[Path]:
    """Bring the runs of some folders to their end, and tell each when it is there, in whatever order.

    One worker is this process. More are processes of joblib's loky; within ``joblib.parallel_config(backend=…)`` one
    worker leaves the choice to that backend (Dask, Ray), whose machines must see the folders under the same names.

    Raises:
        AvgraphError: of the first run that fails; those that are under way are stopped, and can be resumed.
    """
    parallel = joblib.Parallel(n_jobs=None if workers == 1 else workers, return_as="generator_unordered", batch_size=1)
    yield from parallel(joblib.delayed(_finished)(place, os.getpid()) for place in places)


def _finished(place: Path, parent: int) -> Path:
    """Resume one run, once no process that was left over works in it."""
    if os.getppid() == parent:
        end_with(parent)
    with locked(place / folder.LOCK, f"{place}: in use", wait=True):
        pass
    try:
        resume(place)
    except AvgraphError as error:
        error.args = (f"{place}: {error}", *error.args[1:])
        raise
    return place


def end_with(parent: int) -> None:
    """End this process when its parent has been killed: nobody would wait for what it does."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    if not any(thread.name == "parent" for thread in threading.enumerate()):
        threading.Thread(target=watch, name="parent", daemon=True).start()
