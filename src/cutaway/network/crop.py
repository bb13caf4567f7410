"""The part of an image that one unit sees, cut so that the unit answers in it exactly as in the whole image.

A crop is exact where every operation before the layer looks at a window that slides: the crop begins at a multiple
of all strides, holds the unit's receptive field whole, and ends at the image's border wherever the field reaches it,
so that padding is met only where the whole image has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from cutaway.network.receptive_field import Axis
from cutaway.network.sight import POINTWISE
from cutaway.network.trace import Call, Trace

__all__ = ["Crop", "Cropping", "cropping"]

# Operations that answer alike wherever in an image they stand. Others may know its size or its other end.
_SLIDING = frozenset(("conv2d", "max_pool2d", "avg_pool2d"))


class Crop(NamedTuple):
    """A piece of an image, and where in it a unit's activation is found.

    Args:
        box: (top, left, bottom, right) in the image, the last two exclusive.
        y: the unit's row in the layer's map of the piece.
        x: its column there.
    """

    box: tuple[int, int, int, int]
    y: int
    x: int


@dataclass(frozen=True)
class Cropping:
    """How to cut pieces of an image for the units of one layer.

    Args:
        y: what the layer's units see along the height.
        x: along the width.
        step: pixels at whose multiples a piece may begin, (y, x).
        size: (h, w) of the image.
    """

    y: Axis
    x: Axis
    step: tuple[int, int]
    size: tuple[int, int]

    def around(self, y: int, x: int) -> Crop:
        """Give the piece for unit (y, x).

        >>> Cropping(Axis().window(3, 2), Axis().window(3, 2), (2, 2), (32, 32)).around(5, 0)
        Crop(box=(10, 0, 13, 3), y=0, x=0)
        """
        top, bottom, row = _side(self.y, y, self.step[0], self.size[0])
        left, right, column = _side(self.x, x, self.step[1], self.size[1])
        return Crop((top, left, bottom, right), row, column)

    @property
    def share(self) -> float:
        """How much of the image a piece is, in 0..1.

        >>> Cropping(Axis().window(3, 2), Axis().window(3, 2), (2, 2), (32, 32)).share
        0.0087890625
        """
        h = min(self.size[0], _length(self.y, self.step[0]))
        w = min(self.size[1], _length(self.x, self.step[1]))
        return h * w / (self.size[0] * self.size[1])


def cropping(trace: Trace, call: Call) -> Cropping | None:
    """Tell how to cut pieces for a call's units; None where they may need the whole image.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.network.record import record
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    >>> trace = record(net, torch.zeros(1, 3, 32, 32))
    >>> cropping(trace, trace.calls[1]).step, cropping(trace, trace.calls[2])
    ((2, 2), None)
    """
    field = call.sight.field
    if field is None or field.whole_image or call.sight.dims != (-2, -1) or len(call.shape) != 4:
        return None
    jumps_y, jumps_x = [field.y.jump], [field.x.jump]
    for before in _ancestors(trace, call):
        seen = before.sight.field
        if before.kind not in _SLIDING | POINTWISE or before.placed or seen is None or seen.whole_image:
            return None
        jumps_y.append(seen.y.jump)
        jumps_x.append(seen.x.jump)
    if any(jump.denominator != 1 for jump in (*jumps_y, *jumps_x)):
        return None
    step = math.lcm(*(int(j) for j in jumps_y)), math.lcm(*(int(j) for j in jumps_x))
    return Cropping(field.y, field.x, step, field.input_size)


def _ancestors(trace: Trace, call: Call) -> Iterable[Call]:
    todo, seen = [call.index], set[int]()
    while todo:
        index = todo.pop()
        if index < 0 or index in seen:
            continue
        seen.add(index)
        yield trace.calls[index]
        todo.extend(trace.calls[index].parents)


def _length(axis: Axis, step: int) -> int:
    """How long a piece away from the borders is: the field, and what its beginning is off a multiple of the step."""
    off = math.floor(axis.low) % step if axis.jump == step else step - 1
    return math.ceil(axis.high - axis.low) + 1 + off


def _side(axis: Axis, index: int, step: int, size: int) -> tuple[int, int, int]:
    """The first pixel, the one after the last, and the unit's index, along one side."""
    low, high = axis.low + axis.jump * index, axis.high + axis.jump * index
    length = _length(axis, step)
    first = max(0, math.floor(low)) // step * step
    if high >= size - 1:
        # It reaches the border, so the piece does: all such pieces begin at one place, and run as one batch.
        first = min(first, max(0, (size - length) // step * step))
        return first, size, index - int(first / axis.jump)
    return first, min(size, first + max(length, math.ceil(high) + 1 - first)), index - int(first / axis.jump)
