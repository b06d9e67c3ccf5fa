"""Files and folders that an experiment names are looked at before it runs, without numpy or torch."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from avgraph.config import dump_experiment, load_experiment
from avgraph.errors import ConfigError
from avgraph.io.stored_shape import stored_shape

RRNET = "method: {type: rrnet}\n"
ESC = f"dataset: {{type: esc50}}\n{RRNET}"
SPACES = """\
dataset:
  type: spaces
  spaces:
    clap: {text: a.npy, audio: b.npy}
    clip: {text: a.npy, image: b.npy}
"""
CMCR = "method: {type: cmcr}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.npy", "b.npy"):
        (tmp_path / name).write_bytes(b"\x93NUMPY\x01\x00")
    (tmp_path / "words.txt").write_text("the 0.1\n", encoding="utf-8")
    (tmp_path / "heads.pt").write_bytes(b"PK\x03\x04")
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
        archive.writestr("word.npy", b"")
    (tmp_path / "folder").mkdir()
    return tmp_path


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong, without the folder; nothing where all is there."""
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_experiment(path, check_files=True)
    except ConfigError as error:
        return str(error).replace(f"{folder}/", "").splitlines()
    return []


@pytest.mark.parametrize(
    "text",
    [
        ESC,
        SPACES + CMCR,
        ESC.replace("esc50}", "esc50, root: folder}"),
        ESC + "encoders: {label: {type: glove, path: words.txt}}\n",
        ESC + "encoders: {audio: [{type: logmel_cnn}, {type: precomputed, x: a.npy, score: b.npy}]}\n",
        SPACES + "method: {type: cmcr, heads: {clap: 'heads.pt:A'}}\n",
        "dataset: {type: class_paired, root: nowhere}\nmethod: {type: lir}\n",  # a stand-in takes its place
        "dataset: {type: stamps}\nmethod: {type: mmvae, audio_weights: heads.pt}\n",
        ESC + "encoders: {label: {type: sentence_transformers, model: some/model}}\n",  # on the hub
    ],
)
def test_what_is_there_is_valid(folder: Path, text: str) -> None:
    assert problems(folder, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ESC.replace("esc50}", "esc50, root: nowhere}"), ["x.yaml:1: dataset.root: nowhere: no such folder"]),
        (ESC.replace("esc50}", "esc50, root: a.npy}"), ["x.yaml:1: dataset.root: a.npy: is a file, expected a folder"]),
        (
            "dataset: {type: class_paired, root: nowhere, on_missing: []}\nmethod: {type: lir}\n",
            ["x.yaml:1: dataset.root: nowhere: no such folder"],
        ),
        (
            "dataset: {type: clotho, root: folder, captions: nowhere}\nmethod: {type: mltm}\n",
            ["x.yaml:1: dataset.captions: nowhere: no such folder"],
        ),
        (
            "dataset: {type: esc50_zero_shot, text: nowhere.npz}\nmethod: {type: mltm}\n",
            ["x.yaml:1: dataset.text: nowhere.npz: no such file"],
        ),
        (
            "dataset: {type: esc50_zero_shot, text: a.npy}\nmethod: {type: mltm}\n",
            ["x.yaml:1: dataset.text: a.npy: not a .npz file: it is no archive; it looks like a .npy file"],
        ),
        (
            SPACES.replace("image: b.npy", "image: b.npz") + CMCR,
            ["x.yaml:5: dataset.spaces.clip.image: b.npz: no such file; did you mean 'b.npy'?"],
        ),
        (
            SPACES.replace("image: b.npy", "image: words.txt") + CMCR,
            [
                "x.yaml:5: dataset.spaces.clip.image: words.txt: a .txt file is read as text; "
                "expected numbers, such as FILE.npy"
            ],
        ),
        (
            SPACES
            + "  held_out: {sound: {x: {clap: a.npy}, y: none.npy, name: no.txt}}\n  names: {text: v.npz}\n"
            + CMCR,
            [
                "x.yaml:6: dataset.held_out.sound.y: none.npy: no such file",
                "x.yaml:6: dataset.held_out.sound.name: no.txt: no such file",
                "x.yaml:7: dataset.names.text: v.npz: expected FILE:KEY with one of: word",
            ],
        ),
        (
            SPACES.replace("  spaces:", "  root: nowhere\n  spaces:") + CMCR,
            ["x.yaml:3: dataset.root: nowhere: no such folder"],  # and not every file in it
        ),
        (
            SPACES + "method:\n  type: cmcr\n  heads: {clap: 'head.pt:A', clip: 'a.npy:A'}\n",
            [
                "x.yaml:8: method.heads.clap: head.pt: no such file; did you mean 'heads.pt'?",
                "x.yaml:8: method.heads.clip: a.npy:A: expected FILE.pt:HEAD, such as clap_clip.pt:Head_A",
            ],
        ),
        (
            "dataset: {type: stamps}\nmethod: {type: mmvae, audio_weights: heads.pt:A}\n",
            [
                "x.yaml:2: method.audio_weights: heads.pt:A: expected a file of weights, .pt, .pth, .bin, .ckpt; "
                "none has a key behind it"
            ],
        ),
        (
            "dataset: {type: stamps}\nmethod: {type: mmvae, audio_weights: words.pt}\n",
            ["x.yaml:2: method.audio_weights: words.pt: no such file; did you mean 'words.txt'?"],
        ),
        (
            ESC + "encoders: {label: {type: sentence_transformers, model: ./nowhere}}\n",
            ["x.yaml:3: encoders.label.model: nowhere: no such folder"],
        ),
        (
            ESC + "encoders:\n  label: {type: glove, path: word.txt}\n",
            ["x.yaml:4: encoders.label.path: word.txt: no such file; did you mean 'words.txt'?"],
        ),
        (
            ESC + "encoders:\n  label: {type: glove, path: v.npz}\n",
            ["x.yaml:4: encoders.label.path: v.npz: no key 'x'; it has: word"],
        ),
        (
            ESC + "encoders:\n  audio:\n    - {type: logmel_cnn}\n    - {type: precomputed, score: c.npy}\n",
            ["x.yaml:6: encoders.audio.1.score: c.npy: no such file"],
        ),
        (
            "dataset: {type: synthetic}\nmethod: {type: lir, audio: audio, visual: audio, concept: label}\n"
            "graph:\n  - {type: dependency_edges, weights: w.npy, node: label}\n",
            ["x.yaml:4: graph.0.weights: w.npy: no such file"],
        ),
    ],
)
def test_what_is_not_there_is_told_with_its_line(folder: Path, text: str, expected: list[str]) -> None:
    assert problems(folder, text) == expected


