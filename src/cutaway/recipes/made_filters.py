"""Images made to excite the channels of one layer, and what each reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from cutaway.network.backward_rule import ACTIVATIONS
from cutaway.network.capture import capture
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.made_by import before_activation
from cutaway.network.many import in_chunks
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.progress import portion
from cutaway.objectives.channels import channels
from cutaway.recipes.making import Making
from cutaway.synthesis.ascend import Preview, ascend

__all__ = ["MadeFilter", "made_filters", "rising_layer", "unit_to_ascend"]

# A channel that is zero in more of its places than this part of them is nearly silent.
_SILENT = 0.9


@dataclass(frozen=True)
class MadeFilter:
    """An image made for one channel.

    Args:
        layer: that was asked for.
        channel: of it.
        ascended: the layer and channel whose mean was pushed up: the same, or as `unit_to_ascend` says.
        image: colours; what lies outside 0..1 is cut where it is scored.
        start: the channel's mean over the image that it began from.
        mean: the channel's mean over the image.
        max: the channel's strongest place.
        after: whether what was pushed up is the activation that reads the channel.
        min: the lowest place.
        negative: whether it was pushed down; start, mean, max and min are then of what was pushed, as below zero a
            ReLU tells nothing.
    """

    layer: str
    channel: int
    ascended: tuple[str, int]
    image: Float[Tensor, "3 h w"]
    start: float
    mean: float
    max: float
    after: bool = False
    min: float = 0.0
    negative: bool = False

    @property
    def before(self) -> bool:
        """Whether it was ascended before its activation."""
        return not self.after and self.ascended != (self.layer, self.channel)


def made_filters(
    network: Network,
    layer: str,
    wanted: Sequence[int],
    making: Making,
    size: int | tuple[int, int],
    steps: int,
    seed: int,
    preview: Preview | None = None,
    batch: int | None = None,
    negative: bool = False,
) -> tuple[list[MadeFilter], bool]:
    """Make an image for each channel, as many at once as memory allows.

    Every image begins from the same noise, so that it is the same whichever others are made.

    Args:
        network: whose layer.
        layer: its name.
        wanted: channels of it.
        making: how.
        size: of an image: its side, or (h, w).
        steps: of the ascent.
        seed: of the noise and the transforms.
        preview: as for `ascend`.
        batch: how many at once, never fewer: which run together changes their last digits. None takes as many as memory
            allows.
        negative: push each channel's mean down instead; before its activation, where there is one.

    Returns:
        The images, and whether they were stopped before all were made.
    """
    settings = known_preprocessing(network.preprocessing, network.name)

    def shown(images: Tensor) -> Tensor:
        given = settings.normalize(images.detach().clamp(0, 1))
        return given.to(network.device, network.dtype)

    blank = shown(making.begun(network, 1, size, seed=seed).images())
    rises = layer if negative else rising_layer(network, blank, layer)
    begun = capture(network, blank, [layer, rises])
    units = [unit_to_ascend(network, blank, rises, begun[rises][0, k], k, negative) for k in wanted]
    if negative:
        begun = capture(network, blank, [name for name, _ in units])
    stopped = False

    def run(start: int, stop: int) -> list[MadeFilter]:
        nonlocal stopped
        if stopped:
            return []
        begin = making.begun(network, stop - start, size, seed=[seed] * (stop - start))
        with portion(start, stop, len(wanted)):
            objective = channels(units[start:stop])
            found = ascend(
                network,
                -objective if negative else objective,
                begin,
                steps=steps,
                optimizer=making.optimizer,
                transforms=making.transforms,
                seed=seed,
                preview=preview,
                what=layer,
            )
        stopped = found.stopped
        # What the channel gives; below zero, what was pushed down does.
        told = units[start:stop] if negative else [(layer, k) for k in wanted[start:stop]]
        reached = capture(network, shown(found.images), list({name for name, _ in told}))
        made = []
        for n, (name, channel) in enumerate(told):
            own, unit, k = reached[name][n, channel], units[start + n], wanted[start + n]
            ends = float(own.mean()), float(own.max())
            first, after = float(begun[name][0, channel].mean()), rises != layer and unit == (rises, k)
            image = found.images[n].cpu()
            made.append(MadeFilter(layer, k, unit, image, first, *ends, after, float(own.min()), negative))
        return made

    count = len(wanted)
    if batch is None:
        several = in_chunks(count, chunk(network, blank, gradient=True), run, "")
    else:
        several = [run(start, min(start + batch, count)) for start in range(0, count, batch)]
    return [one for some in several for one in some], stopped


def rising_layer(network: Network, start: Float[Tensor, "1 c h w"], layer: str) -> str:
    """Name the layer to push up for one: itself, or the activation that reads a convolution of the photo itself.

    Such a convolution is linear in the pixels, and so is its mean: one flat colour would be the best of it.

    Args:
        network: whose layer.
        start: the image to begin from.
        layer: its name.
    """
    trace = network.trace(start)
    call = network.find(layer, trace)
    readers = trace.children(call.index)
    linear = call.kind == "conv2d" and call.parents == (-1,)
    return readers[0].name if linear and len(readers) == 1 and readers[0].kind in ACTIVATIONS else layer


def unit_to_ascend(
    network: Network,
    start: Float[Tensor, "1 c h w"],
    layer: str,
    values: Float[Tensor, "..."],
    channel: int,
    negative: bool = False,
) -> tuple[str, int]:
    """Tell which channel to push up for one: itself, or what its ReLU reads where it is silent in nearly all places.

    Through a silent place comes no gradient: the image would stay gray there, and the last places may die on the way.

    Args:
        network: whose layer.
        start: the image to begin from.
        layer: its name.
        values: of the channel, for that image.
        channel: of the layer.
        negative: it is pushed down, which through a ReLU cannot be seen.
    """
    silent = float((values == 0).float().mean())
    trace = network.trace(start)
    wanted = negative or silent > _SILENT
    found = before_activation(trace, network.find(layer, trace), channel) if wanted else None
    if negative:
        return (layer, channel) if found is None else (found[0].name, found[1])
    # Linear in the pixels it has one flat colour at its best: a few places that answer are more to begin from.
    if found is None or (found[0].parents == (-1,) and silent < 1):
        return layer, channel
    return found[0].name, found[1]
