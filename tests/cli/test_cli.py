"""The command line as a user meets it: exit codes, one-line errors, start-up without torch."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from avgraph.cli import main
from tests.experiments import small_experiment


def call(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_train_evaluate_export_resume(tmp_path: Path) -> None:
    code, text = call("train", small_experiment(tmp_path), "--set", "train.epochs=5", "--quiet", "--device", "cpu")
    assert code == 0
    assert "accuracy" in text
    directory = text.strip().splitlines()[-1].removeprefix("run: ")
    assert call("evaluate", directory)[0] == 0
    for suffix in ("graphml", "gexf", "json", "parquet"):
        target = tmp_path / f"graph.{suffix}"
        assert call("export", directory, "-o", target)[0] == 0
        assert target.exists()
    code, text = call("export", directory, "-o", tmp_path / "graph.dot")
    assert code == 2
    assert ".graphml" in text
    assert call("resume", directory)[0] == 0


def test_set_takes_several_overrides(tmp_path: Path) -> None:
    path = small_experiment(tmp_path)
    assert call("validate", path, "--set", "train.epochs=5", "seed=4")[0] == 0
    code, text = call("validate", "--set", "train.epochs=5", "train.epoch=4", "--", path)
    assert (code, text.strip()) == (2, "--set train.epoch=4: train.epoch: unknown key; did you mean 'epochs'?")
    code, text = call("validate", path, "seed=4")  # not behind one
    assert code == 2
    assert "unexpected extra argument" in text


def test_mistakes_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    path = small_experiment(tmp_path, **{"hidden_channels": "hiden_channels"})
    code, text = call("train", path)
    assert code == 2
    assert text.strip() == f"{path}:11: method.hiden_channels: unknown key; did you mean 'hidden_channels'?"
    assert call("validate", path)[0] == 2
    code, text = call("validate", tmp_path / "absent.yaml")
    assert (code, len(text.strip().splitlines())) == (2, 1)
    code, text = call("evaluate", tmp_path)
    assert (code, text.strip()) == (2, f"{tmp_path}: not the folder of a run (it has no config.yaml)")


@pytest.mark.parametrize("folds", ["-1", "1,1", "x", "1,", ""])
def test_wrong_folds(folds: str, tmp_path: Path) -> None:
    code, text = call("train", small_experiment(tmp_path), "--folds", folds)
    assert code == 2
    assert "expected all or fold numbers" in text


def test_folds_need_a_data_set_with_folds(tmp_path: Path) -> None:
    code, text = call("train", small_experiment(tmp_path), "--folds", "all")
    assert (code, text.strip()) == (2, "--folds: data set 'files' has no folds")


@pytest.mark.slow
def test_help_validate_and_schema_load_no_torch(tmp_path: Path) -> None:
    path = small_experiment(tmp_path)
    for words in (["--help"], ["validate", str(path)], ["schema"], ["train", "--help"]):
        code = (
            "import sys\nfrom avgraph.cli import main\n"
            f"try:\n    main({words!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
            "assert 'torch' not in sys.modules\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=Path(__file__).parents[2])