def test_files_are_looked_at_only_when_asked(folder: Path) -> None:
    path = folder / "x.yaml"
    path.write_text(ESC.replace("esc50}", "esc50, root: nowhere}"), encoding="utf-8")
    assert load_experiment(path).name == "x"  # a finished run is loaded without its data


def test_a_path_that_the_system_refuses_is_one_line(folder: Path) -> None:
    told = problems(folder, ESC.replace("esc50}", f"esc50, root: {'x' * 300}}}"))
    assert len(told) == 1
    assert told[0].startswith("x.yaml:1: dataset.root: xxx")


def test_validate_loads_neither_numpy_nor_torch(folder: Path) -> None:
    (folder / "x.yaml").write_text(SPACES + CMCR + "encoders: {audio: {type: glove, path: v.npz}}\n", encoding="utf-8")
    code = """
import sys
from avgraph.config import dump_experiment, load_experiment
from avgraph.errors import ConfigError
try:
    load_experiment(sys.argv[1], check_files=True)
except ConfigError as error:
    print("no key 'x'" in str(error), sorted({"torch", "numpy", "pyarrow"} & set(sys.modules)))
"""
    words = [sys.executable, "-c", code, str(folder / "x.yaml")]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "True []\n"


@pytest.mark.parametrize("kind", ["clip", "clap", "sentence_transformers"])
def test_a_folder_of_a_model_is_found_from_any_folder(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "x.yaml").write_text(f"{ESC}encoders: {{label: {{type: {kind}, model: folder}}}}\n", encoding="utf-8")
    (folder / "run").mkdir()
    (folder / "run" / "config.yaml").write_text(dump_experiment(load_experiment(folder / "x.yaml")), encoding="utf-8")
    monkeypatch.chdir("/")
    for path in ("x.yaml", "run/config.yaml"):
        assert load_experiment(folder / path).to_dict()["encoders"]["label"]["model"] == str(folder / "folder")
    assert (
        load_experiment(folder / "x.yaml", ["encoders.label.model=a/b"]).to_dict()["encoders"]["label"]["model"]
        == "a/b"
    )


