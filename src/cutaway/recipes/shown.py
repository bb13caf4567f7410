"""Images that were made, as numbers to keep and as pictures to draw."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.network.preprocessing import Preprocessing
from cutaway.view.picture import Picture

__all__ = ["enlarged", "shown"]

_LEAST = 240


def shown(settings: Preprocessing, images: Float[Tensor, "1 c h w"]) -> Float[np.ndarray, "h w 3"]:
    """Give an image as colours of 0..1, as the network sees it; what lies outside is cut.

    Args:
        settings: of the network.
        images: one, as the network takes it.

    >>> import torch
    >>> shown(Preprocessing(mean=(0.5,) * 3, std=(0.5,) * 3), torch.full((1, 3, 1, 1), 7.0))
    array([[[1., 1., 1.]]], dtype=float32)
    """
    values = settings.pixels(images.detach().float()).clamp(0, 1)[0].permute(1, 2, 0)
    return np.ascontiguousarray(values.cpu().numpy())


def enlarged(values: Float[np.ndarray, "h w 3"], caption: str) -> Picture:
    """Draw an image, a small one enlarged so that words fit below it; its numbers stay as they are.

    >>> tile = enlarged(np.zeros((24, 48, 3), np.float32), "small")
    >>> tile.size, tile.values.shape
    ((240, 480), (24, 48, 3))
    """
    picture = Picture.of_values(values, caption=caption)
    zoom = max(1.0, _LEAST / min(picture.size))
    h, w = (round(side * zoom) for side in picture.size)
    return Picture(picture.resized((h, w)).pixels, caption, raw=values)
