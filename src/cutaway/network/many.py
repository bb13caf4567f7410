"""Scores of many images that are made as they are needed: the forward passes behind occlusion, masks and deletion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedNetwork
from cutaway.network.capture import capture
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.progress import report

__all__ = ["piecewise", "quickest_format", "score_many", "short_of_memory"]

_log = logging.getLogger("cutaway")
# Fewer images than this do not repay finding out which memory format is the faster one.
_WORTH_A_TRIAL = 4


def score_many(
    network: Network,
    make: Callable[[int, int], Float[Tensor, "k c h w"]],
    count: int,
    score: Callable[[Mapping[str, Tensor]], Float[Tensor, " k *more"]],
    reads: Sequence[str],
    *,
    what: str = "images",
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
    size = min(count, chunk(network, first))
    found: list[Tensor] = []

    def run(start: int, stop: int) -> None:
        images = make(start, stop).contiguous(memory_format=layout)
        found.append(score(capture(network, images, reads)).detach())

    piecewise(count, size, run, what)
    return torch.cat(found)


def piecewise(count: int, size: int, run: Callable[[int, int], object], what: str) -> None:
    """Do a job piece by piece, and go on with smaller pieces where memory runs out.

    Args:
        count: how many there are to do.
        size: how many at once.
        run: does those from `start` to before `stop`; where it fails, it must have kept nothing of them.
        what: for the progress.

    >>> done = []
    >>> piecewise(5, 2, lambda start, stop: done.append((start, stop)), "numbers")
    >>> done
    [(0, 2), (2, 4), (4, 5)]
    """
    done = 0
    while done < count:
        stop = min(done + size, count)
        try:
            run(done, stop)
        except (RuntimeError, MemoryError, UnsupportedNetwork) as error:
            # What goes wrong inside the user's network comes as UnsupportedNetwork, with the reason in its text.
            if not short_of_memory(error) or size == 1:
                raise
            size = max(1, size // 2)
            _log.warning("out of memory: going on with %d images at once", size)
            continue
        done = stop
        report(what, done, count)


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


def short_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out.

    >>> (
    ...     short_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory")),
    ...     short_of_memory(RuntimeError()),
    ... )
    (True, False)
    """
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or any(
        sign in text for sign in ("can't allocate memory", "out of memory", "not enough memory")
    )
