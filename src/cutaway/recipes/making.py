"""How images are made by ascent: the two schools, each as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.synthesis.optimizers import Adam, Normalised, Optimizer
from cutaway.synthesis.parametrization.fourier import Fourier
from cutaway.synthesis.parametrization.parametrization import Parametrization
from cutaway.synthesis.parametrization.pixels import Pixels
from cutaway.synthesis.parametrization.seeded import image_size
from cutaway.synthesis.transforms import Jitter, Pad, Rotate, Scale, Transform
from cutaway.view.picture import Picture
from cutaway.view.scale import Scale as Drawing

__all__ = ["CLASS_MAKINGS", "MAKINGS", "Making", "making_of"]

# What an image is shown as between steps: a border, shifted, zoomed, turned, shifted again.
TRANSFORMS: tuple[Transform, ...] = (
    Pad(12),
    Jitter(8, wrap=False),
    Scale([1.0, 0.975, 1.025, 0.95, 1.05]),
    Rotate([-5, -3, -1, 0, 1, 3, 5]),
    Jitter(4, wrap=False),
)


Size = int | tuple[int, int]


@dataclass(frozen=True)
class Making:
    """A way of making images.

    Args:
        name: its own.
        words: what it is, for a caption.
        start: how images begin: from how many, their size, and their seeds.
        optimizer: how they move.
        steps: how often.
        size: side of an image, in pixels.
        transforms: changes between steps.
        standardised: whether it is drawn minus its mean, over its deviation, × 0.1 + 0.5; else as it is.
        mean: whether it begins from the mean colour of the network's training instead of `start`.
    """

    name: str
    words: str
    start: Callable[[int, Size, int | Sequence[int]], Parametrization]
    optimizer: Optimizer
    steps: int
    size: int
    transforms: tuple[Transform, ...] = ()
    standardised: bool = False
    mean: bool = False

    def begun(
        self, network: Network, count: int, size: Size, *, seed: int | Sequence[int] = 0
    ) -> Parametrization:
        """Begin images for a network.

        Raises:
            BadSetting: for a network without preprocessing, or sizes and seeds that do not go together.
        """
        if not self.mean:
            return self.start(count, size, seed)
        settings = known_preprocessing(network.preprocessing, network.name)
        blank = torch.zeros(count, len(settings.mean), *image_size(size))
        return Pixels(255 * settings.pixels(blank))

    def drawn(self, image: Float[Tensor, "3 h w"], caption: str = "") -> Picture:
        """Draw an image; its raw numbers, colours of 0..1, stay with it."""
        raw = np.ascontiguousarray(image.detach().float().cpu().permute(1, 2, 0).numpy())
        shown = Drawing("channel-soft").fit(raw).unit(raw) if self.standardised else raw
        return Picture.of_values(shown, caption=caption, raw=raw)


MAKINGS = {
    one.name: one
    for one in (
        Making(
            "fourier",
            "Spectra of decorrelated colours, shifted, zoomed and turned between steps; drawn as they are",
            lambda count, size, seed: Fourier.noise(count, size, seed=seed),
            Adam(0.025),
            128,
            128,
            TRANSFORMS,
        ),
        Making(
            "classic",
            "Pixels from gray with noise, the gradient over its root mean square, step 1; drawn minus their mean, "
            "over their deviation, × 0.1 + 0.5",
            lambda count, size, seed: Pixels.noise(count, size, seed=seed),
            Normalised(1.0),
            40,
            150,
            standardised=True,
        ),
    )
}

CLASS_MAKINGS = {
    "fourier": replace(MAKINGS["fourier"], steps=192),
    "classic": replace(
        MAKINGS["classic"],
        words="Pixels from the mean colour, the gradient over its root mean square, steps of 4 of 255 levels",
        optimizer=Normalised(4.0),
        steps=128,
        standardised=False,
        mean=True,
    ),
}


def making_of(recipe: str, makings: Mapping[str, Making] = MAKINGS) -> Making:
    """Give a way of making by its name.

    >>> making_of("classic").steps
    40
    """
    if recipe not in makings:
        raise BadSetting(f"recipe takes {' or '.join(makings)}, got {recipe!r}")
    return makings[recipe]
