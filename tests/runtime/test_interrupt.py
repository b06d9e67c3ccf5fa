"""Ctrl-C, SIGTERM and SIGHUP: the message says how to go on, the handlers are as before, the run continues."""

import io
import re
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import BaseModel, model_serializer
from pydantic_core import PydanticSerializationError
from pytorch_lightning import LightningModule

import avgraph
from avgraph.dag import grasp
from avgraph.errors import Interrupted
from avgraph.nn.chunks import over_chunks
from avgraph.runs.callbacks import History
from avgraph.runtime.interrupt import interruptible, raise_again, raised_at_the_end
from avgraph.runtime.progress import counted, progress
from avgraph.runtime.side_by_side import side_by_side
from tests.experiments import small_experiment, synthetic_experiment
from tests.forking import Child, ForkServer

STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
ENDLESS = {"epochs: 30": "epochs: 100000"}


@pytest.fixture
def handlers() -> dict[int, object]:
    return {number: signal.getsignal(number) for number in STOPPING}


def stop_at_third_epoch(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    inner = History.on_train_epoch_end

    def stopping(self: History, trainer: object, module: LightningModule) -> None:
        inner(self, trainer, module)  # type: ignore[arg-type]
        if module.current_epoch == 2:
            signal.raise_signal(number)

    monkeypatch.setattr(History, "on_train_epoch_end", stopping)


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPPING)
def test_python_gets_an_exception_that_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: dict[int, object], number: int
) -> None:
    with monkeypatch.context() as patch:
        stop_at_third_epoch(patch, number)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        try:
            with pytest.raises(Interrupted, match=r"stopped; avgraph resume .*runs/small/.* continues") as stop:
                avgraph.train(small_experiment(tmp_path))
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        finally:
            signal.signal(signal.SIGINT, before)
    assert stop.value.exit_code == 128 + number
    assert {number: signal.getsignal(number) for number in STOPPING} == handlers
    found = re.search(r"resume (\S+) continues", str(stop.value))
    assert found is not None
    assert not (Path(found[1]) / ".lock").exists()
    if number == signal.SIGTERM:
        whole = avgraph.train(small_experiment(tmp_path))
        assert avgraph.resume(found[1]).metrics == whole.metrics


def test_a_handler_of_the_program_is_left_alone() -> None:
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with interruptible("again"):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_the_words_of_the_outer_work_count_and_none_take_nothing_away() -> None:
    with pytest.raises(Interrupted, match=r"^stopped; all again$"), interruptible("all again"), interruptible("again"):
        raise KeyboardInterrupt
    with pytest.raises(Interrupted, match=r"^stopped; again$") as stop, interruptible(), interruptible("again"):
        signal.raise_signal(signal.SIGTERM)
    assert stop.value.exit_code == 143


class Written(BaseModel):
    @model_serializer
    def _stopped(self) -> dict[str, int]:
        signal.raise_signal(signal.SIGTERM)
        return {}


def test_what_a_library_makes_another_error_of_is_an_interruption() -> None:
    with pytest.raises(Interrupted, match=r"^stopped; again$") as stop, interruptible("again"), interruptible():
        Written().model_dump()
    assert stop.value.exit_code == 143
    with pytest.raises(PydanticSerializationError, match="no signal"), interruptible("again"):
        raise PydanticSerializationError("no signal")


def test_another_exit_is_no_interruption() -> None:
    with pytest.raises(SystemExit, match="7"), interruptible("again"):
        raise SystemExit(7)


def test_another_thread_sets_no_handler(handlers: dict[int, object]) -> None:
    seen: list[dict[int, object]] = []

    def work() -> None:
        with interruptible("again"):
            seen.append({number: signal.getsignal(number) for number in STOPPING})

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [handlers]


def begun(child: Child, folder: Path) -> Path:
    """The folder of its run, once that has learned something."""
    child.until(lambda: list(folder.glob("runs/small/*/metrics.jsonl")))
    return next(folder.glob("runs/small/*"))


