"""Rows that come after the training as nodes: checked, and encoded as those of the run were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.datasets.files.columns import Frame, named_rows
from avgraph.encoders.context import EncodeContext
from avgraph.errors import DataError, hint
from avgraph.graph.provenance import Provenance
from avgraph.methods.task import Task
from avgraph.runs.kept_encoders import KeptEncoder, RowForm, load_encoders
from avgraph.runs.pipeline import check_features, views_of


@dataclass(frozen=True)
class NewRows:
    """What makes nodes of rows that come after the training of a run.

    Attributes:
        directory, experiment: of the run.
        task: its method.
    """

    directory: Path
    experiment: Experiment
    task: Task

    @cached_property
    def encoders(self) -> dict[str, KeptEncoder]:
        """What the run keeps of its encoders; read when it is first asked for, and once.

        Raises:
            DataError: if it keeps none.
        """
        return load_encoders(self.directory)

    def answered(self, node: str | None = None) -> str:
        """The type of new rows: the method's usual one where none is named.

        Raises:
            DataError: if the method answers nothing of new rows, or none of this type.
        """
        known = list(self.task.new_nodes())
        if not known:
            raise DataError(f"{self.directory}: method '{self.experiment.method.type}' predicts nothing of new rows")
        if node is not None and node not in known:
            raise DataError(f"node: no new rows of type {node!r}; {hint(node, known, 'the run answers')}")
        return node or known[0]

    def expected(self, node: str) -> RowForm:
        """What new rows of a node type have to look like.

        Raises:
            DataError: if the run keeps no encoders.
        """
        columns = Provenance.of(self.task.graph).settings.get("columns", {}).get(node, ())
        if node in self.experiment.encoders:
            return replace(self.encoders[node].rows, columns=columns)
        own = self.task.graph[node].get("x") if node in self.task.graph.node_types else None
        is_bytes = isinstance(own, Tensor) and own.dtype == torch.uint8
        return RowForm(self.task.row_shape(node), is_bytes, columns)

    def nodes(self, rows: Any, *, node: str | None = None, name: Sequence[str] | None = None) -> HeteroData:
        """New rows as nodes of the types that the method answers.

        Args:
            rows: an array, texts, or by node type either, or the attributes of the nodes. Of a data frame the columns
                that the run learned from are taken, by their names, where it learned from a table.
            node: type of the rows; the method's usual one if not given.
            name: of each row; its number if not given.

        Raises:
            DataError: naming the node type and the row that cannot be used.
        """
        usual = self.answered(node)
        given = dict(rows) if isinstance(rows, Mapping) else {usual: rows}
        data = HeteroData()
        for each, value in given.items():
            part = dict(value) if isinstance(value, Mapping) else {"x": value}
            if name is not None:
                part["name"] = list(name)
            form = self.expected(self.answered(each))
            if form.columns and _is_frame(part.get("x")):
                frame = Frame(part["x"], f"rows of {each}")
                part["x"], names = named_rows(frame, form.columns, frame.where)
                part.setdefault("name", names)
                part = {key: one for key, one in part.items() if one is not None}
            _fill(data[each], each, part, form.shape, is_bytes=form.is_bytes)
        context = EncodeContext(seed=self.experiment.seed, device=str(self.task.device))
        for each, options in self.experiment.encoders.items():
            if each in given:
                data = views_of(options).encode_new(data, each, self.encoders[each].learned, context=context)
        check_features(data, self.task.raw_nodes())
        return data


def _is_frame(rows: Any) -> bool:
    return hasattr(rows, "columns") and not isinstance(rows, Tensor | np.ndarray)


def _fill(store: Any, node: str, part: Mapping[str, Any], shape: list[int] | None, *, is_bytes: bool) -> None:
    """Attributes of new nodes, checked against what the run was given: rows of a shape, or texts where it is None."""
    for key, value in part.items():
        array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
        if key == "name" or (key == "x" and shape is None):
            if array.ndim != 1:
                raise DataError(f"{node}: expected texts [n], got {array.dtype} {list(array.shape)}")
            store.name = [str(each) for each in array.tolist()]
            continue
        if array.dtype.kind not in "fiub":
            raise DataError(f"{node}.{key}: expected numbers, got {array.dtype} {list(array.shape)}")
        keeps = (key == "x" and is_bytes and array.dtype == np.uint8) or (key != "x" and array.dtype.kind in "iub")
        store[key] = torch.from_numpy(np.array(array, dtype=None if keeps else np.float32))
    count = len(next(iter(store.values())))
    for key, value in store.items():
        if len(value) != count:
            raise DataError(f"{node}.{key}: expected one of each row, {count}, got {len(value)}")
    if not count:
        raise DataError(f"{node}: no rows")
    store.num_nodes = count
    if shape is not None:
        _check_rows(store.get("x"), node, shape, is_bytes=is_bytes)
    if "name" not in store:
        store.name = [str(row) for row in range(count)]


def _check_rows(x: Tensor | None, node: str, shape: list[int], *, is_bytes: bool) -> None:
    wanted = f"expected rows [{', '.join(map(str, ['n', *shape]))}], as the run was given"
    if x is None:
        raise DataError(f"{node}: {wanted}, got none")
    if list(x.shape[1:]) != shape:
        raise DataError(f"{node}: {wanted}, got {list(x.shape)}")
    if is_bytes and x.dtype != torch.uint8:
        raise DataError(f"{node}: {wanted}, of type uint8, got {str(x.dtype).removeprefix('torch.')}")
    if x.is_floating_point() and len(wrong := (~x.flatten(1).isfinite().all(1)).nonzero()):
        raise DataError(f"{node}: row {int(wrong[0])} is not finite ({len(wrong)} such rows)")
