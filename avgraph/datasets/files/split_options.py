"""A split of your own rows that is drawn: its options. No torch."""

from __future__ import annotations

from pydantic import model_validator

from avgraph.options.mistakes import mistakes
from avgraph.options.strict import Options
from avgraph.options.values import Fraction, Name, Seed


class DrawnSplit(Options):
    """A split that is drawn: of every class alike, of whole recordings.

    Attributes:
        val: share to validate on.
        test: share to test on.
        seed: of the draw.
    """

    val: Fraction = 0.1
    test: Fraction = 0.2
    seed: Seed = 0

    @model_validator(mode="after")
    def _rows_are_left(self) -> DrawnSplit:
        if self.val + self.test >= 1:
            raise mistakes([(("test",), f"expected val + test below 1, got {self.val + self.test:g}", self.test)])
        return self


class RandomSplit(DrawnSplit):
    """A split that is drawn: of every class alike where rows have one, or of whole groups.

    Attributes:
        val: share of the rows to validate on.
        test: share of the rows to test on.
        group: file of a value a row; rows of one value stay together, such as those of one speaker.
    """

    group: Name | None = None
