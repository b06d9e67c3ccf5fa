"""What the embeddings of several spaces are evaluated on: held-out rows, and boxes in their pictures. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from avgraph.graph.localisation import REGION
from avgraph.options.problems import Path, suggest_or_list
from avgraph.options.strict import Options
from avgraph.options.values import Name, Positive

NO_FILES = ("split", "prompts", "sounds", "proposals", "height", "width")
"""Keys of these options whose values are no paths."""


class HeldOutFiles(Options):
    """Rows to validate or test on.

    Attributes:
        x: space → file of their embeddings in it.
        y: file of classes, or of the number of the pair that each row belongs to; none where the rows are only there to
            be localised or to be the sounds of it.
        name: file of names.
        split: what the rows are for.
        prompts: whether they are prompts of the classes ``y``, by which the other rows of the split are classified.
    """

    x: Annotated[dict[Name, Name], Field(min_length=1)]
    y: Name | None = None
    name: Name | None = None
    split: Literal["val", "test"] = "test"
    prompts: bool = False


class LocalisationFiles(Options):
    """Which proposal of a picture its sound comes from; row i of the sounds is the sound of picture i.

    Attributes:
        sounds: node type under ``held_out``.
        proposals: node type under ``held_out``: regions of the pictures, each embedded by itself.
        boxes: table with the columns ``picture`` (a row of the sounds, from 0), ``x0``, ``y0``, ``x1``, ``y1``
            (pixels): a line for every row of the proposals.
        truth: the same columns: any number of lines a picture, none where nothing sounds that it shows.
        height: of the pictures, in pixels.
        width: of the pictures, in pixels.
    """

    sounds: Name
    proposals: Name
    boxes: Name
    truth: Name
    height: Positive
    width: Positive

    def tables(self) -> dict[str, str]:
        """Option → its file."""
        return {"boxes": self.boxes, "truth": self.truth}


def part_mistakes(
    held_out: Mapping[str, HeldOutFiles], localisation: LocalisationFiles | None, modalities: Iterable[str]
) -> list[tuple[Path, str, Any]]:
    """(option, message, value) of what does not fit together."""
    found: list[tuple[Path, str, Any]] = []
    ends = {} if localisation is None else {key: getattr(localisation, key) for key in ("sounds", "proposals")}
    for key, node in ends.items():
        if node not in held_out:
            told = suggest_or_list(node, held_out, "there are")
            found.append((("localisation", key), f"no rows '{node}' under held_out{told}", node))
        elif key == "proposals" and node == ends["sounds"]:
            found.append((("localisation", key), f"expected other rows than the sounds, got '{node}'", node))
    if found:
        return found
    for node, files in held_out.items():
        if files.y is None and (files.prompts or node not in ends.values()):
            told = "are rows of it prompts of" if files.prompts else "has each row, or which pair does it belong to"
            found.append((("held_out", node, "y"), f"is missing: which classes {told}?", None))
    if ends:
        of = [held_out[node].split for node in ends.values()]
        if of[0] != of[1]:
            told = f"'{ends['proposals']}' is of split '{of[1]}', its sounds of '{of[0]}'"
            found.append((("localisation", "proposals"), told, ends["proposals"]))
        if REGION in {*held_out, *modalities}:
            found.append((("localisation",), f"needs the name '{REGION}' for what is true; rename those rows", REGION))
    return found
