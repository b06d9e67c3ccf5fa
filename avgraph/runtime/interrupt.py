"""Ctrl-C, `kill` (SIGTERM) and a closed terminal (SIGHUP): one exception that says how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from avgraph.errors import Interrupted


@contextmanager
def interruptible(then: str = "") -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and SIGHUP inside the block into `Interrupted`; every handler is as before afterwards.

    Lightning answers Ctrl-C with ``sys.exit(1)`` and leaves the signal ignored; Python dies of the other two without
    a word. A signal that is ignored (``nohup``, a shell's background job) or that the program answers in a way of its
    own stays so. Only the main thread may set handlers: in another thread the block changes nothing about them.

    Args:
        then: how the work goes on; "" leaves the words of a block within this one.

    Raises:
        Interrupted: its message is ``stopped; <then>``, or what one from within says in the place of "stopped"; its
            ``exit_code`` that of the signal.

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
        before = {number: signal.getsignal(number) for number in _UNANSWERED}
    ours = [number for number, handler in before.items() if handler == _UNANSWERED[number]]
    try:
        for number in ours:
            signal.signal(number, _stop)
        yield
    except BaseException as raised:
        stop: BaseException | None = raised
        while stop is not None and not isinstance(stop, KeyboardInterrupt):
            stop = stop.__context__  # a library may raise its own error on the way out: Lightning's exit, torch.save's
        if stop is None and _asked and threading.current_thread() is threading.main_thread():
            stop = Interrupted("stopped", _asked[-1])  # a library has made an error of its own of it: pydantic's does
        if stop is None:
            raise
        _asked.clear()
        if not then and isinstance(stop, Interrupted):
            raise stop from None
        number = stop.signal if isinstance(stop, Interrupted) else signal.SIGINT
        what = str(stop).partition(";")[0] if isinstance(stop, Interrupted) else "stopped"
        raise Interrupted(f"{what}; {then}" if then else what, number) from None
    finally:
        if ours:
            _asked.clear()
        for number, handler in before.items():
            if handler is not None:  # None: a handler that was not set from Python, which it cannot set back
                signal.signal(number, handler)


def raise_again() -> None:
    """Raise a signal anew that a library has swallowed; long work calls this between its steps.

    Python drops an exception of a signal's handler where it comes within the callback of a weak reference, within a
    destructor or in C code that clears errors: 8 of 1,500 stopped searches went on as if nothing had been asked.

    Raises:
        Interrupted: if the surrounding `interruptible` was asked to stop and has not stopped.

    Example:
        >>> raise_again()
    """
    if _asked and threading.current_thread() is threading.main_thread():
        raise Interrupted("stopped", _asked[-1])


@contextmanager
def raised_at_the_end(stop: Callable[[], object] = bool) -> Iterator[None]:
    """Let Ctrl-C, and what `interruptible` turns into an exception, call ``stop`` now and raise where the block ends.

    For blocks that wait for threads: one that an exception interrupts while it starts is unknown to its pool, which
    then does not wait for it. A second signal is raised at once.

    Args:
        stop: makes the block end soon.

    Example:
        >>> try:
        ...     with interruptible(), raised_at_the_end(lambda: print("stop")):
        ...         signal.raise_signal(signal.SIGTERM)
        ...         print("done")
        ... except Interrupted as stop:
        ...     print(stop)
        stop
        done
        stopped
    """
    raising: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in _UNANSWERED}
        raising = {
            number: handler for number, handler in found.items() if handler in (_stop, _UNANSWERED[signal.SIGINT])
        }
    arrived: list[tuple[int, FrameType | None]] = []

    def remember(number: int, frame: FrameType | None) -> None:
        arrived.append((number, frame))
        if len(arrived) > 1:
            raising[number](number, frame)
        stop()

    try:
        for number in raising:
            signal.signal(number, remember)
        yield
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)
        if arrived:
            number, frame = arrived[0]
            raising[number](number, frame)


_asked: list[int] = []  # signals that were raised and have not reached the end of their block


def _stop(number: int, frame: FrameType | None) -> None:
    _asked.append(number)
    raise Interrupted("stopped", number)


# What each signal does where nobody has said anything. Windows has no SIGHUP.
_UNANSWERED: dict[int, Any] = {
    signal.SIGINT: signal.default_int_handler,
    **{getattr(signal, name): signal.SIG_DFL for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)},
}
