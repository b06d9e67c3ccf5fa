"""Hooks on PyG's steps, honoured by a layer that otherwise runs one fused function in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils.hooks import RemovableHandle
from torch_geometric.nn import MessagePassing

Hook = Callable[..., Any]
_STEPS = ("message", "aggregate", "update", "edge_update")


class HookedSteps(MessagePassing):
    """A `MessagePassing` that runs one fused function, and PyG's steps one by one while a hook is on one of them.

    ``fuse`` may be set: False runs the steps at the usual price, hooks or not. It starts as True unless a subclass from
    outside this package overrides a step. Explainers need no setting.

    Args:
        aggr: as in PyG.

    Example:
        >>> layer = HookedSteps()
        >>> handle = layer.register_message_forward_hook(print)
        >>> layer.runs_fused()
        False
        >>> handle.remove()
        >>> layer.runs_fused()
        True
    """

    def __init__(self, aggr: str | None = "sum") -> None:
        super().__init__(aggr=aggr)
        cls = type(self)
        if cls._orig_propagate is not cls._jinja_propagate:
            # For a subclass of a layer that was made before, PyG takes that layer's compiled pass, which no explainer
            # reaches, for the original one.
            cls._orig_propagate = MessagePassing.propagate
        shipped = next(base for base in type(self).__mro__ if base.__module__.startswith("avgraph.nn."))
        self.fuse = all(getattr(type(self), step) is getattr(shipped, step) for step in _STEPS)
        self.handles: list[RemovableHandle] = []

    def runs_fused(self) -> bool:
        """Whether this pass is one fused function, which runs none of PyG's steps; else they are taken one by one.

        As in PyG, ``fuse`` says so, and an explainer overrides it.
        """
        hooked = any(_is_there(handle) for handle in self.handles)
        return self.fuse and not self.explain and self.decomposed_layers == 1 and not hooked

    def noted(self, handle: RemovableHandle) -> RemovableHandle:
        """Remember a hook on a step; PyG does not say in public whether a layer has any."""
        self.handles = [*filter(_is_there, self.handles), handle]
        return handle

    def register_propagate_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``propagate``, as in PyG."""
        return self.noted(super().register_propagate_forward_pre_hook(hook))

    def register_propagate_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``propagate``, as in PyG."""
        return self.noted(super().register_propagate_forward_hook(hook))

    def register_message_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``message``, as in PyG."""
        return self.noted(super().register_message_forward_pre_hook(hook))

    def register_message_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``message``, as in PyG."""
        return self.noted(super().register_message_forward_hook(hook))

    def register_aggregate_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``aggregate``, as in PyG."""
        return self.noted(super().register_aggregate_forward_pre_hook(hook))

    def register_aggregate_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``aggregate``, as in PyG."""
        return self.noted(super().register_aggregate_forward_hook(hook))

    def register_edge_update_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``edge_update``, as in PyG."""
        return self.noted(super().register_edge_update_forward_pre_hook(hook))

    def register_edge_update_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``edge_update``, as in PyG."""
        return self.noted(super().register_edge_update_forward_hook(hook))


def _is_there(handle: RemovableHandle) -> bool:
    hooks = handle.hooks_dict_ref()
    return hooks is not None and handle.id in hooks
