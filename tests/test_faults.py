"""A full disk, a limit on the size of files, a failure of any one call: whole or one line, and `resume` finishes.

In every run the n-th call that opens, writes, syncs, renames or makes a file below the folders of the run and of the
cache fails, by faults.c. The tests take some n each; ``AVGRAPH_ALL_FAULTS=1`` takes every n, ``pytest -s`` tells the
counts.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.experiments import small_experiment
from tests.forking import Child, ForkServer

SHORT = {"epochs: 30": "epochs: 3", "checkpoint_every: 3": "checkpoint_every: 2"}
ALL = bool(os.environ.get("AVGRAPH_ALL_FAULTS"))
SAMPLE = {False: 4, True: 2}  # calls that fail alone, and with all later ones


@pytest.fixture
def faulty(fork_server: ForkServer) -> ForkServer:
    """A fork server whose children fail on demand."""
    if not fork_server.can_fail:
        pytest.skip("needs Linux and a C compiler: the calls of the C library are made to fail")
    return fork_server


@dataclass
class Work:
    """A command that writes into ``below``, to be made to fail."""

    server: ForkServer
    below: Path
    arguments: list[str]
    env: dict[str, str]
    python: str | None = None

    def run(self, n: int = 0, *, sticky: bool = False, error: int = errno.ENOSPC) -> tuple[Child, int, str]:
        """The ended process, the number of calls, and the call that failed."""
        fault = (str(self.below), n, sticky, error)
        child = self.server.start(self.arguments, python=self.python, env=self.env, fault=fault)
        child.wait()
        count, _, call = Path(f"{child.err}.faults").read_text().partition(" ")
        return child, int(count), call


def numbers(count: int, sample: int) -> list[int]:
    """Every n, or some over the whole length, the first and the last among them."""
    if ALL:
        return list(range(1, count + 1))
    return sorted({3, *(int(n) for n in np.linspace(1, count, sample))})  # 3: a folder is half made


def check_every_fault(work: Work, prepare: Callable[[], None], whole: Callable[[int, str], None]) -> None:
    """One call fails at a time, then the disk is full from that call on; ``whole`` looks at what there is then."""
    prepare()
    child, count, _ = work.run()
    assert child.code == 0, child.error
    whole(0, "")
    ended = {0: 0, 2: 0}
    for sticky in (False, True):
        for n in numbers(count, SAMPLE[sticky]):
            prepare()
            child, _, call = work.run(n, sticky=sticky)
            where = f"call {n} of {count}{' and later' * sticky}: {call}: {child.error}"
            assert child.code in ended, where
            assert not re.search("Traceback|Exception ignored", child.error), where
            if child.code == 2:
                lines = child.error.splitlines()
                assert len([line for line in lines if "nothing is kept" not in line]) == 1, where
                assert re.search(r"\S: (No space left on device|cannot be written whole)", lines[-1]), where
                assert re.search(r"(^|\s|')(/|\w+:)", lines[-1]), where
            ended[child.code] += 1
            whole(child.code, where)
    print(f"{(work.arguments or [work.below.name])[0]}: {count} calls, {ended[0]} ended whole, {ended[2]} in one line")


def leftovers(folder: Path) -> list[str]:
    """Files under a temporary name, locks."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.startswith((".", "tmp")))


def test_train_then_resume(tmp_path: Path, faulty: ForkServer) -> None:
    data = tmp_path / "data"
    data.mkdir()
    place = tmp_path / "place"
    path = small_experiment(data, **SHORT)
    path.write_text(path.read_text().replace(f"output: {data / 'runs'}", f"output: {place / 'runs'}"))
    work = Work(faulty, place, ["train", str(path), "--quiet"], {})
    metrics: list[dict[str, object]] = []
    unbroken: set[str] = set()

    def prepare() -> None:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()

    def whole(code: int, where: str) -> None:
        assert leftovers(place) == [], where
        runs = list(place.glob("runs/small/*"))
        if not runs:
            assert code == 2, where
            assert list(place.iterdir()) == [], where  # nothing is left of a run that could not begin
            return
        (directory,) = runs
        if code == 2:
            resumed = faulty.start(["resume", str(directory), "--quiet"])
            assert resumed.wait() == 0, f"{where}{resumed.error}"
        found = {str(path.relative_to(directory)) for path in directory.rglob("*")}
        lines = [json.loads(line)["epoch"] for line in (directory / "metrics.jsonl").read_text().splitlines()]
        metrics.append(json.loads((directory / "metrics.json").read_text()))
        unbroken.update(found if len(metrics) == 1 else ())
        assert (found, lines, metrics[-1]) == (unbroken, [0, 1, 2], metrics[0]), where

    check_every_fault(work, prepare, whole)


