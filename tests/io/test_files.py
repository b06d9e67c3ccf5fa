"""Errors of the system name the file that was to be written, whatever the library said."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from avgraph.io.files import append_line, atomic_path, naming, sync
from avgraph.io.writing import new_mapped_array, writing
from tests.forking import ForkServer


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "Error writing bytes. Detail: [errno 28]"), OSError(28, "")])
def test_an_error_without_a_name_gets_it_and_the_words_of_the_system(raised: OSError, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with pytest.raises(OSError, match="No space left on device") as caught, atomic_path(path):
        raise raised
    assert (caught.value.filename, caught.value.strerror) == (str(path), "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_numpys_error_without_a_number_is_told_as_it_is() -> None:
    with pytest.raises(OSError, match=r"cannot be written whole: 8 requested and 0 written: 'a\.npy'"), naming("a.npy"):
        raise OSError("8 requested and 0 written")


def test_the_temporary_name_is_replaced_and_that_of_another_file_kept(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, atomic_path(tmp_path / "no" / "a.txt"):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "a.txt")
    with pytest.raises(FileNotFoundError) as caught, atomic_path(tmp_path / "a.txt"):
        (tmp_path / "input.wav").read_bytes()
    assert caught.value.filename == str(tmp_path / "input.wav")


def test_a_line_that_does_not_fit_is_taken_back(tmp_path: Path, fork_server: ForkServer) -> None:
    path = tmp_path / "a.jsonl"
    append_line(path, "one")
    code = f"from avgraph.io.files import append_line\ntry:\n    append_line({str(path)!r}, 'two' * 1000)\n"
    code += "except OSError as error:\n    print(error.filename, error.strerror)"
    child = fork_server.start(python=code, largest_file=1000)  # a part of it fits
    assert (child.wait(), child.output) == (0, f"{path} File too large\n")
    assert path.read_text() == "one\n"


def test_sync_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        sync(tmp_path)
    assert caught.value.filename == str(tmp_path)


def test_content_is_synced_before_the_name_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    path = tmp_path / "a.txt"
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append((os.readlink(f"/proc/self/fd/{handle}"), path.exists()))
    )
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
    assert synced == [(str(temporary), False), (str(tmp_path), True)]


def test_a_writer_sees_no_error_and_the_first_is_raised_at_the_end() -> None:
    with pytest.raises(OSError, match="No space left"), writing("/dev/full") as file:
        assert [file.write(bytes(1 << 20)) for _ in range(3)] == [1 << 20] * 3


def test_a_mapped_array_has_all_its_room_from_the_start(tmp_path: Path) -> None:
    array = new_mapped_array(tmp_path / "a.npy", (1000, 100), np.float64)
    stat = (tmp_path / "a.npy").stat()
    assert array.shape == (1000, 100)
    assert stat.st_blocks * 512 >= stat.st_size
