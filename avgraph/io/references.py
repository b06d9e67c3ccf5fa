"""References to what is in files: ``features.npy``, ``bundle.npz:key``, ``heads.pt:Head_A``, … Imports no numpy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from avgraph.errors import DataError, did_you_mean, shortened

# The suffix ends the file name, so that neither a drive letter nor a key may be mistaken for the other.
_REFERENCE = re.compile(
    r"(?P<file>.+?\.(?P<suffix>npy|npz|safetensors|parquet|csv|tsv|txt))(?::(?P<key>.+))?", re.I | re.S
)


WEIGHTS = (".pt", ".pth", ".bin", ".ckpt")
"""Files of torch's."""
_HEAD = re.compile(rf"(?P<file>.+?(?:{'|'.join(map(re.escape, WEIGHTS))}))(?::(?P<head>.*))?", re.I)


def split_head(reference: str | Path) -> tuple[Path, str]:
    """Split a reference to a head in a file of weights; a drive letter is no head.

    Raises:
        DataError: if the suffix is not that of a file of weights.

    Example:
        >>> split_head("clap_clip.pt:Head_A")[1]
        'Head_A'
    """
    match = _HEAD.fullmatch(str(reference))
    if match is None:
        raise DataError(f"{reference}: expected FILE.pt:HEAD, such as clap_clip.pt:Head_A")
    return Path(match["file"]).expanduser(), (match["head"] or "").rstrip(".")


def split_reference(reference: str | Path) -> tuple[Path, str, str | None]:
    """Split a reference into file, suffix (lower case, no dot) and key.

    Raises:
        DataError: if the suffix is unknown, or there is a key where none can be.

    Example:
        >>> split_reference("bundle.npz:x")[1:]
        ('npz', 'x')
    """
    match = _REFERENCE.fullmatch(str(reference))
    if match is None:
        raise DataError(
            f"{reference}: expected FILE.npy, FILE.npz:KEY, FILE.safetensors:KEY, FILE.parquet:COLUMN, "
            "FILE.csv:COLUMN or FILE.txt"
        )
    suffix, key = match["suffix"].lower(), match["key"]
    if suffix in ("npy", "txt") and key is not None:
        raise DataError(f"{reference}: a .{suffix} file holds one array; expected no ':{key}'")
    return Path(match["file"]), suffix, key


_MOST_LISTED = 20


def known_name(key: str | None, known: Iterable[str]) -> str:
    """The key, if the file has it.

    Raises:
        DataError: if not, or if there is none; the message lists what the file has.

    Example:
        >>> known_name("featrue", ["feature", "label"])
        Traceback (most recent call last):
        avgraph.errors.DataError: no key 'featrue'; did you mean 'feature'? it has: feature, label
    """
    names = sorted(known)
    listed = ", ".join(shortened(name) for name in names[:_MOST_LISTED]) or "none"
    listed += f", … ({len(names)} in all)" if len(names) > _MOST_LISTED else ""
    if key is None:
        raise DataError(f"expected FILE:KEY with one of: {listed}")
    if key not in names:
        close = did_you_mean(key, names)
        raise DataError(f"no key {shortened(key)!r}; {close}{' ' if close else ''}it has: {listed}")
    return key
