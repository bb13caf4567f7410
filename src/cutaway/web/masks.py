"""A photo's mask, made of a method's map of one class, as a picture of black and white."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from cutaway.network.network import Network
from cutaway.recipes.segment import segment
from cutaway.view.picture import Picture

__all__ = ["made_mask"]

# A threshold is drawn by the page itself, which has the map.


def made_mask(network: Network, photo: Picture, how: str, method: str, target: int) -> bytes:
    """Cut an object out, as `cutaway.segment` does; white is the object.

    Args:
        network: asked.
        photo: about which.
        how: otsu or grabcut.
        method: whose map is used.
        target: the class.

    Returns:
        A PNG of the photo's size.

    Raises:
        BadSetting: also where OpenCV is missing.
        UnknownClass, UnsupportedMethod: with what to do instead.
    """
    sheet = segment(network, photo, target=target, method=method, how=how)
    cut = sheet.rows[0][-1]
    assert cut is not None
    mask = np.asarray(cut.values) > 0.5
    written = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(written, "PNG")
    return written.getvalue()
