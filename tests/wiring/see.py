"""What rows look at, by name: attributes and edges of graphs, parameters, what is logged and reported, errors."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from avgraph.errors import AvgraphError
from tests.wiring.row import Read, See


def attribute(store: Any, name: str) -> See:
    """An attribute of a node or edge type of the graph."""
    return See(f"{_named(store)}.{name}", lambda world: world.data[store][name])


def keys(store: Any) -> See:
    """The attributes that a node or edge type has."""
    return See(f"attributes of {_named(store)}", lambda world: list(world.data[store].keys()))


def count(store: Any, name: str) -> See:
    """How many are true in a mask."""
    return See(f"number of {_named(store)}.{name}", lambda world: int(world.data[store][name].sum()))


def size(store: Any, name: str = "x") -> See:
    """The shape of an attribute."""
    return See(f"shape of {_named(store)}.{name}", lambda world: tuple(world.data[store][name].shape))


def edges(*kind: str) -> See:
    """How many edges there are."""
    return See(f"number of {_named(kind)} edges", lambda world: world.data[kind].edge_index.shape[1])


KINDS = See("edge types", lambda world: ["-".join(kind) for kind in world.data.edge_types])
NODES = See("node types", lambda world: list(world.data.node_types))


def provenance(key: str) -> See:
    """What the data say of themselves."""
    return See(f"provenance.{key}", lambda world: world.data.provenance[key])


def error(read: Read = lambda world: world.data) -> See:
    """The message of the error of loading; empty without one."""

    def message(world: Any) -> str:
        try:
            read(world)
        except (AvgraphError, ValidationError) as told:
            return str(told)
        return ""

    return See("the error", message)


def shape(name: str) -> See:
    """The shape of a parameter or buffer as the method begins."""
    return See(f"shape of {name}", lambda world: tuple(world.bound.state_dict()[name].shape))


PARAMETERS = See("parameters", lambda world: list(world.bound.state_dict()))


def weight(name: str) -> See:
    """A parameter or buffer after training."""
    return See(name, lambda world: world.task.state_dict()[name])


def start(name: str) -> See:
    """A parameter before training."""
    return See(f"first {name}", lambda world: (world.bound, world.start[name])[1])


def update(name: str) -> See:
    """How far training has moved a parameter."""
    return See(f"update of {name}", lambda world: world.task.state_dict()[name] - world.start[name])


COURSE = See("lr by epoch", lambda world: (world.task, [line["lr"] for line in world.history])[1])


def logged(name: str, epoch: int = 0) -> See:
    """A number of an epoch, by default of the first, which is one step: so it is that of the first weights."""
    return See(f"{name} of epoch {epoch + 1}", lambda world: (world.task, world.history[epoch][name])[1])


LOGGED = See("what is logged", lambda world: (world.task, sorted(world.history[-1]))[1])


def metric(name: str) -> See:
    """A number of the report."""
    return See(name, lambda world: world.metrics[name])


def seen(what: str, read: Read) -> See:
    """Anything else."""
    return See(what, read)


def _named(store: Any) -> str:
    return store if isinstance(store, str) else "-".join(store)
