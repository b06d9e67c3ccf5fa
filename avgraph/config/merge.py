"""Lay one experiment over another.

Mappings merge key by key and the later one wins; lists and scalars replace. Two exceptions, so that nothing
carries over that the later file cannot have meant:

* a mapping that names another ``type`` replaces the earlier one whole: options of the other type do not carry
  over (only options given as overrides stay, so that the order of ``--set`` does not matter);
* an empty mapping ``{}`` clears what was there.
"""

from __future__ import annotations

from avgraph.config.marked import Marked
from avgraph.config.problems import Path

# Where a type is not written: what it is. Only options whose type has a default need a row.
IMPLIED_TYPES: dict[Path, str] = {("train", "optimizer"): "sgd"}


def merge(base: Marked, over: Marked, path: Path = ()) -> Marked:
    """``base`` with ``over`` laid upon it; every value keeps its own origin.

    Example:
        >>> from avgraph.config.marked import marked, unmarked
        >>> base = marked({"train": {"epochs": 5, "threads": 1}, "dataset": {"type": "esc50", "fold": 2}})
        >>> unmarked(merge(base, marked({"train": {"epochs": 9}, "dataset": {"type": "synthetic"}})))
        {'train': {'epochs': 9, 'threads': 1}, 'dataset': {'type': 'synthetic'}}
    """
    below, above = base.content, over.content
    if not (isinstance(below, dict) and isinstance(above, dict) and above):
        return over
    content = dict(below)
    if _changes_type(base, above.get("type"), path):
        content = {key: value for key, value in below.items() if value.origin.override}
    for key, value in above.items():
        content[key] = merge(content[key], value, (*path, key)) if key in content else value
    return Marked(content, over.origin)


def _changes_type(base: Marked, new: Marked | None, path: Path) -> bool:
    """Whether a mapping at ``path`` has another type than the ``new`` one (``None`` changes nothing)."""
    old = base.content.get("type")
    old_type = IMPLIED_TYPES.get(path) if old is None else old.content
    new_type = None if new is None else new.content
    return isinstance(new_type, str) and isinstance(old_type, str) and new_type != old_type