def outputs_are_whole(folder: Path, inputs: set[str], least: int) -> Callable[[int, str], None]:
    """All files that there are after an error are those of a whole run."""
    contents: dict[str, bytes] = {}

    def whole(code: int, where: str) -> None:
        assert leftovers(folder) == [], where
        files = [path for path in folder.rglob("*") if path.is_file()]
        found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
        found = {name: content for name, content in found.items() if name not in inputs}
        if not contents:
            assert len(found) >= least
            contents.update(found)
        if code == 0 and "nothing is kept" not in where:
            assert found == contents, where
        assert found.items() <= contents.items(), where

    return whole


def emptied(folder: Path, inputs: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in inputs:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "json", "parquet"])
def test_match_in_every_format(tmp_path: Path, faulty: ForkServer, suffix: str) -> None:
    inputs = {"a.npy", "b.npy"}
    rng = np.random.default_rng(0)
    for name in inputs:
        np.save(tmp_path / name, rng.normal(size=(20, 4)))
    arguments = ["match", str(tmp_path / "a.npy"), str(tmp_path / "b.npy"), "-o", str(tmp_path / f"out.{suffix}")]
    below = tmp_path / ".out"  # the temporary names: reading the inputs is not what this is about
    work = Work(faulty, below, arguments, {})
    check_every_fault(work, lambda: emptied(tmp_path, inputs), outputs_are_whole(tmp_path, inputs, 1))


@pytest.mark.parametrize("picture", ["png", "svg"])
def test_discover(tmp_path: Path, faulty: ForkServer, picture: str) -> None:
    if picture == "svg" and not ALL:
        pytest.skip("with AVGRAPH_ALL_FAULTS=1")
    table = tmp_path / "x.npy"
    np.save(table, np.random.default_rng(0).normal(size=(50, 4)) @ np.triu(np.ones((4, 4))))
    out = tmp_path / "out"
    out.mkdir()
    arguments = ["discover", str(table), "-o", str(out / "dag.graphml"), "--picture", picture, "--quiet"]
    work = Work(faulty, out, arguments, {})
    check_every_fault(work, lambda: emptied(out, set()), outputs_are_whole(out, set(), 3))


def test_export(tmp_path: Path, faulty: ForkServer) -> None:
    path = small_experiment(tmp_path, **SHORT)
    assert faulty.start(["train", str(path), "--quiet"]).wait() == 0
    (run,) = tmp_path.glob("runs/small/*")
    out = tmp_path / "out"
    out.mkdir()
    work = Work(faulty, out, ["export", str(run), "-o", str(out / "graph.parquet")], {})
    check_every_fault(work, lambda: emptied(out, set()), outputs_are_whole(out, set(), 3))


KEEP = """
import numpy as np, torch
from pathlib import Path
from avgraph.cli.group import main
@main.command()
def keep():
    from avgraph.io.cache import kept_array
    from avgraph.datasets.logmel_cache import cached_log_mels
    from avgraph.encoders.context import EncodeContext
    from avgraph.encoders.memory import remembered
    folder = Path({folder!r})
    array = kept_array(folder / "a.npy", ({rows}, 7), np.float32, lambda array: array.fill(1))
    assert (array == 1).all()
    x = remembered(EncodeContext(cache=folder), {{}}, [], lambda: {{"x": torch.ones({rows})}})["x"]
    assert (x == 1).all()
    assert len(cached_log_mels([Path({sound!r})], ["1"], seconds=0.1, cache=folder)) == 1
main(["keep"])
"""


