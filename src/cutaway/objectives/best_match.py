"""How well each place of a layer matches the place of another photo that suits it best: what guides a dream."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["best_match"]

# Numbers in the table of products that is made at once: 64 MB.
_MOST = 2**24


def best_match(layer: str, reference: Float[Tensor, "1 c h w"]) -> Objective:
    """Score images by the mean, over a layer's places, of the dot product with the reference's place that fits best.

    Its gradient at a place is the reference's activation there: each place becomes more like what it is most like.

    Args:
        layer: any of its names.
        reference: the activation of a guide, as `capture` gives it; of any size.

    Raises:
        BadSetting: for a reference that is no map; at scoring, for other channels than the layer's.

    Source: google/deepdream, dream.ipynb, "Controlling dreams" (2015).

    >>> guide = torch.tensor([[[[1.0, 0.0]], [[0.0, 2.0]]]])
    >>> best_match("conv1", guide).score({"conv1": torch.tensor([[[[3.0]], [[1.0]]]])})
    tensor([3.])
    """
    known = reference.detach().as_subclass(Tensor)
    if known.dim() != 4 or len(known) != 1:
        raise BadSetting(
            f"a guide is the map (1,c,h,w) of one photo, got {tuple(known.shape)}: choose a layer before the "
            "places are pooled away"
        )
    rows = known[0].flatten(1)

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        if values.dim() != 4 or values.shape[1] != len(rows):
            raise BadSetting(
                f"the guide has {len(rows)} channels, and {layer} has shape {tuple(values.shape)}: "
                "read both at the same layer"
            )
        guide = rows.to(values)
        places = values.flatten(2)
        with torch.no_grad():  # which place fits best is decided, not moved
            step = max(1, _MOST // guide.shape[1])
            pieces = torch.split(places, step, 2)
            found = [torch.einsum("nck,cg->nkg", piece, guide).argmax(2) for piece in pieces]
            chosen = guide[:, torch.cat(found, 1)].transpose(0, 1)
        return (places * chosen).sum(1).mean(1)

    return Objective(f"best match with a guide at {layer}", (layer,), score)
