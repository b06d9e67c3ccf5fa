"""What is logged while a test runs, for tests that ask: pytest's way costs every test some time (see addopts)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Logged(logging.Handler):
    """Records of all loggers."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.message = record.getMessage()
        self.records.append(record)

    @property
    def text(self) -> str:
        """The messages, a line each."""
        return "".join(f"{record.message}\n" for record in self.records)

    @contextmanager
    def from_level(self, level: int) -> Iterator[None]:
        """Also what is of less weight than a warning."""
        root = logging.getLogger()
        before = root.level
        root.setLevel(level)
        try:
            yield
        finally:
            root.setLevel(before)
