"""What every table has: columns by name."""

from __future__ import annotations

from abc import ABC, abstractmethod

from avgraph.io.npy import Array


class NamedColumns(ABC):
    """Base of tables."""

    @abstractmethod
    def names(self) -> list[str]:
        """Of all columns."""

    @abstractmethod
    def values(self, name: str) -> Array:
        """A column as what it holds: numbers, true and false, or words, [n] or [n, d].

        Raises:
            DataError: if a value is missing, or the column cannot be read.
        """

    def words(self, name: str) -> list[str]:
        """A column that names something, also where the names look like numbers."""
        return [str(value) for value in self.values(name).tolist()]

    def floats(self, name: str) -> Array:
        """A column that is to hold numbers; it is not looked whether it does, unless it must be made numbers.

        Raises:
            DataError: naming the row where there is none.
        """
        return self.values(name)
