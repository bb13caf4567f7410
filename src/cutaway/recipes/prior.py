"""Making images with a generator: its features are moved instead of pixels, so that only what it can make is found."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cutaway.errors import BadSetting
from cutaway.network.network import Network
from cutaway.recipes.making import Making
from cutaway.synthesis.optimizers import Adam
from cutaway.synthesis.parametrization.feature_code import FeatureCode
from cutaway.synthesis.parametrization.generator_file import read_generator
from cutaway.synthesis.parametrization.seeded import image_size
from cutaway.synthesis.transforms import Jitter, Pad

__all__ = ["prior_making"]


def prior_making(
    network: Network, prior: str | os.PathLike[str], size: int | tuple[int, int] | None = None
) -> tuple[Making, tuple[int, int]]:
    """Give the way of making images with a generator, and the size (h, w) that its images have.

    Args:
        network: that the generator must be for.
        prior: the file that `invert_generator` wrote.
        size: that was asked for; only the generator's own will do.

    Raises:
        BadSetting: for another size.
        WeightsUnavailable: where the file is damaged, no generator, or for other weights.
    """
    generator, about = read_generator(prior, network)
    generator.to(network.device)
    h, w = generator.size
    if size is not None and image_size(size) != (h, w):
        raise BadSetting(f"the prior makes images of {h} × {w} pixels, got size={size}: leave the size out")

    def start(count: int, side: int | tuple[int, int], seed: int | Sequence[int]) -> FeatureCode:
        return FeatureCode.noise(generator, count, seed=seed)

    words = (
        f"Features of {about['layer']}, within three deviations of those of {about['photos']} photos, that a generator "
        "trained on these turns into pixels; shifted between steps"
    )
    making = Making(
        "generator", words, start, Adam(0.05), 128, h, (Pad(4, mirror=True), Jitter(8, wrap=False))
    )
    return making, (h, w)
