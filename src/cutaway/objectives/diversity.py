"""How little the images of a batch are alike."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.gram import gram_matrix
from cutaway.objectives.objective import Objective

__all__ = ["diversity"]


def diversity(layer: str) -> Objective:
    """Score each image by minus the mean cosine of its Gram matrix to those of the batch's others.

    Added to another objective it makes the images of a batch show different sides of what excites it.

    Args:
        layer: any of its names; it must give maps.

    Raises:
        BadSetting: at scoring, for a single image, or a layer that gives no maps.

    Source: Olah, Mordvintsev and Schubert, "Feature visualization" (Distill 2017), on diversity.

    >>> maps = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]).view(3, 2, 1, 1)
    >>> diversity("conv1").score({"conv1": maps})  # the first and the last are alike
    tensor([-0.5000, -0.0000, -0.5000])
    """

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        if len(values) < 2:
            raise BadSetting("diversity compares the images of a batch, got one image: give two or more")
        grams = torch.nn.functional.normalize(gram_matrix(values).flatten(1), dim=1)
        alike = grams @ grams.T
        others = alike - torch.diag_embed(alike.diagonal())
        return -others.sum(1) / (len(values) - 1)

    return Objective(f"diversity at {layer}", (layer,), score)
