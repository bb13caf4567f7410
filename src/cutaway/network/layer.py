"""One row of the layer table: a named call and everything known about it without a photo."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from cutaway.network.receptive_field import ReceptiveField
from cutaway.network.trace import Call

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer:
    """A named call in the order of execution.

    Args:
        name: what to type to get it.
        kind: the operation: "conv2d", "relu", "max_pool2d", "add", "cat", "linear", …
        shape: of its activation for one image, (1,c,h,w) or (1,c).
        parameters: numbers learned, counted at their first use.
        macs: multiply–accumulates for one image.
        kernel: size of its window (h, w), None without one.
        stride: step of its window (y, x), None without one.
        receptive_field: input pixels (h, w) that one unit sees, uncut by the border; the whole input
            where no map is left.
        jump: input pixels from one unit's field to the next one's, (y, x); None where no map is left.
        field: the exact receptive field of every unit (`field.box(y, x)`), None where no map is left.
        index: place in the order of execution.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    macs: int
    kernel: tuple[int, int] | None
    stride: tuple[int, int] | None
    receptive_field: tuple[int, int]
    jump: tuple[float, float] | None
    field: ReceptiveField | None = dataclasses.field(repr=False)
    index: int = dataclasses.field(repr=False)

    @property
    def is_map(self) -> bool:
        """Whether its units have a place: (n,c,h,w) with a receptive field that can be told."""
        return len(self.shape) == 4 and self.field is not None

    @classmethod
    def of(cls, call: Call, input_size: tuple[int, int]) -> Layer:
        """Make the row of a traced call."""
        seen = call.sight.field if call.sight.dims == (-2, -1) else None
        return cls(
            name=call.name,
            kind=call.kind,
            shape=call.shape,
            parameters=call.parameters,
            macs=call.macs,
            kernel=call.window.kernel if call.window else None,
            stride=call.window.stride if call.window else None,
            receptive_field=seen.size if seen else input_size,
            jump=seen.jump if seen else None,
            field=seen,
            index=call.index,
        )
