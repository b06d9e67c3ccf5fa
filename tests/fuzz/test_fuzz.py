"""A small share of the fuzz with every run of the tests, and the fuzz itself: what it must notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from avgraph.errors import ConfigError, DataError
from tests.forking import ForkServer
from tests.fuzz.mutate import mutate_bytes
from tests.fuzz.readers import Reader, readers
from tests.fuzz.samples import make_samples
from tests.fuzz.verdict import damaged, verdict
from tests.fuzz.workers import plan

ROOT = Path(__file__).parents[2]


def test_three_thousand_damaged_files(fork_server: ForkServer) -> None:
    arguments = ["tests.fuzz", "--count", "3000", "--seed", "0"]
    child = fork_server.start(
        python=f"import sys; sys.argv = {arguments}; from tests.fuzz.__main__ import main; main()"
    )
    assert child.wait(300) == 0, child.output + child.error
    assert child.output.startswith("3000 inputs, 0 findings, ")


def test_every_reader_takes_its_valid_files(tmp_path: Path) -> None:
    samples = make_samples(tmp_path)
    (tmp_path / "base.yaml").write_bytes(samples["yaml"][2])
    for reader in readers():
        for content in samples[reader.name]:
            whole = Reader(reader.name, reader.file, reader.read, lambda rng, some: some[0], 1)
            path = tmp_path / reader.file
            path.write_bytes(damaged(whole, [content], 0, 0))
            if reader.name not in ("npy", "npz", "parquet", "history"):  # arrays of another name or kind
                reader.read(path)


def failing(error: BaseException) -> Reader:
    def read(path: Path) -> None:
        raise error

    return Reader("any", "any", read, mutate_bytes, 1)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DataError("one line"), None),
        (ConfigError("line\n" * 10 + "eleven"), None),
        (DataError("two\nlines"), "a message of 2 lines"),
        (DataError("a \x1b[31m colour"), "a message of 1 lines"),
        (DataError(""), "a message of 1 lines"),
        (DataError("x" * 3000), "a line of 3000 characters"),
        (ConfigError("line\n" * 20 + "end"), "a message of 21 lines"),
        (KeyError("a"), "KeyError"),
        (SystemExit(0), "SystemExit"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_what_counts_as_a_finding(tmp_path: Path, error: BaseException, told: str | None) -> None:
    found = verdict(failing(error), tmp_path / "any", b"")
    assert found == told if told is None else told in str(found)


@pytest.mark.slow
def test_a_death_and_a_hang_are_found_and_the_rest_goes_on() -> None:
    script = """
import os, signal, time
from tests.fuzz import verdict, workers
from tests.fuzz.readers import Reader
verdict.SECONDS = workers.SECONDS = 0.5
def read(path):
    number = int(path.read_bytes())
    if number == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 5:
        while True:
            pass
    if number == 7:
        signal.setitimer(signal.ITIMER_REAL, 0)
        time.sleep(60)
reader = Reader("any", "any", read, lambda rng, samples: b"", 1)
workers.damaged = lambda reader, samples, seed, index: str(index).encode()
outcome = workers.Outcome()
for _ in workers.run_jobs([reader], {"any": [b""]}, workers.plan([reader], 10), 0, outcome):
    pass
print(dict(outcome.counts), outcome.findings)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    expected = [("any", 3, "killed by signal 11"), ("any", 5, "longer than 0.5 s"), ("any", 7, "hangs")]
    assert done.stdout == f"{{'any': 10}} {expected}\n"


def test_a_seed_gives_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = make_samples(tmp_path / "one"), make_samples(tmp_path / "two")
    for reader in readers():
        assert [damaged(reader, one[reader.name], 0, k) for k in range(20)] == [
            damaged(reader, two[reader.name], 0, k) for k in range(20)
        ]


def test_the_plan_gives_every_reader_its_share() -> None:
    some = readers()
    jobs = list(plan(some, 2000))
    assert [sum(i == k for i, _ in jobs) for k in range(len(some))] == [2 * reader.share for reader in some]
    assert sum(reader.share for reader in some) == 1000
    assert len(set(jobs)) == 2000
