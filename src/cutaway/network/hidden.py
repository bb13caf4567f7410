"""Scores of one image with a patch of it replaced, at every position: the forward passes behind occlusion."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import CutawayError
from cutaway.network.capture import addresses, capture, one_each
from cutaway.network.incremental import Incremental
from cutaway.network.inputs import short_of_memory
from cutaway.network.many import score_many
from cutaway.network.memory import budget, chunk, keeps
from cutaway.network.narrowed import Score, asked_only
from cutaway.network.network import Network
from cutaway.network.record_tape import record_tape
from cutaway.network.tape import Unfollowable, check_same

__all__ = ["score_hidden"]

_log = logging.getLogger("cutaway")
# From here on so little is saved that plain batches, which need no bookkeeping, are as fast.
_NOT_WORTH_IT = 0.8
_AT_ONCE = 64
# So many numbers may wait for the network's end, and no more than this part of the memory budget.
_WAITING, _WAITING_SHARE = 16_000_000, 16


def score_hidden(
    network: Network,
    image: Float[Tensor, "1 c h w"],
    filled: Float[Tensor, "1 c h w"],
    patch: tuple[int, int],
    tops: Sequence[int],
    lefts: Sequence[int],
    score: Score,
    reads: Sequence[str],
    columns: frozenset[int] | None = None,
) -> Float[Tensor, " count *more"]:
    """Score an image with a patch of it replaced, for each position of the patch, row by row.

    Only what the patch reaches is computed anew, where the network's operations can be followed; what comes out is
    compared with the network's own answer at the first, the middle and the last position. Where it cannot be followed,
    or nothing is saved, all positions run through the whole network, and a word in the log says so.

    Args:
        network: left exactly as found.
        image: as the network takes it.
        filled: what the patch is replaced by, at every place.
        patch: (h, w) in pixels.
        tops: the patch's first rows.
        lefts: its first columns.
        score: as for `score_many`.
        reads: names of the layers that the score reads.
        columns: the entries of the one layer that the score reads, where it reads no others.

    >>> import torch
    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    >>> image = torch.randn(1, 3, 16, 16)
    >>> first = lambda a: a["@output"][:, 0]
    >>> score_hidden(net, image, image * 0, (4, 4), [0, 6, 12], [0, 8], first, ["@output"]).shape
    torch.Size([6])
    """
    (h, w), total = patch, len(tops) * len(lefts)

    def hidden(start: int, stop: int) -> Tensor:
        batch = image.repeat(stop - start, 1, 1, 1)
        for k in range(start, stop):
            top, left = tops[k // len(lefts)], lefts[k % len(lefts)]
            window = (..., slice(top, top + h), slice(left, left + w))
            batch[k - start][window] = filled[0][window]
        return batch

    try:
        found = _followed(network, image, filled, patch, tops, lefts, score, reads, columns)
        seen = sorted({0, total // 2, total - 1})
        batch = torch.cat([hidden(place, place + 1) for place in seen])
        own = one_each(score(capture(network, batch, reads)), len(seen), rows=True).detach()
        check_same(found[seen], own)
        return found
    except Unfollowable as reason:
        told = network.trace(image).notes.setdefault("unfollowable", set())
        if str(reason) not in told:
            told.add(str(reason))
            _log.warning("%s: each position runs through the whole network, since %s", network.name, reason)
    return score_many(network, hidden, total, score, reads, what="positions")


def _followed(
    network: Network,
    image: Tensor,
    filled: Tensor,
    patch: tuple[int, int],
    tops: Sequence[int],
    lefts: Sequence[int],
    score: Score,
    reads: Sequence[str],
    columns: frozenset[int] | None,
) -> Tensor:
    trace = network.trace(image)
    if not keeps(network, image):
        raise Unfollowable("the photo's activations would not fit the memory budget")
    tape = record_tape(network.module, image)
    places = {name: tape.place(target) for name, target in addresses(network, trace, reads).items()}
    costs = {tape.layers[call.target]: call.macs for call in trace.calls if call.target in tape.layers}
    fewer, wrapped = asked_only(tape, places, columns)
    left = [new.numel() / max(1, old.numel()) for new, old in zip(fewer.values, tape.values, strict=True)]
    tape = fewer
    macs = [round(sum(costs.get(value, 0) * left[value] for value in step.makes)) for step in tape.steps]
    # Each worker runs as many at once; together they share the budget.
    workers = torch.get_num_threads() if image.device.type == "cpu" else 1
    most = max(1, chunk(network, image, most=_AT_ONCE * workers) // workers)
    waiting = min(_WAITING, budget(network.device) // (_WAITING_SHARE * workers * image.element_size()))
    ready = Incremental(tape, places, macs, patch, tops, lefts, most, waiting)
    if ready.share > _NOT_WORTH_IT:
        raise Unfollowable("computing only what a patch changes would save nothing")
    try:
        return ready.scores(filled, wrapped(score), "positions")
    except CutawayError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise Unfollowable(
            "memory ran out"
            if short_of_memory(error)
            else f"an operation fails on a part of its map: {reason}"
        ) from error
