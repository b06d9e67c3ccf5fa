"""What takes the place of data that are not there: the actions of ``on_missing``, tried in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from avgraph.errors import DataError, line_of

logger = logging.getLogger(__name__)

Found = TypeVar("Found")


def first_found(name: str, on_missing: Sequence[str], actions: Mapping[str, Callable[[], Found]]) -> Found | None:
    """The result of the first action that has one; None if none has. What fails before the last is warned of.

    Args:
        name: of the data set, for the warning.
        on_missing: names of actions, in order; one that ``actions`` lacks cannot be done for this data set.
        actions: what each does.

    Raises:
        DataError, OSError: of the last action, after which there is nothing left to try.

    Example:
        >>> first_found("esc50", ["download", "synthetic"], {"download": lambda: None, "synthetic": lambda: "made up"})
        'made up'
    """
    possible = [action for action in on_missing if action in actions]
    for action in possible:
        try:
            found = actions[action]()
        except (DataError, OSError) as error:
            if action == possible[-1]:
                raise
            logger.warning("%s: %s", name, line_of(error) if isinstance(error, OSError) else error)
        else:
            if found is not None:
                return found
    return None
