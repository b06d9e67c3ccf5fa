from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgraph.errors import DataError
from avgraph.io.zip_archive import extract_zip, member_path


def archive(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, text in members.items():
            bundle.writestr(name, text)
    return path


def test_strips_the_leading_folder(tmp_path: Path) -> None:
    source = archive(tmp_path / "a.zip", {"top/": "", "top/meta/a.csv": "1", "top/b.txt": "2"})
    folder = extract_zip(source, tmp_path / "out", strip=1)
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert found == ["b.txt", "meta/a.csv"]
    assert (folder / "b.txt").read_text() == "2"


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "C:/evil", "..\\evil", "\\evil"])
def test_nothing_lands_outside(tmp_path: Path, name: str) -> None:
    source = archive(tmp_path / "a.zip", {"fine": "1", name: "2"})
    with pytest.raises(DataError, match="would be written outside the folder"):
        extract_zip(source, tmp_path / "in" / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip", "in"] or not list((tmp_path / "in").iterdir())
    assert not list(tmp_path.rglob("evil"))


@given(st.text(alphabet="ab./\\:", min_size=1, max_size=12), st.integers(0, 2))
def test_a_member_that_is_let_through_stays_below(name: str, strip: int) -> None:
    try:
        path = member_path(name, strip)
    except DataError:
        return
    assert path is None or (not path.is_absolute() and ".." not in path.parts)


def test_links_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as bundle:
        member = zipfile.ZipInfo("link")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        bundle.writestr(member, "/etc/passwd")
    with pytest.raises(DataError, match="'link' is a link"):
        extract_zip(tmp_path / "a.zip", tmp_path / "out")


def test_damaged_archive_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK not really")
    with pytest.raises(DataError, match="damaged or unusual zip archive"):
        extract_zip(tmp_path / "a.zip", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_never_overwrites(tmp_path: Path) -> None:
    source = archive(tmp_path / "a.zip", {"a": "new"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("mine")
    with pytest.raises(DataError, match="already exists and is not empty"):
        extract_zip(source, tmp_path / "out")
    assert (tmp_path / "out" / "a").read_text() == "mine"


def test_any_damaged_byte_is_named_or_harmless(tmp_path: Path) -> None:
    source = tmp_path / "a.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("a.txt", "".join(str(n * n) for n in range(100)))
    whole = source.read_bytes()
    refused = 0
    for place in range(len(whole)):
        source.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            extract_zip(source, tmp_path / f"out-{place}")
        except DataError:
            refused += 1
            assert not (tmp_path / f"out-{place}").exists()
    assert refused > len(whole) / 3