@pytest.mark.parametrize(
    ("edge", "encoder", "expected"),
    [
        ("index: e.npy, weight: w.npy, attr: 'b.npz:attr'", "logistic_regression", []),
        ("index: turned.npy, weight: w.npy", "logistic_regression", []),
        ("table: rel.csv, weight: w.npy", "logistic_regression", []),
        (
            "table: rel.csv, weight: x.npy",
            "logistic_regression",
            ["x.yaml:5: dataset.edges.0.weight: x.npy: expected shape [e], one row per edge, got [4, 12]"],
        ),
        (
            "index: e.npy, weight: 'b.npz:few', attr: w.npy",
            "logistic_regression",
            [
                "x.yaml:5: dataset.edges.0.weight: b.npz:few: expected shape [3], one row per edge, got [2]",
                "x.yaml:5: dataset.edges.0.attr: w.npy: expected shape [3, d], one row per edge, got [3]",
            ],
        ),
        (
            "index: x.npy",
            "logistic_regression",
            ["x.yaml:5: dataset.edges.0.index: x.npy: expected shape [2, e] or [e, 2], got [4, 12]"],
        ),
        (
            "index: e.npy",
            "logmel_patches",
            [
                "x.yaml:6: encoders.audio.type: logmel_patches reads log-mels [clips, bands, frames], "
                "and x of 'audio' is [4, 12]"
            ],
        ),
        (
            "index: e.npy",
            "picture_cnn",
            [
                "x.yaml:6: encoders.audio.type: picture_cnn reads pictures [n, 3, height, width], "
                "and x of 'audio' is [4, 12]"
            ],
        ),
    ],
)
def test_a_shape_that_a_header_rules_out(tmp_path: Path, edge: str, encoder: str, expected: list[str]) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 12)))
    np.save(tmp_path / "e.npy", np.zeros((2, 3), dtype=np.int64))
    np.save(tmp_path / "turned.npy", np.zeros((3, 2), dtype=np.int64))
    np.save(tmp_path / "w.npy", np.zeros(3))
    np.savez_compressed(tmp_path / "b.npz", few=np.zeros(2), attr=np.zeros((3, 2)))
    (tmp_path / "rel.csv").write_text("source,target\na,b\n", encoding="utf-8")
    (tmp_path / "w.txt").write_text("a\nb\n", encoding="utf-8")
    nodes = "  nodes: {audio: {x: x.npy, y: w.txt, split: w.txt}, label: {name: w.txt}}\n"
    edges = f"  edges:\n    - {{source: audio, relation: near, target: audio, {edge}}}\n"
    method = "method: {type: rrnet, source: audio, target: label}\n"
    encoders = f"encoders: {{audio: {{type: {encoder}}}}}\n"
    assert problems(tmp_path, f"dataset:\n  type: files\n{nodes}{edges}{encoders}{method}") == expected


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x05\x00{'sha", b"\x93NUMPY\x01\x00\x02\x00[]", b"PK\x03\x04"]
)
@pytest.mark.parametrize("name", ["a.npy", "a.npz:x", "a.npz"])
def test_a_broken_header_tells_no_shape(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name.partition(":")[0]).write_bytes(content)
    assert stored_shape(name, tmp_path) is None
