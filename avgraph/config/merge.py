"""Lay one experiment over another.

Mappings merge key by key and the later one wins; lists and scalars replace. Two exceptions, so that nothing
carries over that the later file cannot have meant:

* a mapping that names another ``type`` replaces the earlier one whole: options of the other type do not carry
  over (only options given as overrides stay, so that the order of ``--set`` does not matter);
* an empty mapping ``{}`` clears what was there.

What is merged, an option that the later file leaves without effect falls away too (`without_overruled`).

A mapping that names no type has none that could change. Beneath all files lie the defaults of the method (see
`avgraph.config.defaults`).
"""

from __future__ import annotations

from avgraph.config.component import DATASET, ENCODERS, METHOD, TRANSFORM, Component
from avgraph.config.marked import Marked, unmarked


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


def without_overruled(below: Marked, laid: Marked) -> Marked:
    """``laid``, an experiment laid over ``below``, without what it has from there and has made unused.

    Example:
        >>> from avgraph.config.marked import marked
        >>> below = marked({"method": {"type": "lir", "loss": "triplet", "margin": 2.0}})
        >>> unmarked(without_overruled(below, merge(below, marked({"method": {"loss": "n_pair"}}))))
        {'method': {'type': 'lir', 'loss': 'n_pair'}}
    """
    if not isinstance(below.content, dict) or not isinstance(laid.content, dict):
        return laid
    content = dict(laid.content)
    for key, component in (("dataset", DATASET), ("graph", TRANSFORM), ("method", METHOD)):
        if key in content and key in below.content:
            content[key] = _part(component, below.content[key], content[key])
    if "encoders" in content and "encoders" in below.content:
        content["encoders"] = _each(ENCODERS.component, below.content["encoders"], content["encoders"])
    return Marked(content, laid.origin)


def _each(component: Component, below: Marked, laid: Marked) -> Marked:
    """The parts of a mapping."""
    if not isinstance(below.content, dict) or not isinstance(laid.content, dict):
        return laid
    parts = {
        key: _part(component, below.content[key], part) if key in below.content else part
        for key, part in laid.content.items()
    }
    return Marked(parts, laid.origin)


def _part(component: Component, below: Marked, laid: Marked) -> Marked:
    """One component, or a list of them."""
    if isinstance(below.content, list) and isinstance(laid.content, list):
        same = len(below.content) == len(laid.content)
        pairs = zip(below.content, laid.content, strict=True) if same else ()
        return Marked([_part(component, *pair) for pair in pairs], laid.origin) if same else laid
    if not isinstance(below.content, dict) or not isinstance(laid.content, dict):
        return laid
    unused = _unused(component, laid) - _unused(component, below)
    fallen = {key for key in unused if key in below.content and laid.content.get(key) is below.content[key]}
    return Marked({key: value for key, value in laid.content.items() if key not in fallen}, laid.origin)


def _unused(component: Component, written: Marked) -> set[str]:
    """Options without effect beside the others, as far as they can be known before they are checked."""
    plain = unmarked(written)
    options = component.options_class(plain)
    return set() if options is None else set(options.model_construct(**plain).unused())
