"""Take named files out of a compressed tar archive: nothing else in it is written, whatever it is called."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Collection
from pathlib import Path

from avgraph.errors import DataError, reason_of

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
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: already exists and is not empty; move it away to unpack {archive.name} there")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        with tarfile.open(archive, "r:*") as bundle:
            missing = set(names)
            for member in bundle:
                if member.name not in missing:
                    continue
                source = bundle.extractfile(member) if member.isreg() and member.size <= _MOST_BYTES else None
                if source is None:
                    raise DataError(f"{archive}: {member.name}: expected a regular file of at most {_MOST_BYTES} bytes")
                with source, open(temporary / Path(member.name).name, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                missing.remove(member.name)
                if not missing:
                    break
        if missing:
            raise DataError(f"{archive}: no {min(missing)} in it")
        temporary.chmod(0o755)  # mkdtemp makes a private folder
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{archive}: damaged or unusual tar archive: {reason_of(error)}") from error
    except OSError as error:
        if error.errno is None:  # gzip's, for damaged data
            raise DataError(f"{archive}: damaged or unusual tar archive: {reason_of(error)}") from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder
