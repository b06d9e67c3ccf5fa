"""An edge as a user names it: by the names or the numbers of its ends."""

from __future__ import annotations

from torch_geometric.data import HeteroData

from avgraph.errors import DataError, did_you_mean
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.predictions import row_names


def edge_numbers(graph: HeteroData, kind: EdgeType, text: str) -> tuple[int, int]:
    """The ends of ``SOURCE,TARGET``; names may have commas in them, as long as one reading fits.

    Raises:
        DataError: if none does, or several do.

    Example:
        >>> graph = HeteroData(a={"name": ["x", "x,y"]}, b={"name": ["z"]})
        >>> edge_numbers(graph, ("a", "candidate", "b"), "x,y,z"), edge_numbers(graph, ("a", "candidate", "b"), "0,z")
        ((1, 0), (0, 0))
    """
    parts = text.split(",")
    if len(parts) < 2:
        raise DataError(f"edge: expected SOURCE,TARGET (a {kind[0]} and a {kind[2]}), got {text!r}")
    readings = [(",".join(parts[:cut]), ",".join(parts[cut:])) for cut in range(1, len(parts))]
    found, wrong = [], []
    for source, target in readings:
        try:
            found.append((node_number(graph, kind[0], source), node_number(graph, kind[2], target)))
        except DataError as error:
            wrong.append(error)
    if not found:
        raise wrong[0]
    if len(found) > 1:
        raise DataError(f"edge: {text!r} can be read in {len(found)} ways; give numbers of the nodes")
    return found[0]


def node_number(graph: HeteroData, node: str, asked: str | int) -> int:
    """Number of the node of a type that is called so, or has this number.

    Raises:
        DataError: if there is none, or several are called so.

    Example:
        >>> node_number(HeteroData(label={"name": ["dog", "cat"]}), "label", "dg")
        Traceback (most recent call last):
        avgraph.errors.DataError: no label 'dg'; did you mean 'dog'? Names and numbers from 0 to 1 are taken
    """
    names, text = row_names(graph, node), str(asked)
    called = [number for number, name in enumerate(names) if name == text] if isinstance(asked, str) else []
    if len(called) > 1:
        raise DataError(f"{len(called)} {node} nodes are called {text!r}; give the number of one, such as {called[0]}")
    if called:
        return called[0]
    if text.isascii() and text.isdigit() and len(text) < 19 and int(text) < len(names):
        return int(text)
    meant = did_you_mean(text, names)
    numbers = f"names and numbers from 0 to {len(names) - 1} are taken"
    told = f"{meant} {numbers[0].upper()}{numbers[1:]}" if meant else numbers
    raise DataError(f"no {node} {text!r}; {told}")
