"""Lay one experiment over another.

Mappings merge key by key and the later one wins; lists and scalars replace. Two exceptions, so that nothing
carries over that the later file cannot have meant:

* a mapping that names another ``type`` replaces the earlier one whole: options of the other type do not carry
  over (only options given as overrides stay, so that the order of ``--set`` does not matter);
* an empty mapping ``{}`` clears what was there.

What is merged, an option that the later file leaves without effect falls away too (`avgraph.config.overruled`).

A mapping that names no type has none that could change. Beneath all files lie the defaults of the method (see
`avgraph.config.defaults`).
"""

from __future__ import annotations

from avgraph.config.marked import Marked


def merge(base: Marked, over: Marked) -> Marked:
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
    if _changes_type(below.get("type"), above.get("type")):
        content = {key: value for key, value in below.items() if value.origin.override}
    for key, value in above.items():
        content[key] = merge(content[key], value) if key in content else value
    return Marked(content, over.origin)


def _changes_type(old: Marked | None, new: Marked | None) -> bool:
    """Whether both are types, and not the same one."""
    if old is None or new is None or not isinstance(old.content, str) or not isinstance(new.content, str):
        return False
    return old.content != new.content
