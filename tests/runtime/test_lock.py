"""One process a run folder, one a download: refused or waited for, and taken over from the dead."""

import errno
import fcntl
import hashlib
import os
import re
import signal
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from avgraph.errors import DataError
from avgraph.runtime.lock import locked
from tests.experiments import small_experiment, synthetic_experiment
from tests.forking import Child, ForkServer
from tests.logged import Logged

ENDLESS = {"epochs: 30": "epochs: 100000"}


def training(server: ForkServer, folder: Path, path: Path) -> tuple[Child, Path]:
    """A run that is under way, and its folder."""
    child = server.start(["train", str(path), "--quiet"])
    child.until(lambda: list(folder.glob("runs/small/*/metrics.jsonl")))
    (directory,) = folder.glob("runs/small/*")
    return child, directory


def epochs(directory: Path) -> list[int]:
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    return [int(line.split('"epoch": ')[1].split(",")[0]) for line in lines]


def test_a_second_process_is_refused_and_disturbs_nothing(tmp_path: Path, fork_server: ForkServer) -> None:
    first, directory = training(fork_server, tmp_path, small_experiment(tmp_path, **ENDLESS))
    second = fork_server.start(["resume", str(directory), "--quiet"])
    assert second.wait() == 2
    assert second.error == f"{directory}: in use by process {first.pid} on {socket.gethostname()}\n"
    first.until(lambda: len(epochs(directory)) > 3)
    first.kill(signal.SIGTERM)
    assert first.wait() == 143
    assert epochs(directory) == list(range(len(epochs(directory))))
    assert not (directory / ".lock").exists()


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path, fork_server: ForkServer) -> None:
    first, directory = training(fork_server, tmp_path, small_experiment(tmp_path, **ENDLESS))
    first.kill(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert (directory / ".lock").read_text() == f"{first.pid}\n{socket.gethostname()}\n"
    config = (directory / "config.yaml").read_text()
    (directory / "config.yaml").write_text(config.replace("epochs: 100000", "epochs: 3"))
    second = fork_server.start(["resume", str(directory), "--quiet"])
    assert (second.wait(), second.error) == (0, "")
    assert (directory / "metrics.json").is_file()
    assert not (directory / ".lock").exists()


def test_folds_are_locked_as_a_whole_and_each(tmp_path: Path, fork_server: ForkServer) -> None:
    path = synthetic_experiment(tmp_path, "{type: logmel_modulation}", **ENDLESS)
    first = fork_server.start(["train", str(path), "--quiet", "--folds", "1,2"])
    first.until(lambda: list(tmp_path.glob("runs/small/*/fold-1/metrics.jsonl")))
    (directory,) = tmp_path.glob("runs/small/*")
    for folder in (directory, directory / "fold-1"):
        second = fork_server.start(["resume", str(folder), "--quiet"])
        assert second.wait() == 2
        assert second.error == f"{folder}: in use by process {first.pid} on {socket.gethostname()}\n"
    first.kill(signal.SIGTERM)
    assert first.wait() == 143
    assert [path.name for path in directory.rglob(".lock")] == []


def test_threads_exclude_each_other_too_and_the_file_goes(tmp_path: Path) -> None:
    path, refused = tmp_path / ".lock", []

    def second() -> None:
        try:
            with locked(path, "in use"):
                pass
        except DataError as error:
            refused.append(str(error))

    with locked(path, "in use"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert refused == [f"in use by process {os.getpid()} on {socket.gethostname()}"]
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_without_a_holder_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("1\nelsewhere\n")
    with locked(tmp_path / ".lock", "in use"):
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n{socket.gethostname()}\n"


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with locked(tmp_path / ".lock", "in use"):
        pass
    assert "no lock, the file system has none; use it from one process only" in logged.text


def test_without_flock_the_file_is_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)
    path = tmp_path / ".lock"
    with locked(path, "in use"):
        message = f"^in use by process {os.getpid()} on {re.escape(socket.gethostname())}$"
        with pytest.raises(DataError, match=message), locked(path, "in use"):
            pass
    assert list(tmp_path.iterdir()) == []
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    path.write_text(f"{dead.pid}\n{socket.gethostname()}\n")
    os.utime(path, (0, 0))
    with locked(path, "in use"):
        pass
    path.write_text("1\nelsewhere\n")
    with pytest.raises(DataError, match=r"^in use by process 1 on elsewhere$"), locked(path, "in use"):
        pass


BODY = bytes(range(256)) * 4000


class Handler(BaseHTTPRequestHandler):
    """Half of the file at once, the rest when ``go`` is set."""

    go = threading.Event()
    asked: list[str | None] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Range"))
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(BODY) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.end_headers()
        self.wfile.write(BODY[start : max(start, 500_000)])
        self.wfile.flush()
        self.go.wait(60)
        self.wfile.write(BODY[max(start, 500_000) :])

    def log_message(self, *_: object) -> None: ...


FETCH = """
import hashlib, sys
from avgraph.cli.group import main
@main.command()
def get():
    from avgraph.io.download import download
    print(download({url!r}, {target!r}, {checksum!r}))
main(["get"])
"""


def test_two_downloads_of_one_file_are_one(tmp_path: Path, fork_server: ForkServer) -> None:
    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    Handler.go.clear()
    Handler.asked.clear()
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    target = tmp_path / "cache" / "data.bin"
    code = FETCH.format(
        url=f"http://127.0.0.1:{web.server_port}/", target=str(target),
        checksum="sha256:" + hashlib.sha256(BODY).hexdigest(),
    )  # fmt: skip
    online = {"AVGRAPH_OFFLINE": "", "NO_PROXY": "127.0.0.1"}
    part = target.with_name("data.bin.part")
    try:
        stopped = fork_server.start(python=code, env=online)
        stopped.until(lambda: part.exists() and part.stat().st_size > 200_000)
        stopped.kill(signal.SIGTERM)
        assert stopped.wait() == 143
        assert stopped.error == "stopped; run again to go on with the download\n"
        assert [path.name for path in target.parent.iterdir()] == ["data.bin.part"]

        first = fork_server.start(python=code, env=online)
        first.until(lambda: len(Handler.asked) == 2)
        second = fork_server.start(python=code, env=online)
        second.until(lambda: "waiting" in second.error)
        Handler.go.set()
        assert (first.wait(), second.wait()) == (0, 0)
        assert second.error == (
            f"data.bin: downloaded by process {first.pid} on {socket.gethostname()}; waiting for it\n"
        )
        assert first.output == second.output == f"{target}\n"
        assert len(Handler.asked) == 2
        assert Handler.asked[1] is not None  # the rest only
        assert target.read_bytes() == BODY
        assert [path.name for path in target.parent.iterdir()] == ["data.bin"]
    finally:
        Handler.go.set()
        web.shutdown()
        web.server_close()
