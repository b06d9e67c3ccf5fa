"""Small valid files of every format, made on the fly."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

YAML = """\
name: small
seed: 3
dataset:
  type: files
  nodes: &nodes
    audio: {x: audio.npy, y: audio_y.npy, split: split.npy}
    label: {x: label.npy, name: label.txt}
encoders: {audio: {type: precomputed}}
graph:
  - {type: knn, node: audio, k: 3}
  - {type: complete, source: audio, target: label}
method: {type: rrnet, hidden_channels: 16, dropout: 0.1, loss: cross_entropy}
train:
  epochs: 30
  optimizer: {type: adam, lr: 0.01}
  schedule: cosine
  device: cpu
  threads: 1
output: runs
"""
YAML_EXTENDS = "extends: [base.yaml]\ntrain: {epochs: 2, threads: 1}\n"
YAML_SHORT = "dataset: {type: synthetic, classes: 4}\nmethod: {type: rrnet}\n"
GRAPHML = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="y" attr.type="int"/>
<key id="d1" for="edge" attr.name="weight" attr.type="double"><default>1.0</default></key>
<key id="d2" for="node" attr.name="label" attr.type="string"/>
<graph edgedefault="undirected">
<node id="a"><data key="d0">1</data><data key="d2">dog</data></node>
<node id="b"><data key="d0">2</data></node>
<edge source="a" target="b"><data key="d1">0.5</data></edge>
</graph></graphml>
"""
TABLE = "rain,wet,cold\n1,2,3\n4,5.5,-6e2\n7,8,9\n"
CAPTIONS = "file_name,caption\na.wav,rain falls\nb.wav,a dog\na.wav,it pours\n"
CAPTIONS_WIDE = "file_name,caption_1,caption_2\na.wav,rain falls,it pours\n"
ESC = "filename,fold,target,category,esc10\n1-100-A-0.wav,1,0,dog,True\n2-101-B-1.wav,2,1,rain,False\n"
HISTORY = '{"epoch": 0, "train/loss": 0.5, "lr": 0.1}\n{"epoch": 1, "train/loss": NaN, "lr": 0.1}\n'
METRICS = {"experiment": "small", "seed": 3, "data": {"dataset": "files", "source": "real"}, "test/accuracy": 0.5}
ENVIRONMENT = {"python": "3.12", "seed": 3, "data": {"dataset": "files", "files": {"a.npy": "00"}}}
GLOVE = "dog 1 0 0.5\nbark 0 1 2\nrain 2 2 -1e-3\n"


def make_samples(folder: Path) -> dict[str, list[bytes]]:
    """Valid files by format."""
    arrays = _arrays(folder)
    return {**_texts(), **arrays, **_graphs(folder), **_audio(folder), **_torch(folder)}


def _texts() -> dict[str, list[bytes]]:
    texts = {
        "yaml": [YAML, YAML_EXTENDS, YAML_SHORT],
        "table": [TABLE],
        "captions": [CAPTIONS, CAPTIONS_WIDE],
        "esc": [ESC],
        "txt": ["dog\ncat\nGlocke läutet\n"],
        "glove": [GLOVE],
        "history": [HISTORY],
        "metrics": [json.dumps(METRICS, indent=2)],
        "environment": [json.dumps(ENVIRONMENT, indent=2)],
    }
    return {name: [text.encode() for text in some] for name, some in texts.items()}


def _arrays(folder: Path) -> dict[str, list[bytes]]:
    import h5py
    import pyarrow as pa
    import pyarrow.parquet as pq
    import torch
    from safetensors.torch import save
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    made: dict[str, list[bytes]] = {name: [] for name in ("npy", "npz", "safetensors", "parquet", "mat", "h5")}

    def keep(name: str, path: Path) -> None:
        made[name].append(path.read_bytes())

    for array in (x, x.astype(np.float32).T, np.arange(4), np.array(["a", "bc"]), np.array(2.0), x > 0):
        np.save(folder / "a.npy", array)
        keep("npy", folder / "a.npy")
    np.savez(folder / "a.npz", x=x, names=np.array(["a", "b", "c"]))
    keep("npz", folder / "a.npz")
    np.savez_compressed(folder / "a.npz", x=x, y=np.zeros(50))
    keep("npz", folder / "a.npz")
    tensors = {"x": torch.from_numpy(x), "y": torch.arange(3), "z": torch.ones(2, dtype=torch.bfloat16)}
    made["safetensors"].append(save(tensors))
    columns = {"x": pa.array(x.tolist()), "y": [1, 2, 3, 4, 5], "n": ["a", "b", "a", "ä", ""], "f": x[:, 0]}
    for packing in ("snappy", "none", "zstd"):
        pq.write_table(pa.table(columns), folder / "a.parquet", compression=packing)
        keep("parquet", folder / "a.parquet")
    pq.write_table(pa.table({"y": [1, 2, 3], "f": [0.5, 1.0, 2.0]}), folder / "a.parquet")
    keep("parquet", folder / "a.parquet")
    features: dict[str, Any] = {}
    for split, n in (("train", 4), ("test", 2)):
        features |= {f"audio_{split}": x[:n], f"visual_{split}": x[:n] + 1, f"lab_{split}": np.arange(n)[:, None] % 2}
    for compressed in (False, True):
        savemat(folder / "a.mat", features, do_compression=compressed)
        text = b"MATLAB 5.0 MAT-file".ljust(116)  # scipy writes the time there
        made["mat"].append(text + (folder / "a.mat").read_bytes()[116:])
    for options in ({}, {"compression": "gzip"}, {"chunks": (1, 1), "shuffle": True}):
        with h5py.File(folder / "a.h5", "w") as file:
            for key, value in features.items():
                file.create_dataset(key, data=value, **options)
        keep("h5", folder / "a.h5")
    return made


