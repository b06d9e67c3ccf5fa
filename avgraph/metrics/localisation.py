"""Where in a picture a sound comes from: consensus IoU and the area under its success curve (C-MCR, Table 2).

Shapes:
    boxes [p, 4] as x0, y0, x1, y1 in pixels; similarity [p]; picture [p], the picture of each proposal; maps [n, h, w].
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors

_BOXES_AT_A_TIME = 256  # maps of 50 MB at 224 × 224


def best_proposals(similarity: Tensor, picture: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """For each picture the number of its proposal that is most similar to the sound, and that similarity (ties: first).

    Args:
        similarity: of every proposal with the sound of its picture.
        picture: number of the picture of every proposal.
        count: number of pictures.

    Shapes:
        similarity [p], picture [p] → index [n], confidence [n]

    Raises:
        GraphError: if shapes disagree, a similarity is not finite, or a picture has no proposal.

    Example:
        >>> best_proposals(torch.tensor([0.1, 0.9, 0.4]), torch.tensor([0, 0, 1]), 2)
        (tensor([1, 2]), tensor([0.9000, 0.4000]))
    """
    check_tensors({"similarity": similarity, "picture": picture})
    if similarity.dim() != 1 or picture.shape != similarity.shape:
        raise GraphError(
            f"similarity, picture: expected two [p], got {list(similarity.shape)} and {list(picture.shape)}"
        )
    if not bool(similarity.isfinite().all()):
        raise GraphError(f"similarity: proposal {int((~similarity.isfinite()).nonzero()[0])} is not finite")
    if len(picture) and not 0 <= int(picture.min()) <= int(picture.max()) < count:
        raise GraphError(f"picture: expected numbers 0 … {count - 1}, got {int(picture.min())} … {int(picture.max())}")
    lacking = (picture.bincount(minlength=count) == 0).nonzero()[:, 0]
    if len(lacking):
        raise GraphError(f"picture {int(lacking[0])} has no proposal ({len(lacking)} such pictures)")
    confidence = similarity.new_full((count,), -torch.inf).scatter_reduce(0, picture, similarity, "amax")
    nowhere = len(similarity)
    place = torch.arange(nowhere, device=picture.device)
    winner = torch.where(similarity == confidence[picture], place, nowhere)
    index = torch.full((count,), nowhere, device=picture.device).scatter_reduce(0, picture, winner, "amin")
    return index, confidence


def box_maps(boxes: Tensor, height: int, width: int) -> Float[Tensor, "n h w"]:
    """Boxes as maps of 0 and 1; a pixel belongs to a box that its centre is in.

    Raises:
        GraphError: if boxes are no [n, 4], or one has no area.

    Example:
        >>> box_maps(torch.tensor([[0.0, 0.0, 2.0, 1.0]]), 2, 3)
        tensor([[[1., 1., 0.],
                 [0., 0., 0.]]])
    """
    check_tensors({"boxes": boxes})
    if boxes.dim() != 2 or boxes.shape[1] != 4:
        raise GraphError(f"boxes: expected [n, 4] (x0, y0, x1, y1), got {list(boxes.shape)}")
    wrong = ~((boxes[:, 2:] > boxes[:, :2]).all(1))
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise GraphError(f"boxes: row {row}: expected x0 < x1 and y0 < y1, got {boxes[row].tolist()}")
    x, y = torch.arange(width, device=boxes.device) + 0.5, torch.arange(height, device=boxes.device) + 0.5
    x0, y0, x1, y1 = boxes.T[:, :, None]
    across, down = (x >= x0) & (x < x1), (y >= y0) & (y < y1)
    maps: Tensor = (down[:, :, None] & across[:, None, :]).float()
    return maps


def consensus_iou(predicted: Tensor, truth: Tensor) -> Float[Tensor, " n"]:
    r"""Overlap of a predicted region with a map on which several annotators agree to some degree.

    .. math::
        \frac{\sum_{i \in A} g_i}{\sum_i g_i + |\{i \in A : g_i = 0\}|}

    (Senocak et al., CVPR 2018). With a map of 0 and 1 it is the IoU; a truth without any region gives 0.

    Args:
        predicted: A as 0 and 1.
        truth: g, from 0 to 1.

    Raises:
        GraphError: if shapes disagree, or a value is out of range.

    Example:
        >>> consensus_iou(torch.tensor([[[1.0, 1.0, 0.0]]]), torch.tensor([[[1.0, 0.0, 0.5]]]))
        tensor([0.4000])
    """
    check_tensors({"predicted": predicted, "truth": truth})
    if predicted.dim() != 3 or predicted.shape != truth.shape:
        raise GraphError(f"predicted, truth: expected two [n, h, w], got {list(predicted.shape)}, {list(truth.shape)}")
    if not bool(((predicted == 0) | (predicted == 1)).all()):
        raise GraphError("predicted: expected a map of 0 and 1")
    if not bool(((truth >= 0) & (truth <= 1)).all()):
        raise GraphError("truth: expected numbers from 0 to 1")
    hit = (predicted * truth).sum((1, 2))
    whole = truth.sum((1, 2)) + (predicted * (truth == 0)).sum((1, 2))
    found: Tensor = torch.where(whole > 0, hit / torch.where(whole > 0, whole, 1), 0)
    return found


def region_iou(
    boxes: Tensor,
    picture: Tensor,
    regions: Tensor,
    region_picture: Tensor,
    height: int | Tensor,
    width: int | Tensor,
) -> Float[Tensor, " p"]:
    """Consensus IoU of every box with all regions of its picture together; 0 where the picture has none.

    Args:
        boxes: to be judged; ``picture`` says which each is of.
        regions: what is true; ``region_picture`` says which picture each is of.
        height, width: in pixels, of all pictures alike or of each by its number.

    Shapes:
        boxes [p, 4], picture [p], regions [g, 4], region_picture [g], height, width [n] unless one number each

    Raises:
        GraphError: if a box has no area.

    Example:
        >>> box, half = torch.tensor([[0.0, 0.0, 4.0, 2.0]]), torch.tensor([[0.0, 0.0, 2.0, 2.0]])
        >>> first = torch.tensor([0])
        >>> region_iou(box, first, half, first, 2, 4)
        tensor([0.5000])
    """
    found = torch.zeros(len(boxes), device=boxes.device)
    for number in region_picture.unique().tolist():
        size = [int(side[number]) if isinstance(side, Tensor) else side for side in (height, width)]
        true = box_maps(regions[region_picture == number], *size).amax(0)
        for rows in (picture == number).nonzero()[:, 0].split(_BOXES_AT_A_TIME):
            maps = box_maps(boxes[rows], *size)
            found[rows] = consensus_iou(maps, true.expand_as(maps))
    return found


def localisation_scores(iou: Tensor) -> dict[str, float]:
    """``ciou``: share of the pictures with an IoU of at least .5; ``auc``: area under that share over 0, .05, …, 1.

    Raises:
        GraphError: if there is no picture, or an IoU is not from 0 to 1.

    Example:
        >>> localisation_scores(torch.tensor([0.6, 0.4]))
        {'ciou': 0.5, 'auc': 0.525}
    """
    check_tensors({"iou": iou})
    if iou.dim() != 1 or not len(iou) or not bool(((iou >= 0) & (iou <= 1)).all()):
        raise GraphError(f"iou: expected at least one number from 0 to 1, got {list(iou.shape)}")
    threshold = torch.arange(21, dtype=torch.float64, device=iou.device) / 20
    share = (iou.double()[:, None] >= threshold - 1e-9).double().mean(0)
    return {"ciou": float(share[10]), "auc": round(float(torch.trapezoid(share, threshold)), 12)}
