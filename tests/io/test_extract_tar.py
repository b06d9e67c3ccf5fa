"""Named files of a tar archive: those and nothing else, whole or not at all."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from avgraph.errors import DataError
from avgraph.io.extract_tar import extract_tar_files
from tests.datasets.cifar_folder import write_archive

FILES = {"set/a.bin": bytes(range(256)) * 40, "set/b.txt": b"names", "set/more": b"x"}


def test_named_files_are_written_and_no_others(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.tar.gz", {**FILES, "/abs": b"no", "../up": b"no"})
    folder = extract_tar_files(archive, tmp_path / "out", ["set/b.txt", "set/a.bin"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a.bin": FILES["set/a.bin"],
        "b.txt": b"names",
    }
    with pytest.raises(DataError, match="already exists and is not empty"):
        extract_tar_files(archive, tmp_path / "out", ["set/b.txt"])


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_under_a_name_are_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as bundle:
        member = tarfile.TarInfo("set/a.bin")
        member.type, member.linkname = kind, "/etc/passwd"
        bundle.addfile(member)
    with pytest.raises(DataError, match=r"set/a\.bin: expected a regular file"):
        extract_tar_files(tmp_path / "a.tar", tmp_path / "out", ["set/a.bin"])
    assert not (tmp_path / "out").exists()


def test_what_is_missing_or_damaged_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.tar.gz", FILES)
    with pytest.raises(DataError, match=r"a\.tar\.gz: no set/c\.bin in it"):
        extract_tar_files(archive, tmp_path / "out", ["set/c.bin"])
    whole = archive.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"no archive", whole[:60] + bytes(40) + whole[100:]):
        archive.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.tar\.gz: damaged or unusual tar archive"):
            extract_tar_files(archive, tmp_path / "out", list(FILES))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]
