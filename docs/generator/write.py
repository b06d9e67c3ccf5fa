"""Writes the pages that are made into docs/reference/, which git does not keep."""

from __future__ import annotations

from pathlib import Path

from docs.generator.api import api_pages
from docs.generator.options import option_pages

_LEFT_OUT = {"index": "# Python API\n\nLeft out of this build: `make docs` has it.\n"}


def write_pages(folder: Path, *, api: bool) -> None:
    """Write what has changed, so that a second build reads no more than it must."""
    pages = {f"options/{name}": text for name, text in option_pages().items()}
    pages |= {f"api/{name}": text for name, text in (api_pages() if api else _LEFT_OUT).items()}
    for name, text in pages.items():
        file = folder / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
