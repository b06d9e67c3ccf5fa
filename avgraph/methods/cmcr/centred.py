"""Items that are not what two spaces overlap in, but a memory's own rows (Ex-MCR, Zhang et al., 2023)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.methods.cmcr.links import End, Link
from avgraph.methods.cmcr.readouts import Gathered, Recall, recall
from avgraph.tensors.rows import unit_rows


def centred_links(link: Link, how: Recall, temperature: float, *, seed: int, device: torch.device | str) -> list[Link]:
    """One further link for each memory of an overlap: its rows are the items.

    A sound recalls the texts that are like it in its own space; the same texts, with the same weights, stand in the
    other space, and recall what they do there. Text is recalled, and the sound is exact, where `read_links` has it the
    other way round: without such items most of what is recalled for a text is like nothing in the memory.

    Args:
        link: the overlap.
        how, temperature: of what is recalled, as `recall`.
        seed: of chance.
        device: where to compute.
    """
    found = []
    for side, (end, beyond) in enumerate((link.ends, link.ends[::-1])):
        for place, (node, rows) in enumerate(end.memories.items()):
            given: dict[str, Any] = {"seed": (seed, side, place), "device": device}
            near, far = recalled_in_both(rows, end.own, beyond.own, how, temperature, **given)
            own = {
                name: rows if name == node else recall(near, memory, how, temperature, **given)
                for name, memory in end.memories.items()
            }
            others = {name: recall(far, memory, how, temperature, **given) for name, memory in beyond.memories.items()}
            ends = (End(end.space, near, end.memories, own), End(beyond.space, far, beyond.memories, others))
            found.append(Link(link.modality, ends if side == 0 else ends[::-1]))
    return found


def recalled_in_both(
    query: Gathered, memory: Gathered, beyond: Gathered, how: Recall, temperature: float, **given: Any
) -> tuple[Gathered, Gathered]:
    r"""What a memory recalls, and the same rows with the same weights in another space.

    One `recall` of the rows [m, m'] by [q, 0]: their cosine is cos(q, m) / √2. The two matrices are held side by side.

    Shapes:
        query [n, d], memory [k, d], beyond [k, e] → [n, d], [n, e]

    Example:
        >>> rows = Gathered(torch.eye(2))
        >>> near, far = recalled_in_both(rows, rows, Gathered(torch.eye(2).flip(1)), "argmax", 0.01)
        >>> near.take(torch.tensor([0])), far.take(torch.tensor([0]))
        (tensor([[1., 0.]]), tensor([[0., 1.]]))
    """
    sides = [unit_rows(rows.loaded()) for rows in (memory, beyond)]
    width = sides[0].shape[1]
    padded = F.pad(query.loaded(), (0, sides[1].shape[1]))
    both = recall(Gathered(padded), Gathered(torch.cat(sides, 1)), how, temperature / 2**0.5, **given)
    return _columns(both, slice(0, width)), _columns(both, slice(width, None))


def _columns(rows: Gathered, part: slice) -> Gathered:
    whole: Tensor | Any = rows.rows
    return Gathered(whole[:, part], rows.index)
