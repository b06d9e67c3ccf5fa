"""Unpack a zip archive so that no member lands outside the folder and no half-unpacked folder is left behind."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from avgraph.errors import DataError
from avgraph.io.zip_archive import ZIP_ERRORS, checked_members

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
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: already exists and is not empty; move it away to unpack {archive.name} there")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
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
        temporary.chmod(0o755)  # mkdtemp makes a private folder
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except DataError as error:
        raise DataError(str(error) if str(error).startswith(str(archive)) else f"{archive}: {error}") from None
    except OSError as error:
        if error.errno is None:  # bz2's, for damaged data
            raise DataError(f"{archive}: damaged or unusual zip archive: {error}") from error
        raise OSError(error.errno, error.strerror, str(folder)) from error
    except ZIP_ERRORS as error:
        raise DataError(f"{archive}: damaged or unusual zip archive: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder
