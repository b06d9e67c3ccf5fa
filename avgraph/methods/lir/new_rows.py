"""New sounds and pictures, and clips of other data, by what an LIR run has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.methods.lir.clips import Clips, clip_classes, read_clips
from avgraph.methods.matches import matched
from avgraph.methods.predictions import Predictions, only_type, row_names
from avgraph.methods.row_shape import check_row_shape

if TYPE_CHECKING:
    from avgraph.methods.lir.task import LIRTask


def scaled(task: LIRTask, node: str, x: Tensor) -> Tensor:
    """Rows on the scale of those that were trained on."""
    if not task.options.standardize:
        return x
    mean, deviation = task.scale[node]
    return (x - mean) / deviation


def clips_of_another(task: LIRTask, graph: HeteroData) -> Clips:
    """The clips of another data set of the same classes, features on the scale of the run's.

    Raises:
        GraphError: if classes or widths are others.
    """
    clips = read_clips(graph, task.options.nodes, standardize=False, to_train_on=False)
    if clips.names != task.clips.names:
        raise GraphError(f"lir: expected the {task.clips.classes} classes of the run, got {clips.classes} others")
    for side, node in (("audio", task.options.audio), ("visual", task.options.visual)):
        check_row_shape(node, clips.x[side], task.row_shape(node))
        clips.x[side] = scaled(task, node, clips.x[side])
    return clips


def predict_clips(task: LIRTask, new: HeteroData) -> Predictions:
    """The class of new sounds or pictures, its soft label, and the clips that are nearest in the other modality.

    Args:
        task: bound to the graph of its run, in evaluation.
        new: encoded nodes of one modality with ``name``.
    """
    node, options = only_type(new), task.options
    other = options.visual if node == options.audio else options.audio
    logits = task.embedded(node, new[node].x)
    soft, number = logits.sigmoid().max(1)
    names = clip_classes(task.clips, node)
    columns = {"prediction": [names[each] for each in number.tolist()], "probability": soft.tolist()}
    gallery = row_names(task.graph, other), task.embedded(other, task.graph[other].x.float())
    found = matched(node, new[node].name, logits, {other: gallery}, columns)
    store = found.graph[f"new_{node}"]
    store.prediction, store.probability = number, soft
    return found
