"""Long work is never mute on the command line, and silent in Python."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytorch_lightning import LightningModule, Trainer

from avgraph.cli import main
from avgraph.runs.callbacks import EpochProgress
from avgraph.runtime import progress
from avgraph.runtime.progress import counted, reporting
from avgraph.runtime.progress_shown import Lines
from tests.experiments import small_experiment
from tests.forking import ForkServer

SOON = "from avgraph.runtime import progress_shown as shown\nshown.FIRST = shown.EVERY = 0.05\n"
COMMAND = SOON + "from avgraph.cli import main\nmain({arguments!r})\n"


def line(total: int | None, steps: int, seconds: float, *, loss: float | None = None, done: int = 0) -> str:
    lines = Lines(total, "title", done, "steps")
    lines.advance(steps, loss=loss)
    lines.close()
    return lines.line(seconds)


def test_what_a_line_says() -> None:
    assert line(200, 0, 10) == "title: 0/200, 0:00:10 so far"
    assert line(200, 50, 60, loss=0.25) == "title: 50/200, loss 0.2500, 0:03:00 left"
    assert line(None, 0, 40) == "title: 0:00:40 so far"
    assert line(200, 50, 60, done=100) == "title: 150/200, 0:01:00 left"  # a resumed run: by the pace of now


@pytest.mark.parametrize(("total", "said"), [(2_000_000, "0.5/2.0 MB, 0:00:03 left"), (None, "0.5 MB, 0:00:01 so far")])
def test_what_a_line_says_of_bytes(total: int | None, said: str) -> None:
    lines = Lines(total, "title", 0, "bytes")
    lines.advance(500_000)
    lines.close()
    assert lines.line(1) == f"title: {said}"


def test_a_run_without_a_terminal_tells_stage_loss_and_time_left(tmp_path: Path, fork_server: ForkServer) -> None:
    path = small_experiment(tmp_path, **{"epochs: 30": "epochs: 60"})
    child = fork_server.start(python=COMMAND.format(arguments=["train", str(path)]))
    assert child.wait() == 0
    assert re.search(r"^small: rrnet: \d+/60, loss \d\.\d{4}, 0:00:\d\d left$", child.error, re.M)
    assert child.error.count("\n") == len(re.findall(r"^small: ", child.error, re.M))  # and nothing else


def test_quiet_says_nothing(tmp_path: Path, fork_server: ForkServer) -> None:
    child = fork_server.start(python=COMMAND.format(arguments=["train", str(small_experiment(tmp_path)), "--quiet"]))
    assert (child.wait(), child.error) == (0, "")


def test_discover_tells_its_bootstraps(tmp_path: Path, fork_server: ForkServer) -> None:
    code = """
import numpy as np
np.save("x.npy", np.random.default_rng(0).normal(size=(2000, 25)))
"""
    arguments = ["discover", "x.npy", "-o", "dag.graphml", "--bootstraps", "100"]
    code = f"import os\nos.chdir({str(tmp_path)!r})\n" + code + COMMAND.format(arguments=arguments)
    child = fork_server.start(python=code)
    assert child.wait() == 0
    assert re.search(r"^bootstraps: \d+/100, ", child.error, re.M)
    assert re.search(r"^discovering a graph: ", child.error, re.M)


def test_python_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def never(*_: object) -> None:
        raise AssertionError("reported")

    monkeypatch.setattr(progress, "Lines", never)
    monkeypatch.setattr(progress, "Bar", never)
    with counted(3, "a") as advance:
        advance()
    with reporting(True), pytest.raises(AssertionError, match="reported"), counted(3, "a"):
        pass
    assert capsys.readouterr().err == ""


def test_one_thing_is_reported_at_a_time() -> None:
    with reporting(True), counted(None, "stage"):
        stage = progress._LINES.get()
        assert stage is not None
        with counted(3, "a") as advance:
            assert stage.waiting == 1
            with counted(2, "b") as inner, reporting(True), counted(2, "c", quiet=False) as innermost:
                assert inner is innermost is progress._silent
            advance()
        assert (stage.waiting, progress._LINES.get()) == (0, stage)
    assert progress._LINES.get() is None


def test_a_terminal_gets_a_bar(tmp_path: Path, fork_server: ForkServer) -> None:
    code = f"""
import os, pty, sys
main, other = pty.openpty()
sys.stderr = os.fdopen(other, "w")
os.environ.update(TERM="xterm", COLUMNS="100")
from avgraph.runtime.progress import counted
with counted(4, "[a] b", quiet=False) as advance:
    advance(2, loss=0.5)
print("the end", file=sys.stderr, flush=True)
seen = b""
while b"the end" not in seen:  # a terminal hands over what was written in as many pieces as it likes
    seen += os.read(main, 100000)
open({str(tmp_path / "seen")!r}, "wb").write(seen)
"""
    child = fork_server.start(python=code)
    assert (child.wait(), child.error) == (0, "")
    seen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", (tmp_path / "seen").read_text())
    assert re.search(r"\[a\] b .*2/4 loss 0\.5000", seen)


@pytest.mark.parametrize("command", ["train", "resume", "evaluate", "discover", "match", "embed", "data fetch"])
def test_every_long_command_can_be_quiet(command: str) -> None:
    assert "--quiet" in CliRunner().invoke(main, [*command.split(), "--help"]).output


def test_the_report_ends_with_an_error_of_the_training() -> None:
    report = EpochProgress("a", quiet=False)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = Trainer(accelerator="cpu", max_epochs=2, **quiet)  # type: ignore[arg-type]
    report.on_train_start(trainer, LightningModule())
    lines = progress._LINES.get()
    assert lines is not None
    report.on_exception(trainer, LightningModule(), RuntimeError())
    assert lines.closed.is_set()
    assert progress._LINES.get() is None
