"""The edge update of RR-Net and the sums of its result at both ends, fused: one function, chunk by chunk.

    e'_k = W₂ relu(p_s[s_k] + p_r[r_k] + W_e e_k) + b₂,   sum_v = Σ e'_k over the edges of v

Written with separate layers the step is bound by memory: each of some twenty arrays [e, h] is written, faulted in
and read again. Here a chunk of edges stays in cache from the gather to the second matrix product, the backward
pass computes the hidden state again instead of storing it, and one array serves first as the gradient of the
hidden state and then as that of the edges. Measured by ``benchmarks/message_passing.py``.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.chunks import chunks, empty_rows, over_chunks
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.edges.kernels import LOW_PRECISION, reduce_rows
from avgraph.nn.message_passing.plain_edge_update import is_exporting, plain_edge_update


def edge_update(
    p_source: Float[Tensor, "n h"],
    p_target: Float[Tensor, "m h"],
    edge_attr: Float[Tensor, "e h"],
    edge_weight: Float[Tensor, "h h"],
    weight: Float[Tensor, "h h"],
    bias: Float[Tensor, " h"],
    plan: Incidence,
    *,
    sum_source: bool = True,
    loops_once: bool = False,
) -> tuple[Float[Tensor, "e h"], Float[Tensor, "n h"] | None, Float[Tensor, "m h"]]:
    """New edge states and their sums per source (None unless ``sum_source``) and per target node.

    With ``loops_once`` the sums per source leave self-loops out: where both ends are one node set, the two sums then
    count every edge of a node once. Differentiable once. Under autocast everything runs in the autocast type.

    Shapes:
        p_source [n, h], p_target [m, h]: the node terms of the first layer, its bias in one of them
        edge_attr [e, h]; edge_weight [h, h] = W_e; weight [h, h] = W₂; bias [h] = b₂ → [e, h], [n, h], [m, h]

    Example:
        >>> plan = Incidence.from_edge_index(torch.tensor([[0, 1], [0, 0]]), 2, 1)
        >>> one = torch.ones(1, 1)
        >>> edge, source, target = edge_update(torch.ones(2, 1), one, one.expand(2, 1), one, one, one[0], plan)
        >>> edge.squeeze(1).tolist(), source.squeeze(1).tolist(), target.squeeze(1).tolist()
        ([4.0, 4.0], [4.0, 4.0], [8.0])
    """
    tensors = (p_source, p_target, edge_attr, edge_weight, weight, bias)
    if is_exporting() or edge_attr.is_meta:  # the kernel below works in chunks on numbers
        return plain_edge_update(tensors, plan, sum_source, loops_once)
    device = edge_attr.device.type
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        tensors = tuple(tensor.to(dtype) for tensor in tensors)  # type: ignore[assignment]
    with torch.autocast(device, enabled=False):
        out: tuple[Tensor, Tensor | None, Tensor] = _EdgeUpdate.apply(*tensors, plan, sum_source, loops_once)
    return out


class _EdgeUpdate(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        p_source: Tensor,
        p_target: Tensor,
        edge_attr: Tensor,
        edge_weight: Tensor,
        weight: Tensor,
        bias: Tensor,
        plan: Incidence,
        sum_source: bool,
        loops_once: bool,
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(p_source, p_target, edge_attr, edge_weight, weight)
        ctx.plan, ctx.loops_once = plan, loops_once and len(plan.loop) > 0
        out = empty_rows(edge_attr)

        def work(part: slice, buffer: _Buffers) -> None:
            hidden = buffer.hidden(part, p_source, p_target, edge_attr, edge_weight)
            torch.addmm(bias, hidden, weight.T, out=out[part])

        parts = chunks(*edge_attr.shape, is_cpu=edge_attr.is_cpu)
        over_chunks(parts, lambda: _Buffers(edge_attr, parts, plan), work)
        of_source = reduce_rows(out, plan.source) if sum_source else None
        if of_source is not None and ctx.loops_once:
            of_source -= reduce_rows(out.index_select(0, plan.loop), plan.loop_side)
        return out, of_source, reduce_rows(out, plan.target)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        with torch.autocast(ctx.saved_tensors[0].device.type, enabled=False):
            loops = ctx.plan.loop.tolist() if ctx.loops_once else []
            return _gradients(ctx.saved_tensors, ctx.plan, loops, ctx.needs_input_grad, grads)


def _gradients(
    saved: tuple[Tensor, ...],
    plan: Incidence,
    loops: list[int],
    needs: tuple[bool, ...],
    grads: tuple[Tensor | None, ...],
) -> tuple[Tensor | None, ...]:
    p_source, p_target, edge_attr, edge_weight, weight = saved
    grad_out, grad_source, grad_target = grads
    grad_edge = empty_rows(edge_attr)  # the gradient of the hidden state until the second round over the chunks

    def first(part: slice, buffer: _Buffers) -> None:
        grad = buffer.output_gradient(part, grad_out, grad_source, grad_target, loops)
        hidden = buffer.hidden(part, p_source, p_target, edge_attr, edge_weight)
        buffer.grad_weight += grad.T @ hidden
        buffer.grad_bias += grad.sum(0)
        grad_hidden = torch.mm(grad, weight, out=grad_edge[part])
        torch.ops.aten.threshold_backward.grad_input(grad_hidden, hidden, 0, grad_input=grad_hidden)

    def second(part: slice, buffer: _Buffers) -> None:
        grad_hidden = buffer.first[: part.stop - part.start].copy_(grad_edge[part])
        buffer.grad_weight += grad_hidden.T @ edge_attr[part]
        if needs[2]:
            torch.mm(grad_hidden, edge_weight, out=grad_edge[part])

    parts = chunks(*edge_attr.shape, is_cpu=edge_attr.is_cpu)
    of_first = over_chunks(parts, lambda: _Buffers(edge_attr, parts, plan), first)
    grad_p_source = reduce_rows(grad_edge, plan.source) if needs[0] else None
    grad_p_target = reduce_rows(grad_edge, plan.target) if needs[1] else None
    of_second = over_chunks(parts, lambda: _Buffers(edge_attr, parts, plan), second)
    grad_edge_weight = sum_of([buffer.grad_weight for buffer in of_second]).to(weight.dtype)
    grad_weight = sum_of([buffer.grad_weight for buffer in of_first]).to(weight.dtype)
    grad_bias = sum_of([buffer.grad_bias for buffer in of_first]).to(weight.dtype)
    grad_attr = grad_edge if needs[2] else None
    return grad_p_source, grad_p_target, grad_attr, grad_edge_weight, grad_weight, grad_bias, None, None, None


def sum_of(shares: list[Tensor]) -> Tensor:
    """Sum of what each thread gathered, always in the same order."""
    return torch.stack(shares).sum(0)


class _Buffers:
    """The arrays of one chunk, used again for every chunk of a thread, and its share of the weights' gradients."""

    def __init__(self, edge_attr: Tensor, parts: list[slice], plan: Incidence) -> None:
        rows, channels = (parts[0].stop if parts else 0), edge_attr.size(1)
        self.plan = plan
        self.first, self.second, self.spare = (edge_attr.new_empty(rows, channels) for _ in range(3))
        accumulator = torch.float32 if edge_attr.dtype in LOW_PRECISION else edge_attr.dtype
        self.grad_weight = edge_attr.new_zeros(channels, channels, dtype=accumulator)
        self.grad_bias = edge_attr.new_zeros(channels, dtype=accumulator)

    def hidden(self, part: slice, p_source: Tensor, p_target: Tensor, edge_attr: Tensor, weight: Tensor) -> Tensor:
        """relu(p_s[s] + p_r[r] + W_e e) of a chunk."""
        hidden = self._gather(part, p_source, p_target, self.first)
        return hidden.addmm_(edge_attr[part], weight.T).relu_()

    def output_gradient(
        self,
        part: slice,
        grad_out: Tensor | None,
        grad_source: Tensor | None,
        grad_target: Tensor | None,
        loops: list[int],
    ) -> Tensor:
        """What reaches the new edge states of a chunk: directly, and through the sums at both ends."""
        grad = self._gather(part, grad_source, grad_target, self.second)
        inside = slice(bisect_left(loops, part.start), bisect_left(loops, part.stop))
        if grad_source is not None and inside.start < inside.stop:
            loop, node = self.plan.loop[inside], self.plan.source.index[self.plan.loop[inside]]
            grad[loop - part.start] -= grad_source[node]
        return grad if grad_out is None else grad.add_(grad_out[part])

    def _gather(self, part: slice, x_source: Tensor | None, x_target: Tensor | None, out: Tensor) -> Tensor:
        count = part.stop - part.start
        out, spare = out[:count], self.spare[:count]
        if x_source is None:
            out.zero_()
        else:
            torch.index_select(x_source, 0, self.plan.source.index[part], out=out)
        if x_target is not None:
            out.add_(torch.index_select(x_target, 0, self.plan.target.index[part], out=spare))
        return out
