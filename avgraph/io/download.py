"""Download a file once: TLS verified, resumed where it broke off, checked against its checksum, renamed when whole.

pooch checks the checksum and renames; the transfer below adds resumption, which pooch has not.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests

from avgraph.errors import DataError, reason_of
from avgraph.io.files import naming
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.lock import locked
from avgraph.runtime.progress import counted

logger = logging.getLogger(__name__)

BLOCK = 1 << 18


def offline() -> bool:
    """Whether ``AVGRAPH_OFFLINE`` forbids downloads (anything but empty or 0).

    Example:
        >>> with __import__("pytest").MonkeyPatch.context() as patch:
        ...     patch.setenv("AVGRAPH_OFFLINE", "1")
        ...     offline()
        True
    """
    return os.environ.get("AVGRAPH_OFFLINE", "") not in ("", "0")


def download(url: str, target: str | Path, checksum: str, *, attempts: int = 3, timeout: float = 30.0) -> Path | None:
    """Fetch ``url`` as ``target`` unless it is there already with the right checksum.

    What has arrived stays in ``<target>.part`` when the connection breaks; the next attempt, in this call or a later
    one, asks only for the rest. A file with the wrong checksum is deleted. While another process downloads the same
    file, this one waits, with a log line, and takes what the other has brought.

    Args:
        url: address of the file.
        target: where to put it; its folder is made.
        checksum: ``sha256:<digits>`` (or ``md5:<digits>`` where a publisher gives nothing better).
        attempts: how often to ask before giving up.
        timeout: seconds to wait for a connection, and for each next piece.

    Returns:
        ``target``, or None when ``AVGRAPH_OFFLINE`` is set; a log line says so.

    Raises:
        DataError: if there is no connection, the server refuses, the connection keeps breaking, or the checksum
            differs.
        OSError: if the file cannot be written; it is named.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.
    """
    target = Path(target)
    algorithm, _, digits = checksum.partition(":")
    if algorithm not in ("sha256", "md5") or not digits:
        raise DataError(f"checksum of {url}: expected 'sha256:<digits>' or 'md5:<digits>', got {checksum!r}")
    if offline():
        logger.warning("AVGRAPH_OFFLINE is set: skipped the download of %s", url)
        return None
    part = target.with_name(target.name + ".part")

    def transfer(address: str, temporary: str, _: Any) -> None:
        _fetch(address, part, attempts, timeout)
        os.replace(part, temporary)  # whole; pooch checks it, then renames it to the target or deletes it

    lock = target.with_name(target.name + ".lock")
    with interruptible("run again to go on with the download"), naming(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(lock, f"{target.name}: downloaded", wait=True), _quiet_pooch():
            try:
                pooch.retrieve(url, checksum, fname=target.name, path=target.parent, downloader=transfer)
            except DataError:
                raise
            except ValueError as error:
                raise DataError(f"{url}: {algorithm} differs from the expected {digits}; deleted what came") from error
    return target


def _fetch(url: str, part: Path, attempts: int, timeout: float) -> None:
    """Bring ``part`` to the full length of ``url``, asking again for the rest each time the connection breaks."""
    reason = ""
    for _ in range(attempts):
        try:
            if _continue(url, part, timeout):
                return
        except requests.RequestException as error:
            reason = _reason(error, url, timeout)
    have = part.stat().st_size if part.exists() else 0
    if not have:
        raise DataError(reason or f"{url}: the server sent nothing")
    broke_off = f"download broke off after {have:,} bytes (kept in {part}; run again to go on)"
    raise DataError(f"{url}: {broke_off}{reason and ': '}{reason}")


def _reason(error: requests.RequestException, url: str, timeout: float) -> str:
    """The error in one short line; requests' own is the whole chain of what led to it."""
    host = urlsplit(url).hostname
    if isinstance(error, requests.exceptions.SSLError):
        return f"no trusted connection to {host}: its certificate was refused"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"no connection to {host}: the proxy did not let it through"
    if isinstance(error, requests.ReadTimeout):
        return f"no answer from {host} for {timeout:g} s"
    if isinstance(error, requests.ConnectionError):
        return f"no connection to {host}"
    return f"{host}: {reason_of(error)}"


def _continue(url: str, part: Path, timeout: float) -> bool:
    """One request for what ``part`` lacks; True when it is complete."""
    have = part.stat().st_size if part.exists() else 0
    # identity: a transparently unpacked body has another length than the one the server announces.
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as reply:
        if reply.status_code == 416:  # the server has no more than we have, or another file
            complete: bool = reply.headers.get("Content-Range", "") == f"bytes */{have}"
            if not complete:
                part.unlink()
            return complete
        if reply.status_code not in (200, 206):
            raise DataError(f"{url}: the server answered {reply.status_code} {reply.reason}")
        resumed = reply.status_code == 206 and reply.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if reply.status_code == 206 and not resumed:
            raise DataError(f"{url}: asked for bytes {have}-, got {reply.headers.get('Content-Range')!r}")
        start = have if resumed else 0
        length = reply.headers.get("Content-Length")
        total = start + int(length) if length is not None else None
        report = counted(total, part.name.removesuffix(".part"), done=start, unit="bytes")
        with report as advance, open(part, "ab" if resumed else "wb") as file:
            for block in reply.iter_content(BLOCK):
                file.write(block)
                advance(len(block))
    return total is None or part.stat().st_size == total


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Hold back pooch's own log lines, which repeat ours, and restore its level afterwards."""
    its_logger = pooch.get_logger()
    level = its_logger.level
    its_logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        its_logger.setLevel(level)
