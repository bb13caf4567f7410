"""The bytes of a webcam's frame, and of the answer to it.

A frame is 16 bytes and a JPEG; an answer is 64 bytes, the most probable classes, and the map: half floats, as shares
of its largest absolute value. The page colours it: an answer of CAM has some 600 bytes, and a slider asks nothing of
the server.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cutaway.errors import BadSetting
from cutaway.view.placement import Placement

__all__ = ["LIVE_METHODS", "MOST_FRAME_BYTES", "VERSION", "Frame", "Reply"]

VERSION = 1
MOST_FRAME_BYTES = 2**20
LIVE_METHODS = ("cam", "grad-cam", "saliency")
_FRAME = struct.Struct("<BBHIiI")
_REPLY = struct.Struct("<BBHIHH4f2f2f4fI")
_CLASS = struct.Struct("<If")


@dataclass(frozen=True)
class Frame:
    """One frame as the page sends it.

    Args:
        method: out of LIVE_METHODS.
        number: given back, so that the page knows which frame was answered.
        target: the class to look for, None for the most probable one.
        jpeg: the picture.
    """

    method: str
    number: int
    target: int | None
    jpeg: bytes

    @classmethod
    def of(cls, data: bytes) -> Frame:
        """Read a frame.

        Raises:
            BadSetting: for bytes that are none.

        >>> Frame.of(Frame("saliency", 7, None, b"...").packed())
        Frame(method='saliency', number=7, target=None, jpeg=b'...')
        """
        if not _FRAME.size < len(data) <= MOST_FRAME_BYTES:
            raise BadSetting(f"a frame has 16 bytes and a JPEG of at most a megabyte, got {len(data)} bytes")
        version, method, _, number, target, _ = _FRAME.unpack_from(data)
        if version != VERSION or method >= len(LIVE_METHODS):
            raise BadSetting(f"a frame of version {VERSION} was expected: load the page again")
        return cls(LIVE_METHODS[method], number, target if target >= 0 else None, data[_FRAME.size :])

    def packed(self) -> bytes:
        """Write it as the page does."""
        method = LIVE_METHODS.index(self.method)
        target = -1 if self.target is None else self.target
        return _FRAME.pack(VERSION, method, 0, self.number, target, 0) + self.jpeg


@dataclass(frozen=True, eq=False)
class Reply:
    """The answer to one frame.

    Args:
        method: that made the map.
        number: of the frame.
        values: the map.
        placement: where its cells lie, in shares of the frame's height and width.
        target: the class that the map is of.
        classes: the most probable ones: index and probability, or score where there is none.
        seconds: of the network, and of all that the server did.
    """

    method: str
    number: int
    values: Float[np.ndarray, "rows columns"]
    placement: Placement
    target: int
    classes: Sequence[tuple[int, float]]
    seconds: tuple[float, float]

    def packed(self) -> bytes:
        """Write it: all numbers little-endian.

        >>> place = Placement((0.5, 0.5), (1.0, 1.0), (0.0, 0.0, 1.0, 1.0))
        >>> len(
        ...     Reply(
        ...         "cam", 1, np.zeros((13, 17), np.float32), place, 3, [(3, 0.9)] * 5, (0.01, 0.02)
        ...     ).packed()
        ... )
        546
        """
        rows, columns = self.values.shape
        most = float(np.abs(self.values).max())
        shares = np.nan_to_num(self.values / most) if most > 0 else self.values
        head = _REPLY.pack(
            VERSION,
            LIVE_METHODS.index(self.method),
            len(self.classes),
            self.number,
            rows,
            columns,
            float(self.values.min()),
            float(self.values.max()),
            1000 * self.seconds[0],
            1000 * self.seconds[1],
            *self.placement.start,
            *self.placement.step,
            *self.placement.window,
            self.target,
        )
        classes = b"".join(_CLASS.pack(k, share) for k, share in self.classes)
        return head + classes + np.ascontiguousarray(shares, "<f2").tobytes()
