"""m-LTM, LIR and C-MCR on rows that come later: the numbers of the run, one at a time as all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import avgraph
from avgraph.cli import main
from avgraph.errors import DataError, GraphError
from avgraph.methods.predictions import Predictions
from avgraph.tools.embed import embed_rows
from tests.methods.test_lir_run import experiment as clips
from tests.methods.test_mltm import experiment as sounds
from tests.spaces import two_spaces


@pytest.fixture(scope="module")
def mltm(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(sounds(tmp_path_factory.mktemp("mltm")), {"train.epochs": 3})


@pytest.fixture(scope="module")
def lir(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    settings = {"train.epochs": 2, "method.teacher_epochs": 1, "method.snapshot_epochs": []}
    return avgraph.train(clips(tmp_path_factory.mktemp("lir")), settings)


@pytest.fixture(scope="module")
def cmcr(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    folder = tmp_path_factory.mktemp("cmcr")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        return avgraph.train(two_spaces(folder), {"train.epochs": 1})


def loaded(run: avgraph.Run, name: str) -> np.ndarray:
    found: np.ndarray = np.load(run.directory.parents[2] / f"{name}.npy")
    return found


def check_alone(run: avgraph.Run, node: str, x: np.ndarray, whole: Predictions) -> None:
    for row in (0, len(x) - 1):
        one = run.predict(x[row : row + 1], node=node)
        for column in whole.columns.keys() - {"name"}:
            assert one[column][0] == pytest.approx(whole[column][row], abs=1e-5)
    assert whole.embedding is not None


def test_sounds_find_the_texts_that_the_run_says(mltm: avgraph.Run, tmp_path: Path) -> None:
    test = loaded(mltm, "split") == "test"
    x, y = loaded(mltm, "audio")[test], loaded(mltm, "y")[test]
    found = mltm.predict(x)
    right = np.mean(["abcdef".index(name) == label for name, label in zip(found["prediction"], y, strict=True)])
    assert right == pytest.approx(mltm.metrics["test/cosine/audio_to_text_recall_at_1"])
    torch.testing.assert_close(found.embedding, mltm.graph["audio"].embedding[torch.from_numpy(test)])
    check_alone(mltm, "audio", x, found)
    texts = mltm.predict(loaded(mltm, "text"), node="text")
    assert texts["of"] == ["audio"] * 6
    assert texts.graph["new_text", "matches", "audio"].edge_index.shape == (2, 30)
    np.save(tmp_path / "x.npy", x)
    done = embed_rows(mltm.directory, None, tmp_path / "x.npy", tmp_path / "out.npy")
    assert (done.rows, done.channels) == (36, 8)
    torch.testing.assert_close(torch.from_numpy(np.load(tmp_path / "out.npy")), found.embedding)
    with pytest.raises(DataError, match=r"audio: expected rows \[n, 10\], as the run was given, got \[36, 9\]"):
        mltm.predict(x[:, :9])
    with pytest.raises(GraphError, match="expected new rows of one type, got audio, text"):
        mltm.predict({"audio": x, "text": loaded(mltm, "text")})


def test_clips_are_of_the_class_that_the_run_says(lir: avgraph.Run, tmp_path: Path) -> None:
    test, y = loaded(lir, "split") == "test", loaded(lir, "y")
    for node in ("audio", "visual"):
        x = loaded(lir, node)[test]
        found = lir.predict(x, node=node)
        right = np.mean([name == str(label) for name, label in zip(found["prediction"], y[test], strict=True)])
        assert right == pytest.approx(lir.metrics[f"test/{node}_accuracy"])
        torch.testing.assert_close(found.embedding, lir.graph[node].embedding[torch.from_numpy(test)])
        check_alone(lir, node, x, found)
        assert all(0 < share < 1 for share in found["probability"])
    assert set(found["of"]) == {"audio"}
    np.save(tmp_path / "x.npy", x)
    result = CliRunner().invoke(
        main, ["embed", str(lir.directory), str(tmp_path / "x.npy"), "--node", "visual", "-o", str(tmp_path / "o.npy")]
    )
    assert result.exit_code == 0, result.output
    torch.testing.assert_close(torch.from_numpy(np.load(tmp_path / "o.npy")), found.embedding)


def test_rows_of_a_space_find_held_out_rows_of_others(cmcr: avgraph.Run, tmp_path: Path) -> None:
    x, y = loaded(cmcr, "clap_audio"), loaded(cmcr, "y")
    found = cmcr.predict(3 * x, node="clap")  # length says nothing
    right = np.mean([y[int(name)] == label for name, label in zip(found["prediction"], y, strict=True)])
    assert right == pytest.approx(cmcr.metrics["test/recall_at_1_audio_to_image"])
    assert set(found["of"]) == {"image"}
    torch.testing.assert_close(found.embedding, cmcr.graph["audio"].embedding)
    check_alone(cmcr, "clap", x, found)
    output = tmp_path / "found.graphml"
    result = CliRunner().invoke(
        main,
        ["predict", str(cmcr.directory), str(cmcr.directory.parents[2] / "clap_audio.npy"), "--node", "clap", "-o",
         str(output)],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert output.is_file()
    zero = x.copy()
    zero[2] = 0
    with pytest.raises(GraphError, match="space 'clap': row 2 is zero, so it has no cosine similarity"):
        cmcr.predict(zero, node="clap")
    with pytest.raises(DataError, match="node: no new rows of type 'audio'; the run answers: clap, clip"):
        cmcr.predict(x, node="audio")
    result = CliRunner().invoke(main, ["embed", str(cmcr.directory), "x.npy", "-o", str(tmp_path / "o.npy")])
    assert (result.exit_code, result.output.strip()) == (2, "--space: expected a space; it has: clap, clip")
