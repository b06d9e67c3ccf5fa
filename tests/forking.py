"""Real processes that begin where the package is imported already: what a test starts costs no seconds of imports."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_OWN = {
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow has one from its import on
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "1",
}


def compiled_faults(folder: Path) -> Path | None:
    """faults.c as a library in ``folder``; None where there is no Linux or no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    library, source = folder / "faults.so", Path(__file__).with_name("faults.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"], check=True)
    return library


@dataclass
class Child:
    """A process of its own."""

    server: ForkServer
    pid: int
    out: Path
    err: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Exit code if it has ended; minus the signal where one has killed it."""
        if self.code is None:
            self.code = self.server.ask({"poll": self.pid})["code"]
        return self.code

    def wait(self, seconds: float = 120) -> int:
        """Exit code; killed when it takes too long."""
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"still running after {seconds} s: {self.error}")
            time.sleep(0.01)
        assert self.code is not None
        return self.code

    def kill(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    @property
    def output(self) -> str:
        """What it has written to standard output so far."""
        return self.out.read_text()

    @property
    def error(self) -> str:
        """What it has written to standard error so far."""
        return self.err.read_text() if self.err.exists() else ""  # it may not have begun

    def until(self, true: Any, seconds: float = 60) -> None:
        """Wait until ``true()``, while it runs."""
        deadline = time.monotonic() + seconds
        while not true():
            assert self.poll() is None, f"ended with {self.code}: {self.error}"
            assert time.monotonic() < deadline, self.error
            time.sleep(0.01)


class ForkServer:
    """A process that has imported the package and forks for every `start`; it has no threads of its own."""

    def __init__(self, folder: Path, preload: Path | None = None) -> None:
        self.folder, self.number, self.can_fail = folder, 0, preload is not None
        loaded = {} if preload is None else {"LD_PRELOAD": str(preload)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **_OWN, **loaded},
        )
        assert self.read(600) == {"ready": True}

    def read(self, seconds: float = 60) -> dict[str, Any]:
        """Its next answer."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], seconds)[0], "the fork server is silent"
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request, get the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def start(
        self,
        arguments: Sequence[str] = (),
        *,
        python: str | None = None,
        env: dict[str, str] | None = None,
        ignore: Sequence[int] = (),
        fault: tuple[str, int, bool, int] | None = None,
        largest_file: int | None = None,
    ) -> Child:
        """Run ``avgraph <arguments>``, or ``python``, in a process of its own.

        Args:
            arguments: of the command line.
            python: code to run instead.
            env: added to the environment.
            ignore: signals that the process is born to ignore.
            fault: folder, number of the call, whether later ones fail too, errno (see faults.c).
            largest_file: the limit of the system, in bytes.
        """
        self.number += 1
        out, err = (self.folder / f"{self.number}.{kind}" for kind in ("out", "err"))
        request = {
            "arguments": list(arguments),
            "python": python,
            "env": env or {},
            "ignore": [int(number) for number in ignore],
            "fault": fault,
            "largest_file": largest_file,
            "out": str(out),
            "err": str(err),
        }
        return Child(self, self.ask(request)["pid"], out, err)

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
