"""Images as features that a generator turns into pixels: only what it can make is searched."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.synthesis.parametrization.generator import Generator
from cutaway.synthesis.parametrization.seeded import seeded

__all__ = ["FeatureCode"]


class FeatureCode:
    """Features of a layer, in standard deviations of each channel, kept between the bounds of photos' features.

    Args:
        generator: that makes images from them; it is not changed.
        code: (n,c,h,w), standardised as the generator does.

    Source: Nguyen, Dosovitskiy, Yosinski, Brox and Clune, "Synthesizing the preferred inputs for neurons in neural
    networks via deep generator networks" (NeurIPS 2016).

    >>> begun = FeatureCode.noise(Generator((4, 3, 3), (24, 24), width=8), 2, seed=0)
    >>> begun.images().shape, bool((begun.parameters()[0].abs() <= 3).all())
    (torch.Size([2, 3, 24, 24]), True)
    """

    def __init__(self, generator: Generator, code: Float[Tensor, "n c h w"]) -> None:
        if tuple(code.shape[1:]) != generator.code:
            raise BadSetting(f"this generator's code is (n,{generator.code}), got {tuple(code.shape)}")
        self._generator = generator.eval().requires_grad_(False)
        self._low, self._high = (
            generator.standardised(one.view(1, -1, 1, 1)) for one in (generator.low, generator.high)
        )
        self._code = code.detach().to(generator.mean).contiguous().clone().requires_grad_(True)

    @classmethod
    def noise(
        cls, generator: Generator, count: int, *, spread: float = 0.3, seed: int | Sequence[int] = 0
    ) -> FeatureCode:
        """Begin near the mean of photos' features.

        Args:
            generator: that makes images.
            count: of images.
            spread: of the noise, in deviations of each channel.
            seed: of the first image, the next have the next ones; or one for each.
        """
        return cls(
            generator,
            spread * seeded(count, seed, lambda source: torch.randn(generator.code, generator=source)),
        )

    @classmethod
    def of(cls, generator: Generator, features: Float[Tensor, "n c h w"]) -> FeatureCode:
        """Begin from features as the layer gives them."""
        return cls(generator, generator.standardised(features.to(generator.mean)))

    def parameters(self) -> list[Tensor]:
        """Give the features."""
        return [self._code]

    def images(self) -> Float[Tensor, "n 3 h w"]:
        """Make the images, 0..1; features beyond the bounds are first put back to them."""
        with torch.no_grad():
            self._code.copy_(torch.minimum(torch.maximum(self._code, self._low), self._high))
        made: Tensor = self._generator(self._generator.features(self._code))
        return made