@pytest.mark.parametrize("number", STOPPING)
def test_command_line_prints_the_command_that_continues(tmp_path: Path, fork_server: ForkServer, number: int) -> None:
    child = fork_server.start(["train", str(small_experiment(tmp_path, **ENDLESS)), "--quiet"])
    directory = begun(child, tmp_path)
    child.kill(number)
    assert child.wait() == 128 + number
    assert child.output == ""
    assert child.error == f"stopped; avgraph resume {directory} continues\n"
    assert not (directory / ".lock").exists()


def test_folds_name_the_folder_of_all(tmp_path: Path, fork_server: ForkServer) -> None:
    path = synthetic_experiment(tmp_path, "{type: logmel_modulation}", **ENDLESS)
    child = fork_server.start(["train", str(path), "--folds", "1,2", "--quiet"])
    child.until(lambda: list(tmp_path.glob("runs/small/*/fold-1/metrics.jsonl")))
    (directory,) = tmp_path.glob("runs/small/*")
    child.kill(signal.SIGTERM)
    assert child.wait() == 143, child.error
    assert child.error == f"stopped; avgraph resume {directory} continues\n"


def test_while_encoders_are_fitted_side_by_side(tmp_path: Path, fork_server: ForkServer) -> None:
    options = {**ENDLESS, "  threads: 1": "  threads: 2"}
    encoder = "{type: logmel_cnn, channels: 16, epochs: 1000, inner_epochs: 1000}"
    path = synthetic_experiment(tmp_path, encoder, **options)
    child = fork_server.start(["train", str(path), "--quiet"], env={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    cache = tmp_path / "cache/avgraph/encoders"
    child.until(lambda: len(list(cache.glob(".*.pt"))) == 3)  # two networks, each in a thread, and what they are for
    (directory,) = tmp_path.glob("runs/small/*")
    child.kill(signal.SIGTERM)
    assert child.wait() == 143, child.error
    assert child.error == f"stopped; avgraph resume {directory} continues\n"
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored(tmp_path: Path, fork_server: ForkServer, number: int) -> None:
    child = fork_server.start(["train", str(small_experiment(tmp_path, **ENDLESS)), "--quiet"], ignore=[number])
    directory = begun(child, tmp_path)
    child.kill(number)
    lines = (directory / "metrics.jsonl").read_text().count("\n")
    child.until(lambda: (directory / "metrics.jsonl").read_text().count("\n") > lines + 20)
    child.kill(signal.SIGTERM)
    assert child.wait() == 143, child.error


@pytest.mark.parametrize("number", STOPPING)
def test_discover(tmp_path: Path, fork_server: ForkServer, number: int) -> None:
    code = """
import numpy as np, sys
from avgraph.cli import main
np.save({table!r}, np.random.default_rng(0).normal(size=(400, 8)))
open({ready!r}, "w").close()
main(["discover", {table!r}, "-o", {output!r}, "--quiet", "--bootstraps", "1000000"])
"""
    table, output, ready = (str(tmp_path / name) for name in ("x.npy", "dag.graphml", "ready"))
    child = fork_server.start(python=code.format(table=table, output=output, ready=ready))
    child.until(lambda: Path(ready).exists())
    time.sleep(0.3)
    child.kill(number)
    assert child.wait() == 128 + number
    assert child.error == "stopped\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ready", "x.npy"]


@pytest.mark.parametrize("then", ["", "go on"])
def test_an_error_of_a_library_on_its_way_out_does_not_hide_the_signal(tmp_path: Path, then: str) -> None:
    class Stopping(io.FileIO):
        written = 0

        def write(self, data: object) -> int:  # in the middle of a tensor, as in a checkpoint that is being saved
            self.written += 1
            if self.written == 4:
                signal.raise_signal(signal.SIGTERM)
            return super().write(data)  # type: ignore[arg-type]

    def save() -> None:
        with Stopping(tmp_path / "x.pt", "w") as file:
            torch.save({"x": torch.ones(10_000)}, file)

    with interruptible(then), pytest.raises(RuntimeError, match="unexpected pos") as hidden:
        save()
    assert isinstance(hidden.value.__context__, Interrupted)
    with pytest.raises(Interrupted, match=f"stopped; {then}" if then else "stopped") as told, interruptible(then):
        save()
    assert told.value.exit_code == 128 + signal.SIGTERM


class Referred:
    """Something that a weak reference can have."""


def swallowed(number: int) -> None:
    """The signal comes while a weak reference calls back: Python has nobody to give the exception to."""
    thing = Referred()
    reference = weakref.ref(thing, lambda gone: signal.raise_signal(number))
    del thing
    assert reference() is None


def iterate() -> None:
    for k in progress(range(3), "steps"):
        assert k == 0, "went on"
        swallowed(signal.SIGTERM)


def count_silently() -> None:
    with counted(3, "steps", quiet=True) as advance:
        swallowed(signal.SIGTERM)
        advance()


def count_loudly() -> None:
    with counted(3, "steps", quiet=False) as advance:
        swallowed(signal.SIGTERM)
        advance()


@pytest.mark.parametrize("work", [iterate, count_silently, count_loudly])
def test_a_signal_that_was_swallowed_is_raised_at_the_next_step(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[int, object], work: Callable[[], None]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda ignored: None)
    with pytest.raises(Interrupted, match="stopped; later") as stop, interruptible("later"):
        work()
    assert stop.value.exit_code == 143
    raise_again()  # it has been answered
    assert {number: signal.getsignal(number) for number in STOPPING} == handlers


@pytest.mark.parametrize("number", STOPPING)
def test_work_that_ends_all_the_same_is_done(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda ignored: None)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        with interruptible():
            with interruptible("inner"):
                swallowed(number)
            with pytest.raises(Interrupted):
                raise_again()
        with interruptible():
            raise_again()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda ignored: None)
    with interruptible():
        swallowed(signal.SIGTERM)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(raise_again).result()


