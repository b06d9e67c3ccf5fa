from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.nn import Incidence, IntraUnit
from avgraph.nn import chunks as chunks_module
from avgraph.nn.chunks import empty_rows, over_chunks
from avgraph.nn.message_passing.edge_update import edge_update
from tests.nn.graphs import H, random_edges, states


def arguments() -> tuple[Tensor, ...]:
    shapes = ((4, H), (4, H), (9, H), (H, H), (H, H), (H,))
    return tuple(torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes)


@pytest.mark.parametrize("loops_once", [False, True])
def test_gradcheck(loops_once: bool) -> None:
    edges = random_edges(4, 4, 9)
    edges[:, 5] = 2
    plan = Incidence.from_edge_index(edges, 4, 4)
    assert gradcheck(lambda *inputs: edge_update(*inputs, plan, loops_once=loops_once), arguments())
    assert gradcheck(lambda *inputs: edge_update(*inputs, plan, sum_source=False)[::2], arguments())


@pytest.mark.parametrize("output", [0, 1, 2])
def test_gradcheck_of_one_output_alone(output: int) -> None:
    plan = Incidence.from_edge_index(random_edges(4, 4, 9), 4, 4)
    assert gradcheck(lambda *inputs: edge_update(*inputs, plan)[output], arguments())


def test_frozen_inputs_get_no_gradient_and_do_not_change_the_others() -> None:
    plan, inputs = Incidence.from_edge_index(random_edges(4, 4, 9), 4, 4), arguments()
    whole = torch.autograd.grad(edge_update(*inputs, plan)[0].sum(), inputs)
    frozen = [tensor.detach() if k < 3 else tensor for k, tensor in enumerate(inputs)]
    part = torch.autograd.grad(edge_update(*frozen, plan)[0].sum(), frozen[3:])
    for a, b in zip(whole[3:], part, strict=True):
        torch.testing.assert_close(a, b)


def test_second_derivative_is_refused() -> None:
    plan, inputs = Incidence.from_edge_index(random_edges(4, 4, 9), 4, 4), arguments()
    (grad,) = torch.autograd.grad(edge_update(*inputs, plan)[0].square().sum(), inputs[2], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


@pytest.mark.parametrize("threads", [1, 2])
def test_chunks_and_threads_do_not_change_the_result(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    edges = random_edges(6, 6, 50)
    edges[:, 17] = 3
    unit, (x, edge_attr) = IntraUnit(H).double(), states(6, 50)
    whole = unit(x, edges, edge_attr)
    gradients = torch.autograd.grad(whole, (x, edge_attr), [torch.ones_like(out) for out in whole])
    monkeypatch.setattr(chunks_module, "CHUNK_NUMBERS", 7 * H)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        split = unit(x, edges, edge_attr)
        of_split = torch.autograd.grad(split, (x, edge_attr), [torch.ones_like(out) for out in split])
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for a, b in zip((*whole, *gradients), (*split, *of_split), strict=True):
        torch.testing.assert_close(a, b)


def test_error_in_a_thread_reaches_the_caller_and_threads_are_restored() -> None:
    def fail(part: slice, state: None) -> None:
        raise ValueError(f"part {part.start}")

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="part 0"):
            over_chunks([slice(0, 1), slice(1, 2)], lambda: None, fail)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("rows", [3, 200_000])
def test_empty_rows_is_an_ordinary_tensor(rows: int, dtype: torch.dtype) -> None:
    like = torch.empty(rows, 8, dtype=dtype)
    out = empty_rows(like)
    assert (out.shape, out.dtype, out.is_contiguous()) == (like.shape, dtype, True)
    assert not out._is_view()
