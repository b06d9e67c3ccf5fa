"""What a file may claim: caps that real data passes and a bomb does not (table: docs/robustness.md)."""

from __future__ import annotations

from avgraph.errors import DataError

FREE_BYTES = 256 << 20  # a file of any size may hold this much
MAX_RATIO = 200  # beyond that, so many bytes for each byte on disk; deflate alone can do 1,032
MAX_MEMBERS = 10_000  # files in an archive
MAX_JSON_HEADER = 16 << 20  # bytes of the header of a .safetensors file


def check_expansion(where: str, stored: int, expanded: int) -> None:
    """Refuse a few bytes on disk that claim to be very many in memory.

    Args:
        where: file, and part of it, for the message.
        stored: bytes on disk.
        expanded: bytes that they say they are.

    Raises:
        DataError: above `FREE_BYTES` and `MAX_RATIO`.

    Example:
        >>> check_expansion("bundle.npz", 4 << 30, 4 << 30)
        >>> check_expansion("bomb.npz", 1 << 20, 1 << 30)
        Traceback (most recent call last):
        avgraph.errors.DataError: bomb.npz: 1048576 bytes claim to hold 1073741824; more than 200 times as many is refused above 256 MiB, store it uncompressed
    """  # noqa: E501
    if expanded > FREE_BYTES and expanded > MAX_RATIO * max(stored, 1):
        told = f"{stored} bytes claim to hold {expanded}; more than {MAX_RATIO} times as many is refused"
        raise DataError(f"{where}: {told} above {FREE_BYTES >> 20} MiB, store it uncompressed")
