"""Hooks on PyG's steps, honoured by a layer that otherwise runs one fused function in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils.hooks import RemovableHandle
from torch_geometric.nn import MessagePassing

Hook = Callable[..., Any]


class HookedSteps(MessagePassing):
    """A `MessagePassing` whose ``fuse`` becomes False with the first hook on a step.

    PyG leaves ``fuse`` to the user and does not say in public whether a layer has hooks. It stays False where a hook is
    removed: set it to True again.

    Example:
        >>> layer = HookedSteps()
        >>> layer.fuse = True
        >>> handle = layer.register_message_forward_hook(print)
        >>> layer.fuse
        False
    """

    def register_propagate_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``propagate``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_propagate_forward_pre_hook(hook)
        return handle

    def register_propagate_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``propagate``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_propagate_forward_hook(hook)
        return handle

    def register_message_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``message``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_message_forward_pre_hook(hook)
        return handle

    def register_message_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``message``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_message_forward_hook(hook)
        return handle

    def register_aggregate_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``aggregate``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_aggregate_forward_pre_hook(hook)
        return handle

    def register_aggregate_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``aggregate``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_aggregate_forward_hook(hook)
        return handle

    def register_edge_update_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Before ``edge_update``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_edge_update_forward_pre_hook(hook)
        return handle

    def register_edge_update_forward_hook(self, hook: Hook) -> RemovableHandle:
        """After ``edge_update``, as in PyG."""
        self.fuse = False
        handle: RemovableHandle = super().register_edge_update_forward_hook(hook)
        return handle
