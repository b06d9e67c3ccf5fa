"""Temporal pixel-wise audio-visual interaction, TPAVI (Zhou et al., "Audio-Visual Segmentation", ECCV 2022, Eq. 1).

The published product is of every patch of a clip with every other one, (THW)². But the audio of a frame is the same at
each of its patches, so the product falls apart into two steps of message passing: the patches of a frame are summed to
G_t, and the audio of each frame attends to each patch of its clip, THW · T edges:

    y_p = 1 / (T·H·W) Σ_t (θ_p · φ_t) G_t,   G_t = Σ_{q in frame t} g_q
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing

from avgraph.errors import GraphError
from avgraph.nn.fusion.attention_edges import check_clip, companions
from avgraph.tensors.checks import check_tensors


class AudioAttention(MessagePassing):
    r"""The sounds of a clip attend to every patch of its frames (TPAVI), linear in the number of patches.

    .. math::
        z_p = \mathrm{LayerNorm}\Bigl(v_p + W_z \frac{1}{T H W} \sum_t (\theta_p \cdot \varphi_t)
        \sum_{q \in t} g_q\Bigr)

    v and a are the patches and the audio at length 1; θ = W_θ v, φ = W_φ a, g = W_g v. W_z ends in a batch
    normalisation that starts at 0, so that the layer starts as LayerNorm(v). T is the number of frames of the clip.

    A frame without audio (``heard``) sends nothing, and the mean is over those that do; in a clip without any, y is 0.

    Args:
        channels: width of the patches and of the audio.
        inner_channels: width of θ, φ and g.

    Shapes:
        patch [f, channels, h, w], audio [f, channels], clip [f], heard [f] → patch [f, channels, h, w],
        attention [f, t, h, w] (or [e] along ``edge_index``) or None; f may be 0

    Raises:
        GraphError: if shapes disagree, or ``edge_index`` joins what is not there.

    Example:
        >>> layer = AudioAttention(8, inner_channels=4).eval()
        >>> patch, attention = layer(torch.randn(3, 8, 5, 5), torch.randn(3, 8), torch.tensor([0, 0, 1]))
        >>> patch.shape, attention
        (torch.Size([3, 8, 5, 5]), None)
    """

    def __init__(self, channels: int, inner_channels: int = 64) -> None:
        super().__init__(aggr="mean", flow="source_to_target")
        for name, width in (("channels", channels), ("inner_channels", inner_channels)):
            if width < 1:
                raise GraphError(f"{name}: expected at least 1, got {width}")
        self.channels, self.inner_channels = channels, inner_channels
        self.theta = nn.Linear(channels, inner_channels)
        self.phi = nn.Linear(channels, inner_channels)
        self.g = nn.Linear(channels, inner_channels)
        self.out = nn.Linear(inner_channels, channels)
        self.out_norm = nn.BatchNorm1d(channels)
        self.norm = nn.LayerNorm(channels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew; the batch normalisation starts at 0."""
        for layer in (self.theta, self.phi, self.g, self.out, self.out_norm, self.norm):
            layer.reset_parameters()
        nn.init.zeros_(self.out_norm.weight)

    def forward(
        self,
        patch: Tensor,
        audio: Tensor,
        clip: Tensor,
        edge_index: Tensor | None = None,
        *,
        heard: Tensor | None = None,
        return_attention: bool = False,
    ) -> tuple[Float[Tensor, "f channels h w"], Tensor | None]:
        """Patches with what their clip sounds like.

        Args:
            patch: map of each frame.
            audio: of each frame.
            clip: number of the clip of each frame.
            edge_index: (audio, attends, patch), frame of the audio and number of the patch (frame · h · w + row · w +
                column), as `attention_edges` gives them; without it, the same in a dense form that holds no edges.
            heard: whether a frame has audio (default: all).
            return_attention: also θ_p · φ_t, the weight of each sound on each patch: [f, t, h, w] for the t-th frame of
                the clip (0 where it has fewer or does not sound), or one an edge.
        """
        _check_maps(patch, audio, clip, heard, self.channels)
        frames, _, height, width = patch.shape
        visual = unit_channels(patch.flatten(2).transpose(1, 2))
        phi = self.phi(unit_channels(audio))
        total = nn.functional.linear(visual.sum(1), self.g.weight, height * width * self.g.bias)
        if edge_index is None:
            # All of it is linear in the patches: W_θ is applied to the few audio, W_z to the few sums.
            key, offset = phi @ self.theta.weight, phi @ self.theta.bias
            y, attention = attend(visual, key, total @ self.out.weight.T, clip, heard, offset=offset)
            y, attention = y + self.out.bias, attention.transpose(1, 2).unflatten(2, (height, width))
        elif heard is None:
            y, attention = self._along(edge_index, self.theta(visual), phi, total)
            y = self.out(y)
        else:
            raise GraphError("heard: expected no edge_index beside it; leave out the edges of a frame without audio")
        z: Tensor = self.out_norm(y.flatten(0, 1)).unflatten(0, (frames, height * width))
        z = self.norm(z + visual)
        return z.transpose(1, 2).unflatten(2, (height, width)), attention if return_attention else None

    def _along(self, edge_index: Tensor, theta: Tensor, phi: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
        """`attend` by messages."""
        rows = theta.flatten(0, 1)
        _check_edges(edge_index, len(phi), len(rows))
        attention = (rows.index_select(0, edge_index[1]) * phi.index_select(0, edge_index[0])).sum(1)
        y: Tensor = self.propagate(edge_index, x=(total, rows), attention=attention, size=(len(phi), len(rows)))
        return y.view_as(theta) / theta.shape[1], attention

    def message(self, x_j: Tensor, attention: Tensor) -> Tensor:
        """What a frame's patches are in sum, as much as its audio attends to the patch."""
        return attention[:, None] * x_j

    def __repr__(self) -> str:
        return f"AudioAttention({self.channels}, inner_channels={self.inner_channels})"


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    clip: Tensor,
    heard: Tensor | None = None,
    *,
    offset: Tensor | None = None,
) -> tuple[Float[Tensor, "f p v"], Float[Tensor, "f p t"]]:
    r"""For every patch the mean over the audio t of its clip of (query · key_t) value_t / p, and these products.

    Args:
        query: of every patch.
        key: of the audio of every frame.
        value: sum over the patches of every frame.
        clip: number of the clip of each frame.
        heard: whether a frame has audio (default: all).
        offset: of each audio, added to its products.

    Shapes:
        query [f, p, d], key [f, d], value [f, v], clip, heard, offset [f] → [f, p, v], [f, p, t]

    Example:
        >>> one = torch.ones(2, 1)
        >>> attend(torch.ones(2, 1, 1), one, torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]))[0].flatten()
        tensor([2., 2.])
    """
    index, sounds = companions(clip, heard)
    weight = sounds.to(query.dtype)
    attention = query @ (key[index] * weight[:, :, None]).transpose(1, 2)
    if offset is not None:
        attention = attention + (offset[index] * weight)[:, None]
    share = weight / (weight.sum(1, keepdim=True).clamp(min=1) * query.shape[1])
    return attention @ (value[index] * share[:, :, None]), attention