def _graphs(folder: Path) -> dict[str, list[bytes]]:
    import torch
    from torch_geometric.data import HeteroData

    from avgraph.export.graphml import write_graphml
    from avgraph.export.json_graph import write_json

    data = HeteroData()
    data["audio"].x = torch.tensor([[0.5, 1.0], [2.0, float("nan")]])
    data["audio"].name = ["a.wav", "b.wav"]
    data["audio", "near", "audio"].edge_index = torch.tensor([[0, 1], [1, 0]])
    data["audio", "near", "audio"].edge_weight = torch.tensor([0.5, 1.0])
    data.provenance = {"classes": ["dog", None], "fold": (1, 2.5)}
    write_graphml(data, folder / "g.graphml")
    write_json(data, folder / "g.json")
    plain = {"directed": False, "nodes": [{"id": 1, "y": 2}, {"id": "b"}], "links": [{"source": 1, "target": "b"}]}
    return {
        "graphml": [GRAPHML.encode(), (folder / "g.graphml").read_bytes()],
        "json": [(folder / "g.json").read_bytes(), json.dumps(plain).encode()],
    }


def _audio(folder: Path) -> dict[str, list[bytes]]:
    import soundfile

    wave = np.sin(np.arange(1600) / 10).astype(np.float32)
    made: dict[str, list[bytes]] = {"wav": [], "ogg": [], "flac": []}
    kinds = (("wav", "PCM_16"), ("wav", "FLOAT"), ("wav", "IMA_ADPCM"), ("ogg", "VORBIS"), ("flac", "PCM_16"))
    for suffix, subtype in kinds:
        soundfile.write(folder / f"a.{suffix}", np.stack([wave, -wave], 1), 8000, subtype=subtype)
        made[suffix].append((folder / f"a.{suffix}").read_bytes())
    time = re.compile(rb"(?<=PEAK.{4}\x01\0\0\0).{4}", re.S)
    made["wav"] = [time.sub(bytes(4), data) for data in made["wav"]]
    made["ogg"] = [_with_serial_number(data, 1) for data in made["ogg"]]  # else a random one, as the time
    return made


def _with_serial_number(ogg: bytes, number: int) -> bytes:
    """The same stream with that number on every page, and the checksums that follow from it."""
    pages = []
    for page in ogg.split(b"OggS")[1:]:
        head = b"OggS" + page[:10] + number.to_bytes(4, "little") + page[14:18]
        whole = head + bytes(4) + page[22:]
        pages.append(head + _ogg_checksum(whole).to_bytes(4, "little") + page[22:])
    return b"".join(pages)


def _ogg_checksum(page: bytes) -> int:
    checksum = 0
    for byte in page:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1) ^ (0x04C11DB7 if checksum & 0x80000000 else 0)
            checksum &= 0xFFFFFFFF
    return checksum


def _torch(folder: Path) -> dict[str, list[bytes]]:
    import torch
    from torch_geometric.data import HeteroData

    from avgraph.nn import Projector

    weights = {"net.weight": torch.ones(2, 3), "net.bias": torch.zeros(2)}
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(2))])
    checkpoint = {
        "state_dict": weights,
        "epoch": 3,
        "global_step": 9,
        "pytorch-lightning_version": "2.6.6",
        "loops": {},
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
    }
    torch.save(checkpoint, folder / "a.ckpt")
    data = HeteroData()
    data["audio"].x = torch.eye(2)
    data["audio", "near", "audio"].edge_index = torch.tensor([[0, 1], [1, 0]])
    torch.save(data.to_dict(), folder / "graph.pt")  # as save_graph, whose temporary name would be in the file
    head = {key: torch.ones_like(value) for key, value in Projector(2, 3, 2).state_dict().items()}
    torch.save({f"Head_A.{key}": value for key, value in head.items()}, folder / "heads.pt")
    names = {"checkpoint": "a.ckpt", "graph": "graph.pt", "head": "heads.pt"}
    return {name: [(folder / file).read_bytes()] for name, file in names.items()}
