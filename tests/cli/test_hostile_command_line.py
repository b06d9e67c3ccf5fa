"""What a shell can hand to the program: pipes, devices, a folder that is gone, a full disk. One line, exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from avgraph.cli import main

GOOD = "dataset: {type: synthetic}\nmethod: {type: rrnet}\n"


def avgraph(*words: str, cwd: Path, stdout: str | None = None) -> tuple[int, str]:
    """Exit code, and what was said on standard error."""
    with open(stdout or os.devnull, "w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "avgraph", *words],
            cwd=cwd,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    return done.returncode, done.stderr


@pytest.mark.slow
def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert avgraph("validate", "pipe.yaml", cwd=tmp_path) == (2, "pipe.yaml: is a pipe, expected a YAML file\n")
    assert avgraph("validate", "/dev/zero", cwd=tmp_path) == (2, "/dev/zero: is a device, expected a YAML file\n")
    (tmp_path / "a.yaml").write_text("extends: pipe.yaml\n" + GOOD)
    told = "a.yaml:1: extends: pipe.yaml: is a pipe, expected a YAML file\n"
    assert avgraph("validate", "a.yaml", cwd=tmp_path) == (2, told)


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    script = "import os, sys\nos.rmdir(os.getcwd())\nfrom avgraph.cli import main\nmain(sys.argv[1:])\n"
    (tmp_path / "gone").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, "validate", "a.yaml"],
        cwd=tmp_path / "gone",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = "the working directory does not exist any more; change to one that does\n"
    assert (done.returncode, done.stderr) == (2, told)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
@pytest.mark.parametrize("words", [["schema"], ["--help"], ["schema", "--help"]])
def test_standard_output_that_takes_nothing(tmp_path: Path, words: list[str]) -> None:
    told = (2, "standard output: No space left on device\n")
    assert avgraph(*words, cwd=tmp_path, stdout="/dev/full") == told


def test_code_of_the_user_that_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ends.py").write_text("raise SystemExit(0)\n")
    (tmp_path / "a.yaml").write_text('dataset: {type: "ends:X"}\nmethod: {type: rrnet}\n')
    ended = "a.yaml:1: dataset.type: cannot import 'ends': SystemExit: 0\n"
    assert avgraph("validate", "a.yaml", cwd=tmp_path) == (2, ended)
    (tmp_path / "late.py").write_text("class X:\n    def __init__(self): raise SystemExit\n    def load(self): ...\n")
    (tmp_path / "a.yaml").write_text('dataset: {type: "late:X"}\nmethod: {type: rrnet}\n')
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["train", "a.yaml"])
    told = "stopped by a call of sys.exit(0) in code that the experiment names\n"
    assert (result.exit_code, result.stderr) == (2, told)