def unit_channels(x: Tensor) -> Tensor:
    """Rows of about length 1, as published: a row of zeros stays zero, and its gradient is bounded.

    Example:
        >>> unit_channels(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    return x * (x.square().sum(-1, keepdim=True) + 1e-6).rsqrt()


def _check_maps(patch: Tensor, audio: Tensor, clip: Tensor, heard: Tensor | None, channels: int) -> None:
    check_tensors({"patch": patch, "audio": audio})
    if patch.dim() != 4 or patch.shape[1] != channels or 0 in patch.shape[2:]:
        raise GraphError(f"patch: expected [f, {channels}, h, w], got {list(patch.shape)}")
    if audio.shape != (len(patch), channels):
        raise GraphError(f"audio: expected [{len(patch)}, {channels}], one a frame, got {list(audio.shape)}")
    check_clip(clip, len(patch), heard)


def _check_edges(edge_index: Tensor, num_audio: int, num_patches: int) -> None:
    check_tensors({"edge_index": edge_index})
    if edge_index.dtype != torch.int64 or edge_index.dim() != 2 or len(edge_index) != 2:
        raise GraphError(f"edge_index: expected int64 [2, e], got {edge_index.dtype} {list(edge_index.shape)}")
    for row, side, count in ((0, "audio", num_audio), (1, "patch", num_patches)):
        wrong = (edge_index[row] < 0) | (edge_index[row] >= count)
        if bool(wrong.any()):
            got = int(edge_index[row][wrong][0])
            raise GraphError(f"edge_index row {row} ({side}): expected numbers 0 … {count - 1}, got {got}")
