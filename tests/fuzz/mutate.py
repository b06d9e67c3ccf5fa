"""Damage that keeps enough of a file's structure to reach the code behind the first check."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, Sequence[bytes]], bytes]

_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 65535, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, -1, -2)
_TOKENS = (
    *("", "0", "-1", "1", "3", "1e999", "-0.0", "nan", "NaN", "-inf", "Infinity", "1e-400", "4294967296", "1_000"),
    *("9223372036854775808", "-9223372036854775809", "9" * 30, "9" * 5000, "0x" + "f" * 90, "0o7", "1.5", "True"),
    *("true", "null", "~", "[]", "{}", "[[1,2],[3]]", "[" * 300, "{a: " * 60, '{"a":' * 400, "[" * 100_000, "]", "}"),
    *(
        "\0",
        "\ufeff",
        "'",
        '"',
        "\\",
        "\n",
        "\r",
        "\t",
        "  ",
        ",",
        ":",
        "#",
        "é" * 40,
        "x" * 5000,
        "\u2028",
        "%",
        "---",
    ),
    *("../x", "/dev/zero", "/dev/stdin", "/", "a\\u0000b", "|O", "<U0", "<U99999999", ">f8", "|V8", "object", "<M8[s]"),
    *("&a", "*a", "<<", "!!python/object:os.system", "!!int", "&lol;", "&#0;", "<!DOCTYPE a>", "<a>" * 200, "utf-7"),
    *('{"$type": "tensor"}', '{"$type": "dict", "items": [[[], 1]]}', "float64", "int64", "BF16", "F8_E4M3", "list"),
)
_MANY = 20_000  # characters; tokens are not sought in more
_TOKEN = re.compile(r"[A-Za-z_][\w.-]*|-?\d[\d.eE+-]*|\"[^\"\n]*\"|'[^'\n]*'|[^\s\w]")


def mutate_bytes(rng: Random, samples: Sequence[bytes]) -> bytes:
    """A few bytes overwritten, cut, repeated or taken from another sample."""
    data = bytearray(rng.choice(samples))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        if not data:
            break
        at, kind = rng.randrange(len(data)), rng.randrange(9)
        if kind < 3:
            data[at] = rng.choice((0, 255, 1, 127, data[at] ^ (1 << rng.randrange(8)), rng.randrange(256)))
        elif kind < 5:
            size, order = rng.choice((2, 4, 8)), rng.choice(("little", "big"))
            number = rng.choice(_NUMBERS) % (1 << 8 * size)
            data[at : at + size] = number.to_bytes(size, order)  # type: ignore[arg-type]
        elif kind == 5:
            del data[at : at + rng.choice((1, 4, 8, 64))]
        elif kind == 6:
            data[at:at] = data[at : at + rng.choice((1, 4, 16, 200))] * rng.choice((1, 1, 3, 50))
        elif kind == 7:
            del data[at:]
        else:
            other = rng.choice(samples)
            start = rng.randrange(len(other))
            data[at : at + 16] = other[start : start + 16]
    return bytes(data)


def mutate_text(rng: Random, samples: Sequence[bytes]) -> bytes:
    """Words and lines replaced, repeated, moved; now and then bytes, or another encoding."""
    if rng.random() < 0.2:
        return mutate_bytes(rng, samples)
    text = rng.choice(samples).decode()
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        tokens = list(_TOKEN.finditer(text)) if len(text) < _MANY else []
        lines, kind = text.split("\n"), rng.randrange(10)
        if kind < 6 and tokens:
            token = rng.choice(tokens)
            new = rng.choice(_TOKENS) if rng.random() < 0.7 else rng.choice(tokens).group()
            text = text[: token.start()] + new + text[token.end() :]
        elif kind == 6:
            del lines[rng.randrange(len(lines))]
            text = "\n".join(lines)
        elif kind == 7:
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
            text = "\n".join(lines)
        elif kind == 8:
            at = rng.randrange(len(lines))
            lines[at] = rng.choice(("  ", " ", "\t", "- ", "")) + lines[at].lstrip()
            text = "\n".join(lines)
        else:
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(_TOKENS) + text[at:]
    if rng.random() < 0.03:
        return text.encode(rng.choice(("utf-16", "utf-32", "latin-1", "utf-8-sig")), "replace")
    return text.encode(errors="replace")


def mutate_npy(rng: Random, samples: Sequence[bytes]) -> bytes:
    """The words of a header, with its length put right; or bytes."""
    if rng.random() < 0.4:
        return mutate_bytes(rng, samples)
    sample = rng.choice(samples)
    (length,) = struct.unpack("<H", sample[8:10])
    header = mutate_text(rng, [sample[10 : 10 + length].rstrip()])[:60_000]
    return sample[:8] + struct.pack("<H", len(header)) + header + sample[10 + length :]


def mutate_safetensors(rng: Random, samples: Sequence[bytes]) -> bytes:
    """The words of a header, with its length put right; or bytes."""
    if rng.random() < 0.4:
        return mutate_bytes(rng, samples)
    sample = rng.choice(samples)
    (length,) = struct.unpack("<Q", sample[:8])
    header = mutate_text(rng, [sample[8 : 8 + length]])
    if rng.random() < 0.3:
        content = json.loads(sample[8 : 8 + length])
        entry = content[rng.choice(sorted(content))]
        entry["data_offsets"][rng.randrange(2)] = rng.choice((0, 8, 16, 48, 1 << 40, -8))
        header = json.dumps(content).encode()
    return struct.pack("<Q", len(header)) + header + sample[8 + length :]


def zip_of(inner: Mutation) -> Mutation:
    """Members changed by ``inner`` or renamed, the archive written anew with true checksums; or bytes."""

    def mutate(rng: Random, samples: Sequence[bytes]) -> bytes:
        if rng.random() < 0.35:
            return mutate_bytes(rng, samples)
        with zipfile.ZipFile(io.BytesIO(rng.choice(samples))) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
        at, kind = rng.randrange(len(members)), rng.randrange(8)
        name, content = members[at]
        if kind < 5:
            members[at] = (name, inner(rng, [content]) if content else b"\0")
        elif kind == 5:
            members[at] = (rng.choice(("x", "x.npy", "../x.npy", "y" * 300, "é.npy", "data.pkl")), content)
        elif kind == 6:
            members.append((rng.choice(("readme.txt", "z.npy", "d/")), rng.choice((b"", b"text", content))))
        else:
            del members[at]
        made = io.BytesIO()
        packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        with zipfile.ZipFile(made, "w", packing) as archive:
            for name, content in members:
                info = zipfile.ZipInfo(name)  # without a time, so that a seed gives the same bytes
                info.compress_type = packing
                archive.writestr(info, content)
        return mutate_bytes(rng, [made.getvalue()]) if rng.random() < 0.1 else made.getvalue()

    return mutate


def mutate_matlab(rng: Random, samples: Sequence[bytes]) -> bytes:
    """Bytes, also within a compressed matrix that is packed again."""
    sample = rng.choice(samples)
    kind, length = struct.unpack("<II", sample[128:136])
    if kind != 15 or rng.random() < 0.4:
        return mutate_bytes(rng, [sample])
    packed = zlib.compress(mutate_bytes(rng, [zlib.decompress(sample[136 : 136 + length])]))
    return sample[:128] + struct.pack("<II", 15, len(packed)) + packed + sample[136 + length :]
