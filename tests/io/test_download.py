from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from avgraph.errors import DataError
from avgraph.io.download import download
from tests.logged import Logged

BODY = bytes(range(256)) * 4000  # about 1 MB
SHA256 = "sha256:" + hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves BODY on 127.0.0.1; breaks off after ``cut`` bytes for the first ``cuts`` requests."""

    daemon_threads = True
    ranges = True
    cuts = 0
    cut = 300_000

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}/data.bin"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.path != "/data.bin":
            self.send_error(404)
            return
        start = int(re.findall(r"\d+", wanted)[0]) if wanted and self.server.ranges else 0
        if start >= len(BODY):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(BODY)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = BODY[start:]
        self.send_response(206 if wanted and self.server.ranges else 200)
        if wanted and self.server.ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if len(self.server.asked) <= self.server.cuts:
            body = body[: self.server.cut]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("AVGRAPH_OFFLINE")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_whole_file_then_nothing_more_to_do(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "new" / "data.bin"
    assert download(server.url, target, SHA256) == target
    assert target.read_bytes() == BODY
    assert names(target.parent) == ["data.bin"]
    assert download(server.url, target, SHA256) == target
    assert len(server.asked) == 1


def test_md5_is_understood(server: Server, tmp_path: Path) -> None:
    assert download(server.url, tmp_path / "a", "md5:" + hashlib.md5(BODY).hexdigest()) == tmp_path / "a"


def test_interrupted_then_resumed_by_a_later_call(server: Server, tmp_path: Path) -> None:
    server.cuts = 1
    with pytest.raises(DataError, match=r"broke off after [\d,]+ bytes \(kept in .*data.bin.part; run again"):
        download(server.url, tmp_path / "data.bin", SHA256, attempts=1)
    assert names(tmp_path) == ["data.bin.part"]
    kept = (tmp_path / "data.bin.part").read_bytes()
    assert 0 < len(kept) <= server.cut
    assert BODY.startswith(kept)
    download(server.url, tmp_path / "data.bin", SHA256)
    assert server.asked == [None, f"bytes={len(kept)}-"]
    assert (tmp_path / "data.bin").read_bytes() == BODY
    assert names(tmp_path) == ["data.bin"]


def test_interrupted_then_resumed_within_one_call(server: Server, tmp_path: Path) -> None:
    server.cuts = 2
    download(server.url, tmp_path / "data.bin", SHA256)
    first, second = (int(re.findall(r"\d+", asked)[0]) for asked in server.asked[1:] if asked)
    assert server.asked[0] is None
    assert 0 < first < second <= 2 * server.cut
    assert (tmp_path / "data.bin").read_bytes() == BODY


def test_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "data.bin.part").write_bytes(b"old" * 1000)
    download(server.url, tmp_path / "data.bin", SHA256)
    assert (tmp_path / "data.bin").read_bytes() == BODY


def test_part_that_is_already_whole(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(BODY)
    download(server.url, tmp_path / "data.bin", SHA256)
    assert names(tmp_path) == ["data.bin"]


def test_part_that_is_longer_than_the_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(BODY + b"more")
    download(server.url, tmp_path / "data.bin", SHA256)
    assert (tmp_path / "data.bin").read_bytes() == BODY


def test_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sha256 differs from the expected 0000"):
        download(server.url, tmp_path / "data.bin", "sha256:" + "0" * 64)
    assert names(tmp_path) == []


def test_damaged_part_fails_the_checksum_and_is_deleted(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(b"x" * 1000)
    with pytest.raises(DataError, match="sha256 differs"):
        download(server.url, tmp_path / "data.bin", SHA256)
    assert names(tmp_path) == []


def test_refusal_and_dead_server(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="answered 404"):
        download(server.url + "x", tmp_path / "data.bin", SHA256)
    with pytest.raises(DataError, match=r"^no connection to 127\.0\.0\.1$"):
        download("http://127.0.0.1:9/data.bin", tmp_path / "data.bin", SHA256, attempts=1, timeout=2)
    with pytest.raises(DataError, match=r"^no connection to nowhere\.invalid$"):
        download("https://nowhere.invalid/data.bin", tmp_path / "data.bin", SHA256, attempts=1, timeout=2)
    assert names(tmp_path) == []


def test_a_proxy_and_a_certificate_that_are_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"^no trusted connection to 127\.0\.0\.1: its certificate was refused$"):
        download(server.url.replace("http", "https"), tmp_path / "data.bin", SHA256, attempts=1, timeout=2)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(DataError, match=r"^no connection to nowhere\.invalid: the proxy did not let it through$"):
        download("https://nowhere.invalid/data.bin", tmp_path / "data.bin", SHA256, attempts=1, timeout=2)


def test_offline_is_one_log_line(tmp_path: Path, logged: Logged) -> None:
    with logged.from_level(logging.INFO):
        assert download("http://127.0.0.1:9/data.bin", tmp_path / "data.bin", SHA256) is None
    assert [record.message for record in logged.records] == [
        "AVGRAPH_OFFLINE is set: skipped the download of http://127.0.0.1:9/data.bin"
    ]
    assert names(tmp_path) == []


def test_checksum_is_not_optional(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected 'sha256:<digits>'"):
        download("http://127.0.0.1:9/data.bin", tmp_path / "data.bin", "")
