"""The projectors of a run, one for each space, that end in one width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from avgraph.errors import GraphError, hint
from avgraph.methods.cmcr.heads import new_head, out_channels, projector_of
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.nn import Projector


def key_of(space: str) -> str:
    """Where the head of a space is among all."""
    return f"head_{space}"  # a space may be called as a method of ModuleDict is


def heads_of(options: CmcrOptions, widths: Mapping[str, int]) -> nn.ModuleDict:
    """The heads before training.

    Args:
        options: of the method.
        widths: of the rows of every space.

    Raises:
        GraphError: if an option names a space there is not, or heads end in different widths.
        DataError: if a published head cannot be read.
    """
    for name in (*(options.heads or ()), *(options.intra_spaces or ())):
        if name not in widths:
            raise GraphError(f"cmcr: no space '{name}'; {hint(name, list(widths), 'there are')}")
    heads: dict[str, Projector] = {name: new_head(options, name, width) for name, width in widths.items()}
    ends = {name: out_channels(head) for name, head in heads.items()}
    if len(set(ends.values())) > 1:
        told = ", ".join(f"{name} {width}" for name, width in ends.items())
        raise GraphError(f"cmcr: expected heads of one width, got {told}; set method.channels to that of the heads")
    return nn.ModuleDict({key_of(name): head for name, head in heads.items()})


def heads_like(state: Mapping[str, Tensor], spaces: Iterable[str], *, final_relu: bool) -> nn.ModuleDict:
    """Heads that the weights of a checkpoint fit; those that began as published ones have widths of their own."""
    heads = nn.ModuleDict()
    for name in spaces:
        start = f"heads.{key_of(name)}."
        own = {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}
        heads[key_of(name)] = projector_of(own, final_relu=final_relu)
    return heads
