"""What Python's zipfile raises for an archive that is damaged, encrypted or of an unknown kind."""

from __future__ import annotations

import lzma
import zipfile
import zlib

ZIP_ERRORS = (
    OSError,  # also of bz2
    ValueError,
    EOFError,
    RuntimeError,  # encrypted; also NotImplementedError
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
