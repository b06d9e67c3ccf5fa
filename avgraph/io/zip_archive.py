"""The members of a zip archive, if none of them claims what cannot be."""

from __future__ import annotations

import lzma
import zipfile
import zlib

from avgraph.errors import DataError, shortened
from avgraph.io.limits import MAX_MEMBERS, check_expansion

ZIP_ERRORS = (
    OSError,  # also of bz2
    ValueError,
    EOFError,
    RuntimeError,  # encrypted; also NotImplementedError
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What Python's zipfile raises for an archive that is damaged, encrypted or of an unknown kind."""


def checked_members(archive: zipfile.ZipFile, size: int, *, most: int = MAX_MEMBERS) -> dict[str, zipfile.ZipInfo]:
    """The members by their names.

    Args:
        archive: an open archive.
        size: bytes of its file.
        most: how many members it may have.

    Raises:
        DataError: if there are too many, two share a name or bytes of the file, one is encrypted, or they claim to
            hold far more than their bytes can.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> with zipfile.ZipFile(file, "w") as archive:
        ...     archive.writestr("a", b"abc")
        >>> list(checked_members(zipfile.ZipFile(file), 200))
        ['a']
    """
    members = archive.infolist()
    if len(members) > most:
        raise DataError(f"has {len(members)} members, expected at most {most}")
    found: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        if member.filename in found:
            raise DataError(f"has two members of the name {shortened(member.filename)!r}")
        if member.flag_bits & 1:
            raise DataError(f"member {shortened(member.filename)!r} is encrypted")
        if member.compress_type == zipfile.ZIP_STORED and member.compress_size != member.file_size:
            raise DataError(f"member {shortened(member.filename)!r} says two lengths of the same bytes")
        check_expansion(f"member {shortened(member.filename)!r}", member.compress_size, member.file_size)
        found[member.filename] = member
    # A header takes 30 bytes and the name; bytes that two members share make a small bomb a large one.
    end, before = 0, ""
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            raise DataError(f"members {shortened(before)!r} and {shortened(member.filename)!r} overlap")
        end, before = member.header_offset + 30 + len(member.filename) + member.compress_size, member.filename
    if end > size:
        raise DataError(f"member {shortened(before)!r} ends after the file does")
    check_expansion("archive", size, sum(member.file_size for member in members))
    return found
