"""Projectors as their authors published them: a state dict with one head per space, under a prefix each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from avgraph.errors import DataError, GraphError, hint, reason_of
from avgraph.io.reading import reading
from avgraph.io.references import split_head
from avgraph.io.torch_file import load_tensors
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.nn import Projector

# What follows the prefix: a full head, or the half head of the 3D model.
_FIRST = re.compile(r"(?P<prefix>.*?)(?P<layer>net1|net)\.0\.weight")


def load_head(reference: str | Path, *, final_relu: bool = False) -> Projector:
    """A projector with published weights; its widths and whether it is a half head are read from them.

    Released files hold two heads: ``Head_A`` and ``Head_B``. Nothing is unpickled but tensors.

    Args:
        reference: ``file.pt:prefix``, such as ``clap_clip.pt:Head_A``; without a prefix the keys begin with ``net``.
        final_relu: whether the head ends with a ReLU, which weights do not tell.

    Raises:
        DataError: if the file is missing, is no state dict, has no such head, or a tensor is missing or has the wrong
            shape; the message names the key.

    Example:
        >>> import tempfile, torch
        >>> state = {f"Head_A.{key}": value for key, value in Projector(4, 8, 4).state_dict().items()}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     torch.save(state, f"{folder}/heads.pt")
        ...     load_head(f"{folder}/heads.pt:Head_A")(torch.randn(3, 4)).shape
        torch.Size([3, 4])
    """
    path, prefix = split_head(reference)
    with reading(path, "file of weights"):
        return _head(path, prefix, final_relu)


def _head(path: Path, prefix: str, final_relu: bool) -> Projector:
    state = _read_state(path)
    found = {match["prefix"].rstrip("."): match["layer"] for key in state if (match := _FIRST.fullmatch(key))}
    if prefix not in found:
        if not found:
            keys = ", ".join(list(state)[:4]) or "nothing"
            raise DataError(f"{path}: expected a head (net1.0.weight … or net.0.weight …), got {keys}")
        shown = hint(prefix, [name or "no prefix" for name in found], "it has")
        raise DataError(f"{path}: no head {prefix!r}; {shown}" if prefix else f"{path}: expected FILE.pt:HEAD; {shown}")
    start = f"{prefix}." if prefix else ""
    own = {key.removeprefix(start): value for key, value in state.items() if key.startswith(f"{start}net")}
    half = found[prefix] == "net"
    first = own["net.0.weight" if half else "net1.0.weight"]
    last = first if half else own.get("net2.0.weight")
    if last is None or first.dim() != 2 or last.dim() != 2:
        told = "no such key" if last is None else f"got {list(first.shape)} and {list(last.shape)}"
        raise DataError(f"{path}: {start}net2.0.weight: expected a matrix [out, hidden]; {told}")
    head = projector_of(own, final_relu=final_relu)
    expected = head.state_dict()
    for key, value in expected.items():
        if key not in own:
            raise DataError(f"{path}: head {prefix!r} has no {start}{key}")
        if own[key].shape != value.shape:
            shapes = f"expected {list(value.shape)}, got {list(own[key].shape)}"
            raise DataError(f"{path}: {start}{key}: {shapes}")
    if unknown := sorted(set(own) - set(expected)):
        raise DataError(f"{path}: {start}{unknown[0]}: no such tensor in a {'half ' if half else ''}head")
    head.load_state_dict(own)
    return head


def new_head(options: CmcrOptions, space: str, width: int) -> Projector:
    """The projector of a space before training: random, or with published weights where ``heads`` names some.

    Raises:
        GraphError: if the published head takes rows of another width.
        DataError: as `load_head`.
    """
    given = (options.heads or {}).get(space)
    if given is None:
        kind = {"final_relu": options.final_relu, "half": options.half}
        return Projector(width, options.hidden_channels, options.channels, **kind)
    head = load_head(given, final_relu=options.final_relu)
    if (columns := next(head.parameters()).shape[1]) != width:
        raise GraphError(f"cmcr: {given} takes {columns} columns, but space '{space}' has {width}")
    return head


def projector_of(weights: Mapping[str, Tensor], *, final_relu: bool = False) -> Projector:
    """A new projector that fits some weights, which are not put into it.

    Example:
        >>> projector_of(Projector(4, 8, 2).state_dict()).net2[0]
        Linear(in_features=8, out_features=2, bias=True)
    """
    half = "net.0.weight" in weights
    first, last = (weights[f"{layer}.0.weight"] for layer in (("net", "net") if half else ("net1", "net2")))
    return Projector(first.shape[1], first.shape[0], last.shape[0], final_relu=final_relu, half=half)


def out_channels(head: Projector) -> int:
    """Width of what a projector gives."""
    matrices = [value for value in head.parameters() if value.dim() == 2]
    return int(matrices[-1].shape[0])


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        content: Any = load_tensors(path)
    except Exception as error:  # torch.load raises many types for a damaged file
        first = reason_of(error)
        raise DataError(f"{path}: not a file of weights: {first}") from None
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise DataError(f"{path}: expected a state dict (name → tensor), got {type(content).__name__}")
    return {str(key): value for key, value in content.items()}
