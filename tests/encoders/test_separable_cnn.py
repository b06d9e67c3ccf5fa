"""The CNN: its shapes, and that its dropout is PyTorch's with random numbers of its own."""

import pytest
import torch
import torch.nn.functional as F

from avgraph.encoders.separable_cnn import SeparableBlock, SeparableCNN


@pytest.mark.parametrize(("in_channels", "out_channels", "stride"), [(4, 4, 1), (4, 8, 1), (4, 4, 2)])
def test_a_block_is_two_convolutions_and_a_residual_where_shapes_allow(
    in_channels: int, out_channels: int, stride: int
) -> None:
    torch.manual_seed(0)
    block = SeparableBlock(in_channels, out_channels, stride).eval()
    x = torch.randn(2, in_channels, 6, 5)
    depthwise = F.conv2d(x, block.depthwise.weight, stride=stride, padding=1, groups=in_channels)
    hidden = F.relu(depthwise / (1 + block.depthwise_norm.eps) ** 0.5)
    hidden = torch.einsum("ncft,dc->ndft", hidden, block.pointwise.weight[:, :, 0, 0])
    hidden = hidden / (1 + block.pointwise_norm.eps) ** 0.5
    expected = F.relu(hidden + x if in_channels == out_channels and stride == 1 else hidden)
    torch.testing.assert_close(block(x), expected)


def test_dropout_is_that_of_torch_and_leaves_the_global_state_alone() -> None:
    torch.manual_seed(0)
    network, x = SeparableCNN(3, channels=16, width=4).train(), torch.randn(8, 1, 16, 12)
    torch.manual_seed(5)
    expected = network.classifier(F.dropout(network.embed(x), network.dropout))
    before = torch.get_rng_state()
    logits = network(x, torch.Generator().manual_seed(5))
    assert torch.equal(logits, expected)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(network.eval()(x), logits)
