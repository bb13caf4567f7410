"""How near a layer's statistics are to those of a reference: the score of textures, and of style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from cutaway.errors import BadSetting
from cutaway.network.products import product
from cutaway.objectives.objective import Objective

__all__ = ["KINDS", "gram", "gram_matrix", "gram_sum", "statistic"]

KINDS = ("gram", "covariance", "mean")
_NORMS = ("reference", "paper")
_TALL = 32


def gram_matrix(activations: Float[Tensor, "n ..."]) -> Float[Tensor, "n c c"]:
    """Give the Gram matrix of maps: how strongly each two channels fire at the same place, on average over places.

    Times h·w it is the sum of Gatys et al.; divided, it means the same for any size.

    Args:
        activations: of a layer, as `capture` gives them.

    Raises:
        BadSetting: for activations that are no maps.

    Source: Gatys, Ecker and Bethge, "Texture synthesis using convolutional neural networks" (NeurIPS 2015), equation 1.

    >>> gram_matrix(torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]]))
    tensor([[[5., 1.],
             [1., 2.]]])
    """
    return gram_sum(activations) / activations[0, 0].numel()


def gram_sum(activations: Float[Tensor, "n ..."]) -> Float[Tensor, "n c c"]:
    """Give the sum over places of the products of each two channels, F Fᵀ; its way back takes one product, not two.

    Args:
        activations: of a layer.

    >>> gram_sum(torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]]))
    tensor([[[10.,  2.],
             [ 2.,  4.]]])
    """
    found: Tensor = _Gram.apply(_places(activations))  # type: ignore[no-untyped-call]
    return found


def statistic(activations: Float[Tensor, "n ..."], kind: str = "gram") -> Float[Tensor, "n ..."]:
    """Give what is left of maps when places are forgotten.

    Args:
        activations: of a layer.
        kind: "gram" is the Gram matrix; "covariance" the same after each channel's mean is taken away; "mean" that
            mean alone, (n,c).

    Raises:
        BadSetting: for another kind, or activations that are no maps.

    >>> maps = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    >>> statistic(maps, "mean"), statistic(maps, "covariance")
    (tensor([[2., 1.]]), tensor([[[ 1., -1.],
             [-1.,  1.]]]))
    """
    _check("kind", kind, KINDS)
    if kind == "gram":
        return gram_matrix(activations)
    flat = _places(activations)
    mean = flat.mean(2, keepdim=True)
    if kind == "mean":
        return mean[:, :, 0]
    return (flat - mean) @ (flat - mean).transpose(1, 2) / flat.shape[2]


def gram(
    layer: str, reference: Float[Tensor, "m ..."], kind: str = "gram", norm: str = "reference"
) -> Objective:
    """Score images by minus the squared distance of a layer's statistics to a reference's: 0 where they are equal.

    Args:
        layer: any of its names.
        reference: its activation for what is to be matched, (1,c,h,w) for all images, (n,c,h,w) for one per image, as
            `capture` gives it; of any size.
        kind: "gram", "covariance" or "mean", as for `statistic`.
        norm: "reference" divides by the reference's own square, so that every layer counts alike; "paper" by 4c², as
            Gatys does with matrices divided by their number of places (for "mean" by 4c).

    Raises:
        BadSetting: for another kind or norm, for a reference that is not finite, or all zero where it divides; at
            scoring, for one of other channels.

    Source: Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks" (CVPR 2016), equations 3
    and 4.

    >>> maps = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    >>> gram("conv1", maps).score({"conv1": torch.cat([maps, maps.flip(3), 0 * maps])})
    tensor([-0., -0., -1.])
    """
    _check("norm", norm, _NORMS)
    wanted = statistic(_wide(reference.detach().as_subclass(Tensor)), kind)
    if not bool(torch.isfinite(wanted).all()):
        raise BadSetting(f"the reference at {layer} holds numbers that are not finite")
    if norm == "reference" and not bool(wanted.flatten(1).any(1).all()):
        raise BadSetting(
            f"the {kind} of the reference at {layer} is all zero, and no distance is relative to that: take a layer "
            "that answers, or norm='paper'"
        )

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        found = statistic(_wide(values), kind)
        if len(wanted) not in (1, len(found)) or wanted.shape[1:] != found.shape[1:]:
            raise BadSetting(
                f"{layer} is {tuple(values.shape)}, and the reference has {wanted.shape[1]} channels for "
                f"{len(wanted)} images: give (1 or {len(values)}, {values.shape[1]}, any h, any w)"
            )
        goal = wanted.to(found)
        distance = (found - goal).square().flatten(1).sum(1)
        return -distance / (4.0 * goal[0].numel() if norm == "paper" else goal.square().flatten(1).sum(1))

    return Objective(f"{kind} of {layer}", (layer,), score)


class _Gram(Function):
    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> Tensor:
        ctx.save_for_backward(flat)
        if (
            flat.shape[2] > _TALL * flat.shape[1]
        ):  # a copy with places in a row would cost more than is gained
            return flat @ flat.transpose(1, 2)
        return torch.stack([product(one, one) for one in flat])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *signals: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        both = signals[0] + signals[0].transpose(1, 2)
        # As the maps lie, so that no copy is needed: with their channels last, as a rule.
        return torch.stack([product(one.T, way) for one, way in zip(flat, both, strict=True)]).transpose(1, 2)


def _places(activations: Float[Tensor, "n ..."]) -> Float[Tensor, "n c places"]:
    if activations.dim() != 4:
        raise BadSetting(
            f"a texture's statistics need maps (n,c,h,w), got {tuple(activations.shape)}: choose an earlier layer"
        )
    return activations.flatten(2)


def _wide(activations: Tensor) -> Tensor:
    """Squares of half precision leave its range."""
    return activations.to(torch.promote_types(activations.dtype, torch.float32))


def _check(setting: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadSetting(f"{setting} takes {', '.join(allowed)}, got {value!r}")
