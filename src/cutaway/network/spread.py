"""How far a change in a part of the image spreads through the operations of a network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from cutaway.network.sight import POINTWISE
from cutaway.network.tape import Step, Tape
from cutaway.network.window import Window, window_of

__all__ = ["Slide", "Span", "Spread", "Windows", "spread_of", "windows"]

_POOLED = frozenset(("adaptive_avg_pool2d", "mean", "avg_pool2d"))


class Span(NamedTuple):
    """Cells along one axis, the last one exclusive."""

    first: int
    stop: int


@dataclass(frozen=True)
class Slide:
    """How an operation's window slides along both axes, and what it meets outside of its input.

    Args:
        window: its kernel, stride, padding and dilation.
        outside: the value that padding has.
    """

    window: Window
    outside: float

    def reached(self, span: Span, axis: int, cells: int) -> Span:
        """Give the results that read any of these cells, of so many results."""
        k, s, p, d = (
            getattr(self.window, name)[axis] for name in ("kernel", "stride", "padding", "dilation")
        )
        first = math.ceil((span.first + p - (k - 1) * d) / s)
        stop = (span.stop - 1 + p) // s + 1
        return _within(Span(first, stop), cells)

    def read(self, first: int, count: int, axis: int) -> Span:
        """Give the cells that so many results read; they may lie outside of the input."""
        k, s, p, d = (
            getattr(self.window, name)[axis] for name in ("kernel", "stride", "padding", "dilation")
        )
        start = first * s - p
        return Span(start, start + (count - 1) * s + (k - 1) * d + 1)


class Spread(NamedTuple):
    """How one operation hands a change on.

    Args:
        how: "slide", "point" (each place for itself), "same" (nothing is done), "pool" (the mean over all places), or
            "whole" (any other way).
        slide: for "slide".
    """

    how: str
    slide: Slide | None = None


WHOLE = Spread("whole")


def spread_of(step: Step, tape: Tape, is_map: Iterable[int]) -> Spread:
    """Tell how an operation hands a change on.

    Args:
        step: of the tape.
        tape: with the values of the unchanged image.
        is_map: values (1,c,h,w) of which a part may change.
    """
    maps = set(is_map)
    if not maps.issuperset(step.reads) or any(tape.values[i].dim() != 4 for i in (*step.reads, *step.makes)):
        return Spread("pool") if _pools(step, tape, maps) else WHOLE
    given, made = tape.values[step.reads[0]], tape.values[step.makes[0]]
    if _pools(step, tape, maps):
        return Spread("pool")
    if step.kind in ("conv2d", "max_pool2d", "avg_pool2d", "pad"):
        slide = _slide(step, given, made)
        return Spread("slide", slide) if slide is not None and len(step.makes) == 1 else WHOLE
    same = all(tape.values[i].shape[2:] == given.shape[2:] for i in (*step.reads, *step.makes))
    if same and _is_identity(step, given, made):
        return Spread("same")
    if same and (_is_pointwise(step) or _is_of_channels(step)):
        return Spread("point")
    return WHOLE


def _pools(step: Step, tape: Tape, maps: set[int]) -> bool:
    if step.kind not in _POOLED or len(step.reads) != 1 or step.reads[0] not in maps:
        return False
    given, made = tape.values[step.reads[0]], tape.values[step.makes[0]]
    if given.dim() != 4 or made.shape[:2] != given.shape[:2] or made.numel() != made.shape[1]:
        return False
    if step.kind == "avg_pool2d":
        window = window_of(step.kind, step.args, step.kwargs)
        divided = step.kwargs.get("divisor_override", step.args[6] if len(step.args) > 6 else None)
        return (
            window is not None
            and window.kernel == tuple(given.shape[2:])
            and window.padding == (0, 0)
            and divided is None
        )
    return True


def _slide(step: Step, given: Tensor, made: Tensor) -> Slide | None:
    if step.kind == "pad":
        mode = step.kwargs.get("mode", step.args[2] if len(step.args) > 2 else "constant")
        pads = step.kwargs.get("pad", step.args[1] if len(step.args) > 1 else None)
        value = step.kwargs.get("value", step.args[3] if len(step.args) > 3 else None)
        if mode != "constant" or pads is None or len(pads) != 4 or min(pads) < 0:
            return None
        return Slide(Window((1, 1), (1, 1), (pads[2], pads[0]), (1, 1)), float(value or 0.0))
    window = window_of(step.kind, step.args, step.kwargs)
    if window is None:
        return None
    if step.kind == "conv2d":
        # Filters that depend on the image are no sliding window over it alone.
        return Slide(window, 0.0) if len(step.reads) == 1 else None
    if step.kind == "max_pool2d":
        return Slide(window, -math.inf) if len(step.makes) == 1 else None
    # The mean over a window that padding or the border cuts may divide by what is left of it.
    fits = all(
        (made.shape[2 + a] - 1) * window.stride[a] + window.kernel[a] <= given.shape[2 + a] for a in (0, 1)
    )
    return Slide(window, 0.0) if window.padding == (0, 0) and fits else None


def _is_pointwise(step: Step) -> bool:
    if step.kind not in POINTWISE:
        return False
    if step.kind == "cat":
        dim = step.kwargs.get("dim", step.args[1] if len(step.args) > 1 else 0)
        return dim in (1, -3)
    if step.kind == "batch_norm":
        return not step.kwargs.get("training", step.args[5] if len(step.args) > 5 else False)
    if step.kind == "prelu":
        return True
    return all(_is_uniform(value) for value in (*step.args, *step.kwargs.values()))


def _is_uniform(value: Any) -> bool:
    """Whether an argument is the same at every place."""
    return not isinstance(value, Tensor) or all(side == 1 for side in value.shape[-2:])


def _is_of_channels(step: Step) -> bool:
    """Whether an operation only chooses or orders channels."""
    if step.kind in ("chunk", "split", "tensor_split", "narrow"):
        place = 1 if step.kind == "narrow" else 2
        return step.kwargs.get("dim", step.args[place] if len(step.args) > place else 0) in (1, -3)
    if step.kind == "getitem":
        index = step.args[1] if isinstance(step.args[1], tuple) else (step.args[1],)
        return (
            len(index) >= 2
            and all(item == slice(None) for at, item in enumerate(index) if at != 1)
            and isinstance(index[1], slice)
        )
    return step.kind == "channel_shuffle"


def _is_identity(step: Step, given: Tensor, made: Tensor) -> bool:
    return step.kind.startswith("adaptive_") and given.shape == made.shape and len(step.makes) == 1


class Windows(NamedTuple):
    """Where a value is computed anew along one axis: from each position's first cell on, so many cells."""

    firsts: tuple[int, ...]
    size: int


def windows(spans: Sequence[Span], cells: int) -> Windows:
    """Give windows of one size that hold these spans, within so many cells.

    >>> windows([Span(0, 2), Span(3, 6), Span(5, 6)], 6)
    Windows(firsts=(0, 3, 3), size=3)
    """
    size = max(span.stop - span.first for span in spans)
    return Windows(tuple(min(span.first, cells - size) for span in spans), size)


def _within(span: Span, cells: int) -> Span:
    """Cut to what there is; at least one cell, since computing one anew does no harm."""
    first = min(max(span.first, 0), cells - 1)
    return Span(first, max(first + 1, min(span.stop, cells)))
