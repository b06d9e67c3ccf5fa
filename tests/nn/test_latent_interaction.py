"""The latent interaction regulariser against a loop over edges and pairs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import latent_interaction_loss
from avgraph.nn.losses.latent_interaction import Weighting
from avgraph.nn.losses.weighted_distance import weighted_distance

N, C, D = 9, 3, 4


def batch(dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
    draw = torch.Generator().manual_seed(0)
    z = [torch.randn(N, D, generator=draw, dtype=dtype) for _ in range(2)]
    soft = [torch.rand(N, C, generator=draw, dtype=dtype) for _ in range(2)]
    adjacency = torch.rand(2 * C, 2 * C, generator=draw, dtype=dtype).triu(1)
    return (*z, *soft, adjacency / adjacency.sum())


def loop(
    z_audio: Tensor, z_visual: Tensor, soft_audio: Tensor, soft_visual: Tensor, adjacency: Tensor, weighting: str
) -> Tensor:
    total = torch.zeros((), dtype=z_audio.dtype)
    z, soft = (z_audio, z_visual), (soft_audio, soft_visual)
    for i in range(2 * C):
        for j in range(2 * C):
            (p, k), (q, c) = divmod(i, C), divmod(j, C)
            distance, mass = torch.zeros((), dtype=z_audio.dtype), 0.0
            for n in range(N):
                for m in range(N):
                    if p == q and n == m:
                        continue
                    weight = soft[p][n, k] * soft[q][m, c]
                    if weighting == "hard":
                        weight = ((soft[p][n, k] > 0.5) & (soft[q][m, c] > 0.5)).to(weight)
                    distance = distance + weight * (z[p][n] - z[q][m]).norm()
                    mass += float(weight)
            if mass:
                total = total + (0.1 if p == q else 0.4) * adjacency[i, j] * distance / mass
    return total


@pytest.mark.parametrize("weighting", ["hard", "soft"])
def test_value_and_gradient_equal_a_loop(weighting: Weighting) -> None:
    z_audio, z_visual, *rest = batch()
    results = []
    for function in (latent_interaction_loss, loop):
        leaves = [z_audio.clone().requires_grad_(), z_visual.clone().requires_grad_()]
        value = function(*leaves, *rest, weighting=weighting)  # type: ignore[operator]
        value.backward()
        results.append((value.detach(), *(leaf.grad for leaf in leaves)))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("weighting", ["hard", "soft"])
def test_gradcheck(weighting: Weighting) -> None:
    z_audio, z_visual, *rest = batch()
    leaves = (z_audio.requires_grad_(), z_visual.requires_grad_())
    assert gradcheck(lambda a, v: latent_interaction_loss(a, v, *rest, weighting=weighting), leaves)


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = latent_interaction_loss(*batch())
    monkeypatch.setattr("avgraph.nn.losses.weighted_distance._CHUNK", 2 * N)
    torch.testing.assert_close(latent_interaction_loss(*batch()), whole)
    z_audio, z_visual, *rest = batch()
    leaves = (z_audio.requires_grad_(), z_visual.requires_grad_())
    assert gradcheck(lambda a, v: latent_interaction_loss(a, v, *rest), leaves)


def test_another_graph_is_another_loss_and_gradient() -> None:
    z_audio, z_visual, soft_audio, soft_visual, adjacency = batch()
    found = []
    for graph in (adjacency, adjacency.T, adjacency.flip(0)):
        leaf = z_audio.clone().requires_grad_()
        value = latent_interaction_loss(leaf, z_visual, soft_audio, soft_visual, graph)
        value.backward()
        assert leaf.grad is not None
        found.append((float(value.detach()), leaf.grad))
    # Distances have no direction, so an edge turned round is the same edge to the loss; other edges are not.
    assert found[0][0] == pytest.approx(found[1][0])
    assert abs(found[0][0] - found[2][0]) > 1e-3
    assert (found[0][1] - found[2][1]).abs().max() > 1e-3


def test_soft_labels_and_graph_get_no_gradient() -> None:
    leaves = [value.requires_grad_() for value in batch()]
    for weighting in ("hard", "soft"):
        latent_interaction_loss(*leaves, weighting=weighting).backward()  # type: ignore[arg-type]
    assert [leaf.grad is not None for leaf in leaves] == [True, True, False, False, False]


def test_without_edges_or_active_clips_it_is_zero() -> None:
    z_audio, z_visual, soft_audio, soft_visual, adjacency = batch()
    assert latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual, 0 * adjacency).item() == 0
    quiet = torch.zeros_like(soft_audio)
    for weighting in ("hard", "soft"):
        value = latent_interaction_loss(z_audio, z_visual, quiet, quiet, adjacency, weighting=weighting)  # type: ignore[arg-type]
        assert float(value.detach()) == 0


def test_one_active_clip_is_no_pair_within_a_modality() -> None:
    z_audio, z_visual, *_ = batch()
    soft = torch.zeros(N, C, dtype=torch.float64)
    soft[4] = 1.0
    adjacency = torch.zeros(2 * C, 2 * C, dtype=torch.float64)
    adjacency[0, 1] = 1.0
    assert latent_interaction_loss(z_audio, z_visual, soft, soft, adjacency).item() == 0
    adjacency[0, C + 1] = 1.0  # across modalities a clip's own pair counts
    expected = 0.4 * (z_audio[4] - z_visual[4]).norm()
    torch.testing.assert_close(latent_interaction_loss(z_audio, z_visual, soft, soft, adjacency), expected)


def test_equal_embeddings_have_a_finite_gradient() -> None:
    z_audio, _, soft_audio, soft_visual, adjacency = batch(torch.float32)
    leaf = z_audio.clone().requires_grad_()
    latent_interaction_loss(leaf, z_audio.clone(), soft_audio, soft_visual, adjacency).backward()
    assert leaf.grad is not None
    assert leaf.grad.isfinite().all()


def test_order_of_clips_and_of_classes_does_not_matter() -> None:
    z_audio, z_visual, soft_audio, soft_visual, adjacency = batch()
    value = latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual, adjacency)
    rows, classes = torch.randperm(N), torch.randperm(C)
    both = torch.cat([classes, C + classes])
    again = latent_interaction_loss(
        z_audio[rows], z_visual[rows], soft_audio[rows][:, classes], soft_visual[rows][:, classes],
        adjacency[both][:, both],
    )  # fmt: skip
    torch.testing.assert_close(again, value)


def test_weighted_distance_of_a_general_weight() -> None:
    z_audio, z_visual, *_ = batch()
    left, right = torch.randn(N, N, dtype=torch.float64), torch.eye(N, dtype=torch.float64)
    expected = (left * torch.cdist(z_audio, z_visual)).sum()
    torch.testing.assert_close(weighted_distance(z_audio, z_visual, left, right), expected)


def test_bad_input_is_named() -> None:
    z_audio, z_visual, soft_audio, soft_visual, adjacency = batch()
    with pytest.raises(GraphError, match=r"expected two \[n, d\] of one shape and type, got \[9, 4\] .* \[8, 4\]"):
        latent_interaction_loss(z_audio, z_visual[:8], soft_audio, soft_visual, adjacency)
    with pytest.raises(GraphError, match=r"expected two \[9, c\] of one shape, got \[9, 3\] and \[9, 2\]"):
        latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual[:, :2], adjacency)
    with pytest.raises(GraphError, match=r"adjacency: expected \[6, 6\], audio classes first, got \[3, 3\]"):
        latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual, adjacency[:3, :3])
    with pytest.raises(GraphError, match="finite weights of at least 0"):
        latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual, -adjacency)
    with pytest.raises((GraphError, TypeError), match="'hard'"):  # beartype looks first, under pytest alone
        latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual, adjacency, weighting="mean")  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1e-2, 1e-6, 1e-12])
def test_soft_weighting_does_not_depend_on_the_scale_of_a_label(scale: float) -> None:
    z_audio, z_visual, soft_audio, soft_visual, adjacency = batch(torch.float32)
    whole = latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual, adjacency, weighting="soft")
    small = latent_interaction_loss(z_audio, z_visual, soft_audio * scale, soft_visual, adjacency, weighting="soft")
    torch.testing.assert_close(small, whole)


def test_the_gradient_of_distances_is_the_same_far_from_the_origin() -> None:
    x, y = 1e4 + torch.randn(40, 8), 1e4 + torch.randn(30, 8)  # float32
    left, right = torch.rand(40, 3), torch.rand(30, 3)
    found, expected = [], []
    for gradients, dtype in ((found, torch.float32), (expected, torch.float64)):
        ends = [part.to(dtype).requires_grad_() for part in (x, y)]
        gradients += torch.autograd.grad(weighted_distance(*ends, left.to(dtype), right.to(dtype)), ends)
    for one, other in zip(found, expected, strict=True):
        assert float((one - other).norm() / other.norm()) < 1e-5
