"""A run goes on with the very files that it has learned from, whichever option, or none, named them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import avgraph
from avgraph.errors import DataError
from avgraph.nn import Projector
from avgraph.runs.callbacks import Checkpoints
from tests.datasets.caption_folder import audiocaps_folder
from tests.datasets.esc_folder import rows, write_pictures, write_table
from tests.experiments import small_experiment
from tests.spaces import two_spaces

SHORT = {"epochs: 30": "epochs: 6"}
GLOVE = "shared/text/glove_6b_50d_vocab.npz"
Change = Callable[[Path], None]


def _more(path: Path) -> None:
    np.save(path, np.load(path) * 1.5)


def _other_vectors(path: Path) -> None:
    with np.load(path) as bundle:
        np.savez(path, **{key: value * 2 if value.dtype.kind == "f" else value for key, value in bundle.items()})


def _other_text(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(" is ", " was "), encoding="utf-8")


def _other_numbers(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("2", "3"), encoding="utf-8")


def _turned(path: Path) -> None:
    np.save(path, np.load(path)[::-1])


def _encoded(folder: Path) -> Path:
    """Vectors, scores and words from files, edges from a matrix."""
    np.save(folder / "other.npy", np.random.default_rng(1).normal(size=(45, 5)).astype(np.float32))
    np.save(folder / "score.npy", np.full((45, 3), 1 / 3, dtype=np.float32))
    np.save(folder / "weights.npy", np.array([[0, 0.5, 0], [0, 0, 1], [0, 0, 0]]))
    (folder / "glove.txt").write_text("cat 1 0 2\ndog 0 1 1\nbird 1 1 0\n", encoding="utf-8")
    _write_words(folder / GLOVE)
    encoders = """encoders:
  audio: [{type: precomputed, x: other.npy, score: score.npy}, {type: precomputed}]
  label: [{type: glove, path: glove.txt}, {type: glove}]
