"""Whether the table notices: every mutant of `mutant_list` on a copy of the package, against the rows it names.

    python -m tests.wiring.mutants            all of them, a few minutes
    python -m tests.wiring.mutants cmcr       those whose kind, module or rows have the word

Prints a line a mutant and, last, how many of each kind were killed. Exits with 1 if a mutant survives, if a patch does
not fit exactly once, or if a row fails without any mutant.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from tests.wiring.mutant_list import KINDS, Mutant

ROOT = Path(__file__).parents[2]
FILES = [f"tests/wiring/{name}.py" for name in ("test_wiring", "test_runs", "test_read_twice")]


class Picked:
    """A pytest plugin that runs the named tests alone and remembers those that fail."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.tests = tests
        self.failed: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the items whose name begins as one of the tests does."""
        items[:] = [item for item in items if any(_is(item.name, test) for test in self.tests)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what failed."""
        if report.failed:
            self.failed.append(report.nodeid.partition("::")[2])


def _is(name: str, test: str) -> bool:
    row = name.partition("does_what_its_row_says[")[2]
    option = f"{test}=" if "=" not in test else test
    return row.startswith(option) if row else name.startswith(test) and ":" not in test


def file_of(module: str, root: Path) -> Path:
    """The file of a module under ``root``; nothing is imported."""
    folders, spec = [str(root)], None
    for end in range(1, module.count(".") + 2):
        spec = PathFinder.find_spec(".".join(module.split(".")[:end]), folders)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{module}: no such module; it has moved: name it anew in mutant_list.py")
        folders = list(spec.submodule_search_locations or ())
    assert spec is not None
    return Path(str(spec.origin))


def patched(text: str, mutant: Mutant) -> str:
    """The text of the module with the mutant in it."""
    if (count := text.count(mutant.old)) != 1:
        raise SystemExit(f"{mutant.module}: expected {mutant.old!r} once, found it {count} times; mend mutant_list.py")
    return text.replace(mutant.old, mutant.new)


def copied(folder: Path) -> Path:
    """The package and the tests in ``folder``, with what Python and numba have compiled of them."""
    for part in ("avgraph", "tests"):
        shutil.copytree(ROOT / part, folder / part)
    return folder


def run(folder: Path, mutant: Mutant | None, tests: Sequence[str]) -> tuple[int, list[str]]:
    """Exit code of pytest and names of the tests that failed, in a child process with the package of ``folder``."""
    answer = folder / "answer"
    answer.unlink(missing_ok=True)
    path = None if mutant is None else file_of(mutant.module, folder)
    if path is not None and mutant is not None:
        path.write_text(patched(path.read_text(encoding="utf-8"), mutant), encoding="utf-8")
    try:
        child = os.fork()  # libraries are loaded already, the package is not
        if child == 0:
            _test(folder, tests, answer, whole=mutant is None)
        os.waitpid(child, 0)
    finally:
        if path is not None:
            shutil.copy2(ROOT / path.relative_to(folder), path)  # with its time, so that what is compiled stays valid
    if not answer.is_file():
        return -1, ["the tests did not run to an end"]
    code, *failed = answer.read_text(encoding="utf-8").split("\n")
    return int(code), [line for line in failed if line]


def _test(folder: Path, tests: Sequence[str], answer: Path, *, whole: bool) -> None:
    os.chdir(folder)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    for loaded in [module for module in sys.modules if module.split(".")[0] in ("tests", "avgraph")]:
        del sys.modules[loaded]
    picked, said = Picked(tests), io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        options = ["-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider", "-q", *([] if whole else ["-x"])]
        code = pytest.main([*options, *FILES], plugins=[picked])
    if code not in (0, 1):
        picked.failed.append(said.getvalue()[-2000:])
    answer.write_text("\n".join([str(int(code)), *picked.failed]), encoding="utf-8")
    os._exit(0)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the mutants that the words pick and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="none takes all mutants")
    words = parser.parse_args(argv).words
    chosen = [
        (kind, m)
        for kind, mutants in KINDS.items()
        for m in mutants
        if not words or any(word in " ".join((kind, m.module, *m.tests)) for word in words)
    ]
    if not chosen:
        parser.error(f"no mutant has any of: {' '.join(words)}")
    for _, mutant in chosen:  # all that do not fit are told before any test
        patched(file_of(mutant.module, ROOT).read_text(encoding="utf-8"), mutant)
    importlib.import_module("tests.wiring.table")  # and with it every library: a child forgets the package alone
    importlib.import_module("avgraph.runs.run")

    killed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = copied(Path(name))
        code, failed = run(folder, None, sorted({test for _, mutant in chosen for test in mutant.tests}))
        if code != 0:
            print(f"without any mutant ({code}):", *failed, sep="\n  ")
            return 1
        for number, (kind, mutant) in enumerate(chosen, start=1):
            code, failed = run(folder, mutant, mutant.tests)
            killed[kind] += code == 1
            verdict = {1: "killed by", 0: "SURVIVED", 5: "NO SUCH TEST"}.get(code, "BROKEN")
            what = f"{mutant.module}: {' '.join(mutant.old.split())[:60]}"
            print(f"{number:3}/{len(chosen)} {what:100} {verdict} {failed[0] if failed else mutant.tests}", flush=True)
    for kind, count in Counter(kind for kind, _ in chosen).items():
        print(f"{kind}: {killed[kind]} of {count}")
    print(f"{killed.total()} of {len(chosen)} mutants killed")
    return int(killed.total() < len(chosen))


if __name__ == "__main__":
    raise SystemExit(main())
