"""Boxes of pictures from tables: proposals and what is true, as edges to the sounds of the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.spaces.part_options import LocalisationFiles
from avgraph.errors import DataError, first_few
from avgraph.graph.localisation import BELONGS, REGION, region_edges
from avgraph.io.table_reader import read_text_table
from avgraph.io.text_table import TextTable

_CORNERS = ("x0", "y0", "x1", "y1")
_ROUNDING = 1.0  # pixels that a detector may have a box end outside of the picture


@dataclass(frozen=True)
class Boxes:
    """The lines of a table: the picture of each, and its box.

    Shapes:
        picture [b], box [b, 4]
    """

    picture: npt.NDArray[np.int64]
    box: npt.NDArray[np.float32]


def add_boxes(data: HeteroData, options: LocalisationFiles, root: Path) -> None:
    """Boxes of the proposals, nodes for what is true, edges of both to the sounds (`avgraph.graph.localisation`).

    Raises:
        DataError: naming file and line, if a table lacks a column, names a picture that there is not, or has a box
            without area or outside its picture; if proposals have another number of lines than rows, or a picture none.
    """
    count = data[options.sounds].num_nodes
    proposals = _boxes(root / options.boxes, options, count)
    expected = data[options.proposals].num_nodes
    if len(proposals.box) != expected:
        told = f"expected {expected} lines, one per row of '{options.proposals}', got {len(proposals.box)}"
        raise DataError(f"{root / options.boxes}: {told}")
    lacking = np.flatnonzero(np.bincount(proposals.picture, minlength=count) == 0)
    if lacking.size:
        raise DataError(f"{root / options.boxes}: no proposal in picture {first_few(lacking.tolist())}")
    true = _boxes(root / options.truth, options, count)
    data[options.proposals].box, data[REGION].x = torch.from_numpy(proposals.box), torch.from_numpy(true.box)
    ends = {(options.proposals, BELONGS, options.sounds): proposals, region_edges(options.sounds): true}
    for kind, boxes in ends.items():
        data[kind].edge_index = torch.from_numpy(np.stack([np.arange(len(boxes.box)), boxes.picture]))
    for name, side in (("picture_height", options.height), ("picture_width", options.width)):
        data[options.sounds][name] = torch.full((count,), side)


def _boxes(path: Path, options: LocalisationFiles, pictures: int) -> Boxes:
    table = read_text_table(path, ["picture", *_CORNERS], others=False)
    picture = table.numbers("picture")
    whole = (picture == np.floor(picture)) & (picture >= 0) & (picture < pictures)
    _refuse(table, ~whole, picture, f"picture: expected a row of '{options.sounds}', 0 to {pictures - 1}")
    x0, y0, x1, y1 = (table.numbers(name) for name in _CORNERS)
    if max(x1.max(), y1.max()) <= 1 < min(options.width, options.height):
        raise DataError(f"{path}: expected pixels of {options.width} × {options.height}, got no number above 1")
    box = np.stack([x0, y0, x1, y1], axis=1)
    _refuse(table, ~((x0 < x1) & (y0 < y1)), box, "expected x0 < x1 and y0 < y1")
    outside = np.stack([-x0, -y0, x1 - options.width, y1 - options.height]).max(0)
    _refuse(table, outside > _ROUNDING, box, f"expected a box within {options.width} × {options.height} pixels")
    return Boxes(picture.astype(np.int64), box.astype(np.float32))


def _refuse(table: TextTable, wrong: npt.NDArray[np.bool_], value: npt.NDArray[np.float64], told: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        got = ", ".join(f"{number:g}" for number in np.atleast_1d(value[rows[0]]))
        raise DataError(f"{table.where(int(rows[0]))}: {told}, got {got}")
