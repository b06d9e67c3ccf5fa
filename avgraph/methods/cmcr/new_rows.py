"""New rows of a space: brought to length 1, and what of the run is nearest in the connected space."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.spaces import spaces_of
from avgraph.methods.cmcr.results import held_out_rows
from avgraph.methods.matches import matched
from avgraph.methods.predictions import Predictions, row_names
from avgraph.nn.contrast.memory_rows import row_lengths


def unit_rows_of_space(space: str, x: Float[Tensor, "q d"]) -> Float[Tensor, "q d"]:
    """Rows of length 1.

    Raises:
        GraphError: naming the first row that is zero or not finite.

    Example:
        >>> import torch
        >>> unit_rows_of_space("clap", torch.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    wide = x.double()
    return (wide / row_lengths(f"space {space!r}", wide)).to(x)


def nearest_held_out(graph: HeteroData, space: str, names: Sequence[str], x: Float[Tensor, "q d"]) -> Predictions:
    """The held-out rows of a run that are nearest to new rows of a space.

    They are of the node types that have no rows in that space, or of all where all have.

    Args:
        graph: of the run, its held-out rows with ``embedding``.
        space: of the new rows.
        names: of the new rows.
        x: their embeddings in the connected space.

    Raises:
        GraphError: if the run has no held-out rows.
    """
    known = {
        node: rows
        for node in graph.node_types
        if "embedding" in graph[node] and len(rows := held_out_rows(graph[node]))
    }
    if not known:
        raise GraphError("cmcr: the run has no held-out rows to find")
    far = [node for node in known if space not in spaces_of(graph[node])]
    galleries = {}
    for node in far or known:
        called = row_names(graph, node)
        galleries[node] = [called[row] for row in known[node].tolist()], graph[node].embedding[known[node]]
    return matched(space, names, x, galleries)
