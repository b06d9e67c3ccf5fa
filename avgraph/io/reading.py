"""The frame around every reader: only regular files, caps on what one may claim, a failure one line with the file."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from avgraph.errors import DataError, one_line, reason_of, shortened
from avgraph.io.files_read import note_read

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


_LONGEST = 1_000  # characters of a message; names and values in a file can be of any length
_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
    (stat.S_ISSOCK, "it is a socket"),
)


def irregular(path: str | Path) -> str | None:
    """What a path is that is no regular file, from which reading might never end; None for a regular file.

    Raises:
        OSError: if there is nothing, or it cannot be looked at.

    Example:
        >>> irregular("/"), irregular("/dev/null")
        ('it is a folder', 'it is a device')
    """
    mode = os.stat(path).st_mode
    return next((told for is_kind, told in _KINDS if is_kind(mode)), None)


def check_regular(path: str | Path) -> None:
    """Refuse what is no regular file.

    Raises:
        DataError: if it is missing, a folder, a pipe or a device.

    Example:
        >>> check_regular("/dev/zero")
        Traceback (most recent call last):
        avgraph.errors.DataError: /dev/zero: expected a file (it is a device)
    """
    shown = one_line(str(path))
    try:
        told = irregular(path)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{shown}: no such file") from None
    except OSError as error:
        raise DataError(f"{shown}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise DataError(f"{shown}: no such file (a name cannot hold the character NUL)") from None
    if told == "it is a folder":
        raise DataError(f"{shown}: no such file ({told})")
    if told is not None:
        raise DataError(f"{shown}: expected a file ({told})")


@contextmanager
def reading(path: str | Path, kind: str) -> Iterator[None]:
    """Read within this block: whatever goes wrong with the file becomes one line.

    The libraries that read files raise many types for damaged ones (a struct.error, a RecursionError, an error of
    zlib); none of them is the user's to understand.

    Args:
        path: the file.
        kind: what it should be, such as ``.npz``.

    Raises:
        DataError: naming the file and the first line of the reason.

    Example:
        >>> with reading("/dev/zero", ".npy"):
        ...     pass
        Traceback (most recent call last):
        avgraph.errors.DataError: /dev/zero: expected a file (it is a device)
    """
    check_regular(path)
    note_read(path)
    shown = one_line(str(path))
    try:
        yield
    except DataError as error:
        text = shortened(one_line(str(error)), _LONGEST)
        raise DataError(text if text.startswith(shown) else f"{shown}: {text}") from error
    except MemoryError:
        raise DataError(f"{shown}: not a readable {kind} file: what it claims to hold fits no memory") from None
    except (struct.error, EOFError) as error:
        raise DataError(f"{shown}: not a readable {kind} file: it ends too early ({reason_of(error)})") from error
    except OSError as error:
        if error.errno is None:  # a library's own, about what the file holds
            raise DataError(f"{shown}: not a readable {kind} file: {reason_of(error)}") from error
        raise DataError(f"{shown}: cannot be read: {error.strerror}") from error
    except RecursionError:
        raise DataError(f"{shown}: not a readable {kind} file: it is nested too deeply") from None
    except Exception as error:
        reason = f"{type(error).__name__}: {reason_of(error).replace(f' {str(path)!r}', '')}"
        raise DataError(f"{shown}: not a readable {kind} file: {reason}") from error
