"""How a count is shown on standard error: as a bar of a terminal, or as lines."""

from __future__ import annotations

import sys
import threading
import time
from datetime import timedelta
from typing import Any, Literal

Unit = Literal["steps", "bytes"]

FIRST, EVERY = 10.0, 30.0  # seconds until the first line, and between two further ones


class Bar:
    """A bar of rich."""

    def __init__(self, total: int | None, title: str, done: int, unit: Unit) -> None:
        from rich import progress as rich  # not needed, and slow, where nobody watches
        from rich.console import Console

        count = (rich.DownloadColumn(), rich.TransferSpeedColumn()) if unit == "bytes" else (rich.MofNCompleteColumn(),)
        self.bar = rich.Progress(
            rich.TextColumn("{task.description}", markup=False),
            rich.BarColumn(),
            *count,
            rich.TextColumn("{task.fields[loss]}", markup=False),
            rich.TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self.row = self.bar.add_task(title, total=total, completed=done, loss="")
        self.bar.start()

    def advance(self, steps: int = 1, *, loss: float | None = None) -> None:
        """Some steps further."""
        fields: dict[str, Any] = {} if loss is None else {"loss": _loss(loss)}
        self.bar.update(self.row, advance=steps, **fields)

    def close(self) -> None:
        """Leave it as it stands."""
        self.bar.stop()


class Lines:
    """The same as lines, from a thread: work that takes no step for long is not mute either."""

    def __init__(self, total: int | None, title: str, done: int, unit: Unit) -> None:
        self.total, self.title, self.unit = total, title, unit
        self.done = self.first = done
        self.loss: float | None = None
        self.begin = time.monotonic()
        self.waiting = 0  # counts within this work that are told instead
        self.lock, self.closed = threading.Lock(), threading.Event()
        self.thread = threading.Thread(target=self._tell, name="progress", daemon=True)
        self.thread.start()

    def advance(self, steps: int = 1, *, loss: float | None = None) -> None:
        """Some steps further."""
        with self.lock:
            self.done += steps
            self.loss = self.loss if loss is None else loss

    def close(self) -> None:
        """Say no more."""
        self.closed.set()
        self.thread.join()

    def _tell(self) -> None:
        pause = FIRST
        while not self.closed.wait(pause):
            pause = EVERY
            if not self.waiting:
                try:
                    print(self.line(time.monotonic() - self.begin), file=sys.stderr, flush=True)
                except (OSError, ValueError):  # nobody reads any more
                    return

    def line(self, seconds: float) -> str:
        """The state after some seconds."""
        with self.lock:
            done, loss = self.done, self.loss
        parts = [self._count(done)] if self.total is not None or done else []
        parts += [] if loss is None else [_loss(loss)]
        if self.total is None or done == self.first:
            parts.append(f"{timedelta(seconds=round(seconds))} so far")
        else:
            left = seconds * max(0, self.total - done) / (done - self.first)
            parts.append(f"{timedelta(seconds=round(left))} left")
        return f"{self.title}: {', '.join(parts)}"

    def _count(self, done: int) -> str:
        if self.unit == "steps":
            return f"{done}" if self.total is None else f"{done}/{self.total}"
        return f"{done / 1e6:.1f}" + ("" if self.total is None else f"/{self.total / 1e6:.1f}") + " MB"


def _loss(loss: float) -> str:
    return f"loss {loss:.4f}"
