"""Ctrl-C, `kill` (SIGTERM) and a closed terminal (SIGHUP): one exception that says how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from avgraph.errors import Interrupted

# Windows has no SIGHUP.
_ASKED_TO_STOP = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def interruptible(then: str = "") -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and SIGHUP inside the block into `Interrupted`; every handler is as before afterwards.

    Lightning answers Ctrl-C with ``sys.exit(1)`` and leaves the signal ignored; Python dies of the other two without
    a word. A signal that is ignored (``nohup``, a shell's background job) or that the program answers in a way of its
    own stays so. Only the main thread may set handlers: in another thread the block changes nothing about them.

    Args:
        then: how the work goes on; "" leaves the words of a block within this one.

    Raises:
        Interrupted: its message is ``stopped; <then>``, its ``exit_code`` that of the signal.

    Example:
        >>> try:
        ...     with interruptible("avgraph resume runs/a continues"):
        ...         raise KeyboardInterrupt
        ... except Interrupted as stop:
        ...     print(stop, stop.exit_code)
        stopped; avgraph resume runs/a continues 130
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ASKED_TO_STOP)}
    try:
        for number in _ASKED_TO_STOP:
            if before.get(number) == signal.SIG_DFL:
                signal.signal(number, _stop)
        yield
    except BaseException as raised:
        stop: BaseException | None = raised
        while stop is not None and not isinstance(stop, KeyboardInterrupt):
            stop = stop.__context__  # a library may raise its own error on the way out: Lightning's exit, torch.save's
        if stop is None:
            raise
        if not then and isinstance(stop, Interrupted):
            raise stop from None
        number = stop.signal if isinstance(stop, Interrupted) else signal.SIGINT
        raise Interrupted(f"stopped; {then}" if then else "stopped", number) from None
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: a handler that was not set from Python, which it cannot set back
                signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Interrupted("stopped", number)
