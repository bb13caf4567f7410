"""Pictures on their way to the page: JPEG, small rather than fine."""

from __future__ import annotations

import io

from PIL import Image

from cutaway.view.picture import Picture

__all__ = ["jpeg"]


def jpeg(picture: Picture, quality: int = 84) -> bytes:
    r"""Write a picture as a JPEG; `Picture.save` writes finer ones, with what made them.

    >>> import numpy as np
    >>> jpeg(Picture(np.zeros((2, 3, 3), np.uint8)))[:2]
    b'\xff\xd8'
    """
    written = io.BytesIO()
    Image.fromarray(picture.pixels).save(written, "JPEG", quality=quality)
    return written.getvalue()
