"""The folder of CIFAR-10 or CIFAR-100: where it is, what it holds, and how it is downloaded."""

from __future__ import annotations

from pathlib import Path

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.cifar.archive import LAYOUTS, CifarName
from avgraph.datasets.fetched import fetched
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.paired import cifar10 as features
from avgraph.io.download import download
from avgraph.io.extract_tar import extract_tar_files
from avgraph.io.npz import read_npz
from avgraph.runtime.progress import counted

HOMEPAGE = "https://www.cs.toronto.edu/~kriz/cifar.html"
# The publisher gives MD5 alone; these are what several independent projects pin for the same files.
ARCHIVES: dict[str, tuple[str, str]] = {
    "cifar10": (
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    "cifar100": (
        "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        "sha256:58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    ),
}


def records_in(name: CifarName, folder: Path) -> Path | None:
    """The folder of the records, ``folder`` itself or the archive's below it; None where a file is missing."""
    layout = LAYOUTS[name]
    places = (folder, folder / layout.folder)
    return next((place for place in places if all((place / file).is_file() for file in layout.files)), None)


def locate_pictures(name: CifarName, root: str | Path | None) -> Located:
    """Find the records.

    Raises:
        DataError: if ``root`` is given and is no folder.
    """
    return locate([name], root, lambda folder: records_in(name, folder) is not None)


def locate_features(root: str | Path | None) -> Located:
    """Find the features of CIFAR-10.

    Raises:
        DataError: if ``root`` is given and is no folder.
    """
    return locate(["cifar10"], root, lambda folder: (folder / features.FILE).is_file())


def fetch_cifar(name: CifarName) -> Path | None:
    """Download and unpack into the user's cache; None when ``AVGRAPH_OFFLINE`` is set.

    Raises:
        DataError: if the download fails or its checksum differs.
    """
    (url, checksum), layout = ARCHIVES[name], LAYOUTS[name]

    def fill(folder: Path) -> None:
        archive = download(url, folder.with_name(url.rpartition("/")[2]), checksum)
        assert archive is not None
        with counted(None, f"unpacking {name}"):
            extract_tar_files(archive, folder / layout.folder, [f"{layout.folder}/{file}" for file in layout.files])
        archive.unlink()

    return fetched(name, url, lambda folder: records_in(name, folder) is not None, fill)


def describe_cifar(name: CifarName, what: str, root: str | Path | None) -> DatasetStatus:
    """How many pictures there are, or features of them.

    Raises:
        DataError: if ``root`` is no folder, or a file there is unreadable.
    """
    located, layout = locate_pictures(name, root), LAYOUTS[name]
    if located.folder is not None and (place := records_in(name, located.folder)) is not None:
        count = sum((place / file).stat().st_size // layout.record for file in (*layout.train, layout.test))
        return DatasetStatus(
            name, what, "real", located.folder, located.looked, "binary version", "pictures", count, layout.classes
        )
    if name == "cifar10" and (folder := locate_features(root).folder) is not None:
        part = read_npz(folder / features.FILE, ["y_train", "y_test", "classes"])
        count = len(part["y_train"]) + len(part["y_test"])
        return DatasetStatus(
            name, what, "real", folder, located.looked, features.FILE, "pictures", count, len(part["classes"]),
            note=f"content: features; {features.NOTE}",
        )  # fmt: skip
    note = f"`avgraph data fetch {name}` downloads it (about 160 MB, {HOMEPAGE})"
    return DatasetStatus(name, what, "missing", looked=located.looked, note=note)
