"""One frame of a webcam, painted in a trained style."""

from __future__ import annotations

import io
import time
from functools import lru_cache

import numpy as np
from PIL import Image

from cutaway.faststyle.stylizer import Stylizer
from cutaway.view.placement import Placement
from cutaway.web.desk import Desk
from cutaway.web.frames import NOTHING, Frame, Reply
from cutaway.web.live import frame_photo

__all__ = ["painted"]

QUALITY = 90


def painted(desk: Desk, frame: Frame, device: str = "cpu") -> Reply:
    """Paint a frame; the answer holds it as a JPEG, and the page blends it with the frame.

    Args:
        desk: whose painters.
        frame: its name is the style's, the first by default.
        device: where it runs.

    Raises:
        BadImage: for a frame that is no JPEG.
        BadSetting: for one of fewer than 8 pixels a side.
        UnknownModel: for a style that is not open.
    """
    started = time.perf_counter()
    photo = frame_photo(frame)
    painter = _painter(desk.painter(frame.name), device)
    before = time.perf_counter()
    pixels = painter(photo.pixels)
    passed = time.perf_counter() - before
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=QUALITY, subsampling=0)
    nowhere = Placement((0.0, 0.0), (0.0, 0.0), (0.0, 0.0, 1.0, 1.0))
    seconds = (passed, time.perf_counter() - started)
    none = np.zeros((0, 0), np.float32)
    return Reply(frame.way, frame.number, none, nowhere, NOTHING, (), seconds, written.getvalue())


@lru_cache(maxsize=8)
def _painter(path: str, device: str) -> Stylizer:
    return Stylizer(path, device=device)
