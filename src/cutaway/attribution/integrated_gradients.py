"""Integrated gradients: gradients summed along the straight way from a baseline to the image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import alone, averaged_gradient
from cutaway.attribution.reduction import check_reduction, reduced
from cutaway.errors import BadSetting
from cutaway.network.calls import replaced
from cutaway.network.capture import capture
from cutaway.network.inputs import Inputs, Several
from cutaway.network.network import INPUT, Network
from cutaway.network.several import named_inputs, one_of
from cutaway.objectives.target import Target, as_objective

__all__ = ["IntegratedGradients"]

_RULES = ("gauss-legendre", "middle", "left", "right", "trapezoid")
_Baseline = float | Tensor | tuple[Any, ...] | Mapping[str, Any]


@dataclass(frozen=True)
class IntegratedGradients:
    """The gradient of the objective, integrated from a baseline to the image, times their difference.

    The map sums up to the score of the image minus that of the baseline, as far as the steps resolve the way;
    `completeness_error` tells how far. Of several inputs all walk the way at once.

    Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017, section 3.

    Args:
        steps: how many gradients.
        baseline: the image without anything to see, in normalised units: 0.0 is the mean colour of the network's
            preprocessing. A number, a tensor that broadcasts to the images, or one of these for each input.
        rule: where the steps lie and what each counts: "gauss-legendre", "middle", "left", "right" or "trapezoid".
        reduce: over the colour channels: "signed" sum, "sum" or "max" of absolute values, "none".

    Raises:
        BadSetting: for settings outside these.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2, bias=False)))
    >>> images = torch.randn(1, 3, 4, 4)
    >>> found = IntegratedGradients(steps=5)(net, images, class_logit(1)).sum()
    >>> torch.allclose(found, net.module(images)[0, 1], atol=1e-5)
    True
    """

    steps: int = 50
    baseline: _Baseline = 0.0
    rule: str = "gauss-legendre"
    reduce: str = "signed"

    def __post_init__(self) -> None:
        check_reduction(self.reduce)
        if self.rule not in _RULES:
            raise BadSetting(f"rule must be one of {', '.join(_RULES)}, got {self.rule!r}")
        least = 2 if self.rule == "trapezoid" else 1
        if not least <= self.steps <= 10_000:
            raise BadSetting(f"steps must lie in {least}..10000, got {self.steps}")

    @overload
    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n d h w"]: ...
    @overload
    def __call__(self, network: Network, images: Several, objective: Target) -> dict[str, Tensor]: ...
    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"] | Several, objective: Target
    ) -> Float[Tensor, "n d h w"] | dict[str, Tensor]:
        """Give the map of each image at the images' own size, in units of the objective.

        Of several inputs, a tuple or a mapping, each has its map: {"@input[0]": …} or {"@input['depth']": …}.
        """
        objective = as_objective(network, images, objective)
        ready = network.ready(images)
        named = named_inputs(ready)
        bases = self._bases(ready, named)
        count = len(next(iter(named.values())))
        places, weights = self._quadrature()
        found: dict[str, list[Tensor]] = {name: [] for name in named}
        for i in range(count):
            start = {name: base[i : i + 1] for name, base in bases.items()}
            way = {name: t[i : i + 1] - start[name] for name, t in named.items()}

            def along(
                first: int, last: int, start: dict[str, Tensor] = start, way: dict[str, Tensor] = way
            ) -> dict[str, Tensor]:
                shares = places[first:last]
                return {
                    name: base + shares.to(base).view(-1, *[1] * (base.dim() - 1)) * way[name]
                    for name, base in start.items()
                }

            asked = alone(objective, i, count)
            mean = averaged_gradient(network, one_of(ready, i), asked, along, weights, "steps along the way")
            for name, gradient in mean.items():
                found[name].append(way[name] * gradient)
        maps = {name: reduced(torch.cat(parts), self.reduce) for name, parts in found.items()}
        return maps[INPUT] if isinstance(images, Tensor) else maps

    def completeness_error(
        self, network: Network, images: Inputs, objective: Target, maps: Tensor | Mapping[str, Tensor]
    ) -> Float[Tensor, " n"]:
        """Tell for each image by how much its map misses the score of the image minus that of the baseline.

        Args:
            network: as for the maps.
            images: as for the maps.
            objective: as for the maps.
            maps: what this method gave, with reduce="signed" or "none".

        Raises:
            BadSetting: for maps of absolute values, which sum up to something else.

        >>> from torch import nn
        >>> from cutaway.objectives.class_logit import class_logit
        >>> net, images = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2))), torch.randn(1, 3, 4, 4)
        >>> method = IntegratedGradients(steps=3)
        >>> maps = method(net, images, class_logit(1))
        >>> bool(method.completeness_error(net, images, class_logit(1), maps).abs() < 1e-4)
        True
        """
        objective = as_objective(network, images, objective)
        if self.reduce not in ("signed", "none"):
            raise BadSetting(
                f"maps of absolute values sum up to no score: reduce='signed', not {self.reduce!r}"
            )
        ready = network.ready(images)
        named = named_inputs(ready)
        bases = self._bases(ready, named)
        base = replaced(ready, {id(t): bases[name].clone() for name, t in named.items()})
        scores = [objective.score(capture(network, given, objective.layers)) for given in (ready, base)]
        several = [maps] if isinstance(maps, Tensor) else list(maps.values())
        return torch.stack([one.flatten(1).sum(1) for one in several]).sum(0) - (scores[0] - scores[1])

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT

    def _quadrature(self) -> tuple[Tensor, Tensor]:
        """Where on the way from 0 to 1 the gradients are taken, and what each counts."""
        n = self.steps
        if self.rule == "gauss-legendre":
            places, weights = np.polynomial.legendre.leggauss(n)
            return torch.from_numpy((places + 1) / 2), torch.from_numpy(weights / 2)
        if self.rule == "trapezoid":
            weights = np.full(n, 1 / (n - 1))
            weights[[0, -1]] /= 2
            return torch.linspace(0, 1, n, dtype=torch.float64), torch.from_numpy(weights)
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[self.rule]
        return (torch.arange(n, dtype=torch.float64) + shift) / n, torch.full(
            (n,), 1 / n, dtype=torch.float64
        )

    def _bases(self, images: Inputs, named: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give the baseline of each input, in its shape."""
        if isinstance(images, Tensor) or isinstance(self.baseline, float | int):
            given = dict.fromkeys(named, self.baseline)
        else:
            ways = self.baseline.items() if isinstance(self.baseline, Mapping) else enumerate(self.baseline)
            given = {f"{INPUT}[{way!r}]": value for way, value in ways}
        bases = {}
        for name, tensor in named.items():
            base = given.get(name)
            try:
                bases[name] = torch.as_tensor(base).to(tensor).expand(tensor.shape)
            except (RuntimeError, TypeError, ValueError):
                kind = tuple(base.shape) if isinstance(base, Tensor) else type(base).__name__
                raise BadSetting(
                    f"the baseline of {name} must be a number or a tensor that broadcasts to {tuple(tensor.shape)}, "
                    f"got {kind}"
                ) from None
        return bases
