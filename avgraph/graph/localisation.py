"""How a graph says where sounds come from: boxes of pictures, each an edge to the sound of its picture.

Proposals are a node type with ``box`` [p, 4] (x0, y0, x1, y1 in pixels), a state in a space and edges (proposals,
`BELONGS`, sounds). What is true are nodes `REGION`, whose ``x`` is their box, and edges (`REGION`, `BELONGS`, sounds):
any number for a sound, none where its picture shows nothing that sounds. The sounds have ``picture_height`` and
``picture_width``. No torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.graph.vocabulary import EdgeType

if TYPE_CHECKING:
    import torch_geometric.data

BELONGS = "belongs_to"
REGION = "region"


def proposal_edges(graph: torch_geometric.data.HeteroData) -> list[EdgeType]:
    """The edges from proposals to the sounds of their pictures.

    Example:
        >>> import torch
        >>> from torch_geometric.data import HeteroData
        >>> graph = HeteroData(crop={"box": torch.zeros(1, 4)}, sound={"num_nodes": 1})
        >>> graph["crop", "belongs_to", "sound"].edge_index = torch.zeros(2, 1, dtype=torch.int64)
        >>> proposal_edges(graph)
        [('crop', 'belongs_to', 'sound')]
    """
    return [kind for kind in graph.edge_types if kind[1] == BELONGS and kind[0] != REGION]


def region_edges(sounds: str) -> EdgeType:
    """The edges from what is true to sounds.

    Example:
        >>> region_edges("sound")
        ('region', 'belongs_to', 'sound')
    """
    return (REGION, BELONGS, sounds)
