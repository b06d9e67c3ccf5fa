"""Files that lie: reading and mapping refuse each of them, in the same single line."""

from __future__ import annotations

import json
import os
import re
import resource
import struct
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save

from avgraph.errors import DataError
from avgraph.io.arrays import map_array, read_array
from avgraph.io.reading import check_expansion
from avgraph.io.torch_file import load_tensors

X = np.arange(6.0).reshape(3, 2)


def refused(reference: str, folder: Path) -> str:
    """What both ways of reading say."""
    told = []
    for reads in (read_array, map_array):
        with pytest.raises(DataError) as caught:
            reads(reference, folder)
        told.append(str(caught.value))
    # Of two tensors with the same wrong offsets, safetensors names one or the other.
    assert told[0].partition("tensor `")[0] == told[1].partition("tensor `")[0]
    assert told[0].isprintable()
    assert len(told[0]) < 1_100
    return told[0]


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    ("descr", "shape", "message"),
    [
        ("'<f8'", "(1000000000000, 512)", "needs 4096000000000000 bytes, 48 are there"),
        ("'<f8'", "(-3, -2)", r"no array can have the shape \[-3, -2\]"),
        ("'<f8'", "(9223372036854775807, 9223372036854775807)", "no memory can hold the shape"),
        ("'<f8'", "(0, 9223372036854775807)", "no memory can hold the shape"),
        ("'<f8'", f"({'1, ' * 40})", "no array can have the shape"),
        ("'|O'", "(3,)", "only a pickle can"),
        ("[('a', '<f8'), ('b', '<i4')]", "(3,)", "expected numbers or text, got records"),
        ("'|V8'", "(3,)", "expected numbers or text, got records"),
        ("'<U0'", "(1000000000000,)", "values of no bytes"),
        ("'<q9'", "(3,)", "a header that cannot be parsed"),
        ("__import__('os').system('false')", "(3,)", "a header that cannot be parsed"),
    ],
)
def test_npy_headers(tmp_path: Path, descr: str, shape: str, message: str) -> None:
    content = npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", X.tobytes())
    (tmp_path / "a.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content)
    assert re.search(message, refused("a.npy", tmp_path))
    told = refused("a.npz:x", tmp_path)
    assert "array 'x' cannot be read" in told
    assert re.search(message, told)


def changed(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new))


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_members(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "a.npz"
    save_arrays = np.savez_compressed if compressed else np.savez
    save_arrays(path, x=np.arange(64.0), y=np.zeros(4))
    whole = path.read_bytes()

    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("x.npy")
    at = info.header_offset + 30 + len("x.npy") + info.compress_size // 2
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert "a.npz: not a readable .npz file: " in refused("a.npz:x", tmp_path)

    flags = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"PK\x01\x02")) + 8  # of the first member in the directory
    path.write_bytes(whole[:flags] + b"\x01" + whole[flags + 1 :])
    assert "member 'x.npy' is encrypted" in refused("a.npz:x", tmp_path)

    second = whole.rindex(b"PK\x01\x02") + 42  # where the second member begins
    path.write_bytes(whole[:second] + struct.pack("<I", 8) + whole[second + 4 :])
    assert "members 'x.npy' and 'y.npy' overlap" in refused("a.npz:x", tmp_path)


def test_npz_with_members_that_are_no_arrays(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "not an array")
    assert "its member 'readme.txt' is no array (.npy)" in refused("a.npz:readme.txt", tmp_path)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", "not an array")
        archive.writestr("readme.txt", "not an array")
    assert "no key 'readme.txt'; it has: x" in refused("a.npz:readme.txt", tmp_path)
    assert "array 'x' cannot be read: the magic string is not correct" in refused("a.npz:x", tmp_path)
    member = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,2), }", X.tobytes())
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", member)
    assert "has two members of the name 'x.npy'" in refused("a.npz:x", tmp_path)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.npy", "")
    assert "has 10001 members, expected at most 10000" in refused("a.npz:x", tmp_path)


def test_a_bomb_of_zeros_is_refused_and_its_memory_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    packed = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packed as archive, archive.open("x.npy", "w") as file:
        file.write(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (300000000,), }"))
        for _ in range(60):
            file.write(bytes(5_000_000))
    assert path.stat().st_size < 1_500_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "claim to hold 300000" in refused("a.npz:x", tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_real_sizes_pass() -> None:
    check_expansion("memory.npz", 2_000_000 * 512 * 4, 2_000_000 * 512 * 4)
    check_expansion("masks.npz", 1 << 18, 256 << 20)  # zeros at the best ratio that deflate has
    check_expansion("pictures.npz", 1 << 30, 100 << 30)


def test_safetensors_headers(tmp_path: Path) -> None:
    good = save({"x": torch.ones(2, 3), "y": torch.zeros(2, 3)})
    (length,) = struct.unpack("<Q", good[:8])

    def changed(**offsets: list[int]) -> str:
        header = json.loads(good[8 : 8 + length])
        for name, pair in offsets.items():
            header[name]["data_offsets"] = pair
        text = json.dumps(header).encode()
        (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + good[8 + length :])
        return refused("a.safetensors:x", tmp_path)

    assert "not a readable .safetensors file" in changed(x=[0, 8])  # fewer bytes than the shape needs
    assert "not a readable .safetensors file" in changed(y=[0, 24])  # the bytes of x
    assert "not a readable .safetensors file" in changed(x=[24, 48], y=[48, 72])  # beyond the end
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + good[8:])
    assert "a header of 1099511627776 bytes, expected at most 16777216" in refused("a.safetensors:x", tmp_path)


def test_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": np.zeros(50_000_000, np.int8)}), tmp_path / "a.parquet")  # 70 kB
    assert "claim to hold 400000000" in refused("a.parquet:x", tmp_path)
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "a.parquet")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[4:20] = bytes(16)  # pyarrow tells a damaged page in two lines
    (tmp_path / "a.parquet").write_bytes(data)
    assert "not a readable .parquet file" in refused("a.parquet:x", tmp_path)


@pytest.mark.parametrize("name", ["a.npy", "a.npz:x", "a.safetensors:x", "a.parquet:x", "a.txt"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name.split(":")[0])
    assert "expected a file (it is a pipe)" in refused(name, tmp_path)


def test_one_long_line_does_not_make_an_array_of_that_width(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 100_000 + "\n" * 10_000)
    assert "the lines as an array" in refused("a.txt", tmp_path)


def test_a_tensor_of_stride_0_is_refused(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(1).expand(1 << 40)}, tmp_path / "a.pt")
    with pytest.raises(DataError, match=r"its tensors: .* claim to hold 4398046511104"):
        load_tensors(tmp_path / "a.pt")
