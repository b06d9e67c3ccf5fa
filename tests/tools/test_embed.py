"""`avgraph embed`: the rows of a run come out as it embeds them; mistakes are one line and leave no file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import avgraph
from avgraph.cli import main
from avgraph.tools.embed import embed_rows
from tests.experiments import small_experiment
from tests.spaces import two_spaces


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    folder = tmp_path_factory.mktemp("embed")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        return avgraph.train(two_spaces(folder), {"train.epochs": 2})


def call(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["embed", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.strip()


def files_of(run: avgraph.Run, name: str) -> Path:
    return run.directory.parents[2] / name


@pytest.mark.parametrize(("space", "node"), [("clap", "audio"), ("clip", "image")])
def test_rows_come_out_as_the_run_embeds_them(space: str, node: str, run: avgraph.Run, tmp_path: Path) -> None:
    source, target = files_of(run, f"{space}_{node}.npy"), tmp_path / "out.npy"
    code, text = call(run.directory, source, "--space", space, "-o", target)
    assert (code, text) == (0, f"wrote {target}: 36 × 16")
    torch.testing.assert_close(torch.from_numpy(np.load(target)), run.graph[node].embedding)
    np.save(tmp_path / "long.npy", 5 * np.load(source).astype(np.float16))  # length says nothing
    embed_rows(run.directory, space, tmp_path / "long.npy", target)
    torch.testing.assert_close(torch.from_numpy(np.load(target)), run.graph[node].embedding, atol=5e-3, rtol=0)


def test_mistakes_are_one_line_and_leave_nothing(run: avgraph.Run, tmp_path: Path) -> None:
    good = np.load(files_of(run, "clap_audio.npy"))
    target = tmp_path / "out.npy"

    def told(rows: Path | str, space: str = "clap", output: Path = target) -> str:
        code, text = call(run.directory, rows, "--space", space, "-o", output)
        assert (code, len(text.splitlines())) == (2, 1)
        assert not target.exists()
        assert not list(tmp_path.glob(".out*"))
        return text

    for name, rows in (("wide", good[:, :5]), ("zero", good * (np.arange(36) != 4)[:, None]), ("nan", good.copy())):
        if name == "nan":
            rows[9, 2] = np.nan
        np.save(tmp_path / f"{name}.npy", rows)
    assert told(tmp_path / "wide.npy").endswith("wide.npy (space 'clap'): expected 12 columns, got [36, 5]")
    assert told(tmp_path / "zero.npy").endswith("row 4 is zero: it has no direction")
    assert told(tmp_path / "nan.npy").endswith("row 9 has NaN or infinite values: it has no direction")
    whole = files_of(run, "clap_audio.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-40])
    assert "cut.npy: not a readable .npy file" in told(tmp_path / "cut.npy")
    assert told(tmp_path / "absent.npy").endswith("absent.npy: no such file")
    source = files_of(run, "clap_audio.npy")
    assert "no space 'clab'" in told(source, space="clab")
    assert "did you mean 'clap'" in told(source, space="clab")
    assert "expected a file .npy in a folder that exists" in told(source, output=tmp_path / "out.csv")
    assert "expected a file .npy in a folder that exists" in told(source, output=tmp_path / "no" / "out.npy")


def test_a_run_of_another_kind(tmp_path: Path) -> None:
    other = avgraph.train(small_experiment(tmp_path), {"train.epochs": 1})
    code, text = call(other.directory, tmp_path / "audio.npy", "--space", "clap", "-o", tmp_path / "out.npy")
    assert (code, text) == (2, f"{other.directory}: a run of method 'rrnet', which embeds nothing")
    code, text = call(tmp_path, tmp_path / "audio.npy", "--space", "clap", "-o", tmp_path / "out.npy")
    assert (code, text) == (2, f"{tmp_path}: not the folder of a run (it has no config.yaml)")
