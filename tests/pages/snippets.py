"""The code and the commands that README and docs show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docs/methods/*.md")])
TUTORIAL = ROOT / "docs" / "tutorial.md"  # runs as a whole: its files and commands stand upon each other

_FENCE = re.compile(r"^```(?P<language>\w+)[ ]?(?P<file>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(avgraph [^`]+)`")
_LINE = re.compile(r"^(?: {4})?((?:AVGRAPH_\w+=\S+ )*avgraph .+)$", re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """One fenced block, with the line of its page that it begins at, and the file it is to be saved as, if any."""

    page: Path
    line: int
    language: str
    file: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def snippets(page: Path) -> list[Snippet]:
    """All fenced blocks that name a language, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Snippet(page, text[: match.start("text")].count("\n") + 1, match["language"], match["file"], match["text"])
        for match in _FENCE.finditer(text)
    ]


def commands(page: Path) -> list[str]:
    """Every command of ours on a page, within a line or on its own, without remarks."""
    text = page.read_text(encoding="utf-8")
    found = [*_INLINE.findall(text), *_LINE.findall(text)]
    parts = [part for line in found for part in re.split(r"\s+·\s+", re.split(r"\s+# ", line)[0])]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip().startswith("avgraph ")))
