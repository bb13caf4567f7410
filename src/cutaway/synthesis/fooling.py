"""Small changes of a photo: bounds around it, and an optimizer that stays within them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.synthesis.optimizers import Evaluate, Optimizer

__all__ = ["Ball", "Projected"]


@dataclass(frozen=True, eq=False)
class Ball:
    """All pixels no further from a photo's than a bound, and within what a picture can hold.

    Args:
        middle: the photo's pixels, (n,3,h,w), 0..255.
        bound: of each value ("linf"), or of the root of the sum of squares over an image ("l2"), in colours of 0..1;
            None for what a picture can hold alone.
        norm: "linf" or "l2".

    Source: Madry et al., "Towards deep learning models resistant to adversarial attacks" (ICLR 2018), section 2.

    >>> ball = Ball(torch.full((1, 3, 1, 1), 250.0), 2 / 255)
    >>> ball.nearest(torch.tensor([[[[240.0]], [[251.0]], [[999.0]]]])).flatten().round(decimals=3).tolist()
    [248.0, 251.0, 252.0]
    """

    middle: Float[Tensor, "n 3 h w"]
    bound: float | None = None
    norm: Literal["linf", "l2"] = "linf"

    def __post_init__(self) -> None:
        if self.norm not in ("linf", "l2"):
            raise BadSetting(f"norm takes linf or l2, got {self.norm!r}")
        if self.bound is not None and not self.bound > 0:
            raise BadSetting(
                f"bound must be above 0, in colours of 0..1 (8 levels of 255 are 8 / 255), got {self.bound}"
            )

    def nearest(self, pixels: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Give the nearest pixels inside."""
        held = pixels.clamp(0, 255)
        if self.bound is None:
            return held
        change = held - self.middle
        most = 255 * self.bound
        if self.norm == "linf":
            return self.middle + change.clamp(-most, most)
        length = change.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None, None]
        inside: Tensor = self.middle + change * (most / length).clamp_max(1.0)
        return inside


@dataclass(frozen=True, eq=False)
class Projected:
    """Moves as another optimizer does, and after each step back into a ball: projected gradient ascent.

    Args:
        optimizer: that moves.
        ball: around where pixels may be.

    >>> from cutaway.synthesis.optimizers import Plain
    >>> x = torch.zeros(1, 3, 1, 1, requires_grad=True)
    >>> def down():
    ...     x.grad = torch.full_like(x, -5.0)
    ...     return x.detach().sum()
    >>> Projected(Plain(1.0), Ball(torch.zeros(1, 3, 1, 1), 2 / 255)).run([x], down, 3, lambda step: None)
    >>> x.flatten().tolist()
    [2.0, 2.0, 2.0]
    """

    optimizer: Optimizer
    ball: Ball

    def run(
        self, parameters: Sequence[Tensor], evaluate: Evaluate, steps: int, after: Callable[[int], None]
    ) -> None:
        """Move the parameters, as `Optimizer` says."""

        def back(step: int) -> None:
            with torch.no_grad():
                for one in parameters:
                    one.copy_(self.ball.nearest(one))
            after(step)

        self.optimizer.run(parameters, evaluate, steps, back)
