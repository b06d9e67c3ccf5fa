"""Start the processes of a run on this machine, watch them, and leave none behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avgraph.errors import ConfigError, DataError, GraphError, Interrupted
from avgraph.io.files import remove_leftovers
from avgraph.runtime.interrupt import raise_again

_LOOK = 0.05  # seconds between two looks at the processes
_GRACE = 2.0  # seconds in which another one may be seen to have ended before the first that was noticed
_ERRORS: Mapping[str, type[Exception]] = {error.__name__: error for error in (ConfigError, DataError, GraphError)}


def launch(directory: Path, processes: int, *, quiet: bool) -> None:
    """Train the run of a folder, whose graph has been handed over, on so many new processes.

    They meet over a file, so that no port is chosen. They are of a session of their own: Ctrl-C reaches this process,
    which ends them; where it is killed, they end by themselves.

    Raises:
        AvgraphError: of a rank.
        Interrupted: if a rank was killed, or this process was asked to stop.
    """
    with tempfile.TemporaryDirectory(prefix="avgraph-") as folder:
        ranks: list[subprocess.Popen[bytes]] = []
        try:
            for rank in range(processes):
                ranks.append(_start(directory, rank, processes, Path(folder), quiet=quiet))
            while not _all_ended(ranks) and not any(each.poll() for each in ranks):
                raise_again()
                time.sleep(_LOOK)
            if any(each.poll() for each in ranks):
                deadline = time.monotonic() + _GRACE
                while not _is_killed(ranks) and not _all_ended(ranks) and time.monotonic() < deadline:
                    time.sleep(_LOOK)
                codes = [each.poll() for each in ranks]
                raise _cause(codes, [_told(Path(folder), rank) for rank in range(processes)])
        finally:
            for each in ranks:
                each.kill()
            for each in ranks:
                each.wait()
            remove_leftovers(directory)  # what the first of them was writing


def _all_ended(ranks: Sequence[subprocess.Popen[bytes]]) -> bool:
    return all(each.poll() is not None for each in ranks)


def _is_killed(ranks: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any((each.poll() or 0) < 0 for each in ranks)


def _start(directory: Path, rank: int, world: int, folder: Path, *, quiet: bool) -> subprocess.Popen[bytes]:
    paths = [os.path.abspath(path) for path in sys.path]
    own = {"PYTHONPATH": os.pathsep.join(paths), "TORCH_CPP_LOG_LEVEL": "ERROR"}
    arguments = [directory, rank, world, f"file://{folder}/meet", os.getpid(), folder / f"{rank}.json"]
    command = [sys.executable, "-m", "avgraph.runs.distributed", *map(str, arguments), "quiet" if quiet else "loud"]
    with (folder / f"{rank}.out").open("wb") as other:
        return subprocess.Popen(
            command,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=other,
            stderr=None if rank == 0 else other,  # the first shows how far the training is
            start_new_session=True,
        )


def _told(folder: Path, rank: int) -> dict[str, Any]:
    """What a rank has said of its end; nothing if it had no time to."""
    try:
        told: dict[str, Any] = json.loads((folder / f"{rank}.json").read_text())
    except (OSError, ValueError):
        return {}
    return told


def _cause(codes: Sequence[int | None], told: Sequence[Mapping[str, Any]]) -> BaseException:
    """Why ranks have ended: one that was killed comes before what others make of it, a mistake of the user's too."""
    for rank, code in enumerate(codes):
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
            return Interrupted(f"rank {rank} of {len(codes)} was ended by {name}", -code)
    known = [each for each in told if each.get("kind") in _ERRORS]
    if known:
        return _ERRORS[known[0]["kind"]](known[0]["message"])
    systems = [each for each in told if each.get("kind")]
    if systems:
        return DataError(systems[0]["message"])
    rank = next(rank for rank, code in enumerate(codes) if code)
    trace = told[rank].get("trace", f"rank {rank} ended with exit code {codes[rank]} and said nothing")
    return RuntimeError(f"rank {rank} of {len(codes)} failed:\n{trace}")