def keeping(tmp_path: Path, cache: Path, rows: int) -> str:
    """Code that keeps an array, tensors and log-mels in a cache."""
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 4410), 44100)
    return KEEP.format(folder=str(cache), sound=str(tmp_path / "a.wav"), rows=rows)


def test_what_is_kept_in_the_cache(tmp_path: Path, faulty: ForkServer) -> None:
    cache = tmp_path / "cache"
    work = Work(faulty, cache, [], {}, keeping(tmp_path, cache, 300))
    check_every_fault(work, lambda: shutil.rmtree(cache, ignore_errors=True), outputs_are_whole(cache, set(), 3))


FETCH = """
from avgraph.cli.group import main
@main.command()
def get():
    from avgraph.io.download import download
    print(download({url!r}, {target!r}, {checksum!r}))
main(["get"])
"""


def test_download(tmp_path: Path, faulty: ForkServer) -> None:
    body, target = bytes(range(256)) * 2000, tmp_path / "cache" / "data.bin"
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "data.bin").write_bytes(body)
    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web")))
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    url, checksum = f"http://127.0.0.1:{web.server_port}/data.bin", hashlib.sha256(body).hexdigest()
    code = FETCH.format(url=url, target=str(target), checksum=f"sha256:{checksum}")
    online = {"AVGRAPH_OFFLINE": "", "NO_PROXY": "127.0.0.1"}

    def whole(code_: int, where: str) -> None:
        if code_:
            names = {path.name for path in target.parent.glob("*")}
            assert names <= {"data.bin", "data.bin.part"}, where
            again = faulty.start(python=code, env=online)
            assert again.wait() == 0, f"{where}{again.error}"
        assert [path.name for path in target.parent.iterdir()] == ["data.bin"], where
        assert target.read_bytes() == body, where

    try:
        work = Work(faulty, target.parent, [], online, code)
        check_every_fault(work, lambda: shutil.rmtree(target.parent, ignore_errors=True), whole)
    finally:
        web.shutdown()
        web.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize("size", [300, 4096, 8000])
def test_a_limit_on_the_size_of_files(tmp_path: Path, fork_server: ForkServer, size: int) -> None:
    path = small_experiment(tmp_path, **SHORT)
    child = fork_server.start(["train", str(path), "--quiet"], largest_file=size)
    assert child.wait() == 2
    assert re.fullmatch(r"/\S+: File too large\n", child.error)
    runs = list(tmp_path.glob("runs/small/*"))
    assert leftovers(tmp_path) == []
    if not runs:
        assert not (tmp_path / "runs").exists()
    for directory in runs:
        assert fork_server.start(["resume", str(directory), "--quiet"]).wait() == 0


def test_a_limit_on_the_size_of_mapped_files(tmp_path: Path, fork_server: ForkServer) -> None:
    child = fork_server.start(python=keeping(tmp_path, tmp_path / "cache", 300), largest_file=5000)
    assert (child.wait(), child.error) == (2, f"{tmp_path / 'cache' / 'a.npy'}: File too large\n")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount on this system")
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk(tmp_path: Path, small_disk: Path, fork_server: ForkServer) -> None:
    path = small_experiment(tmp_path, **SHORT)
    path.write_text(path.read_text().replace(str(tmp_path / "runs"), str(small_disk / "runs")))
    (small_disk / "ballast").write_bytes(bytes(60 << 10))
    child = fork_server.start(["train", str(path), "--quiet"])
    assert child.wait() == 2
    assert re.fullmatch(r"/\S+: No space left on device\n", child.error)
    mapped = fork_server.start(python=keeping(tmp_path, small_disk, 30000))
    assert (mapped.wait(), mapped.error) == (2, f"{small_disk / 'a.npy'}: No space left on device\n")
    (directory,) = small_disk.glob("runs/small/*")
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    resumed = fork_server.start(["resume", str(directory), "--quiet"])
    assert (resumed.wait(), resumed.error) == (0, "")
    assert leftovers(small_disk) == []
