"""Which columns of a table are taken: named ones, or all but named ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from avgraph.errors import DataError, did_you_mean, first_few


class UnknownColumnError(DataError):
    """A column was asked for that the table does not have."""


@dataclass(frozen=True)
class Selection:
    """Columns by name or by shell pattern (``mfcc_*``); a name that a table has is never read as a pattern.

    Attributes:
        columns: what to take; everything if empty.
        drop: what to leave out of that.
    """

    columns: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    def pick(self, names: Sequence[str], whole: Sequence[str] | None = None) -> list[int]:
        """Positions of the columns to take, in the order of the table.

        Args:
            names: of the columns.
            whole: for each the name of the column of lists that it is a part of, or its own again.

        Raises:
            UnknownColumnError: if nothing has such a name.

        Example:
            >>> Selection(("a*", "y"), ("ab",)).pick(["aa", "ab", "x", "y"])
            [0, 3]
        """
        taken = self._matching("columns", self.columns, names, whole) if self.columns else set(range(len(names)))
        return sorted(taken - self._matching("drop", self.drop, names, whole))

    def names_it(self, *names: str) -> bool:
        """Whether one of the names was asked for as it is, without a pattern.

        Example:
            >>> Selection(("a*", "y")).names_it("y"), Selection(("a*", "y")).names_it("aa")
            (True, False)
        """
        return any(name in self.columns for name in names)

    @staticmethod
    def _matching(option: str, patterns: Sequence[str], names: Sequence[str], whole: Sequence[str] | None) -> set[int]:
        found: set[int] = set()
        for pattern in patterns:
            exact = {k for k, name in enumerate(names) if pattern in (name, (whole or names)[k])}
            here = exact or {k for k, name in enumerate(names) if fnmatchcase(name, pattern)}
            if not here:
                close = did_you_mean(pattern, names)
                raise UnknownColumnError(
                    f"{option}: no column {pattern!r}; {close}{' ' if close else ''}there are: {first_few(names, 12)}"
                )
            found |= here
        return found
