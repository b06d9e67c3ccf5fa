"""TPAVI as bipartite message passing against the published product of all patches with all patches."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import AudioAttention, attention_edges
from avgraph.nn.fusion.audio_attention import attend
from tests.nn.graphs import assert_same

HEIGHT, WIDTH, CHANNELS = 3, 4, 6
# Of two, three and one frame, not in order.
CLIP = torch.tensor([4, 0, 0, 4, 0, 7])
HEARD = torch.tensor([True, False, True, True, True, False])


def awake(channels: int = CHANNELS, inner_channels: int = 5) -> AudioAttention:
    """A layer whose W_z is not 0, in double precision."""
    layer = AudioAttention(channels, inner_channels).double()
    with torch.no_grad():
        layer.out_norm.weight.normal_()
        layer.out_norm.bias.normal_()
    return layer


def maps(frames: int = len(CLIP)) -> tuple[Tensor, Tensor]:
    patch = torch.randn(frames, CHANNELS, HEIGHT, WIDTH, dtype=torch.float64, requires_grad=True)
    return patch, torch.randn(frames, CHANNELS, dtype=torch.float64, requires_grad=True)


def unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(1, keepdim=True) + 1e-6).sqrt()


def dense(layer: AudioAttention, patch: Tensor, audio: Tensor, clip: Tensor, heard: Tensor | None = None) -> Tensor:
    """As published: the audio repeated at every patch, and one matrix [T·h·w, T·h·w] a clip."""
    frames, channels, height, width = patch.shape
    visual, sound = unit(patch), unit(audio)[:, :, None, None].expand_as(patch)
    y = torch.zeros(frames, layer.inner_channels, height, width, dtype=patch.dtype)
    for number in clip.unique().tolist():
        own = (clip == number).nonzero()[:, 0]
        sends = own if heard is None else own[heard[own]]
        rows, sounds, values = (
            part.permute(0, 2, 3, 1).reshape(-1, channels) for part in (visual[own], sound[sends], visual[sends])
        )
        if len(sends):
            product = layer.theta(rows) @ layer.phi(sounds).T / len(sounds)
            of_clip = (product @ layer.g(values)).view(len(own), height, width, -1).permute(0, 3, 1, 2)
            y = y.index_copy(0, own, of_clip)
    through = layer.out(y.permute(0, 2, 3, 1).reshape(-1, layer.inner_channels))
    z = layer.out_norm(through).view(frames, height, width, channels) + visual.permute(0, 2, 3, 1)
    result: Tensor = layer.norm(z).permute(0, 3, 1, 2)
    return result


@pytest.mark.parametrize("heard", [None, HEARD])
def test_linear_form_is_the_dense_product(heard: Tensor | None) -> None:
    layer, (patch, audio) = awake(), maps()
    assert_same(
        lambda: (layer(patch, audio, CLIP, heard=heard)[0],),
        lambda: (dense(layer, patch, audio, CLIP, heard),),
        (patch, audio),
        layer,
    )


@pytest.mark.parametrize("heard", [None, HEARD])
def test_edges_are_the_dense_product(heard: Tensor | None) -> None:
    layer, (patch, audio) = awake(), maps()
    edges = attention_edges(CLIP, HEIGHT, WIDTH, heard=heard)
    edges = edges[:, torch.randperm(edges.shape[1])]
    assert_same(
        lambda: (layer(patch, audio, CLIP, edges)[0],),
        lambda: (dense(layer, patch, audio, CLIP, heard),),
        (patch, audio),
        layer,
    )


@pytest.mark.parametrize("edge_form", [False, True])
def test_starts_as_the_norm_of_the_normalised_map(edge_form: bool) -> None:
    layer, (patch, audio) = AudioAttention(CHANNELS, 5).double(), maps()
    edges = attention_edges(CLIP, HEIGHT, WIDTH) if edge_form else None
    expected = torch.nn.functional.layer_norm(unit(patch).permute(0, 2, 3, 1), (CHANNELS,)).permute(0, 3, 1, 2)
    torch.testing.assert_close(layer(patch, audio, CLIP, edges)[0], expected)


def test_only_the_own_clip_is_heard() -> None:
    layer, (patch, audio) = awake().eval(), maps()
    other = audio.detach().clone()
    other[CLIP == 0] += 1
    before, after = layer(patch, audio, CLIP)[0], layer(patch, other, CLIP)[0]
    torch.testing.assert_close(after[CLIP != 0], before[CLIP != 0])
    assert bool(((after - before).abs().amax((1, 2, 3)) > 1e-4)[CLIP == 0].all())


def test_clips_side_by_side_are_clips_one_after_the_other() -> None:
    layer, (patch, audio) = awake().eval(), maps()
    whole = layer(patch, audio, CLIP)[0]
    for number in CLIP.unique():
        own = number == CLIP
        torch.testing.assert_close(layer(patch[own], audio[own], CLIP[own])[0], whole[own])


def test_frame_without_audio_is_as_if_it_sent_nothing() -> None:
    """Whatever stands in the place of its audio; a clip without any audio gets what W_z makes of 0."""
    layer, (patch, audio) = awake().eval(), maps()
    heard, other = layer(patch, audio, CLIP, heard=HEARD)[0], audio.detach().clone()
    other[~HEARD] = 100.0
    torch.testing.assert_close(layer(patch, other, CLIP, heard=HEARD)[0], heard)
    row = layer.out_norm(layer.out(torch.zeros(1, 5, dtype=torch.float64)))
    z = layer.norm(unit(patch[5:]).permute(0, 2, 3, 1) + row).permute(0, 3, 1, 2)
    torch.testing.assert_close(heard[5:], z)


def test_attention_is_one_weight_a_sound_and_patch() -> None:
    layer, (patch, audio) = awake().eval(), maps()
    out, none = layer(patch, audio, CLIP)
    assert none is None
    again, attention = layer(patch, audio, CLIP, heard=HEARD, return_attention=True)
    assert attention.shape == (6, 3, HEIGHT, WIDTH)
    torch.testing.assert_close(again, layer(patch, audio, CLIP, heard=HEARD)[0])
    theta, phi = layer.theta(unit(patch).permute(0, 2, 3, 1)), layer.phi(unit(audio))
    for frame in range(6):
        own = (CLIP[frame] == CLIP).nonzero()[:, 0].tolist()
        for place in range(3):
            expected = torch.zeros(HEIGHT, WIDTH, dtype=torch.float64)
            if place < len(own) and HEARD[own[place]]:
                expected = theta[frame] @ phi[own[place]]
            torch.testing.assert_close(attention[frame, place], expected)
    edges = attention_edges(CLIP, HEIGHT, WIDTH, heard=HEARD)
    _, on_edges = layer(patch, audio, CLIP, edges, return_attention=True)
    there = attention.flatten(2).abs().sum(2) > 0
    torch.testing.assert_close(on_edges, attention[there].flatten())
    assert out.shape == patch.shape


def test_edges_join_the_sounds_of_a_clip_with_its_patches() -> None:
    source, target = attention_edges(CLIP, HEIGHT, WIDTH, heard=HEARD)
    found = set(zip(source.tolist(), target.tolist(), strict=True))
    size = HEIGHT * WIDTH
    expected = {
        (a, f * size + p) for f in range(6) for a in range(6) for p in range(size) if CLIP[a] == CLIP[f] and HEARD[a]
    }
    assert found == expected
    assert len(source) == len(expected)


def test_gradcheck_of_the_function() -> None:
    theta = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    phi, total = (torch.randn(3, 2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    offset = torch.randn(3, dtype=torch.float64, requires_grad=True)
    clip = torch.tensor([0, 1, 0])
    assert gradcheck(lambda *given: attend(*given[:3], clip, offset=given[3]), (theta, phi, total, offset))


def test_map_of_zeros_has_a_bounded_gradient() -> None:
    layer = awake()
    patch = torch.zeros(2, CHANNELS, HEIGHT, WIDTH, dtype=torch.float64, requires_grad=True)
    audio = torch.zeros(2, CHANNELS, dtype=torch.float64, requires_grad=True)
    layer(patch, audio, torch.zeros(2).long())[0].square().sum().backward()
    assert patch.grad is not None
    assert bool(patch.grad.isfinite().all())


def test_under_autocast() -> None:
    layer = awake().float()
    patch, audio = (part.detach().float() for part in maps())
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(patch, audio, CLIP, heard=HEARD)[0]
        along = layer(patch, audio, CLIP, attention_edges(CLIP, HEIGHT, WIDTH, heard=HEARD))[0]
    expected = layer(patch, audio, CLIP, heard=HEARD)[0].detach()
    for found in (out, along):  # the batch normalisation enlarges what bfloat16 rounds
        assert float((found.detach().float() - expected).abs().mean()) < 0.05 * float(expected.abs().mean())


def test_no_frame_is_no_mistake() -> None:
    """A rank may have none of a batch; its weights wait for a gradient all the same."""
    layer, (patch, audio) = awake(), maps()
    for edges in (None, attention_edges(CLIP[:0], HEIGHT, WIDTH)):
        out, _ = layer.eval()(patch[:0], audio[:0], CLIP[:0], edges)
        assert out.shape == (0, *patch.shape[1:])
        out.sum().backward()
        assert layer.theta.weight.grad is not None


def test_bad_input_is_named() -> None:
    layer, (patch, audio) = awake(), maps()
    with pytest.raises(GraphError, match=r"patch: expected \[f, 6, h, w\], got \[6, 5, 3, 4\]"):
        layer(patch[:, :5], audio, CLIP)
    with pytest.raises(GraphError, match=r"audio: expected \[6, 6\], one a frame, got \[2, 6\]"):
        layer(patch, audio[:2], CLIP)
    with pytest.raises(GraphError, match=r"clip: expected whole numbers \[6\], got torch.int64 \[2\]"):
        layer(patch, audio, CLIP[:2])
    with pytest.raises(GraphError, match=r"clip: expected whole numbers \[6\], got torch.float32 \[6\]"):
        layer(patch, audio, CLIP.float())
    with pytest.raises(GraphError, match=r"heard: expected bool \[6\], got torch.int64 \[6\]"):
        layer(patch, audio, CLIP, heard=HEARD.long())
    edges = attention_edges(CLIP, HEIGHT, WIDTH)
    with pytest.raises(GraphError, match=r"edge_index row 1 \(patch\): expected numbers 0 … 71, got 72"):
        layer(patch, audio, CLIP, torch.tensor([[0], [72]]))
    with pytest.raises(GraphError, match=r"edge_index row 0 \(audio\): expected numbers 0 … 5, got -1"):
        layer(patch, audio, CLIP, torch.tensor([[-1], [0]]))
    with pytest.raises(
        GraphError, match=r"edge_index: expected int64 \[2, e\], got torch.int64 \[72\]|edge_index: expected"
    ):
        layer(patch, audio, CLIP, edges[0])
    with pytest.raises(GraphError, match="heard: expected no edge_index beside it"):
        layer(patch, audio, CLIP, edges, heard=HEARD)
    with pytest.raises(GraphError, match="height, width: expected at least 1, got 0 and 2"):
        attention_edges(CLIP, 0, 2)
    with pytest.raises(GraphError, match="inner_channels: expected at least 1, got 0"):
        AudioAttention(4, 0)


def test_repr() -> None:
    assert str(AudioAttention(8)) == "AudioAttention(8, inner_channels=64)"
