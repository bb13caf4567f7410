"""The bytes of a webcam's frame, and of the answer to it.

A frame is 16 bytes, the name of what is asked (a layer, a style) and a JPEG. An answer is 64 bytes, the most probable
classes, the map (half floats, as shares of its largest absolute value), and what more there is: a layer's channels as
bytes on one scale, or a painted frame as a JPEG. The page colours and blends: an answer of CAM has some 600 bytes, and
a slider asks nothing of the server.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cutaway.errors import BadSetting
from cutaway.view.placement import Placement

__all__ = [
    "LIVE_METHODS",
    "LIVE_WAYS",
    "MOST_FRAME_BYTES",
    "NOTHING",
    "VERSION",
    "Channels",
    "Frame",
    "Reply",
]

VERSION = 2
MOST_FRAME_BYTES = 2**20
LIVE_METHODS = ("cam", "grad-cam", "saliency")
LIVE_WAYS = (*LIVE_METHODS, "channels", "strongest", "style")
# In place of a class or channel where there is none.
NOTHING = 2**32 - 1
_FRAME = struct.Struct("<BBHIiI")
_REPLY = struct.Struct("<BBHIHH4f2f2f4fI")
_CLASS = struct.Struct("<If")
_CHANNELS = struct.Struct("<IIIHHHHff")


@dataclass(frozen=True)
class Frame:
    """One frame as the page sends it.

    Args:
        way: out of LIVE_WAYS.
        number: given back, so that the page knows which frame was answered.
        target: the class, or the channel, to look for; None for the most probable, or the strongest.
        jpeg: the picture.
        name: of the layer, or of the style; empty for the first.
        first: of the channels to show.
    """

    way: str
    number: int
    target: int | None
    jpeg: bytes
    name: str = ""
    first: int = 0

    @classmethod
    def of(cls, data: bytes) -> Frame:
        """Read a frame.

        Raises:
            BadSetting: for bytes that are none.

        >>> Frame.of(Frame("strongest", 7, None, b"...", "fire9").packed())
        Frame(way='strongest', number=7, target=None, jpeg=b'...', name='fire9', first=0)
        """
        if not _FRAME.size < len(data) <= MOST_FRAME_BYTES:
            raise BadSetting(f"a frame has 16 bytes and a JPEG of at most a megabyte, got {len(data)} bytes")
        version, way, length, number, target, first = _FRAME.unpack_from(data)
        if version != VERSION or way >= len(LIVE_WAYS):
            raise BadSetting(f"a frame of version {VERSION} was expected: load the page again")
        try:
            name = data[_FRAME.size : _FRAME.size + length].decode()
        except UnicodeDecodeError as error:
            raise BadSetting("the name in a frame is no text: load the page again") from error
        jpeg = data[_FRAME.size + length :]
        return cls(LIVE_WAYS[way], number, target if target >= 0 else None, jpeg, name, first)

    def packed(self) -> bytes:
        """Write it as the page does."""
        target = -1 if self.target is None else self.target
        name = self.name.encode()
        way = LIVE_WAYS.index(self.way)
        return _FRAME.pack(VERSION, way, len(name), self.number, target, self.first) + name + self.jpeg


@dataclass(frozen=True, eq=False)
class Channels:
    """Some channels of a layer, on one scale.

    Args:
        maps: raw, each cell the largest of a block.
        block: cells of the layer along a side of it.
        first: channel that is shown.
        total: channels that the layer has.
        strongest: of all of them, by its largest value.
    """

    maps: Float[np.ndarray, "count rows columns"]
    block: int
    first: int
    total: int
    strongest: int

    def packed(self) -> bytes:
        """Write them as bytes between their smallest value, or zero, and their largest.

        >>> shown = Channels(np.array([[[0.0, 1.0, 4.0]]], np.float32), 1, 0, 512, 7).packed()
        >>> len(shown), list(shown[-3:])
        (31, [0, 64, 255])
        """
        low = float(self.maps.min(initial=0))
        high = float(self.maps.max(initial=0))
        scale = 255 / (high - low) if high > low else 0.0
        levels = np.rint((self.maps - low) * scale).astype(np.uint8)
        head = (self.total, self.strongest, self.first, *self.maps.shape, self.block, low, high)
        return _CHANNELS.pack(*head) + levels.tobytes()


@dataclass(frozen=True, eq=False)
class Reply:
    """The answer to one frame.

    Args:
        way: that made the map.
        number: of the frame.
        values: the map; of no rows where there is none.
        placement: where its cells lie, in shares of the frame's height and width.
        target: the class or channel that the map is of.
        classes: the most probable ones: index and probability, or score where there is none.
        seconds: of the network, and of all that the server did.
        more: packed channels, or a JPEG.
    """

    way: str
    number: int
    values: Float[np.ndarray, "rows columns"]
    placement: Placement
    target: int
    classes: Sequence[tuple[int, float]]
    seconds: tuple[float, float]
    more: bytes = b""

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
        low, high = float(self.values.min(initial=np.inf)), float(self.values.max(initial=-np.inf))
        most = max(-low, high, 0.0)
        shares = np.nan_to_num(self.values / most) if most > 0 else self.values
        head = _REPLY.pack(
            VERSION,
            LIVE_WAYS.index(self.way),
            len(self.classes),
            self.number,
            rows,
            columns,
            low if rows else 0.0,
            high if rows else 0.0,
            1000 * self.seconds[0],
            1000 * self.seconds[1],
            *self.placement.start,
            *self.placement.step,
            *self.placement.window,
            self.target,
        )
        classes = b"".join(_CLASS.pack(k, share) for k, share in self.classes)
        return head + classes + np.ascontiguousarray(shares, "<f2").tobytes() + self.more
