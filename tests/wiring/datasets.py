"""What every option of every data set does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from avgraph import datasets
from avgraph.graph.ratings import RATES
from avgraph.graph.segmentation import HEARD, SWAPPED
from tests.spaces import CONNECTED, PLACES
from tests.wiring.row import RISES, Component, Row, See, becomes, gains, loses, row, tells
from tests.wiring.see import KINDS, NODES, attribute, count, edges, error, keys, provenance, seen, size
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


COMPOSED = {
    "train_clips": 5, "val_clips": 2, "test_clips": 5, "frames": 1, "size": 16, "max_objects": 2,
}  # fmt: skip
FEWEST = See("fewest cut-outs of a clip", lambda world: min(_objects(world)))
MOST = See("most cut-outs of a clip", lambda world: max(_objects(world)))
MOST_HEARD = See(
    "most sounds that are mixed", lambda world: max(name.count(" + ") for name in world.data["audio"].name)
)
CONDITIONS = See("conditions", lambda world: sorted(set(world.data["clip"].condition)))


def _objects(world: Any) -> list[int]:
    return [1 + text.count(" + ") for text in world.data["clip"].shown]


def _shows(*names: str) -> See:
    """Whether a test clip shows one of these."""

    def read(world: Any) -> bool:
        clip = world.data["clip"]
        return any(name in text for text, on in zip(clip.shown, clip.test_mask, strict=True)
                   for name in names if on)  # fmt: skip

    return See(f"whether {' or '.join(names)} is shown", read)


COMPOSED_ROWS = (
    row("train_clips", 7, count("clip", "train_mask"), becomes(7)),
    row("val_clips", 7, count("clip", "val_mask"), becomes(7)),
    row("test_clips", 7, count("clip", "test_mask"), becomes(7)),
    row("frames", 4, size("frame"), becomes((48, 3, 16, 16))),
    row("size", 20, size("frame", "mask"), becomes((12, 20, 20))),
    row("min_objects", 2, FEWEST, becomes(2), train_clips=20),
    row("max_objects", 3, MOST, becomes(3), train_clips=20),
    row("max_sounding", 2, MOST_HEARD, becomes(1), train_clips=20),
    row("silence_share", 1.0, CONDITIONS, becomes(["heard", "silence"]), silence_share=0.0, off_screen_share=0.0),
    row("off_screen_share", 1.0, CONDITIONS, becomes(["heard", "off_screen"]), silence_share=0.0, off_screen_share=0.0),
    row("noise_share", 1.0, CONDITIONS, becomes(["heard", "noise"]), silence_share=0.0, off_screen_share=0.0),
    row("seed", 1, attribute("frame", "x")),
    row("seed", 1, attribute(HEARD, "edge_index")),
)
STAMPS = {**COMPOSED, **{f"{name}root": f"segmentation/{folder}" for name, folder in
                         (("", "stamps"), ("esc50_", "esc50"), ("cifar10_", "cifar10"))}}  # fmt: skip
EVERY_CLASS = {"train_clips": 60, "test_clips": 60}


RECORDINGS = See("recordings of a class", lambda world: int((world.data["audio"].y >= 0).sum()))
USUAL_CORNER = See(
    "usual corner of a training frame",  # now and then a cut-out covers it
    lambda world: int(world.data["frame"].x[world.data["frame"].train_mask][:, :, 0, 0].median()),
)


def _heard_folds(world: Any) -> list[str]:
    sound, frame = world.data[HEARD].edge_index
    names = [world.data["audio"].name[row] for row in sound[world.data["frame"].test_mask[frame]].tolist()]
    return sorted({name[0] for name in names})


HEARD_FOLDS = See("folds that test clips hear", _heard_folds)


def _bench(name: str, options: Any) -> Component:
    return _dataset(
        name, options, {"root": "segmentation/bench_one", "size": 16},
        row("root", "segmentation/bench_two", count("clip", "train_mask"), becomes(3)),
        row("size", 24, size("frame"), becomes((30, 3, 24, 24))),
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


def _cifar(name: str, options: Any, classes: int, *more: Row) -> Component:
    files = 6 if name == "cifar10" else 2
    return _dataset(
        name, options, {"root": f"{name}_one"},
        row("root", f"{name}_two", size("image", "y"), becomes((files * 2 * classes,))),
        row("val_fraction", 0.4, count("image", "val_mask"), RISES),
        row("labels_per_class", 1, count("image", "train_mask"), becomes(classes)),
        row("keep", 0.5, count("image", "test_mask"), becomes(2 * classes)),
        row("seed", 1, attribute("image", "val_mask"), val_fraction=0.4),
        ABSENT,
        *more,
    )  # fmt: skip


def _captions(name: str, options: Any, seconds: float) -> Component:
    return _dataset(
        name, options, {"root": name, "seconds": 0.5},
        row("root", f"{name}_lacking", error(), tells(".wav")),
        row("captions", f"{name}_tables", size("audio", "y"), becomes((9,))),
        row("seconds", seconds, size("audio"), becomes((20, 128, 1 + int(44_100 * seconds) // 1024))),
        row("on_missing_audio", "drop", error(), becomes(""), root=f"{name}_lacking"),
    )  # fmt: skip


def _ratings(name: str, options: Any, base: Mapping[str, Any], *rows: Row, by_time: bool = True) -> Component:
    return _dataset(
        name, options, {"val_fraction": 0.25, **base},
        row("split", "per_user", attribute(RATES, "test_mask"), test_fraction=0.25),
        *((row("split", "by_time", attribute(RATES, "test_mask")),) if by_time else ()),
        row("val_fraction", 0.3, count(RATES, "val_mask"), RISES),
        row("test_fraction", 0.3, count(RATES, "test_mask"), RISES),
        row("seed", 1, attribute(RATES, "test_mask")),
        *rows,
    )  # fmt: skip


MADE_UP = row("on_missing", ["synthetic"], error(), becomes(""), root=None, on_missing=[])


def _lies_in_its_file(world: DatasetWorld) -> bool:
    """Whether the memory of the features is that of x.npy."""
    place = world.data["audio"].x.data_ptr()
    for line in Path("/proc/self/maps").read_text().splitlines():
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        if first <= place < last:
            return line.endswith("x.npy")
    return False


MAPPED = seen("whether x lies in its file", _lies_in_its_file)
FILES = {"nodes": {"audio": {"x": "x.npy"}, "label": {"x": "x2.npy"}}}
FOLDED = {"audio": {"table": "sounds.csv"}}
EDGE = {"source": "audio", "relation": "has", "target": "label", "index": "index.npy"}
HAS = ("audio", "has", "label")
SPACES = {"root": "spaces", "spaces": CONNECTED}
HELD_OUT = {"x": {"clap": "clap_audio.npy"}, "y": "y.npy"}


def _one_node(options: Mapping[str, Any]) -> DatasetWorld:
    folded = {"fold": 1} if "fold" in options else {}
    return DatasetWorld("files", {"nodes": {"audio": options}, **folded})


def _random_split(options: Mapping[str, Any]) -> DatasetWorld:
    return DatasetWorld("files", {"nodes": {"audio": {"x": "x.npy", "random_split": options}}})


def _drawn_split(options: Mapping[str, Any]) -> DatasetWorld:
    return DatasetWorld("recordings", {"root": "my_sounds", "seconds": 0.5, "random_split": options})


def _one_edge(options: Mapping[str, Any]) -> DatasetWorld:
    return DatasetWorld("files", {**FILES, "edges": [options]})


def _held_out(options: Mapping[str, Any]) -> DatasetWorld:
    return DatasetWorld("spaces", {**SPACES, "held_out": {"audio": options}})


PICTURES = {
    **{node: {"x": {"clap": "clap_audio.npy"}} for node in ("audio", "other")},
    **{node: {"x": {"clip": "crops.npy"}} for node in ("crops", "others")},
}
LABELLED = {node: {**PICTURES[node], "y": file} for node, file in (("audio", "y.npy"), ("crops", "crop_y.npy"))}


def _localisation(options: Mapping[str, Any]) -> DatasetWorld:
    used = {node: PICTURES[node] for node in (options["sounds"], options["proposals"])}
    return DatasetWorld("spaces", {**SPACES, "held_out": used, "localisation": options})


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
        row("localisation", PLACES, NODES, gains("region"), held_out=LABELLED),
        row("names", {"text": "names.txt"}, keys("text"), gains("name")),
        row("normalize", False, error(), tells("has length"), spaces=LOUD),
    ),
    Component("localisation", datasets.LocalisationFiles, _localisation, PLACES, (
        row("sounds", "other", KINDS, gains("crops-belongs_to-other")),
        row("proposals", "others", KINDS, gains("others-belongs_to-audio")),
        row("boxes", "boxes2.csv", attribute("crops", "box")),
        row("truth", "truth2.csv", size("region"), becomes((3, 4))),
        row("height", 65, attribute("audio", "picture_height")),
        row("width", 97, attribute("audio", "picture_width")),
    )),
    _cifar("cifar10", datasets.CIFAR10, 10,
           row("content", "features", size("image"), becomes((60, 4))),
           row("content", "features", error(), tells("no efficientnet"), root="cifar10_two")),
    _cifar("cifar100", datasets.CIFAR100, 100),
    Component("held-out rows", datasets.HeldOutFiles, _held_out, HELD_OUT, (
        row("x", {"clip": "clip_image.npy"}, keys("audio"), gains("x_clip")),
        row("y", "y2.npy", attribute("audio", "y")),
        row("name", "held.txt", keys("audio"), gains("name")),
        row("split", "val", count("audio", "val_mask"), becomes(6)),
        row("prompts", True, keys("audio"), gains("is_prompt")),
    )),
    _dataset(
        "stamps", datasets.Stamps, STAMPS,
        *COMPOSED_ROWS,
        row("root", "segmentation/stamps_two", _shows("letter_k"), becomes(True), other_stamps=1.0, **EVERY_CLASS),
        row("esc50_root", "segmentation/esc50_two", RECORDINGS, becomes(30)),
        row("cifar10_root", "segmentation/cifar10_two", USUAL_CORNER, becomes(7)),
        row("sounds", "own", provenance("dataset"), becomes("stamps/own/new_clips"), protocol="new_clips",
            esc50_root=None),
        row("protocol", "new_pictures", _shows("dogs/dingo"), becomes(False), **EVERY_CLASS),
        row("protocol", "new_clips", HEARD_FOLDS, becomes(["1", "2", "3", "4", "5"]), **EVERY_CLASS),
        row("fold", 3, HEARD_FOLDS, becomes(["3"]), **EVERY_CLASS),
        row("other_stamps", 1.0, edges(*SWAPPED), becomes(0), **EVERY_CLASS),
        row("on_missing", [], error(), tells("stamps: no stamps in"), root=None, esc50_root=None),
    ),
    _dataset(
        "sounding_shapes", datasets.SoundingShapes, {**COMPOSED, "classes": 4, "recordings": 5},
        *COMPOSED_ROWS,
        row("classes", 5, attribute("clip", "class_names"), gains("cross")),
        row("recordings", 6, RECORDINGS, becomes(24)),
        row("silent_shapes", 1.0, edges(*SWAPPED), becomes(0), test_clips=30),
    ),
    _bench("avsbench_s4", datasets.AVSBenchS4),
    _bench("avsbench_ms3", datasets.AVSBenchMS3),
    _dataset(
        "files", datasets.Files, FILES,
        row("root", "below", size("audio"), becomes((6, 9)), nodes={"audio": {"x": "x.npy"}}),
        row("nodes", {"image": {"x": "x.npy"}}, NODES, becomes(["image"])),
        row("edges", [EDGE], KINDS, becomes(["audio-has-label"])),
        row("fold", 2, provenance("fold"), becomes(2), fold=1, nodes=FOLDED),
        row("fold", 2, attribute("audio", "test_mask"), fold=1, nodes=FOLDED),
        row("val_fold", 3, count("audio", "val_mask"), becomes(2), fold=1, nodes=FOLDED),
        row("on_leakage", "drop", count("audio", "train_mask"), becomes(2), fold=1, nodes=FOLDED),
        row("on_leakage", "error", error(), tells("dataset.on_leakage: drop"), fold=1, nodes=FOLDED),
        row("mapped", True, MAPPED, becomes(True)),
    ),
    _dataset(
        "recordings", datasets.Recordings, {"root": "my_sounds", "seconds": 0.5},
        row("root", "my_sounds_two", size("audio"), becomes((18, 128, 22))),
        row("table", "sounds.csv", keys("audio"), gains("fold")),
        row("seconds", 1.0, size("audio"), becomes((15, 128, 44))),
        row("random_split", {"val": 0.0, "test": 0.4}, count("audio", "test_mask"), becomes(6)),
        row("fold", 2, provenance("fold"), becomes(2), table="sounds.csv"),
        row("fold", 2, attribute("audio", "test_mask"), table="sounds.csv"),
        row("val_fold", 3, count("audio", "val_mask"), becomes(3), table="sounds.csv"),
        row("on_leakage", "drop", count("audio", "train_mask"), becomes(9), table="sounds.csv"),
        row("on_leakage", "error", error(), tells("dataset.on_leakage: drop"), table="sounds.csv"),
    ),
    Component("a drawn split", datasets.DrawnSplit, _drawn_split, {"val": 0.2, "test": 0.2}, (
        row("val", 0.4, count("audio", "val_mask"), becomes(6)),
        row("test", 0.4, count("audio", "test_mask"), becomes(6)),
        row("seed", 1, attribute("audio", "test_mask")),
    )),
    _dataset(
        "graph_file", datasets.GraphFile, {"path": "graph.json"},
        row("path", "graph2.json", attribute("node", "name")),
        row("features", {"node": ["f0", "f1"]}, keys("node"), gains("x")),
        row("fold", 2, attribute("node", "test_mask"), fold=1),
        row("val_fold", 3, count("node", "val_mask"), becomes(2), fold=1),
        row("on_leakage", "drop", count("node", "train_mask"), becomes(2), fold=1),
    ),
    _ratings(
        "filmtrust", datasets.FilmTrust, {"root": "filmtrust_one"},
        row("root", "filmtrust_two", edges(*RATES), becomes(24)),
        MADE_UP, by_time=False,
    ),
    _ratings(
        "ciao", datasets.Ciao, {"root": "ciao_one"},
        row("root", "ciao_two", edges(*RATES), becomes(43)),
        row("variant", "5-core", edges(*RATES), becomes(36)),
        row("variant", "paper", edges(*RATES), becomes(36)),
        MADE_UP, by_time=False,
    ),
    _ratings(
        "movielens100k", datasets.MovieLens100K, {"root": "movielens_one"},
        row("root", "movielens_two", edges(*RATES), becomes(30)),
        row("fold", 2, provenance("fold"), becomes(2)),
        MADE_UP,
    ),
    _ratings(
        "ratings", datasets.RatingFiles, {"ratings": "ratings.csv"},
        row("ratings", "ratings2.csv", edges(*RATES), becomes(10)),
        row("links", "links.csv", KINDS, gains("user-trusts-user")),
        row("lowest", 2.0, error(), tells("ratings.csv:2: rating: expected 2 to any, got 1")),
        row("highest", 4.0, error(), tells("rating: expected any to 4, got 5")),
    ),
    Component("files of a node type", datasets.NodeFiles, _one_node, {"x": "x.npy"}, (
        row("x", "x2.npy", size("audio"), becomes((6, 5))),
        row("y", "y.npy", keys("audio"), gains("y")),
        row("split", "split.npy", keys("audio"), gains("test_mask")),
        row("name", "names.txt", keys("audio"), gains("name")),
        row("random_split", {"val": 0.2}, keys("audio"), gains("test_mask")),
        row("fold", "y.npy", keys("audio"), gains("test_mask")),
        row("source", "names.txt", keys("audio"), gains("source_file")),
        row("attributes", {"length": "y.npy"}, keys("audio"), gains("length")),
        row("table", "sounds.csv", keys("audio"), gains("place")),
        row("features", ["f*"], size("audio"), becomes((6, 2)), x=None, table="sounds.csv", features=["f0"]),
    )),
    Component("a random split", datasets.RandomSplit, _random_split, {"val": 0.2, "test": 0.2}, (
        row("val", 0.4, attribute("audio", "val_mask")),
        row("test", 0.4, attribute("audio", "test_mask")),
        row("seed", 1, attribute("audio", "test_mask")),
        row("group", "y.npy", attribute("audio", "test_mask"), val=0.0),
    )),
    Component("files of an edge type", datasets.EdgeFiles, _one_edge, EDGE, (
        row("source", "label", KINDS, becomes(["label-has-label"])),
        row("relation", "is", KINDS, becomes(["audio-is-label"])),
        row("target", "audio", KINDS, becomes(["audio-has-audio"])),
        row("index", "index2.npy", attribute(HAS, "edge_index")),
        row("weight", "weight.npy", keys(HAS), gains("edge_weight")),
        row("attr", "attr.npy", keys(HAS), gains("edge_attr")),
        row("y", "weight.npy", keys(HAS), gains("y")),
        row("split", "index_split.npy", keys(HAS), gains("val_mask")),
        row("attributes", {"time": "weight.npy"}, keys(HAS), gains("time")),
        row("table", "has2.csv", attribute(HAS, "edge_index"), index=None, table="has.csv"),
        row("features", ["hour"], keys(HAS), gains("edge_attr"), index=None, table="has.csv"),
    )),
    _dataset(
        "run", datasets.RunGraph, {"run": "finished_one"},
        row("run", "finished_two", size("audio", "embedding"), becomes((4, 6))),
        row("run", {"two": "finished_two", "one": "finished_one"}, size("audio", "embedding"), becomes((4, 6)),
            relations=[]),
        row("nodes", {"audio": {"x": "embedding"}}, size("audio"), becomes((4, 3))),
        row("nodes", {"audio": {}}, NODES, becomes(["audio"])),
        row("relations", ["near"], KINDS, becomes(["audio-near-audio"])),
    ),
    _dataset(
        "stamp_captions", datasets.StampCaptions, {"root": "spoken_one"},
        row("root", "spoken_two", size("image"), becomes((5, 1024))),
        row("fold", 2, provenance("fold"), becomes(2)),
        row("fold", 2, attribute("text", "test_mask")),
        row("val_fold", 3, seen("captions to validate on", lambda world: (
            int(world.data["text"].val_mask.sum()) > 0)), becomes(True)),
        row("holds", ["image"], NODES, loses("audio")),
        row("holds", ["audio"], NODES, loses("image")),
        row("spoken", "es", size("audio"), becomes((3, 128, 87))),
        row("written", "de", attribute("text", "name"), becomes([f"Ein {k}." for k in range(8)])),
        row("pixels", 4, size("image"), becomes((8, 64))),
        row("seconds", 1.0, size("audio"), becomes((7, 128, 44))),
        ABSENT,
    ),
)  # fmt: skip
