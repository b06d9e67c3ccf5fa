from __future__ import annotations

from pathlib import Path

import pytest

from avgraph.datasets.esc.table import read_table
from avgraph.errors import DataError

HEADER = "filename,fold,target,category\n"


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "esc50.csv"
    path.write_text(text)
    return path


def test_reads_classes_in_the_order_of_their_targets(tmp_path: Path) -> None:
    text = HEADER + "1-10-A-1.wav,1,1,sea_waves\n2-11-B-0.ogg,2,0,dog\n"
    read = read_table(table(tmp_path, text))
    assert read.classes == ("dog", "sea waves")
    assert read.targets == (1, 0)
    found = [(clip.name, clip.source_file, clip.line) for clip in read.clips]
    assert found == [("1-10-A-1", "10", 2), ("2-11-B-0", "11", 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: column 'filename' is missing"),
        ("filename,fold,category\n", "1: column 'target' is missing; expected filename, fold, target, category"),
        (HEADER, "holds no clips"),
        (HEADER + "1-10-A-0.wav,6,0,dog\n", "2: fold: expected 1 to 5, got 6"),
        (HEADER + "1-10-A-0.wav,2,0,dog\n", "2: fold: 2, but the file name '1-10-A-0.wav' says 1"),
        (HEADER + "1-10-A-0.wav,1,3,dog\n", "2: target: 3, but the file name '1-10-A-0.wav' says 0"),
        (HEADER + "1-10-A-0.wav,one,0,dog\n", "2: fold: expected a number, got 'one'"),
        (HEADER + "1-10-A-0.wav,1\n", "2: target: expected a number, got None"),
        (HEADER + "1-10-A-0.wav,1,0,\n", "2: category is empty"),
        (HEADER + "../1-10-A-0.wav,1,0,dog\n", "2: filename: expected fold-recording-take-target.wav"),
        (HEADER + "1-10-A-0.wav,1,0,dog\n1-10-A-0.ogg,1,0,dog\n", "3: '1-10-A-0' is already on line 2"),
        (HEADER + "1-10-A-0.wav,1,0,dog\n1-11-A-0.ogg,1,0,cat\n", "3: target 0 is 'cat', but 'dog' above"),
        (HEADER + "1-10-A-0.wav,1,0,dog\n1-11-A-1.ogg,1,1,dog\n", "3: 'dog' is target 1, but 0 above"),
        (HEADER + "1-10-A-0.wav,1,0,dog\n1-11-A-2.ogg,1,2,cat\n", "targets must run from 0 without gaps, but none"),
        ("esc10," + HEADER + "maybe,1-10-A-0.wav,1,0,dog\n", "2: esc10: expected True or False, got 'maybe'"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_table(table(tmp_path, text))
    assert f"esc50.csv:{message}".replace(":holds", ": holds").replace(":targets", ": targets") in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "esc50.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"esc50.csv: not a readable table file"):
        read_table(tmp_path / "esc50.csv")
