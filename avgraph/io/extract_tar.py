"""Take named files out of a compressed tar archive: nothing else in it is written, whatever it is called."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from collections.abc import Collection
from pathlib import Path

from avgraph.errors import DataError, reason_of
from avgraph.io.new_folder import new_folder

_MOST_BYTES = 1 << 30  # of one file


def extract_tar_files(archive: str | Path, folder: str | Path, names: Collection[str]) -> Path:
    """Write the files ``names`` of ``archive`` as the new folder ``folder``: all of them, or nothing.

    Args:
        archive: the tar file, compressed or not.
        folder: folder to make; it must not exist, or be empty.
        names: paths in the archive; a file is written under the last part of its path.

    Raises:
        DataError: if the archive is damaged or lacks one, if one is no regular file, or ``folder`` is not empty.
    """
    archive, folder = Path(archive), Path(folder)
    with new_folder(folder, archive) as temporary:
        try:
            _write(archive, temporary, set(names))
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise DataError(f"{archive}: damaged or unusual tar archive: {reason_of(error)}") from error
        except OSError as error:
            if error.errno is None:  # gzip's, for damaged data
                raise DataError(f"{archive}: damaged or unusual tar archive: {reason_of(error)}") from error
            raise
    return folder


def _write(archive: Path, folder: Path, missing: set[str]) -> None:
    with tarfile.open(archive, "r:*") as bundle:
        for member in bundle:
            if member.name not in missing:
                continue
            source = bundle.extractfile(member) if member.isreg() and member.size <= _MOST_BYTES else None
            if source is None:
                raise DataError(f"{archive}: {member.name}: expected a regular file of at most {_MOST_BYTES} bytes")
            with source, open(folder / Path(member.name).name, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            missing.remove(member.name)
            if not missing:
                break
    if missing:
        raise DataError(f"{archive}: no {min(missing)} in it")
