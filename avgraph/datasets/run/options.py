"""The graph of a finished run as the data of the next: the options. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from avgraph.datasets.base import Dataset
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath, absolute
from avgraph.options.problems import Path as OptionPath
from avgraph.options.problems import suggest_or_list
from avgraph.options.values import Name, SpaceName

if TYPE_CHECKING:
    import torch_geometric.data


def _all_absolute(value: Any) -> Any:
    """One path, or those of a mapping."""
    if isinstance(value, Mapping):
        return {key: absolute(path) for key, path in value.items()}
    return absolute(value)


class RunGraph(Dataset):
    """The graph of a finished run, with all that it has learned, as the data of the next.

    Where several runs are joined, a node type is taken from the first that has it; ``RUN.ATTRIBUTE`` adds what another
    run says of the same nodes, which must be as many, with the same names.

    Attributes:
        run: folder of a finished run, a folder of runs (the newest finished one), or the file of an experiment, which
            is trained first where it has not been; or several of them by name.
        nodes: node type → attribute → what it is called in the run, or ``RUN.ATTRIBUTE``, such as ``{audio: {x:
            embedding}}``; other attributes keep their names. Node types that are not named are left out; none takes
            all.
        relations: of the edges to take along, such as ``near``; none takes all between the nodes that are taken.
    """

    path_keys = ("run",)
    node_keys = ("nodes",)

    type: Literal["run"] = "run"
    run: Annotated[FilePath | Annotated[dict[SpaceName, Name], Field(min_length=1)], BeforeValidator(_all_absolute)]
    nodes: Annotated[dict[Name, dict[Name, Name]], Field(min_length=1)] | None = None
    relations: list[Name] | None = None

    def load(self) -> torch_geometric.data.HeteroData:
        """The graph; an experiment's file is no run yet, `avgraph.train` makes one of it.

        Raises:
            DataError: if a run is not there or has not finished.
            GraphError: if it lacks a node type or an attribute, or joined runs are not of the same nodes.

        Example:
            >>> RunGraph(run="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: /nowhere: no such folder; expected that of a run, or FILE.yaml
        """
        from avgraph.datasets.run.graph import load_run_graph

        return load_run_graph(self)

    def stages(self) -> dict[str, str]:
        """The runs by name; a single one has none.

        Example:
            >>> RunGraph(run="/runs/sounds").stages()
            {'': '/runs/sounds'}
        """
        return dict(self.run) if isinstance(self.run, Mapping) else {"": self.run}

    def option_of(self, stage: str) -> OptionPath:
        """Where a run is named."""
        return ("run", stage) if stage else ("run",)

    def node_types(self) -> tuple[str, ...] | None:
        """Those that are named."""
        nodes = getattr(self, "nodes", None)  # absent where the options hold mistakes
        return tuple(nodes) if nodes and isinstance(nodes, Mapping) else None

    def edge_types(self) -> dict[OptionPath, EdgeType] | None:
        """Only loading tells which, unless none is taken."""
        return {} if getattr(self, "relations", None) == [] else None

    def sources(self) -> Iterator[tuple[OptionPath, str, str, str | None, str]]:
        """(option, node type, attribute, run or None, attribute there) of what is taken under another name."""
        for node, renamed in (self.nodes or {}).items():
            for attribute, reference in renamed.items():
                stage, dot, there = reference.partition(".")
                yield ("nodes", node, attribute), node, attribute, stage if dot else None, there if dot else stage

    @model_validator(mode="after")
    def _named_runs(self) -> RunGraph:
        stages = [name for name in self.stages() if name]
        found: list[Any] = []
        for path, _, _, stage, there in self.sources():
            if stage is not None and stage not in stages:
                found.append((path, f"no run '{stage}' under run{suggest_or_list(stage, stages, 'there are')}", stage))
            elif not there:
                found.append((path, "expected ATTRIBUTE or RUN.ATTRIBUTE", there))
        if found:
            raise mistakes(found)
        return self
