"""Where a dataset was found and what it holds, in the lines that ``avgraph data show`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from avgraph.datasets.leakage import Leak


@dataclass(frozen=True)
class DatasetStatus:
    """Where a dataset was found and what it holds; ``str()`` gives the lines that the command prints."""

    name: str
    source: str
    folder: Path | None = None
    looked: tuple[Path, ...] = ()
    layout: str = ""
    unit: str = "clips"
    clips: int = 0
    classes: int = 0
    folds: Mapping[int, int] = field(default_factory=dict)
    leakage: Mapping[int, list[Leak]] = field(default_factory=dict)
    note: str = ""

    def __str__(self) -> str:
        if self.source == "missing":
            looked = "\n".join(f"  looked in  {folder}" for folder in self.looked)
            return f"{self.name}: not found\n{looked}\n  {self.note}"
        lines = [f"{self.name}: {self.source}"]
        if self.folder is not None:
            lines.append(f"  folder     {self.folder} ({self.layout})")
        if self.clips:
            classes = f" in {self.classes} classes" if self.classes else ""
            lines.append(f"  {self.unit:<10} {self.clips}{classes}")
        if self.folds:
            lines.append(f"  folds      {', '.join(f'{fold}: {count}' for fold, count in self.folds.items())}")
        for fold, leaks in self.leakage.items():
            for leak in leaks:
                other = ", ".join(leak["other"])
                lines.append(f"  leakage    fold {fold}: recording {leak['source_file']} also in {other}")
        if self.note:
            lines.append(f"  note       {self.note}")
        return "\n".join(lines)
