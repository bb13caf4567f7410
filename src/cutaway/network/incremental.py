"""Scores of one image under many small changes, each computing anew only what the change reaches.

The activations of the unchanged image are kept. A changed patch of the image changes a window of each map; that
window alone is computed, for many patches in one batch, from the kept map around it and the new values inside it.
The idea of incremental inference for occlusion is from Nakandala, Kumar and Papakonstantinou, "Incremental and
approximate inference for faster occlusion-based deep CNN explanations" (SIGMOD 2019), section 4.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.network.batches import Batch, Cost, Piece, batches, cost_of, pieces
from cutaway.network.calls import tensors
from cutaway.network.progress import report
from cutaway.network.regions import Patch, Side, hidden, joined, padded, side, sums
from cutaway.network.spread import Slide, Span, Spread, Windows, spread_of, windows
from cutaway.network.tape import Step, Tape, for_batch, needed
from cutaway.network.winograd import Winograd, worthwhile
from cutaway.network.workers import in_workers

__all__ = ["Incremental"]

_FEW_CHANNELS = 8
_MAKES_NEW = frozenset(("conv2d", "batch_norm", "add", "max_pool2d", "avg_pool2d"))
Value = Patch | Tensor


class Incremental:
    """A network on one image, ready to be scored with a patch of the image replaced.

    Args:
        tape: of the network on the image.
        reads: the values wanted, by the names that the score knows them by.
        macs: multiply-accumulate operations of each step for the whole image.
        patch: (h, w) of what is replaced.
        tops: first rows of the positions.
        lefts: first columns.
        most: positions to run at once.
        waiting: so many numbers may be held between the parts of maps and what follows them.
    """

    def __init__(
        self,
        tape: Tape,
        reads: Mapping[str, int],
        macs: Sequence[int],
        patch: tuple[int, int],
        tops: Sequence[int],
        lefts: Sequence[int],
        most: int,
        waiting: int,
    ) -> None:
        self._tape = tape
        self._reads = dict(reads)
        self._count = len(tops), len(lefts)
        steps = needed(tape, set(reads.values()))
        h, w = tape.values[0].shape[2:]
        # What each position changes of each map, along the height and the width.
        self._spans: dict[int, tuple[list[Span], list[Span]]] = {
            0: (
                [Span(top, min(top + patch[0], h)) for top in tops],
                [Span(left, min(left + patch[1], w)) for left in lefts],
            )
        }
        spreads = [self._follow(step) for step in steps]
        # From here on no operation reads a part of a map: what follows runs once for many batches.
        far = max((k + 1 for k, step in enumerate(steps) if self._spans.keys() & {*step.reads}), default=0)
        self._steps, self._spreads, self._rest = steps[:far], spreads[:far], steps[far:]
        made = {i for step in self._rest for i in step.makes}
        self._handed = sorted(({i for step in self._rest for i in step.reads} | {*reads.values()}) - made)
        self._uses = Counter(i for step in self._steps for i in step.reads) + Counter(self._handed)
        # Values that one operation alone reads and that share no memory with others: it may write into them.
        fresh = {i for step in self._steps if step.kind in _MAKES_NEW for i in step.makes}
        self._alone = {i: i in fresh and count == 1 for i, count in self._uses.items()}
        known = dict(zip(tape.steps, macs, strict=True))
        costs = [self._cost(step, known[step]) for step in self._steps]
        rest, count = sum(known[step] for step in self._rest), len(tops) * len(lefts)
        self._batches = batches(costs, *self._count, most)
        self.share = (cost_of(costs, self._batches) + rest * count) / max(
            1, (sum(c.macs for c in costs) + rest) * count
        )
        """What this costs, as a share of running the whole network at every position."""
        held = sum(tape.values[i].numel() for i in {*self._handed, *made})
        self._pieces = pieces(self._batches, max(most, waiting // max(1, held)))
        self._lock = threading.Lock()
        self._known: dict[Any, Any] = {}

    def _follow(self, step: Step) -> Spread:
        spread = spread_of(step, self._tape, self._spans)
        if spread.how in ("slide", "point", "same"):
            sides = []
            for axis in (0, 1):
                given = [self._spans[i][axis] for i in step.reads]
                cells = self._tape.values[step.makes[0]].shape[2 + axis]
                if spread.slide is not None:
                    sides.append([spread.slide.reached(span, axis, cells) for span in given[0]])
                else:
                    together = zip(*given, strict=True)
                    sides.append([Span(min(s.first for s in t), max(s.stop for s in t)) for t in together])
            self._spans.update(dict.fromkeys(step.makes, (sides[0], sides[1])))
        return spread

    def _cost(self, step: Step, macs: int) -> Cost:
        weights = sum(t.numel() for t in tensors((step.args, step.kwargs)))
        if step.makes[0] not in self._spans:
            return Cost(macs, weights)
        _, channels, h, w = self._tape.values[step.makes[0]].shape
        return Cost(macs, weights, channels, (h, w), self._spans[step.makes[0]])

    def scores(
        self,
        filled: Float[Tensor, "1 c h w"],
        score: Callable[[Mapping[str, Tensor]], Float[Tensor, " k *more"]],
        what: str,
    ) -> Float[Tensor, " count *more"]:
        """Score the image with each position's patch taken from `filled`, row by row of positions.

        Args:
            filled: what the patches are cut from.
            score: as for `score_many`.
            what: for the progress.
        """
        found: dict[int, Tensor] = {}
        device, done = filled.device, 0

        def front(batch: Batch) -> dict[int, Tensor]:
            with torch.no_grad():
                return self._run(batch, filled)

        def rest(piece: Piece) -> Tensor:
            with torch.no_grad():
                return score(self._finished([handed[batch] for batch in piece])).detach()

        threads = torch.get_num_threads()
        for start in range(0, len(self._pieces), threads):
            several = self._pieces[start : start + threads]
            handed: dict[Batch, dict[int, Tensor]] = {}
            for batch, values in in_workers(front, [batch for piece in several for batch in piece], device):
                handed[batch] = values
                done += batch.count
                report(what, done, self._count[0] * self._count[1])
            for piece, scored in in_workers(rest, several, device):
                places = [
                    y * self._count[1] + x for batch in piece for y in batch.rows for x in batch.columns
                ]
                found.update(zip(places, scored, strict=True))
        return torch.stack([found[place] for place in sorted(found)])

    def _finished(self, handed: Sequence[Mapping[int, Tensor]]) -> dict[str, Tensor]:
        """Carry out what follows the parts of maps, for the positions of several batches."""
        values = {i: torch.cat([one[i] for one in handed]) for i in self._handed}
        count = len(next(iter(values.values())))
        for step in self._rest:
            made = for_batch(step, self._tape, count).run({i: values[i] for i in step.reads})
            values.update(zip(step.makes, made, strict=True))
        return {name: values[i] for name, i in self._reads.items()}

    def _run(self, batch: Batch, filled: Tensor) -> dict[int, Tensor]:
        y, x = self._windows(0, batch)
        down, across = ([self._spans[0][a][i] for i in p] for a, p in enumerate((batch.rows, batch.columns)))
        values: dict[int, Value] = {0: hidden(self._tape.values[0], filled, (y, x), (down, across))}
        left = Counter(self._uses)
        for step, spread in zip(self._steps, self._spreads, strict=True):
            values.update(zip(step.makes, self._made(step, spread, values, batch), strict=True))
            for index in step.reads:
                left[index] -= 1
                if left[index] == 0:
                    values.pop(index, None)
        return {index: self._whole(index, values[index], batch) for index in self._handed}

    def _windows(self, index: int, batch: Batch) -> tuple[Windows, Windows]:
        found = []
        for axis, places in ((0, batch.rows), (1, batch.columns)):
            key = "windows", index, axis, places
            if key not in self._known:
                spans = self._spans[index][axis]
                self._known[key] = windows(
                    [spans[i] for i in places], self._tape.values[index].shape[2 + axis]
                )
            found.append(self._known[key])
        return found[0], found[1]

    def _made(self, step: Step, spread: Spread, values: Mapping[int, Value], batch: Batch) -> list[Value]:
        given = [values[i] for i in step.reads]
        patches = [patch for patch in given if isinstance(patch, Patch)]
        if spread.slide is not None:
            y, x = self._windows(step.makes[0], batch)
            region = self._region(step.reads[0], patches[0], spread.slide, step.makes[0], batch)
            return [Patch(self._slid(step, spread.slide, region), y, x)]
        if spread.how == "point":
            inner = {
                i: self._region(i, patch, None, step.makes[0], batch)
                for i, patch in zip(step.reads, patches, strict=True)
            }
            y, x = self._windows(step.makes[0], batch)
            only = step.reads[0]
            if step.kind == "relu" and self._alone[only]:
                return [Patch(torch.relu_(inner[only]), y, x)]
            return [Patch(value, y, x) for value in step.run(inner)]
        if spread.how == "same":  # a pool to the map's own size: on a window it would be another size
            return [patches[0]]
        if spread.how == "pool":
            return [self._pooled(step, patches[0])]
        whole = {i: self._whole(i, value, batch) for i, value in zip(step.reads, given, strict=True)}
        return list(for_batch(step, self._tape, batch.count).run(whole))

    def _slid(self, step: Step, slide: Slide, region: Tensor) -> Tensor:
        """Carry out a sliding operation on regions that hold their padding."""
        window = slide.window
        if step.kind == "pad":
            return region
        if step.kind == "max_pool2d":
            return F.max_pool2d(region, window.kernel, window.stride, 0, window.dilation)
        if step.kind == "avg_pool2d":
            divisor = step.kwargs.get("divisor_override", step.args[6] if len(step.args) > 6 else None)
            return F.avg_pool2d(region, window.kernel, window.stride, divisor_override=divisor)
        weight, bias, groups = _filters(step)
        if window.kernel == (1, 1) and groups == 1 and len(weight) < _FEW_CHANNELS:
            # torch has no quick kernel for convolutions to so few channels.
            near = region[:, :, :: window.stride[0], :: window.stride[1]]
            return F.linear(near.permute(0, 2, 3, 1), weight[:, :, 0, 0], bias).permute(0, 3, 1, 2)
        if worthwhile(weight, window.stride, window.dilation, groups, region.shape[2:]):
            quick: Winograd = self._once(("winograd", step), lambda: Winograd(weight, bias))
            return quick(region)
        filters = self._once(("filters", step), lambda: weight.contiguous(memory_format=torch.channels_last))
        return F.conv2d(region, filters, bias, window.stride, 0, window.dilation, groups)

    def _region(self, index: int, patch: Patch, slide: Slide | None, made: int, batch: Batch) -> Tensor:
        """Cut what an operation reads of a map to make the windows of `made`; -1 for the whole map."""
        base = self._tape.values[index]
        h, w = base.shape[2:]
        before = (0, 0) if slide is None else slide.window.padding
        size = (h, w)
        if slide is not None:
            # The furthest that the operation reads, when it makes its whole map.
            far = [slide.read(0, side, axis) for axis, side in enumerate(self._tape.values[made].shape[2:])]
            size = (max(h, far[0].stop) + before[0], max(w, far[1].stop) + before[1])
        sides = []
        for axis, places in ((0, batch.rows), (1, batch.columns)):
            key = "side", index, slide, made, axis, places
            if key not in self._known:
                self._known[key] = self._side(index, slide, made, axis, batch, before[axis])
            sides.append(self._known[key])
        outside = 0.0 if slide is None else slide.outside
        kept = self._once(
            ("padded", index, before, size, outside), lambda: padded(base, before, size, outside)
        )
        return joined(kept, size[1], patch, sides[0], sides[1])

    def _side(self, index: int, slide: Slide | None, made: int, axis: int, batch: Batch, before: int) -> Side:
        inner = self._windows(index, batch)[axis]
        if made < 0:
            firsts: Sequence[int] = [0] * len(inner.firsts)
            size = self._tape.values[index].shape[2 + axis]
        else:
            firsts, size = self._windows(made, batch)[axis]
            if slide is not None:
                read = [slide.read(first, size, axis) for first in firsts]
                firsts, size = [span.first for span in read], read[0].stop - read[0].first
        return side(firsts, size, before, inner)

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Make what all batches share, in whichever worker comes first."""
        with self._lock:
            if key not in self._known:
                self._known[key] = make()
            return self._known[key]

    def _pooled(self, step: Step, patch: Patch) -> Tensor:
        """The mean over all places: the unchanged sum, less what the window held, plus what it holds now."""
        index, made = step.reads[0], self._tape.values[step.makes[0]]
        base = self._tape.values[index]
        above = self._once(("sums", index), lambda: sums(base))
        h, w = patch.y.size, patch.x.size
        y = torch.tensor(patch.y.firsts, device=base.device)
        x = torch.tensor(patch.x.firsts, device=base.device)
        held = above[y + h][:, x + w] - above[y][:, x + w] - above[y + h][:, x] + above[y][:, x]
        now = patch.values.sum((2, 3), dtype=torch.float64)
        total = above[-1, -1] - held.flatten(0, 1) + now
        mean: Tensor = (total / (base.shape[2] * base.shape[3])).to(base.dtype)
        return mean.view(len(now), *made.shape[1:])

    def _whole(self, index: int, value: Value, batch: Batch) -> Tensor:
        return self._region(index, value, None, -1, batch) if isinstance(value, Patch) else value


def _filters(step: Step) -> tuple[Tensor, Tensor | None, int]:
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    given: dict[str, Any] = dict(zip(names, step.args, strict=False)) | step.kwargs
    return given["weight"], given.get("bias"), given.get("groups", 1)
