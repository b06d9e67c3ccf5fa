"""One damaged file, one verdict."""

from __future__ import annotations

import resource
import signal
import traceback
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.readers import Reader

SECONDS = 20.0
GROWTH = 768 << 20  # bytes that the largest footprint of a process may grow by
_MOST_LINES = 12
_LONGEST = 2_000


class TooLate(BaseException):
    """An input took longer than `SECONDS`."""


def damaged(reader: Reader, samples: Sequence[bytes], seed: int, index: int) -> bytes:
    """The input of that number; the same for the same seed."""
    return reader.damage(Random(f"{seed}/{reader.name}/{index}"), samples)


def verdict(reader: Reader, path: Path, data: bytes) -> str | None:
    """What is wrong with how ``reader`` takes ``data``; None for an answer or one line."""
    from avgraph.errors import AvgraphError, ConfigError

    path.write_bytes(data)
    before = _footprint()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        reader.read(path)
        told: str | None = None
    except AvgraphError as error:
        told = _of_message(str(error), _MOST_LINES if isinstance(error, ConfigError) else 1)
    except TooLate:
        told = f"longer than {SECONDS} s"
    except BaseException as error:  # a SystemExit is a finding too
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {str(error)[:200]!r} at {place.filename}:{place.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    grown = _footprint() - before
    return f"memory grew by {grown >> 20} MiB" if told is None and grown > GROWTH else told


def _of_message(text: str, most: int) -> str | None:
    lines = text.split("\n")
    if not text or len(lines) > most or not all(line.strip() and line.isprintable() for line in lines):
        return f"a message of {len(lines)} lines: {text[:300]!r}"
    return f"a line of {len(max(lines, key=len))} characters" if len(max(lines, key=len)) > _LONGEST else None


def _footprint() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def bound_process() -> None:
    """Let an input that takes too long raise `TooLate`, and one that takes too much memory a MemoryError."""

    def late(*_: Any) -> None:
        raise TooLate

    signal.signal(signal.SIGALRM, late)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (4 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
