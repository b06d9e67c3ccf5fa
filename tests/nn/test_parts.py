"""What holds of every layer and loss: any device, any precision, shapes without numbers, compiled."""

from __future__ import annotations

import pytest
import torch

from avgraph import nn
from tests.forking import ForkServer
from tests.nn.compiled_parts import COMPILED
from tests.nn.parts import LOOKS_AT_VALUES, NOT_HERE, PARTS, results
from tests.nn.pyg_layers import LAYERS

# One tolerance a type: solvers stop where float32 can do no better, hence the loose one.
TOLERANCE = {torch.float64: {"rtol": 1e-10, "atol": 1e-10}, torch.float32: {"rtol": 1e-2, "atol": 2e-3}}
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def test_every_public_name_is_in_the_table() -> None:
    assert {name.partition(",")[0] for name in PARTS} - {"RRNet"} == set(nn.__all__) - NOT_HERE.keys()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", PARTS)
def test_results_and_gradients_are_those_of_double_precision_on_the_cpu(
    name: str, dtype: torch.dtype, device: str
) -> None:
    if name == "sinkhorn, unrolled" and dtype == torch.float32:
        pytest.skip("its error after 20 rounds is what float32 cannot tell from 0")
    expected, found = results(name), results(name, device, dtype)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.device.type == device
        if one.is_floating_point():
            assert one.dtype == dtype
            torch.testing.assert_close(one.cpu().double(), other, **TOLERANCE[dtype])
        elif dtype == torch.float64:
            assert torch.equal(one.cpu(), other)


@pytest.mark.parametrize("name", [name for name in PARTS if name not in LOOKS_AT_VALUES])
def test_shapes_on_the_meta_device_are_those_of_numbers(name: str) -> None:
    expected, found = results(name), results(name, "meta")
    assert [(one.shape, one.dtype, one.is_meta) for one in found] == [(one.shape, one.dtype, True) for one in expected]


@pytest.mark.parametrize("name", LOOKS_AT_VALUES)
def test_what_looks_at_values_by_design_has_no_shape_without(name: str) -> None:
    with pytest.raises((RuntimeError, NotImplementedError)):
        results(name, "meta")


def test_compiled(fork_server: ForkServer) -> None:
    done = fork_server.start(python="from tests.nn.compiled_parts import main; main()")
    assert done.wait() == 0, done.error
    compiled = [*COMPILED, *(f"{name} of a relation" for name in LAYERS), "LatentInteraction, HeteroEdgeUnit"]
    assert done.output.split("\n")[:-1] == [f"{name}: compiled and equal" for name in compiled]
