"""Ctrl-C during a run: the folder that goes on, instead of Lightning's silent exit."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from avgraph.errors import Interrupted


@contextmanager
def interruptible(directory: Path) -> Iterator[None]:
    """Turn Ctrl-C inside the block into `Interrupted`, whose message says how to continue.

    Lightning answers it with ``sys.exit(1)`` and leaves the signal ignored.

    Example:
        >>> try:
        ...     with interruptible(Path("runs/a")):
        ...         raise KeyboardInterrupt
        ... except Interrupted as stop:
        ...     print(stop)
        stopped; avgraph resume runs/a continues
    """
    is_main = threading.current_thread() is threading.main_thread()  # no other thread may set a handler
    handler = signal.getsignal(signal.SIGINT) if is_main else None
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and not isinstance(stop.__context__, KeyboardInterrupt):
            raise
        raise Interrupted(f"stopped; avgraph resume {directory} continues") from None
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
