"""Links between pages lead somewhere, anchors too, and every page is in the navigation of the site."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.pages.snippets import PAGES, ROOT

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]*?)#([^)\s]+)\)")
_TOCTREE = re.compile(r"^```\{toctree\}\n(?P<inside>.*?)^```$", re.MULTILINE | re.DOTALL)


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


@cache
def anchors(page: Path) -> set[str]:
    """All anchors of a page; a heading that is there again gets a number."""
    found: list[str] = []
    for heading in _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        found.append(slug(heading))
    return {name if not found[:k].count(name) else f"{name}-{found[:k].count(name)}" for k, name in enumerate(found)}


def test_slugs_are_those_of_github() -> None:
    assert slug("`avgraph train EXPERIMENT`") == "avgraph-train-experiment"
    assert slug("1. A table: what, and [how](x.md)?") == "1-a-table-what-and-how"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_anchors_are_there(page: Path) -> None:
    for file, anchor in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in file:
            target = (page.parent / file).resolve() if file else page
            assert anchor in anchors(target), f"{page.name}: {file}#{anchor}"


def test_every_page_is_in_the_navigation_once() -> None:
    listed = [
        line
        for toctree in _TOCTREE.finditer((ROOT / "docs/index.md").read_text(encoding="utf-8"))
        for line in toctree["inside"].splitlines()
        if line and not line.startswith((":", "reference/"))
    ]
    folder = ROOT / "docs"
    there = {str(page.relative_to(folder).with_suffix("")) for page in PAGES if folder in page.parents} - {"index"}
    assert sorted(listed) == sorted(there), "docs/index.md: a line for each page, in the group where it belongs"


def test_pictures_are_small_and_shown() -> None:
    pictures = list((ROOT / "docs/pictures").iterdir())
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [picture.name for picture in pictures if f"pictures/{picture.name}" not in text] == []
    assert max(picture.stat().st_size for picture in pictures) <= 80_000
    assert sum(picture.stat().st_size for picture in pictures) <= 600_000
