"""Inputs in forked processes: one that dies is told with its input and followed by the next."""

from __future__ import annotations

import json
import os
import select
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tests.fuzz.readers import Reader, prepare
from tests.fuzz.verdict import SECONDS, bound_process, damaged, verdict

Job = tuple[int, int]  # number of the reader, number of the input


@dataclass
class Outcome:
    """Counts by reader, and what was found: (reader, index, what)."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, int, str]] = field(default_factory=list)


def plan(readers: Sequence[Reader], count: int) -> Iterator[Job]:
    """``count`` jobs, every reader by its share, spread evenly over the whole."""
    total = sum(reader.share for reader in readers)
    done = [0] * len(readers)
    for number in range(count):
        behind = [reader.share * (number + 1) / total - done[i] for i, reader in enumerate(readers)]
        i = behind.index(max(behind))
        yield i, done[i]
        done[i] += 1


def run_jobs(
    readers: Sequence[Reader], samples: dict[str, list[bytes]], jobs: Iterator[Job], seed: int, outcome: Outcome
) -> Iterator[None]:
    """Do the jobs, in one process at a time beside this one; yields now and then."""
    rest: list[Job] = []
    while True:
        batch, rest = rest, []
        batch += islice(jobs, 20_000 - len(batch))
        if not batch:
            return
        last, status = yield from _batch(readers, samples, batch, seed, outcome)
        if status is not None:
            reader, index = readers[batch[last][0]], batch[last][1]
            outcome.findings.append((reader.name, index, status))
            outcome.counts[reader.name] += 1
            rest = batch[last + 1 :]


def _batch(
    readers: Sequence[Reader], samples: dict[str, list[bytes]], batch: list[Job], seed: int, outcome: Outcome
) -> Iterator[Any]:
    """One process for a batch; returns the number of the last job begun and how the process died, if it did."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            _work(readers, samples, batch, seed, into)
        finally:
            os._exit(0)
    os.close(into)
    last, buffer, late = 0, b"", False
    with os.fdopen(out, "rb", buffering=0) as pipe:
        while True:
            if not select.select([pipe], [], [], 3 * SECONDS)[0]:
                late = True
                os.kill(child, signal.SIGKILL)
            data = pipe.read(65536)
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                number, told = json.loads(line)
                if told == "begun":
                    last = number
                    continue
                i, index = batch[number]
                outcome.counts[readers[i].name] += 1
                if told is not None:
                    outcome.findings.append((readers[i].name, index, told))
            yield None
    _, status = os.waitpid(child, 0)
    if late:
        return last, "hangs"
    return last, f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else None


def _work(readers: Sequence[Reader], samples: dict[str, list[bytes]], batch: list[Job], seed: int, pipe: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    bound_process()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as name:
        folders = {}
        for reader in readers:
            folders[reader.name] = Path(name, reader.name)
            folders[reader.name].mkdir()
            prepare(folders[reader.name])
        for number, (i, index) in enumerate(batch):
            reader = readers[i]
            os.write(pipe, json.dumps([number, "begun"]).encode() + b"\n")
            told = verdict(
                reader, folders[reader.name] / reader.file, damaged(reader, samples[reader.name], seed, index)
            )
            os.write(pipe, json.dumps([number, told]).encode() + b"\n")
