"""What every option of every data set does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from avgraph import datasets
from tests.wiring.row import Component, Row, becomes, gains, row, tells
from tests.wiring.see import KINDS, NODES, attribute, count, error, keys, provenance, size
from tests.wiring.worlds import DatasetWorld

# The other way round, an error would cost two stand-ins.
ABSENT = row("on_missing", ["synthetic"], error(), becomes(""), root=None, on_missing=[])


def _dataset(name: str, options: Any, base: Mapping[str, Any], *rows: Row) -> Component:
    return Component(f"data set {name}", options, partial(DatasetWorld, name), base, rows)


def _esc(name: str, options: Any, folder: str) -> Component:
    return _dataset(
        name, options, {"root": f"{folder}_one"},
        row("root", f"{folder}_two", size("audio"), becomes((20, 128, 216))),
        row("fold", 2, attribute("audio", "test_mask")),
        row("fold", 2, provenance("fold"), becomes(2)),
        row("val_fold", 3, count("audio", "val_mask"), becomes(2)),
        ABSENT,
        row("on_leakage", "drop", count("audio", "train_mask"), becomes(7)),
        row("on_leakage", "error", error(), tells("777")),
    )  # fmt: skip


def _features(name: str, options: Any, classes: int) -> Component:
    names = [f"name {k}" for k in range(classes)]
    return _dataset(
        name, options, {"root": f"{name}_one"},
        row("root", f"{name}_two", size("audio"), becomes((5 * classes, 7))),
        row("class_names", names, attribute("concept", "name"), gains("name 3 (audio)")),
        row("val_fraction", 0.25, count("audio", "val_mask"), becomes(classes)),
        row("seed", 1, attribute("audio", "val_mask"), val_fraction=0.25),
        row("on_missing", [], error(), tells("its authors give it away"), root=None),
    )  # fmt: skip


def _captions(name: str, options: Any, seconds: float) -> Component:
    return _dataset(
        name, options, {"root": name, "seconds": 0.5},
        row("root", f"{name}_lacking", error(), tells(".wav")),
        row("captions", f"{name}_tables", size("audio", "y"), becomes((9,))),
        row("seconds", seconds, size("audio"), becomes((20, 128, 1 + int(44_100 * seconds) // 1024))),
        row("on_missing_audio", "drop", error(), becomes(""), root=f"{name}_lacking"),
    )  # fmt: skip


FILES = {"nodes": {"audio": {"x": "x.npy"}, "label": {"x": "x2.npy"}}}
EDGE = {"source": "audio", "relation": "has", "target": "label", "index": "index.npy"}
HAS = ("audio", "has", "label")
SPACES = {
    "root": "spaces",
    "spaces": {
        "clap": {"text": "clap_text.npy", "sounds": "clap_sounds.npy"},
        "clip": {"text": "clip_text.npy", "pictures": "clip_pictures.npy"},
    },
}
HELD_OUT = {"x": {"clap": "clap_audio.npy"}, "y": "y.npy"}


def _one_node(options: Mapping[str, Any]) -> DatasetWorld:
    return DatasetWorld("files", {"nodes": {"audio": options}})


def _one_edge(options: Mapping[str, Any]) -> DatasetWorld:
    return DatasetWorld("files", {**FILES, "edges": [options]})


def _held_out(options: Mapping[str, Any]) -> DatasetWorld:
    return DatasetWorld("spaces", {**SPACES, "held_out": {"audio": options}})


LOUD = {"clap": {"text": "clap_text.npy", "sounds": "loud.npy"}, "clip": {"text": "clip_text.npy"}}

COMPONENTS = (
    _esc("esc50", datasets.ESC50, "esc"),
    _esc("esc10", datasets.ESC10, "ten"),
    _dataset(
        "esc50_zero_shot", datasets.Esc50ZeroShot, {"root": "esc_one", "text": "text_3.npz"},
        row("root", "esc_two", size("audio"), becomes((20, 128, 216))),
        row("part", 2, attribute("text", "test_mask")),
        row("val_part", 2, count("text", "val_mask"), becomes(1)),
        row("text", "text_4.npz", size("text"), becomes((2, 4))),
        ABSENT,
    ),
    _dataset(
        "synthetic", datasets.Synthetic, {"classes": 3, "clips_per_class": 5},
        row("classes", 4, size("audio"), becomes((20, 128, 216))),
        row("clips_per_class", 10, size("audio"), becomes((30, 128, 216))),
        row("fold", 2, attribute("audio", "test_mask")),
        row("val_fold", 2, count("audio", "val_mask"), becomes(3)),
        row("seed", 1, attribute("audio", "x")),
    ),
    _dataset(
        "class_paired", datasets.ClassPaired,
        {"root": "pairs", "class_map": {"dog": ["dog"], "cat": ["cat"]}},
        row("sets", "fsdd_digits", keys("visual"), gains("picture"), root=None, class_map=None),
        row("root", "empty", provenance("source"), becomes("synthetic")),
        row("class_map", {"cat": ["cat"], "frog": ["dog"]}, attribute("concept", "name"), gains("frog (audio)")),
        row("fold", 2, provenance("fold"), becomes(2)),
        row("fold", 2, attribute("audio", "test_mask")),
        row("val_fold", 2, count("audio", "val_mask"), becomes(4)),
        row("cooccurrence", 0.5, KINDS, becomes(["concept-co_occurs-concept"])),
        row("second_level", 2.0, attribute("visual", "x"), cooccurrence=1.0),
        row("seed", 1, attribute("visual", "row")),
        row("on_missing", [], error(), tells("see on_missing"), root="empty"),
    ),
    _features("ave", datasets.AVE, 15),
    _features("vegas", datasets.VEGAS, 10),
    _captions("audiocaps", datasets.AudioCaps, 0.3),
    _captions("clotho", datasets.Clotho, 0.3),
    _dataset(
        "esc50_cifar10_spaces", datasets.SoundPictureSpaces, {"root": "pairs"},
        row("root", "pairs", provenance("source"), becomes("real"), root=None),
        row("fold", 2, attribute("audio", "test_mask")),
        row("val_fold", 2, count("audio", "val_mask"), becomes(4)),
        row("on_missing", [], error(), tells("see on_missing"), root=None),
    ),
    _dataset(
        "spaces", datasets.SpaceFiles, SPACES,
        row("root", "empty", error(), tells("clap_text.npy")),
        row("spaces", LOUD, NODES, becomes(["text", "sounds"]), normalize=True),
        row("held_out", {"audio": HELD_OUT}, NODES, gains("audio")),
        row("names", {"text": "names.txt"}, keys("text"), gains("name")),
        row("normalize", False, error(), tells("has length"), spaces=LOUD),
    ),
    Component("held-out rows", datasets.HeldOutFiles, _held_out, HELD_OUT, (
        row("x", {"clip": "clip_image.npy"}, keys("audio"), gains("x_clip")),
        row("y", "y2.npy", attribute("audio", "y")),
        row("name", "held.txt", keys("audio"), gains("name")),
        row("split", "val", count("audio", "val_mask"), becomes(6)),
    )),
    _dataset(
        "files", datasets.Files, FILES,
        row("root", "below", size("audio"), becomes((6, 9)), nodes={"audio": {"x": "x.npy"}}),
        row("nodes", {"image": {"x": "x.npy"}}, NODES, becomes(["image"])),
        row("edges", [EDGE], KINDS, becomes(["audio-has-label"])),
    ),
    Component("files of a node type", datasets.NodeFiles, _one_node, {"x": "x.npy"}, (
        row("x", "x2.npy", size("audio"), becomes((6, 5))),
        row("y", "y.npy", keys("audio"), gains("y")),
        row("split", "split.npy", keys("audio"), gains("test_mask")),
        row("name", "names.txt", keys("audio"), gains("name")),
    )),
    Component("files of an edge type", datasets.EdgeFiles, _one_edge, EDGE, (
        row("source", "label", KINDS, becomes(["label-has-label"])),
        row("relation", "is", KINDS, becomes(["audio-is-label"])),
        row("target", "audio", KINDS, becomes(["audio-has-audio"])),
        row("index", "index2.npy", attribute(HAS, "edge_index")),
        row("weight", "weight.npy", keys(HAS), gains("edge_weight")),
        row("attr", "attr.npy", keys(HAS), gains("edge_attr")),
    )),
)  # fmt: skip
