"""Options that a later file or an override leaves without effect: they fall away with it, and are no mistake."""

from __future__ import annotations

from avgraph.config.component import DATASET, ENCODERS, METHOD, TRANSFORM, Component
from avgraph.config.marked import Marked, unmarked


def without_overruled(below: Marked, laid: Marked) -> Marked:
    """``laid``, an experiment laid over ``below``, without what it has from there and has made unused.

    Example:
        >>> from avgraph.config.marked import marked
        >>> from avgraph.config.merge import merge
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