def stop_in_a_block(told: list[str], number: int) -> None:
    with interruptible(), raised_at_the_end(lambda: told.append("stop")):
        signal.raise_signal(number)
        told.append("went on")


@pytest.mark.parametrize("number", STOPPING)
def test_raised_where_the_block_ends(handlers: dict[int, object], number: int) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    told: list[str] = []
    try:
        with pytest.raises(Interrupted) as stop:
            stop_in_a_block(told, number)
    finally:
        signal.signal(signal.SIGINT, before)
    assert told == ["stop", "went on"]
    assert stop.value.exit_code == 128 + number
    assert {number: signal.getsignal(number) for number in STOPPING} == handlers


def test_a_second_signal_is_raised_at_once() -> None:
    def twice() -> None:
        with raised_at_the_end():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("went on")

    with pytest.raises(Interrupted), interruptible():
        twice()


def test_an_error_of_the_block_does_not_hide_the_signal() -> None:
    def failing() -> None:
        with raised_at_the_end():
            signal.raise_signal(signal.SIGTERM)
            raise ValueError("on the way out")

    with pytest.raises(Interrupted), interruptible():
        failing()


def test_a_handler_of_the_program_is_called_at_once() -> None:
    called: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: called.append(number))
    try:
        with raised_at_the_end(lambda: pytest.fail("stopped")):
            signal.raise_signal(signal.SIGTERM)
            assert called == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def search() -> None:
    grasp(np.random.default_rng(0).normal(size=(50, 3)), restarts=4)


def work_side_by_side() -> None:
    side_by_side([lambda check: check()] * 2)


def work_over_chunks() -> None:
    over_chunks([slice(0, 1), slice(1, 2)], list, lambda part, state: None)


@pytest.mark.parametrize("work", [search, work_side_by_side, work_over_chunks])
def test_no_signal_interrupts_a_thread_that_starts(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    inner, submitted = ThreadPoolExecutor.submit, []

    def submit(*args: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        submitted.append(inner(*args))
        return submitted[-1]

    with monkeypatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "submit", submit)
        patch.setattr(torch, "get_num_threads", lambda: 2)
        with pytest.raises(Interrupted), interruptible():
            work()
    assert submitted
