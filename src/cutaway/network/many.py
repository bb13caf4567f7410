"""Scores of many images that are made as they are needed: the forward passes behind occlusion, masks and deletion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, OutOfMemory
from cutaway.network.capture import capture, one_each
from cutaway.network.inputs import cannot_run
from cutaway.network.memory import chunk, keeps
from cutaway.network.network import Network
from cutaway.network.progress import report
from cutaway.network.resume import quicker
from cutaway.network.tape import Unfollowable, check_same

__all__ = ["in_chunks", "quickest_format", "score_many"]

Result = TypeVar("Result")
_log = logging.getLogger("cutaway")
# Fewer images than this do not repay finding out which memory format is the faster one.
_WORTH_A_TRIAL = 4
# Nor do fewer than this repay leaving out the outputs that nobody asks for.
_WORTH_FOLLOWING = 32


def score_many(
    network: Network,
    make: Callable[[int, int], Float[Tensor, "k c h w"]],
    count: int,
    score: Callable[[Mapping[str, Tensor]], Float[Tensor, " k *more"]],
    reads: Sequence[str],
    *,
    what: str = "images",
    columns: frozenset[int] | None = None,
) -> Float[Tensor, " count *more"]:
    """Score many images without ever holding more of them than the memory budget allows.

    Args:
        network: left exactly as found.
        make: images from `start` to before `stop`, (k,c,h,w), as the network takes them.
        count: how many there are.
        score: from the activations of `reads` to one number, or a row, per image of a chunk. It must treat each
            image alone.
        reads: names of the layers that the score reads.
        what: for the progress.
        columns: the entries of the one layer that the score reads, where it reads no others: only these are computed.

    Returns:
        One score for each image, in their order; the same for every size of chunks up to rounding.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(12, 2, bias=False)))
    >>> bright = lambda start, stop: (
    ...     torch.arange(start, stop).float()[:, None, None, None].expand(-1, 3, 2, 2)
    ... )
    >>> found = score_many(net, bright, 5, lambda a: a["@output"][:, 0], ["@output"])
    >>> found.shape, bool(torch.allclose(found[4], 4 * found[1]))
    (torch.Size([5]), True)
    """
    if count < 1:
        raise BadSetting(f"there must be at least one image to score, got {count}")
    first = make(0, 1)
    layout = quickest_format(network, first) if count >= _WORTH_A_TRIAL else torch.contiguous_format
    size = chunk(network, first)

    def whole(start: int, stop: int) -> Tensor:
        images = make(start, stop).contiguous(memory_format=layout)
        return one_each(score(capture(network, images, reads)), stop - start, rows=True).detach()

    if count >= _WORTH_FOLLOWING and columns is not None and keeps(network, first):
        ready = quicker(network, first, reads, columns)
        if ready is not None:
            steps, wrapped = ready

            def fewer(start: int, stop: int) -> Tensor:
                images = make(start, stop).contiguous(memory_format=layout)
                try:
                    with torch.no_grad():
                        return wrapped(score)(steps.run(images)).detach()
                except RuntimeError as error:
                    raise cannot_run(network.module, [images], error) from error

            found = torch.cat(in_chunks(count, size, fewer, what))
            seen = [count // 2, count - 1]
            try:
                check_same(found[seen], torch.cat([whole(place, place + 1) for place in seen]))
            except Unfollowable as reason:
                _log.warning("%s: all %s run anew, whole, since %s", network.name, what, reason)
            else:
                return found
    return torch.cat(in_chunks(count, size, whole, what))


def in_chunks(count: int, size: int, run: Callable[[int, int], Result], what: str) -> list[Result]:
    """Run pieces of a job in turn; where memory runs out, go on with half as many at once.

    Args:
        count: of all.
        size: how many to run at once.
        run: the pieces from `start` to before `stop`.
        what: for the progress; "" where `run` tells of its own.

    Raises:
        OutOfMemory: where it runs out on a single one.

    >>> in_chunks(5, 2, lambda start, stop: list(range(start, stop)), "numbers")
    [[0, 1], [2, 3], [4]]
    """
    found: list[Result] = []
    done = 0
    while done < count:
        stop = min(done + size, count)
        try:
            found.append(run(done, stop))
        except OutOfMemory:
            if stop - done == 1:
                raise
            size = max(1, (stop - done) // 2)
            _log.warning("memory ran out: going on with %d %s at once", size, what or "images")
            continue
        done = stop
        if what:
            report(what, done, count)
    return found


def quickest_format(network: Network, images: Float[Tensor, "n c h w"]) -> torch.memory_format:
    """Choose the memory format in which the network runs fast and gives the same answer.

    Channels-last halves the time of a small network on a CPU, but a module that calls `view` on its maps fails
    with it, and one that reads strides may answer differently: so both are tried once for each size.

    >>> from torch import nn
    >>> quickest_format(Network(nn.Conv2d(3, 4, 3)), torch.randn(1, 3, 8, 8))
    torch.channels_last
    """
    usual, last = torch.contiguous_format, torch.channels_last
    if network.channels_last:
        return last
    if images.dim() != 4 or network.device.type != "cpu":
        return usual
    trace = network.trace(images)
    if "format" not in trace.notes:
        deepest = trace.calls[-1].name if trace.calls else "@output"
        one = images[:1]
        try:
            plain = capture(network, one.contiguous(), deepest)[deepest]
            other = capture(network, one.contiguous(memory_format=last), deepest)[deepest]
        except Exception:  # the user's own code may raise anything here; the usual format is always right
            same = False
        else:
            same = torch.allclose(plain, other, rtol=1e-3, atol=1e-4 * float(plain.abs().max()))
        trace.notes["format"] = same
    return last if trace.notes["format"] else usual
