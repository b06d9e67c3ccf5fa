"""A stand-in for myFM, which records how it is called."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from torch_geometric.data import HeteroData

from tests.rating_graphs import ratings
from tests.wiring.worlds import TransformWorld


class Machine(ModuleType):
    """As much of myFM as is used: it answers with the shares of the levels it was fitted on."""

    def __init__(self) -> None:
        super().__init__("myfm")
        self.calls: list[dict[str, Any]] = []
        library = self

        class MyFMOrderedProbit:
            def __init__(self, rank: int, random_seed: int) -> None:
                self.called: dict[str, Any] = {"rank": rank, "seed": random_seed}

            def fit(self, x: None, y: Any, X_rel: Any, **options: Any) -> None:
                assert sum(options["group_shapes"]) == X_rel[0][1].shape[1] + X_rel[1][1].shape[1]
                assert options["callback"](0, None, None, None) == (False, None)
                library.calls.append({**self.called, "rows": len(y), **options})
                self.share = np.bincount(y) / len(y)

            def predict_proba(self, x: None, X_rel: Any) -> Any:
                return np.tile(self.share, (len(X_rel[0][0]), 1))

        self.RelationBlock = lambda rows, block: (rows, block)
        self.MyFMOrderedProbit = MyFMOrderedProbit


class MachineWorld(TransformWorld):
    """The transform ``rating_model`` on made-up ratings with the stand-in."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__("rating_model", options, ratings)

    @cached_property
    def data(self) -> HeteroData:
        """The graph with probabilities."""
        with pytest.MonkeyPatch.context() as patch:
            machine = Machine()
            patch.setitem(sys.modules, "myfm", machine)
            found = TransformWorld("rating_model", self.options, ratings).data
        object.__setattr__(self, "calls", machine.calls)
        return found

    def called(self, name: str) -> list[Any]:
        """What every fit was given under a name."""
        self.data  # noqa: B018 - fits it
        return [call[name] for call in self.calls]  # type: ignore[attr-defined]
