"""Work in threads: order, shares of PyTorch's threads, and how it ends when one piece fails or Ctrl-C comes."""

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from avgraph.runtime.settings import run_settings
from avgraph.runtime.side_by_side import Stopped, side_by_side

Check = Callable[[], None]


@pytest.fixture
def four_threads() -> Iterator[None]:
    with run_settings(4):
        yield


def until_stopped(check: Check, ended: Callable[[], object]) -> None:
    """Work without an end of its own (a minute at most); ``ended`` is called when it is told to stop."""
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            check()
    except Stopped:
        ended()
        raise


@pytest.mark.parametrize(
    ("works", "at_most", "share"), [(1, None, 4), (2, None, 2), (3, None, 1), (9, None, 1), (9, 1, 4)]
)
@pytest.mark.usefixtures("four_threads")
def test_threads_are_shared_out_and_given_back(works: int, at_most: int | None, share: int) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(number: int, check: Check) -> tuple[int, int]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        check()
        torch.ones(200, 200) @ torch.ones(200, 200)
        threads = torch.get_num_threads()
        with lock:
            running -= 1
        return number, threads

    calls = [lambda check, number=number: work(number, check) for number in range(works)]
    assert side_by_side(calls, at_most=at_most) == [(number, share) for number in range(works)]
    assert most <= (at_most or 4)
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_two_pieces_of_work_run_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=30)
    assert sorted(side_by_side([lambda check: together.wait(), lambda check: together.wait()])) == [0, 1]


@pytest.mark.usefixtures("four_threads")
def test_the_first_error_ends_the_others_and_is_raised() -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(check: Check) -> None:
        begun.set()
        until_stopped(check, ended.set)

    def failing(check: Check) -> None:
        begun.wait(30)
        raise ValueError("no such clip")

    with pytest.raises(ValueError, match="no such clip"):
        side_by_side([endless, failing])
    assert ended.is_set()
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_ctrl_c_ends_all() -> None:
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    ended = threading.Semaphore(0)

    def endless(check: Check) -> None:
        until_stopped(check, ended.release)

    def pressing(check: Check) -> None:
        _thread.interrupt_main()
        endless(check)

    try:
        with pytest.raises(KeyboardInterrupt):
            side_by_side([endless, pressing])
    finally:
        signal.signal(signal.SIGINT, handler)
    assert ended.acquire(timeout=30)
    assert ended.acquire(timeout=30)
