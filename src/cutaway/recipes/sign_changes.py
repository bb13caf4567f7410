"""How alike the changes are that hiding a part makes in several photos' features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from cutaway.network.capture import capture
from cutaway.network.many import in_chunks, quickest_format
from cutaway.network.map_layer import as_map
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.recipes.parts import Box

__all__ = ["sign_changes"]

# A change below this share of the layer's largest value may be rounding; it counts as none.
ROUNDING = 1e-5


def sign_changes(
    network: Network,
    images: Float[Tensor, "n c h w"],
    hidden: Sequence[Sequence[Box]],
    layers: Sequence[str],
    *,
    pooled: bool = False,
) -> Mapping[str, tuple[Int[np.ndarray, " sets"], int]]:
    """Sum, over all pairs of images, the Hamming distances between the signs of their features' changes.

    The change of an image's features is what hiding a box takes away from them; a sign is −1, 0 or 1.

    Args:
        network: left exactly as found.
        images: as the network takes them.
        hidden: sets of boxes, (top, left, bottom, right) in the images' pixels, one box for each image. It is filled
            with 0.0: the mean colour of the network's preprocessing.
        layers: whose features.
        pooled: the means over space instead of the maps.

    Returns:
        By the layer's name: Δ of each set, summed over the pairs i < j; and how many features an image has.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.4.

    >>> from torch import nn
    >>> net, images = Network(nn.Identity()), torch.ones(2, 1, 1, 4)
    >>> images[1] = -1  # a box of one pixel: its change is 1 in one image and -1 in the other
    >>> sign_changes(net, images, [[(0, 0, 1, 1), (0, 0, 1, 1)], [(0, 0, 1, 2), (0, 2, 1, 3)]], ["@input"])
    {'@input': (array([1, 3]), 4)}
    """
    layout, sets = quickest_format(network, images[:1]), len(hidden)
    trace = network.trace(images[:1])
    calls = {name: network.find(name, trace) for name in layers if not name.startswith("@")}

    def features(batch: Tensor) -> dict[str, Tensor]:
        found = capture(network, batch.contiguous(memory_format=layout), layers)
        if pooled:
            found = {
                name: as_map(network, batch, calls[name], values) if name in calls else values
                for name, values in found.items()
            }
            return {
                name: values.flatten(2).mean(2) if values.dim() > 2 else values
                for name, values in found.items()
            }
        return {name: values.flatten(1) for name, values in found.items()}

    # Of each entry, how many images it rises and falls in: pairs that differ are counted from these alone, in any order
    # of the images, and no map needs to be kept.
    counts: dict[str, Tensor] = {}
    still: dict[int, dict[str, Tensor]] = {}

    def run(start: int, stop: int) -> None:
        for image in range(start // sets, (stop - 1) // sets + 1):
            first, last = (
                max(start, image * sets) - image * sets,
                min(stop, (image + 1) * sets) - image * sets,
            )
            if image not in still:
                still.clear()
                still[image] = features(images[image : image + 1])
            batch = images[image : image + 1].repeat(last - first, 1, 1, 1)
            for row, one in enumerate(hidden[first:last]):
                top, left, bottom, right = one[image]
                batch[row, :, top:bottom, left:right] = 0.0
            for name, values in features(batch).items():
                whole = still[image][name]
                change = whole - values
                least = ROUNDING * whole.abs().max()
                if name not in counts:
                    counts[name] = torch.zeros(sets, 2, whole.shape[1], dtype=torch.int32)
                counts[name][first:last, 0] += (change > least).cpu()
                counts[name][first:last, 1] += (change < -least).cpu()

    in_chunks(len(images) * sets, chunk(network, images[:1]), run, "hidden parts")
    found = {}
    for name, several in counts.items():
        rises, falls = several[:, 0].long(), several[:, 1].long()
        same = len(images) - rises - falls
        pairs = rises * falls + rises * same + falls * same
        found[name] = (pairs.sum(1).numpy(), int(several.shape[2]))
    return {name: found[name] for name in layers}
