"""One memory budget for every method, and how many images at once fit into it."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import torch

from cutaway.errors import BadSetting, UnsupportedNetwork
from cutaway.network.inputs import Inputs, input_tensors
from cutaway.network.network import Network
from cutaway.network.trace import Call, Trace

__all__ = ["budget", "bytes_of", "check_fits", "chunk", "keep_freed", "keeps", "memory", "side_that_fits"]

_limit: ContextVar[int | None] = ContextVar("memory_limit", default=None)
_kept = False

# More at once gains nothing on a CPU: without `keep_freed` larger buffers go back to the system at every step.
_CPU_CHUNK, _KEPT_CHUNK, _GPU_CHUNK = 8, 16, 256
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_LEAST = 2**24
_USUAL_SIDE = 224


@contextmanager
def memory(limit: int | str | None) -> Iterator[None]:
    """Hold what runs in many passes inside `with` to a budget of memory for its activations.

    Args:
        limit: bytes, or text such as "800MB" or "2G"; None for half of what is free.

    Raises:
        BadSetting: for less than 16 MB, or a text that is no size.

    >>> with memory("2G"):
    ...     budget() == 2 * 2**30
    True
    """
    token = _limit.set(None if limit is None else bytes_of(limit))
    try:
        yield
    finally:
        _limit.reset(token)


def budget(device: torch.device | None = None) -> int:
    """Give the bytes that activations may take: what `memory` says, else half of what is free on the device.

    >>> budget() > 0
    True
    """
    given = _limit.get()
    if given is not None:
        return given
    if device is not None and device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] // 2)
    return max(_LEAST, _free() // 2)


def chunk(network: Network, images: Inputs, *, gradient: bool = False, most: int | None = None) -> int:
    """Tell how many images like the first of these to run at once: as many as help, no more than the budget holds.

    Args:
        network: whose activations are counted, from its trace.
        images: of the size to run.
        gradient: whether all activations stay for the way back.
        most: what is worth running at once, where the usual number is not.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    >>> with memory("16M"):
    ...     chunk(net, torch.zeros(1, 3, 1024, 1024))
    1
    """
    trace = network.trace(images)
    device = network.device
    numbers = _kept_numbers(trace.calls) if gradient else _peak_numbers(trace)
    numbers += 3 * sum(t[:1].numel() for t in input_tensors(images))
    size = torch.finfo(network.dtype).bits // 8
    usual = most or (_GPU_CHUNK if device.type == "cuda" else _KEPT_CHUNK if _kept else _CPU_CHUNK)
    return max(1, min(usual, budget(device) // max(1, numbers * size)))


def keeps(network: Network, images: Inputs) -> bool:
    """Tell whether all activations of one image may be kept, twice over, within a quarter of the budget.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU()))
    >>> with memory("16M"):
    ...     keeps(net, torch.zeros(1, 3, 512, 512))
    False
    """
    size = torch.finfo(network.dtype).bits // 8
    return 8 * size * sum(map(_count, network.trace(images).calls)) <= budget(network.device)


def side_that_fits(network: Network, layers: Sequence[str]) -> int:
    """Tell the side of the largest square image whose way back, from these layers to its pixels, fits the budget.

    Args:
        network: whose activations are counted, from the trace of a typical image.
        layers: names of the layers that a score reads.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 999, 3)))
    >>> with memory("64M"):
    ...     bool(side_that_fits(net, ["1"]) > 4 * side_that_fits(net, ["2"]))
    True
    """
    images = network.example_inputs()
    trace = network.trace(images)
    whole = any(name.startswith("@") for name in layers)
    last = len(trace.calls) - 1 if whole else max(network.find(name, trace).index for name in layers)
    given = input_tensors(images)[0][:1]
    numbers = _kept_numbers(trace.calls[: last + 1]) + 8 * given.numel()
    size = torch.finfo(network.dtype).bits // 8
    return math.isqrt(budget(network.device) * given[0, 0].numel() // (numbers * size))


def check_fits(network: Network, images: Inputs) -> None:
    """Refuse images that one pass would need more memory for than there is, before it starts.

    What a pass needs is told from a trace of the network's usual size, by the number of pixels.

    Raises:
        BadSetting: with what it needs and what is free.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU()))
    >>> with memory("16M"):
    ...     check_fits(net, torch.zeros(1, 3, 2048, 2048))
    Traceback (most recent call last):
    cutaway.errors.BadSetting: Sequential needs about 3.2 GB for an image of 2048 × 2048, and 0.0 GB are free...
    """
    given = input_tensors(images)[0]
    larger = given[0, 0].numel() / _USUAL_SIDE**2 if given.dim() == 4 else 0.0
    if larger <= 4:
        return
    try:
        usual = network.trace(torch.zeros(1, given.shape[1], _USUAL_SIDE, _USUAL_SIDE))
    except UnsupportedNetwork:  # it runs on its own size only; nothing can be told before
        return
    needed = _peak_numbers(usual) * larger
    size = torch.finfo(network.dtype).bits // 8
    free = budget(network.device) if _limit.get() is not None else 2 * budget(network.device)
    if needed * size > free:
        h, w = given.shape[-2:]
        raise BadSetting(
            f"{network.name} needs about {needed * size / 1e9:.1f} GB for an image of {h} × {w}, "
            f"and {free / 1e9:.1f} GB are free: give a smaller size"
        )


def keep_freed() -> bool:
    """Let the C library keep freed memory for the next use instead of giving it back to the system at every step.

    Batches on a CPU run faster, since the kernel need not clear fresh pages for each activation, and the process
    holds its largest size until it ends: occlusion and SmoothGrad of a photo took 0.73 of the time and 1.5 times the
    memory. For glibc only; the command line turns it on.

    Returns:
        Whether it took effect.

    >>> keep_freed() in (True, False)
    True
    """
    global _kept
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    if not _kept:
        trim_threshold, mmap_max = -1, -4
        _kept = bool(mallopt(mmap_max, 0)) and bool(mallopt(trim_threshold, 2**31 - 1))
    return _kept


def bytes_of(limit: int | str) -> int:
    """Read an amount of memory: bytes, or a text.

    Raises:
        BadSetting: for less than 16 MB, or a text that is no size.

    >>> bytes_of("2G") == 2 * 2**30
    True
    """
    if isinstance(limit, int):
        count = limit
    else:
        text = limit.strip().lower().removesuffix("ib").removesuffix("b")
        number = text.rstrip("kmgt")
        unit = text[len(number) :]
        try:
            count = int(float(number) * _UNITS[unit])
        except (KeyError, ValueError, OverflowError):
            raise BadSetting(f"memory takes bytes or a text such as 800MB or 2G, got {limit!r}") from None
    if count < _LEAST:
        raise BadSetting(f"memory must be at least 16 MB, got {limit!r}: one image needs that much")
    return count


def _free() -> int:
    """Memory that can be had without swapping, within the limits of a container."""
    found = []
    if (meminfo := Path("/proc/meminfo")).is_file():
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        found.append(int(lines.get("MemAvailable", "0 kB").split()[0]) * 1024)
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and (most := limit.read_text().strip()) != "max":
        found.append(int(most) - int(used.read_text()))
    if not found and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    return max(0, min(found, default=4 * 2**30))


def _kept_numbers(calls: Sequence[Call]) -> int:
    """Numbers that stay for the way back: every result, and one more for the gradient at the widest place."""
    return sum(map(_count, calls)) + 2 * max(map(_count, calls), default=0)


def _count(call: Call) -> int:
    return math.prod(call.shape[1:])


def _peak_numbers(trace: Trace) -> int:
    """The most numbers alive at once in a forward pass that frees each result after its last reader."""
    last = {parent: call.index for call in trace.calls for parent in call.parents}
    alive = peak = 0
    ends: dict[int, int] = {}
    for call in trace.calls:
        alive += _count(call)
        # A convolution may need a copy of what it reads in its own order.
        peak = max(peak, alive + max((_count(trace.calls[p]) for p in call.parents if p >= 0), default=0))
        ends[last.get(call.index, call.index)] = ends.get(last.get(call.index, call.index), 0) + _count(call)
        alive -= ends.pop(call.index, 0)
    return peak
