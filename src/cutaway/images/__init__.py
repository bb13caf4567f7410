"""Photos from anywhere, as upright 8-bit sRGB pictures; anything else is a BadImage in plain words.

>>> import numpy as np
>>> from cutaway.images import read
>>> read(np.zeros((4, 6), np.uint8)).size
(4, 6)
"""

from __future__ import annotations

from cutaway.images.folder import photos
from cutaway.images.formats import FORMATS
from cutaway.images.limits import MAX_PIXELS
from cutaway.images.read import read

__all__ = ["FORMATS", "MAX_PIXELS", "photos", "read"]
