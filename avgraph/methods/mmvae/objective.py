"""What is minimised: minus the objective (14) of MMVAE-AVS, each divergence counted once, and its further terms.

−γ E log p(y | x, s, c) + β Σ_k KL(q(s_k | x_k, y) ‖ p(s_k | x_k)) + β JS(q(c | X, y), p(c | X)), per labelled frame.
As binary cross-entropy and IoU are no normalised likelihood, this is an objective and no bound.

Of frames that are split over ranks the likelihoods, latents and codes are gathered: every rank has the same terms.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.methods.mmvae.decoder import Decoded
from avgraph.methods.mmvae.latents import Latents, sample_of
from avgraph.methods.mmvae.network import Network
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.mmvae.scene import Scene
from avgraph.nn.distributed import gather_rows, mean_over_ranks
from avgraph.nn.fusion import gaussian_kl, geometric_js, mm_js
from avgraph.nn.mask_losses import mask_log_likelihood, matching_divergence, orthogonality
from avgraph.runtime.ranks import counts_of


def objective(
    network: Network, scene: Scene, mask: Tensor, labelled: Tensor, options: MmvaeOptions
) -> dict[str, Tensor]:
    """The weighted terms, whose sum is the loss; the posterior sees labelled frames alone.

    Args:
        network: in training.
        scene: frames with their encoded sounds.
        mask: of each frame, whatever stands in it where the frame is not labelled.
        labelled: whether the mask of a frame is known.
        options: the weights.

    Shapes:
        mask [f, h, w], labelled bool [f]
    """
    looked, known = network.look(scene), labelled.nonzero()[:, 0]
    size = (scene.frame.shape[2], scene.frame.shape[3])
    latents = network.prior.latents(looked)
    prior = network.prior.decode(network.prior.necked(looked), latents, sample_of, size)
    terms = {"train/reconstruction": options.prior_weight * options.gamma * _missed(prior, known, mask, options)}
    if options.matching_weight > 0:
        terms["train/matching"] = options.matching_weight * _matching(network, looked, prior)
    if network.posterior is None or latents is None:
        return terms
    truth = mask[known]
    posterior = network.posterior(looked.take(known), sample_of, truth[:, None])
    every, weight = torch.arange(len(known), device=mask.device), options.posterior_weight * options.gamma
    terms["train/posterior_reconstruction"] = weight * _missed(posterior, every, truth, options)
    assert posterior.latents is not None
    counts = counts_of(len(known))
    q, p = posterior.latents.gathered(counts), latents.take(known).gathered(counts)
    found = divergences(q, p, options.divergence)
    terms |= {f"train/{name}": options.beta * value for name, value in found.items()}
    if options.factorisation == "full":
        frames = counts_of(len(looked.frame))
        all_codes = (_gathered(prior.codes, frames), _gathered(posterior.codes, counts))
        terms |= _further(network, (latents.gathered(frames), q), all_codes, options)
    return terms


def _gathered(codes: Sequence[Tensor], counts: Sequence[int]) -> tuple[Tensor, ...]:
    return tuple(gather_rows(code, counts) for code in codes)


def _missed(decoded: Decoded, known: Tensor, mask: Tensor, options: MmvaeOptions) -> Tensor:
    """−log p(y | …) of the labelled frames, on average; of several reconstructions the mean."""
    truth, counts = mask[known], counts_of(len(known))
    found = [gather_rows(_likelihood(x[known], truth, options), counts).mean() for x in decoded.logits]
    return -torch.stack(found).mean()


def _likelihood(logits: Tensor, truth: Tensor, options: MmvaeOptions) -> Tensor:
    if not len(logits):  # a rank without labelled frames, whose layers wait for a gradient all the same
        return logits.sum((1, 2))
    return mask_log_likelihood(logits, truth, official_bce=options.official_bce)


def _matching(network: Network, looked: Scene, decoded: Decoded) -> Tensor:
    """Divergence of the sound from what the masked patches say, of the frames with audio: mean over the stages."""
    heard = looked.heard.nonzero()[:, 0]
    found = looked.sound.sum() * 0
    if len(heard):
        sound, mask = looked.sound[heard], decoded.probability[heard]
        stages = zip(network.listen, looked.maps, strict=True)
        found = torch.stack([matching_divergence(listen(sound), part[heard], mask) for listen, part in stages]).mean()
    return mean_over_ranks(found, len(heard))


def divergences(q: Latents, p: Latents, shared: str) -> dict[str, Tensor]:
    """Mean over the frames of the divergences of posterior and prior: ``kl`` of the own latents, ``shared``.

    Args:
        q, p: latents of the same frames.
        shared: ``js``, or ``kl`` in its place.
    """
    pairs = ((q.visual, p.visual), (q.audio, p.audio))
    own = [gaussian_kl(one, two).mean() for one, two in pairs if one is not None and two is not None]
    found = {"kl": torch.stack(own).sum()} if own else {}
    if q.shared is not None and p.shared is not None:
        if shared == "kl":
            found["shared"] = gaussian_kl(q.shared, p.shared).mean()
        elif q.experts:
            found["shared"] = _experts_js(q, p).mean()
        else:
            found["shared"] = geometric_js(q.shared, p.shared).mean()
    return found


def _experts_js(q: Latents, p: Latents) -> Tensor:
    """mmJSD of a frame's posterior experts that are there and the prior, equal weights."""
    assert p.shared is not None
    parts = [*q.experts, p.shared]
    mean, logvar = (torch.stack(part) for part in zip(*parts, strict=True))
    there = torch.stack([*q.there, torch.ones_like(q.there[0])]).to(mean.dtype)
    found: Tensor = mm_js(mean, logvar, there[:, :, None])
    return found


def _further(
    network: Network, branches: Sequence[Latents], codes: Sequence[Sequence[Tensor]], options: MmvaeOptions
) -> dict[str, Tensor]:
    """Orthogonality of own and shared latents, and mutual information of the codes (maximised), of both branches."""
    terms = {}
    if options.orthogonality_weight > 0:
        pairs = []
        for latents in branches:
            assert latents.shared is not None
            own = [part for part in (latents.visual, latents.audio) if part is not None]
            pairs += [orthogonality(part.mean, latents.shared.mean) for part in own]
        terms["train/orthogonality"] = options.orthogonality_weight * torch.stack(pairs).sum()
    if network.information is not None:
        told = torch.stack([network.information(*each) for each in codes]).sum()
        terms["train/mutual_information"] = -options.mutual_information_weight * told
    return terms


def naming_loss(network: Network, encoded: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of naming those sounds that have a class; 0 where none has."""
    known = (y >= 0).nonzero()[:, 0]
    if network.naming is None or not len(known):
        return encoded.sum() * 0
    return F.cross_entropy(network.naming(encoded[known]), y[known], label_smoothing=0.1)
