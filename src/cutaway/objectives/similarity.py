"""How alike a layer's activation is to a reference: for networks that give embeddings."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["similarity"]


def similarity(layer: str, reference: Float[Tensor, "..."]) -> Objective:
    """Score images by the cosine between a layer's activation and a reference, in −1..1.

    Args:
        layer: any of its names; "@output" for a network that returns an embedding.
        reference: (k,) or (1,…) for all images, (n,…) for one per image, as `capture` gives it. With as many numbers
            as a map has channels it is compared with the map's mean over space, else with all of it.

    Raises:
        BadSetting: for a reference that is all zero or not finite; at scoring, for one of another size.

    >>> objective = similarity("@output", torch.tensor([1.0, 0.0]))
    >>> objective.score({"@output": torch.tensor([[2.0, 0.0], [0.0, 5.0], [-3.0, 0.0]])})
    tensor([ 1.,  0., -1.])
    """
    rows = reference.detach().clone().as_subclass(Tensor)
    rows = rows[None] if rows.dim() < 2 else rows.flatten(1)
    if not bool(torch.isfinite(rows).all()) or not bool(rows.any(1).all()):
        raise BadSetting(
            "a reference must hold finite numbers that are not all zero: a zero has no direction"
        )

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        n, whole = len(values), values[:1].numel()
        count, numbers = rows.shape
        is_map = values.dim() == 4
        if count not in (1, n) or (numbers != whole and not (is_map and numbers == values.shape[1])):
            of_map = f" or {values.shape[1]}, its channels" if is_map else ""
            raise BadSetting(
                f"{layer} has {whole} numbers for each of {n} images, the reference has {numbers} for {count}: "
                f"give (1 or {n}, {whole}{of_map})"
            )
        if numbers != whole:
            values = values.mean((2, 3))
        flat = values.flatten(1)
        return torch.nn.functional.cosine_similarity(flat, rows.to(flat), dim=1)

    return Objective(f"similarity to a reference at {layer}", (layer,), score)