"""
    step = "  - {type: dependency_edges, weights: weights.npy, node: label}\n"
    return small_experiment(folder, **{"graph:\n": f"{encoders}graph:\n{step}", **SHORT})


def _write_words(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, word=np.array(["cat", "dog", "bird"]), x=np.eye(3, dtype=np.float32))


def _with_heads(folder: Path) -> Path:
    _save_heads(folder / "heads.pt")
    return two_spaces(folder, ("channels: 16,", "channels: 16, heads: {clap: 'heads.pt:Head_A'},"))


def _save_heads(path: Path, seed: int = 0) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = Projector(12, 32, 16)
    torch.save({f"Head_A.{key}": value for key, value in head.state_dict().items()}, path)


def _mltm(folder: Path, data: str) -> Path:
    train = "train: {epochs: 6, checkpoint_every: 1, device: cpu, threads: 1}\n"
    text = f"name: small\n{data}method: {{type: mltm, batch_size: 4}}\n{train}output: {folder / 'runs'}\n"
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return folder / "small.yaml"


def _unseen(folder: Path, option: str = "") -> Path:
    write_table(folder / "esc" / "esc50.csv", rows())
    write_pictures(folder / "esc" / "esc50_logmel_u8.npz", rows())
    np.save(folder / "sounds.npy", np.random.default_rng(0).normal(size=(10, 6)).astype(np.float32))
    vectors = {"esc50": np.array(["dog", "crowing rooster"]), "esc50_x": np.eye(2, 4, dtype=np.float32)}
    np.savez(folder / "vectors.npz", **vectors)
    (folder / "shared" / "text").mkdir(parents=True)
    np.savez(folder / "shared" / "text" / "minilm_labels.npz", **vectors)
    data = f"dataset: {{type: esc50_zero_shot, root: esc, part: 5{option}}}\n"
    return _mltm(folder, data + "encoders: {audio: {type: precomputed, x: sounds.npy}}\n")


def _captioned(folder: Path) -> Path:
    audiocaps_folder(folder / "sounds")
    tables = folder / "shared" / "captions"
    tables.mkdir(parents=True)
    for path in (folder / "sounds").glob("*.csv"):
        path.rename(tables / path.name)
    np.save(folder / "sounds.npy", np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32))
    data = "dataset: {type: audiocaps, root: sounds, seconds: 0.5}\n"
    return _mltm(folder, data + "encoders: {audio: {type: precomputed, x: sounds.npy}, text: {type: hashing}}\n")


KINDS: dict[str, tuple[Callable[[Path], Path], dict[str, Change]]] = {
    "encoders and transforms": (
        _encoded,
        {
            "audio.npy": _more,
            "other.npy": _more,
            "score.npy": lambda path: np.save(path, np.eye(45, 3)),
            "glove.txt": _other_numbers,
            GLOVE: _other_vectors,
            "weights.npy": _more,
        },
    ),
    "spaces": (_with_heads, {"heads.pt": lambda path: _save_heads(path, seed=1), "clap_text.npy": _turned}),
    "sentence vectors named": (
        lambda folder: _unseen(folder, ", text: vectors.npz"),
        {"vectors.npz": _other_vectors, "sounds.npy": _more},
    ),
    "sentence vectors found": (_unseen, {"shared/text/minilm_labels.npz": _other_vectors}),
    "captions": (_captioned, {"shared/captions/audiocaps_val.csv": _other_text}),
}


@pytest.fixture(autouse=True)
def _places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)


def stopped(experiment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a run that ended after its fifth epoch."""
    inner = Checkpoints.on_train_epoch_end

    def stop(self: Checkpoints, trainer: object, module: object) -> None:
        inner(self, trainer, module)  # type: ignore[arg-type]
        if module.current_epoch == 4:  # type: ignore[attr-defined]
            raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "on_train_epoch_end", stop)
        with pytest.raises(RuntimeError, match="power cut"):
            avgraph.train(experiment)
    (directory,) = experiment.parent.glob("runs/small/*")
    assert (directory / "checkpoints" / "last.ckpt").is_file()
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("no_figures")
def test_resume_notices_a_changed_file(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, changes = KINDS[kind]
    experiment = write(tmp_path)
    monkeypatch.setenv("AVGRAPH_DATA", str(tmp_path / "shared"))
    directory = stopped(experiment, monkeypatch)
    known = [Path(name).name for name in json.loads((directory / "environment.json").read_text())["data"]["files"]]
    for name, change in changes.items():
        file = tmp_path / name
        assert known.count(file.name) == 1
        before = file.read_bytes()
        change(file)
        assert file.read_bytes() != before
        with pytest.raises(DataError) as caught:
            avgraph.resume(directory)
        assert "\n" not in str(caught.value)
        assert f"{file.name} is not what the run has learned from so far; train a new run" in str(caught.value)
        file.write_bytes(before)
    resumed, unbroken = avgraph.resume(directory), avgraph.train(experiment)
    assert resumed.metrics == unbroken.metrics
    assert resumed.graph.provenance == unbroken.graph.provenance
    assert (directory / "metrics.jsonl").read_bytes() == (unbroken.directory / "metrics.jsonl").read_bytes()


def _edit(directory: Path, change: Callable[[dict[str, object]], object]) -> None:
    environment = json.loads((directory / "environment.json").read_text())
    change(environment["data"])
    (directory / "environment.json").write_text(json.dumps(environment))


def test_an_older_run_that_knows_fewer_files_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGRAPH_DATA", str(tmp_path / "shared"))
    directory = stopped(_encoded(tmp_path), monkeypatch)
    _edit(directory, lambda data: data["files"].pop(str(tmp_path / "other.npy")))  # type: ignore[attr-defined]
    assert avgraph.resume(directory).metrics["data"]["source"] == "real"
    assert str(tmp_path / "other.npy") in json.loads((directory / "environment.json").read_text())["data"]["files"]


def test_moved_files_are_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = _encoded(tmp_path)
    monkeypatch.setenv("AVGRAPH_DATA", str(tmp_path / "shared"))
    directory = stopped(experiment, monkeypatch)
    moved = (tmp_path / "shared").rename(tmp_path / "moved")
    monkeypatch.setenv("AVGRAPH_DATA", str(moved))
    _other_vectors(moved / "text" / "glove_6b_50d_vocab.npz")
    with pytest.raises(DataError, match=r"shared.*vocab\.npz, which the run has learned from so far, is not read; tra"):
        avgraph.resume(directory)
    _write_words(moved / "text" / "glove_6b_50d_vocab.npz")
    assert avgraph.resume(directory).metrics["data"]["dataset"] == "files"


def test_made_up_data_do_not_take_the_place_of_real_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = stopped(small_experiment(tmp_path, **SHORT), monkeypatch)
    _edit(directory, lambda data: data.update(source="synthetic", files={}))
    with pytest.raises(DataError, match="the run has learned from synthetic data so far, not real; train a new run"):
        avgraph.resume(directory)


def test_a_run_says_once_what_each_file_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from avgraph.io import files_read

    hashed: list[str] = []
    inner = files_read.sha256_file
    monkeypatch.setattr(files_read, "sha256_file", lambda path: (hashed.append(str(path)), inner(path))[1])
    loud = ("  held_out:\n", "  normalize: true\n  held_out:\n")
    run = avgraph.train(two_spaces(tmp_path, loud), {"train.epochs": 1})
    assert sorted(hashed) == sorted(set(hashed))
    assert set(run.graph.provenance["files"]) == set(hashed)
