"""The tutorial, typed as it stands: every block in order, from an empty folder, in processes of their own."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

from tests.forking import ForkServer
from tests.pages.snippets import TUTORIAL, snippets


def _words(line: str, folder: Path) -> list[str]:
    """The words of a line, with patterns replaced by the files that fit, as a shell does."""
    found: list[str] = []
    for word in shlex.split(line):
        fits = sorted(str(path.relative_to(folder)) for path in folder.glob(word)) if "*" in word else []
        found += fits or [word]
    return found


def _program(line: str, folder: Path) -> str:
    """What a line of a shell block does, as Python: a script of the page, or a command of ours."""
    program, *words = _words(line, folder)
    if program == "python":
        run = f"runpy.run_path({words[0]!r}, run_name='__main__')"
    else:
        assert program == "avgraph", line
        run = f"main({words!r}, prog_name='avgraph')"
    return f"import os, runpy\nfrom avgraph.cli import main\nos.chdir({str(folder)!r})\n{run}\n"


def test_typed_as_it_stands(tmp_path: Path, fork_server: ForkServer) -> None:
    ran = []
    for snippet in snippets(TUTORIAL):
        if snippet.file:
            (tmp_path / snippet.file).write_text(snippet.text, encoding="utf-8")
        else:
            assert snippet.language == "bash", snippet
            for line in snippet.text.splitlines():
                child = fork_server.start(python=_program(line, tmp_path), env={"AVGRAPH_OFFLINE": "1"})
                assert child.wait() == 0, f"{snippet}: {line}\n{child.error}"
                ran.append(line.split()[1])
    assert ran == [
        *("make_table.py", "validate", "train", "report", "predict", "export", "draw.py", "discover"),
    ]
    (run,) = (tmp_path / "runs" / "wine").iterdir()
    assert (run / "report.html").stat().st_size > 100_000
    with (tmp_path / "found.csv").open(encoding="utf-8") as file:
        answers = [row["prediction"] for row in csv.DictReader(file)]
    assert answers == ["Barolo"] * 6 + ["Grignolino"] * 7 + ["Barbera"] * 5  # all 18, as the page says
    for picture in ("wine.png", "columns.png", "columns_consensus.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
