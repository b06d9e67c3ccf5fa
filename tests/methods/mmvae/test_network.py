"""MMVAE-AVS: what the branches see, missing modalities, the terms of the objective."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from avgraph.errors import ConfigError
from avgraph.methods.mmvae import MMVAETask
from avgraph.methods.mmvae.augment import augmented
from avgraph.methods.mmvae.backbone import TimmBackbone
from avgraph.methods.mmvae.latent_encoders import SharedExperts
from avgraph.methods.mmvae.latents import Latents, mean_of
from avgraph.methods.mmvae.objective import divergences, objective
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.mmvae.scene import Scene
from avgraph.nn.fusion import Gaussian, gaussian_kl, geometric_js, mm_js, product_of_experts
from tests.methods.mmvae.scenes import bound

ALL = torch.tensor([0, 1, 2, 3])


def scene_of(task: MMVAETask, clips: Tensor = ALL, relation: Any = "heard") -> tuple[Scene, Any]:
    audio = task.heard if relation == "heard" else task.clips.audio(relation)
    batch = task.clips.batch(clips, audio)
    return task.scene(batch)[0], batch


@pytest.mark.parametrize(
    ("factorisation", "shared"), list(product(("full", "none", "single"), ("joint", "experts")))[:6]
)
def test_every_factorisation_gives_logits_of_the_pictures_size_and_a_gradient(factorisation: str, shared: str) -> None:
    options = {"factorisation": factorisation} | ({} if factorisation == "none" else {"shared": shared})
    task = bound(**options)
    scene, batch = scene_of(task)
    terms = objective(task.network.train(), scene, batch.mask, batch.labelled, task.options)
    torch.stack(list(terms.values())).sum().backward()
    assert task.network(scene).logits[0].shape == (8, 64, 64)
    head = task.network.prior.encoders
    assert head is not None
    assert all(part.grad is not None and bool(part.grad.abs().sum() > 0) for part in head.parameters() if part.ndim > 1)


def test_an_unlabelled_frame_does_not_reach_the_loss_and_the_posterior_never_sees_it() -> None:
    task = bound()
    scene, batch = scene_of(task)
    seen: list[int] = []
    assert task.network.posterior is not None
    task.network.posterior.register_forward_hook(lambda layer, given, out: seen.append(len(given[0].frame)))
    assert batch.labelled.tolist() == [True, False, *[True] * 6]
    other = batch.mask.clone()
    other[1] = 1 - other[1]
    found = []
    for mask in (batch.mask, other):
        torch.manual_seed(0)
        found.append(objective(task.network, scene, mask, batch.labelled, task.options))
    assert seen == [7, 7]
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])
    torch.manual_seed(0)
    third = batch.mask.clone()
    third[2] = 1 - third[2]
    assert not torch.equal(
        objective(task.network, scene, third, batch.labelled, task.options)["train/reconstruction"],
        found[0]["train/reconstruction"],
    )


def test_a_missing_modality_is_a_dropped_edge() -> None:
    torch.manual_seed(0)
    encoder = SharedExperts(3, 6, "product", posterior=False).eval()
    with torch.no_grad():
        experts = encoder(torch.rand(4, 3, 64, 64), torch.rand(4, 6), None)
        there = [torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])]
        fused = encoder.fused(experts, there)
    mean, logvar = (torch.stack(part) for part in zip(*experts, strict=True))
    both = product_of_experts(mean[:, 0], logvar[:, 0])
    for row, want in enumerate((both, Gaussian(mean[0, 1], logvar[0, 1]), Gaussian(mean[1, 2], logvar[1, 2]))):
        torch.testing.assert_close(Gaussian(fused.mean[row], fused.logvar[row]), want)
    assert fused.mean[3].tolist() == fused.logvar[3].tolist() == [0, 0, 0]


def test_without_audio_the_experts_do_not_depend_on_the_sound_vector() -> None:
    task = bound(shared="experts")
    scene, _ = scene_of(task, ALL, None)
    assert not bool(scene.heard.any())
    loud = replace(scene, sound=torch.ones_like(scene.sound))
    assert torch.equal(task.network(scene).logits[0], task.network(loud).logits[0])
    assert bool(torch.isfinite(task.network(scene).logits[0]).all())


def test_divergences_are_counted_once_each() -> None:
    torch.manual_seed(0)

    def gaussian() -> Gaussian:
        return Gaussian(torch.randn(5, 3), torch.randn(5, 3))

    q, p = (Latents(gaussian(), gaussian(), gaussian()) for _ in range(2))
    assert q.visual is not None and p.visual is not None and q.audio is not None and p.audio is not None  # noqa: PT018
    assert q.shared is not None and p.shared is not None  # noqa: PT018
    found = divergences(q, p, "js")
    torch.testing.assert_close(found["kl"], (gaussian_kl(q.visual, p.visual) + gaussian_kl(q.audio, p.audio)).mean())
    torch.testing.assert_close(found["shared"], geometric_js(q.shared, p.shared).mean())
    torch.testing.assert_close(divergences(q, p, "kl")["shared"], gaussian_kl(q.shared, p.shared).mean())
    experts, heard = (gaussian(), gaussian()), torch.tensor([True, True, False, True, False])
    fused = replace(q, experts=experts, there=(torch.ones(5, dtype=torch.bool), heard))
    want = []
    for row in range(5):
        parts = [experts[0], *([experts[1]] if heard[row] else []), p.shared]
        want.append(mm_js(torch.stack([x.mean[row] for x in parts]), torch.stack([x.logvar[row] for x in parts])))
    torch.testing.assert_close(divergences(fused, p, "js")["shared"], torch.stack(want).mean())
    same = divergences(q, q, "js")
    assert float(same["kl"]) == 0
    assert float(same["shared"]) == pytest.approx(0, abs=1e-6)


def test_an_objective_of_weights_zero_is_the_reconstruction() -> None:
    task = bound(beta=0.0, orthogonality_weight=0.0, mutual_information_weight=0.0, posterior_weight=0.0)
    scene, batch = scene_of(task)
    terms = objective(task.network, scene, batch.mask, batch.labelled, task.options)
    torch.testing.assert_close(torch.stack(list(terms.values())).sum(), terms["train/reconstruction"])


def test_per_modality_each_decoding_has_the_code_of_its_own_modality_alone() -> None:
    task = bound(reconstruction="per_modality")
    scene, _ = scene_of(task)
    looked = task.network.look(scene)
    branch, latents = task.network.prior, task.network.prior.latents(looked)
    assert latents is not None
    maps = branch.necked(looked)
    first = branch.decode(maps, latents, mean_of, (64, 64))
    assert latents.audio is not None
    moved = replace(latents, audio=Gaussian(latents.audio.mean + 5, latents.audio.logvar))
    second = branch.decode(maps, moved, mean_of, (64, 64))
    assert torch.equal(first.logits[0], second.logits[0])
    assert not torch.equal(first.logits[1], second.logits[1])
    torch.testing.assert_close(first.probability, torch.stack(first.logits).sigmoid().mean(0))


def test_a_clip_is_mirrored_as_a_whole_and_its_masks_with_it() -> None:
    task = bound()
    batch = task.clips.batch(ALL, task.heard)
    torch.manual_seed(1)
    found = augmented(batch, len(ALL), 0.5, 0.0, 0.0)
    turned = [bool(torch.equal(found.frame[row], batch.frame[row].flip(2))) for row in range(8)]
    assert turned[::2] == turned[1::2]
    assert 0 < sum(turned) < 8
    for row, flipped in enumerate(turned):
        assert torch.equal(found.mask[row], batch.mask[row].flip(1) if flipped else batch.mask[row])


def test_mask_and_sound_stay_with_their_frame_whatever_the_order_of_the_clips() -> None:
    task = bound()
    batch = task.clips.batch(torch.tensor([3, 0]), task.heard)
    assert batch.index.tolist() == [6, 7, 0, 1]
    assert batch.clip.tolist() == [0, 0, 1, 1]
    assert batch.sounds[batch.audio].tolist() == task.heard[batch.index].tolist()
    assert task.clips.batch(torch.tensor([7]), task.heard).audio.tolist() == [-1, -1]


def test_timm_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match=r"^method.backbone: 'resnet50' needs timm: pip install 'avgraph\[vision\]'$"):
        TimmBackbone("resnet50")


def test_backbones_of_timm_give_four_maps() -> None:
    pytest.importorskip("timm")
    maps = TimmBackbone("resnet50").eval()(torch.rand(1, 3, 64, 64))
    assert [part.shape[2] for part in maps] == [16, 8, 4, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent": False, "beta": 0.1}, "only a model with latents has it"),
        ({"fusion": "mixture"}, "one joint encoder has nothing to fuse"),
        ({"factorisation": "none", "divergence": "kl"}, "there is no shared latent"),
        ({"audio_latent": False, "reconstruction": "joint"}, "needs the latent of the sound"),
        ({"backbone": "resnet50", "width": 3}, "only the small backbone has it"),
        ({"size": 32}, "expected a number of at least 64, got 32"),
    ],
)
def test_options_that_do_nothing_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MmvaeOptions(**options)
