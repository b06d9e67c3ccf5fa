"""The small files that rows name: a folder or two of every data set, features, heads, vectors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets import SoundingShapes
from avgraph.datasets.avsbench import write_avsbench
from avgraph.datasets.cifar.archive import LAYOUTS
from avgraph.io.graph_file import save_graph
from avgraph.methods.mmvae.sound_encoder import build_sound_encoder
from avgraph.nn import Projector
from tests.datasets.caption_folder import audiocaps_folder, clotho_folder
from tests.datasets.cifar_folder import write_cifar
from tests.datasets.esc_folder import rows, write_pictures, write_table
from tests.datasets.rating_folder import write_ciao, write_filmtrust, write_movielens
from tests.datasets.sound_folder import write_sounds
from tests.datasets.sound_folder import write_table as write_sound_table
from tests.datasets.spoken_stamps import write_spoken_stamps
from tests.segmentation import folders
from tests.spaces import write_boxes, write_spaces


def write_sandbox(folder: Path) -> None:
    """Write them all."""
    for name, clips in (("esc_one", 1), ("esc_two", 2)):
        table = rows(clips)
        write_table(folder / name / "esc50.csv", table)
        write_pictures(folder / name / "esc50_logmel_u8.npz", table)
        write_table(folder / name.replace("esc", "ten") / "esc10.csv", table)
        write_pictures(folder / name.replace("esc", "ten") / "esc10_logmel_u8.npz", table)
    (folder / "empty").mkdir()
    _sentences(folder)
    _features(folder)
    _captions(folder)
    (folder / "spaces").mkdir()
    write_spaces(folder / "spaces", items=24, memory=12, held_out=6)
    write_boxes(folder / "spaces", silent=1)
    for name, kept in (("boxes", 37), ("truth", 4)):
        lines = (folder / "spaces" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        lines[1] = "0,0,0,30,30"
        (folder / "spaces" / f"{name}2.csv").write_text("\n".join(lines[:kept]), encoding="utf-8")
    np.save(folder / "spaces" / "crop_y.npy", np.arange(36) % 6)
    rng = np.random.default_rng(0)
    np.save(folder / "spaces" / "loud.npy", 3 * np.load(folder / "spaces" / "clap_sounds.npy"))
    np.save(folder / "spaces" / "other.npy", np.load(folder / "spaces" / "clap_sounds.npy")[::-1])
    np.save(folder / "spaces" / "y2.npy", np.arange(6) % 2)
    (folder / "spaces" / "held.txt").write_text("\n".join("abcdef"), encoding="utf-8")
    (folder / "spaces" / "names2.txt").write_text("\n".join(f"line {row}" for row in range(24)), encoding="utf-8")
    for name in LAYOUTS:
        write_cifar(folder / f"{name}_one", name, per_class=4)
        write_cifar(folder / f"{name}_two", name, per_class=2)
    features = {f"{key}_{split}": value for split in ("train", "test")
                for key, value in (("x", rng.normal(size=(30, 4))), ("y", np.arange(30) % 10))}  # fmt: skip
    classes = np.array([f"name {number}" for number in range(10)])
    np.savez(folder / "cifar10_one" / "efficientnet_lite0_pca384.npz", classes=classes, **features)
    _arrays(folder, rng)
    _pairs(folder)
    _segmentation(folder)
    _ratings(folder)
    for name, each in (("my_sounds", 5), ("my_sounds_two", 6)):
        write_sound_table(folder / name, write_sounds(folder / name, each), leaks=2)
    _finished(folder)
    write_spoken_stamps(folder / "spoken_one", 8)
    write_spoken_stamps(folder / "spoken_two", 5)
    head = Projector(6, 8, 4)
    torch.save({f"Head_A.{key}": value + 1 for key, value in head.state_dict().items()}, folder / "heads.pt")
    sounds = build_sound_encoder("modulation", torch.zeros(1, 32, 32), 6, 0.0)
    torch.save({key: torch.full_like(value, 0.5) for key, value in sounds.state_dict().items()}, folder / "sounds.pt")


def _finished(folder: Path) -> None:
    """What the next run reads of two runs."""
    for name, width in (("finished_one", 3), ("finished_two", 6)):
        data = HeteroData(audio={"x": torch.zeros(4, 2), "embedding": torch.zeros(4, width)}, text={"x": torch.eye(2)})
        for kind in (("audio", "near", "audio"), ("audio", "coupled", "text")):
            data[kind].edge_index = torch.zeros(2, 1, dtype=torch.int64)
        (folder / name).mkdir()
        save_graph(data, folder / name / "graph.pt")
        (folder / name / "metrics.json").write_text("{}", encoding="utf-8")


def _sentences(folder: Path) -> None:
    names = ["dog", "crowing_rooster"]
    for name, width in (("text_3", 3), ("text_4", 4)):
        np.savez(folder / f"{name}.npz", esc50=np.array(names), esc50_x=np.eye(2, width, dtype=np.float32))


def _features(folder: Path) -> None:
    for name, file, classes in (("ave", "ave.h5", 15), ("vegas", "vegas_feature.h5", 10)):
        for part, width in ((f"{name}_one", 6), (f"{name}_two", 7)):
            (folder / part).mkdir()
            with h5py.File(folder / part / file, "w") as target:
                for split, n in (("train", 4 * classes), ("test", classes)):
                    target[f"audio_{split}"] = np.ones((n, width), np.float32)
                    target[f"visual_{split}"] = np.ones((n, 5), np.float32)
                    target[f"lab_{split}"] = np.arange(n) % classes


def _captions(folder: Path) -> None:
    for name, write in (("audiocaps", audiocaps_folder), ("clotho", clotho_folder)):
        (folder / name).mkdir()
        write(folder / name)
        shutil.copytree(folder / name, folder / f"{name}_lacking")
        next(path for path in sorted((folder / f"{name}_lacking").rglob("*.wav"))).unlink()
        (folder / f"{name}_tables").mkdir()
        for table in sorted((folder / name).glob("*.csv")):
            lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
            (folder / f"{name}_tables" / table.name).write_text("".join(lines[:4]), encoding="utf-8")


def _arrays(folder: Path, rng: np.random.Generator) -> None:
    np.save(folder / "x.npy", rng.normal(size=(6, 4)).astype(np.float32))
    np.save(folder / "x2.npy", rng.normal(size=(6, 5)).astype(np.float32))
    np.save(folder / "y.npy", np.arange(6) % 2)
    np.save(folder / "y2.npy", np.arange(6) % 3)
    np.save(folder / "split.npy", np.array(["train", "test"] * 3))
    np.save(folder / "split2.npy", np.array(["train", "train", "val"] * 2))
    np.save(folder / "score.npy", np.full((6, 2), 0.5, np.float32))
    np.save(folder / "index.npy", np.array([[0, 1, 2], [1, 2, 3]]))
    np.save(folder / "index2.npy", np.array([[5, 1, 2], [1, 2, 3]]))
    np.save(folder / "weight.npy", np.array([0.1, 0.2, 0.3]))
    np.save(folder / "attr.npy", np.eye(3))
    np.save(folder / "index_split.npy", np.array(["train", "val", "test"]))
    rows = [f"s{row},{row // 2 + 1},{'ababcd'[row]},in,{row},{row * row}\n" for row in range(6)]
    (folder / "sounds.csv").write_text("name,fold,source,place,f0,f1\n" + "".join(rows), encoding="utf-8")
    for number, kind in enumerate(("graph.json", "graph2.json")):
        nodes = [
            {"id": row, "f0": row, "f1": number, "fold": row // 2 + 1, "source": "ababcd"[row]} for row in range(6)
        ]
        (folder / kind).write_text(json.dumps({"nodes": nodes[number:], "edges": []}), encoding="utf-8")
    for name, target in (("has.csv", 3), ("has2.csv", 4)):
        (folder / name).write_text(f"source,target,hour\n0,1,7\n2,{target},8\n", encoding="utf-8")
    for name, text in (("names.txt", "abcdef"), ("names2.txt", "uvwxyz")):
        (folder / name).write_text("\n".join(text), encoding="utf-8")
    (folder / "below").mkdir()
    np.save(folder / "below" / "x.npy", np.zeros((6, 9), np.float32))
    for name, edge in (("weights.npy", (0, 1)), ("weights2.npy", (1, 2))):
        matrix = np.zeros((4, 4))
        matrix[edge] = 1
        np.save(folder / name, matrix)
    (folder / "glove.txt").write_text("dog 1 0\nrain 0 1\n", encoding="utf-8")
    (folder / "glove2.txt").write_text("dog 1 0 2\nrain 0 1 2\n", encoding="utf-8")


def _pairs(folder: Path) -> None:
    """ESC-50 sounds of two classes and CIFAR-10 features of three, for data sets that pair them."""
    root = folder / "pairs"
    table = [
        {"filename": f"{fold}-{100 * fold + 10 * target + take}-A-{target}.wav", "fold": fold, "target": target,
         "category": category}
        for fold in range(1, 6) for target, category in enumerate(("dog", "cat")) for take in range(2)
    ]  # fmt: skip
    write_table(root / "esc50" / "esc50.csv", table)
    write_pictures(root / "esc50" / "esc50_logmel_u8.npz", table)
    (root / "cifar10").mkdir()
    y = (np.arange(60) % 3).astype(np.uint8)
    x = np.random.default_rng(1).normal(size=(60, 4)).astype(np.float16)
    np.savez(root / "cifar10" / "efficientnet_lite0_pca384.npz", x_train=x, y_train=y, x_test=x, y_test=y,
             classes=np.array(["cat", "dog", "frog"]))  # fmt: skip
    (root / "text").mkdir()
    rng, sounds, pictures = np.random.default_rng(2), np.array(["dog", "cat"]), np.array(["cat", "dog", "frog"])
    captions = np.array(["a dog barks", "a cat", "a dog and a cat", "a frog"])
    np.savez(root / "text" / "minilm_captions.npz", text=captions, x=rng.normal(size=(4, 6)).astype(np.float32))
    np.savez(root / "text" / "minilm_labels.npz", esc50=sounds, esc50_x=rng.normal(size=(2, 6)).astype(np.float32),
             cifar10=pictures, cifar10_x=rng.normal(size=(3, 6)).astype(np.float32))  # fmt: skip
    words = np.array(["this", "is", "sound", "of", "photo", "a", "dog", "barks", "cat", "and", "frog"])
    np.savez(
        root / "text" / "glove_6b_50d_vocab.npz", word=words, x=rng.normal(size=(len(words), 5)).astype(np.float32)
    )


def _segmentation(folder: Path) -> None:
    """Stamps with what is heard and behind them, twice, and both parts of AVSBench, twice."""
    root = folder / "segmentation"
    folders.write_all(root)
    folders.write_stamps(root / "stamps_two", (*folders.NAMES, "symbols/letter_k"))
    folders.write_recordings(root / "esc50_two", clips=1)
    folders.write_backgrounds(root / "cifar10_two")
    np.savez(root / "cifar10_two" / "images_6k.npz", x_train=np.full((20, 32, 32, 3), 7, np.uint8),
             x_test=np.full((20, 32, 32, 3), 9, np.uint8))  # fmt: skip
    for name, clips in (("bench_one", 4), ("bench_two", 3)):
        shapes = SoundingShapes(
            train_clips=clips, val_clips=1, test_clips=1, frames=5, size=16, classes=4, recordings=5, silence_share=0,
            off_screen_share=0,
        ).load()  # fmt: skip
        write_avsbench(shapes, root / name / "Single-source", "s4")
        write_avsbench(shapes, root / name / "Multi-sources", "ms3")


def _ratings(folder: Path) -> None:
    """The published sets of ratings, twice, and tables of a user's own."""
    for name, size in (("one", 5), ("two", 6)):
        write_filmtrust(folder / f"filmtrust_{name}", users=size)
        write_ciao(folder / f"ciao_{name}", users=size + 1)
        write_movielens(folder / f"movielens_{name}", films=size)
    rows = [f"u{u},i{i},{1 + (u * i) % 5},{10 * i + u}" for u in range(5) for i in range(4)]
    for name, kept in (("ratings.csv", rows), ("ratings2.csv", rows[:10])):
        (folder / name).write_text("\n".join(["user,item,rating,time", *kept]), encoding="utf-8")
    (folder / "links.csv").write_text("source,target\nu0,u1\n", encoding="utf-8")
