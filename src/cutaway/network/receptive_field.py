"""Exactly which input pixels a unit can see, followed along every path.

Along each axis, unit i of a tensor sees the input pixels from `low + jump · i` to `high + jump · i`.
Convolutions and pools widen that; sums and concatenations take the hull. A unit that a layer only pads with
sees nothing, so `edges` keeps what the layer's outermost units see. The arithmetic is that of
Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks" (Distill, 2019),
kept in fractions so that up-sampling stays exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

__all__ = ["Axis", "Lattice", "ReceptiveField"]


@dataclass(frozen=True)
class Axis:
    """What unit i sees along one axis: the pixels low + jump·i … high + jump·i, inclusive, cut to `edges`.

    >>> Axis().window(kernel=3, stride=2, padding=1).window(kernel=3, stride=2)
    Axis(jump=Fraction(4, 1), low=Fraction(-1, 1), high=Fraction(5, 1))
    """

    jump: Fraction = Fraction(1)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)
    edges: tuple[Fraction, Fraction] | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """How many pixels one unit sees."""
        return math.ceil(self.high) - math.floor(self.low) + 1

    @property
    def center(self) -> float:
        """Where unit 0 looks, in continuous pixel coordinates (pixel p's middle is p + 0.5)."""
        return float(self.low + self.high) / 2 + 0.5

    def window(self, kernel: int, stride: int, padding: int = 0, dilation: int = 1) -> Axis:
        """Look through a sliding window: a convolution or a pool.

        >>> Axis().window(kernel=7, stride=2, padding=3).size
        7
        """
        return replace(
            self,
            jump=self.jump * stride,
            low=self.low - self.jump * padding,
            high=self.high + self.jump * ((kernel - 1) * dilation - padding),
        )

    def transposed(self, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
        """Look through a transposed convolution: output o reads inputs (o + padding − k·dilation) / stride.

        >>> Axis().transposed(kernel=2, stride=2, padding=0, dilation=1).size
        2
        """
        reach = Fraction((kernel - 1) * dilation, stride)
        return replace(
            self,
            jump=self.jump / stride,
            low=self.low + self.jump * (Fraction(padding, stride) - reach),
            high=self.high + self.jump * Fraction(padding, stride),
        )

    def spread(self, factor: Fraction, before: Fraction, after: Fraction) -> Axis:
        """Sample at i / factor, reaching `before` and `after` around that place (interpolation, adaptive pools).

        >>> Axis().spread(Fraction(2), before=Fraction(1, 2), after=Fraction(0)).jump
        Fraction(1, 2)
        """
        return replace(
            self,
            jump=self.jump / factor,
            low=self.low - self.jump * before,
            high=self.high + self.jump * after,
        )

    def counted(self, units: int) -> Axis:
        """Keep to what a layer of so many units sees: further ones are padding, and see nothing.

        >>> Axis().window(kernel=3, stride=2).counted(3).window(kernel=3, stride=1, padding=1).span(2, 8)
        (2, 7)
        """
        low, high = self.low, self.high + self.jump * (units - 1)
        if self.edges is not None:
            low, high = max(low, self.edges[0]), min(high, self.edges[1])
        return replace(self, edges=(low, high))

    def span(self, index: int, size: int) -> tuple[int, int]:
        """Give the pixels that unit `index` sees of an input of so many, the last one exclusive.

        >>> Axis().window(kernel=3, stride=1, padding=1).span(0, 8)
        (0, 2)
        """
        low, high = self.low + self.jump * index, self.high + self.jump * index
        if self.edges is not None:
            low, high = max(low, self.edges[0]), min(high, self.edges[1])
        first = min(max(math.floor(low), 0), size)
        return first, max(first, min(math.ceil(high) + 1, size))

    def joined(self, other: Axis) -> Axis | None:
        """Give what is seen along either of two paths that meet; None where their steps differ.

        >>> Axis().window(3, 1, 1).joined(Axis()).size
        3
        """
        if self.jump != other.jump:
            return None
        edges = None
        if self.edges is not None and other.edges is not None:
            edges = min(self.edges[0], other.edges[0]), max(self.edges[1], other.edges[1])
        return Axis(self.jump, min(self.low, other.low), max(self.high, other.high), edges)


@dataclass(frozen=True)
class Lattice:
    """Where a layer's units look, on the input: unit (i, j) at start + step · (i, j), continuous pixels (y, x)."""

    start: tuple[float, float]
    step: tuple[float, float]


@dataclass(frozen=True)
class ReceptiveField:
    """What the units of one layer see of the input.

    Args:
        y: along the height.
        x: along the width.
        input_size: (h, w) of the input.
        whole_image: also reads the whole image through a pooled or normalised side path
            (squeeze-and-excitation, group norm); `y` and `x` then tell of the direct path.

    >>> field = ReceptiveField(Axis(), Axis(), (10, 10)).window((3, 3), (2, 2), (1, 1), (1, 1))
    >>> field.size, field.jump, field.box(0, 4)
    ((3, 3), (2.0, 2.0), (0, 7, 2, 10))
    """

    y: Axis
    x: Axis
    input_size: tuple[int, int]
    whole_image: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels, uncut by the image's border."""
        return self.y.size, self.x.size

    @property
    def jump(self) -> tuple[float, float]:
        """Pixels from one unit's field to the next unit's, (y, x)."""
        return float(self.y.jump), float(self.x.jump)

    @property
    def lattice(self) -> Lattice:
        """Where the units look, for drawing their map back onto the photo."""
        return Lattice((self.y.center, self.x.center), self.jump)

    def box(self, y: int, x: int) -> tuple[int, int, int, int]:
        """Give the pixels that unit (y, x) sees, (top, left, bottom, right), the last two exclusive, cut to the image.

        >>> ReceptiveField(Axis(), Axis(), (8, 8)).box(2, 3)
        (2, 3, 3, 4)
        """
        top, bottom = self.y.span(y, self.input_size[0])
        left, right = self.x.span(x, self.input_size[1])
        return top, left, bottom, right

    def window(
        self,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int],
        dilation: tuple[int, int],
    ) -> ReceptiveField:
        """Look through a sliding window.

        >>> ReceptiveField(Axis(), Axis(), (8, 8)).window((3, 5), (1, 1), (0, 0), (1, 1)).size
        (3, 5)
        """
        return ReceptiveField(
            self.y.window(kernel[0], stride[0], padding[0], dilation[0]),
            self.x.window(kernel[1], stride[1], padding[1], dilation[1]),
            self.input_size,
            self.whole_image,
        )

    def counted(self, rows: int, columns: int) -> ReceptiveField:
        """Keep to what a layer of so many units sees.

        >>> field = ReceptiveField(Axis(), Axis(), (8, 8)).counted(8, 6)
        >>> field.window((3, 3), (1, 1), (1, 1), (1, 1)).box(5, 5)
        (4, 4, 7, 6)
        """
        return replace(self, y=self.y.counted(rows), x=self.x.counted(columns))

    def joined(self, other: ReceptiveField) -> ReceptiveField | None:
        """Give what is seen where two paths meet; None where no common step exists.

        >>> one = ReceptiveField(Axis(), Axis(), (8, 8))
        >>> one.joined(one.window((3, 3), (1, 1), (1, 1), (1, 1))).size
        (3, 3)
        """
        y, x = self.y.joined(other.y), self.x.joined(other.x)
        if y is None or x is None:
            return None
        return ReceptiveField(y, x, self.input_size, self.whole_image or other.whole_image)
