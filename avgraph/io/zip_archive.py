"""Zip archives: their members, if none claims what cannot be, and unpacked so that nothing lands outside the folder."""

from __future__ import annotations

import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from avgraph.errors import DataError, shortened
from avgraph.io.new_folder import new_folder
from avgraph.io.reading import MAX_MEMBERS, check_expansion

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


_MOST_FILES = 1_000_000  # AudioCaps has some 50,000 recordings


def member_path(name: str, strip: int = 0) -> PurePosixPath | None:
    """Path of a zip member below the target folder without its first ``strip`` parts, None if nothing is left.

    Raises:
        DataError: if the name is absolute, has a drive or climbs out with ``..``.

    Example:
        >>> member_path("ESC-50-master/audio/1.wav", strip=1)
        PurePosixPath('audio/1.wav')
        >>> member_path("a/../../secret")
        Traceback (most recent call last):
        avgraph.errors.DataError: zip member 'a/../../secret' would be written outside the folder
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts or name.startswith(("/", "\\")) or PureWindowsPath(name).drive or "\0" in name:
        raise DataError(f"zip member {name!r} would be written outside the folder")
    return PurePosixPath(*parts[strip:]) if len(parts) > strip else None


def extract_zip(archive: str | Path, folder: str | Path, *, strip: int = 0) -> Path:
    """Unpack ``archive`` as the new folder ``folder``: whole, or not at all.

    Args:
        archive: the zip file.
        folder: folder to make; it may exist only if it is empty.
        strip: how many leading folders of each member's name to leave out.

    Raises:
        DataError: if the archive is damaged, a member would land outside or is a link, or ``folder`` is not empty.
    """
    archive, folder = Path(archive), Path(folder)
    with new_folder(folder, archive) as temporary:
        try:
            with zipfile.ZipFile(archive) as bundle:
                for member in checked_members(bundle, archive.stat().st_size, most=_MOST_FILES).values():
                    path = member_path(member.filename, strip)
                    if stat.S_ISLNK(member.external_attr >> 16):
                        raise DataError(f"{archive}: zip member {member.filename!r} is a link")
                    if path is None or member.is_dir():
                        continue
                    target = temporary / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with bundle.open(member) as source, open(target, "wb") as sink:
                        shutil.copyfileobj(source, sink, 1 << 20)
        except DataError as error:
            raise DataError(str(error) if str(error).startswith(str(archive)) else f"{archive}: {error}") from None
        except OSError as error:
            if error.errno is None:  # bz2's, for damaged data
                raise DataError(f"{archive}: damaged or unusual zip archive: {error}") from error
            raise OSError(error.errno, error.strerror, str(folder)) from error
        except ZIP_ERRORS as error:
            raise DataError(f"{archive}: damaged or unusual zip archive: {error}") from error
    return folder
