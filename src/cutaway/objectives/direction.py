"""How far a layer's activation goes along a direction of its channels."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["direction"]

# A place that points elsewhere still has a slope.
_LEAST = 0.1


def direction(layer: str, vector: Float[Tensor, "..."], cosine: float = 0.0) -> Objective:
    """Score images by the mean over places of the activation along a direction, times the cosine to it to a power.

    Args:
        layer: any of its names.
        vector: (c,) for all images, (n,c) for one per image; its length counts.
        cosine: the power: 0 asks for a strong answer along it, more for one that has nothing else. Cosines below 0.1
            count as 0.1.

    Raises:
        BadSetting: for a vector that is all zero or not finite, or a power below 0; at scoring, for one of other
            channels.

    Source: the objective `direction` of Lucid; Carter et al., "Activation atlas" (Distill 2019), on the cosine.

    >>> maps = torch.tensor([[3.0, 4.0]]).view(1, 2, 1, 1)
    >>> direction("conv1", torch.tensor([1.0, 0.0])).score({"conv1": maps})
    tensor([3.])
    >>> direction("conv1", torch.tensor([1.0, 0.0]), cosine=2).score({"conv1": maps})  # 3 × 0.6²
    tensor([1.0800])
    """
    if not cosine >= 0:
        raise BadSetting(f"cosine, a power, must be at least 0, got {cosine}")
    rows = vector.detach().clone().as_subclass(Tensor)
    rows = rows[None] if rows.dim() < 2 else rows
    if rows.dim() != 2 or not bool(torch.isfinite(rows).all()) or not bool(rows.any(1).all()):
        raise BadSetting(
            "a direction is (c,) or (n,c), of finite numbers that are not all zero, got shape "
            f"{tuple(vector.shape)}"
        )

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        n, c = values.shape[:2]
        if len(rows) not in (1, n) or rows.shape[1] != c:
            raise BadSetting(
                f"{layer} has {c} channels for {n} images, the direction {rows.shape[1]} for {len(rows)}: "
                f"give ({c},) or ({n}, {c})"
            )
        flat, along = values.flatten(2) if values.dim() > 2 else values[:, :, None], rows.to(values)
        dots = (flat * along[:, :, None]).sum(1)
        if cosine:
            lengths = flat.norm(dim=1) * along.norm(dim=1, keepdim=True)
            dots = dots * (dots / lengths.clamp_min(1e-8)).clamp_min(_LEAST).pow(cosine)
        return dots.mean(1)

    return Objective(f"direction in {layer}", (layer,), score)
