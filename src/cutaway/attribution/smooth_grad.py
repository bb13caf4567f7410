"""SmoothGrad: the mean gradient of noisy copies of the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import alone, averaged_gradient
from cutaway.attribution.reduction import check_reduction, reduced
from cutaway.errors import BadSetting
from cutaway.network.inputs import Several
from cutaway.network.network import INPUT, Network
from cutaway.network.several import named_inputs, one_of
from cutaway.objectives.target import Target, as_objective

__all__ = ["SmoothGrad"]


@dataclass(frozen=True)
class SmoothGrad:
    """The gradient of the objective, averaged over copies of the image with noise added.

    Source: Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, section 3.

    Args:
        samples: how many noisy copies.
        noise: standard deviation of the noise, as a share of the image's own range from darkest to brightest.
        squared: average the squared gradients instead.
        reduce: over the colour channels, as in Saliency.
        seed: of the noise; the same seed gives the same map, whatever the memory budget.

    Raises:
        BadSetting: for settings outside these.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)))
    >>> SmoothGrad(samples=4)(net, torch.randn(2, 3, 4, 4), class_logit(1)).shape
    torch.Size([2, 1, 4, 4])
    """

    samples: int = 25
    noise: float = 0.15
    squared: bool = False
    reduce: str = "max"
    seed: int = 0

    def __post_init__(self) -> None:
        check_reduction(self.reduce)
        if self.samples < 1:
            raise BadSetting(f"samples must be at least 1, got {self.samples}")
        if not 0 <= self.noise < float("inf"):
            raise BadSetting(f"noise must be a share of the image's range, 0 or more, got {self.noise}")

    @overload
    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n d h w"]: ...
    @overload
    def __call__(self, network: Network, images: Several, objective: Target) -> dict[str, Tensor]: ...
    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"] | Several, objective: Target
    ) -> Float[Tensor, "n d h w"] | dict[str, Tensor]:
        """Give the map of each image at the images' own size, per unit of normalised pixel.

        Of several inputs, a tuple or a mapping, each has its map: {"@input[0]": …} or {"@input['depth']": …}.
        """
        objective = as_objective(network, images, objective)
        ready = network.ready(images)
        named = named_inputs(ready)
        count = len(next(iter(named.values())))
        shares = torch.full((self.samples,), 1 / self.samples)
        found: dict[str, list[Tensor]] = {name: [] for name in named}
        for i in range(count):
            one = one_of(ready, i)
            own = named_inputs(one)

            def noisy(start: int, stop: int, own: dict[str, Tensor] = own) -> dict[str, Tensor]:
                return {
                    name: self._noisy(t, start, stop, place) for place, (name, t) in enumerate(own.items())
                }

            asked, power = alone(objective, i, count), 2 if self.squared else 1
            gradients = averaged_gradient(network, one, asked, noisy, shares, "noisy copies", power)
            for name, gradient in gradients.items():
                found[name].append(gradient)
        maps = {name: reduced(torch.cat(parts), self.reduce) for name, parts in found.items()}
        return maps[INPUT] if isinstance(images, Tensor) else maps

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT

    def _noisy(self, values: Tensor, start: int, stop: int, place: int) -> Tensor:
        reach = self.noise * (values.max() - values.min())
        return torch.cat([values + reach * self._noise(values, k, place) for k in range(start, stop)])

    def _noise(self, values: Tensor, k: int, place: int = 0) -> Tensor:
        # A generator for each copy: chunks of any size see the same noise, and so does every image of a batch,
        # whose map is then the one that it has alone.
        source = torch.Generator().manual_seed((self.seed * 1009 + place) * 1_000_003 + k)
        return torch.randn(values.shape, generator=source).to(values)
