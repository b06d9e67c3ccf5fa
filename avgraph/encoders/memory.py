"""What an encoder has computed before, by the content of its input and its options."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from avgraph.encoders.context import EncodeContext
from avgraph.io.cache import kept
from avgraph.io.writing import save_tensors

_LEARNED = "learned."


def remembered(
    context: EncodeContext, about: Mapping[str, Any], inputs: Sequence[Tensor], compute: Callable[[], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """The result of ``compute``: from the cache folder where it has been computed before, else computed and kept.

    What `as_learned` has named goes to ``context.learned`` too.

    Args:
        context: the seed and the kind of device are part of the key; without a cache folder nothing is kept.
        about: everything else that the result depends on, as JSON; raise a number in it when the code changes.
        inputs: tensors that it depends on.
        compute: called at most once.

    Example:
        >>> remembered(EncodeContext(), {"format": 1}, [torch.zeros(2)], lambda: {"x": torch.ones(1)})
        {'x': tensor([1.])}
    """
    found = compute() if context.cache is None else _kept(context, context.cache, about, inputs, compute)
    if context.learned is not None:
        context.learned.update(
            {name.removeprefix(_LEARNED): value for name, value in found.items() if name.startswith(_LEARNED)}
        )
    return found


def as_learned(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that new rows are encoded by, as entries of what `remembered` keeps.

    Example:
        >>> context = EncodeContext(learned={})
        >>> _ = remembered(context, {}, [], lambda: {"x": torch.ones(1), **as_learned({"mean": torch.zeros(1)})})
        >>> context.learned
        {'mean': tensor([0.])}
    """
    return {f"{_LEARNED}{name}": value.detach().cpu() for name, value in state.items()}


def under(state: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """The tensors of a part, by the names that they have in it.

    Example:
        >>> under({"0.weight": torch.ones(1), "1.weight": torch.zeros(1)}, "1")
        {'weight': tensor([0.])}
    """
    return {name.removeprefix(f"{part}."): value for name, value in state.items() if name.startswith(f"{part}.")}


def _kept(
    context: EncodeContext,
    cache: Path,
    about: Mapping[str, Any],
    inputs: Sequence[Tensor],
    compute: Callable[[], dict[str, Tensor]],
) -> dict[str, Tensor]:
    def read(path: Path) -> dict[str, Tensor]:
        found: dict[str, Tensor] = torch.load(path, weights_only=True)
        return found

    def write(path: Path) -> None:
        save_tensors({name: value.contiguous() for name, value in compute().items()}, path)

    return kept(cache / f"{content_hash(context, about, inputs)}.encoded.pt", read, write)


def threads_of(context: EncodeContext) -> dict[str, int]:
    """What ``about`` holds of threads: sums of two round otherwise than those of one, and training carries it on.

    Example:
        >>> threads_of(EncodeContext(device="cuda"))  # a GPU does not ask how many the processor has
        {}
    """
    return {"threads": torch.get_num_threads()} if context.device == "cpu" else {}


def content_hash(context: EncodeContext, about: Mapping[str, Any], inputs: Sequence[Tensor]) -> str:
    """SHA-256 of everything a result depends on.

    Example:
        >>> one, other = torch.zeros(2), torch.zeros(1, 2)
        >>> content_hash(EncodeContext(), {}, [one]) == content_hash(EncodeContext(), {}, [other])
        False
    """
    whole = {
        "about": about,
        "seed": context.seed,
        "device": context.device.split(":")[0],
        "inputs": [[str(value.dtype), list(value.shape)] for value in inputs],
    }
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode())
    for value in inputs:
        digest.update(value.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()
