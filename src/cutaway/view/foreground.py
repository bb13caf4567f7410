"""A guess at the object in a photo, from the photo alone: what is unlike its border."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool
from PIL import Image

from cutaway.view.mask import largest_piece, otsu, without_holes
from cutaway.view.picture import Picture

__all__ = ["foreground"]

SIDE = 64
# The border's width, and the share of the border that a colour may be like before it counts as background.
_BORDER, _RARE = 0.08, 0.03
# Below this, and above it, a share of the photo is no object.
_LEAST, _MOST = 0.01, 0.8


def foreground(photo: Picture) -> Bool[np.ndarray, "64 64"] | None:
    """Guess which part of a photo is the object: the largest piece whose colours are rare at the photo's border.

    No network is asked, so the guess can be held against what one says. It is a guess: an object that reaches over
    the border, or has its colours, is not found whole.

    Args:
        photo: of any size.

    Returns:
        A mask (64,64) of the whole photo, squeezed; None where nothing stands out.

    Source: the border as background as in Wei et al., "Geodesic saliency using background priors", ECCV 2012.

    >>> pixels = np.full((90, 90, 3), 40, np.uint8)
    >>> pixels[30:60, 40:70] = 200
    >>> foreground(Picture(pixels))[20:45, 27:51].mean() > 0.7
    np.True_
    """
    image = Image.fromarray(photo.pixels).resize((SIDE, SIDE), Image.Resampling.BOX).convert("YCbCr")
    colours = np.asarray(image).astype(np.float32)
    edge = round(SIDE * _BORDER)
    frame = np.ones((SIDE, SIDE), bool)
    frame[edge:-edge, edge:-edge] = False
    seen, flat = colours[frame][::3], colours.reshape(-1, 3)
    squares = (flat**2).sum(1)[:, None] + (seen**2).sum(1) - 2 * flat @ seen.T
    kept = max(1, round(_RARE * len(seen)))
    unlike = np.sqrt(np.partition(squares, kept - 1, axis=1)[:, kept - 1].clip(0)).reshape(SIDE, SIDE)
    across = np.linspace(-1, 1, SIDE)
    central = np.exp(
        -(across[:, None] ** 2 + across**2)
    )  # of two that stand out, rather the one in the middle
    level = unlike * central
    if level.max() <= 0:
        return None
    mask = without_holes(largest_piece(level > otsu(level)), 1.0)
    return mask if _LEAST < mask.mean() < _MOST else None
