"""How parameters move along their gradient: plainly, by its root mean square, by Adam, by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from cutaway.errors import BadSetting

__all__ = ["LBFGS", "Adam", "Normalised", "Optimizer", "Plain"]

# Puts the gradient that leads down into `.grad` of the parameters, and gives what is to become small.
Evaluate = Callable[[], Tensor]


@runtime_checkable
class Optimizer(Protocol):
    """A way of moving parameters."""

    def run(
        self, parameters: Sequence[Tensor], evaluate: Evaluate, steps: int, after: Callable[[int], None]
    ) -> None:
        """Move the parameters.

        Args:
            parameters: to move, in place.
            evaluate: to be called as often as `steps` says.
            steps: evaluations at most.
            after: called after each step, with its number.
        """
        ...


@dataclass(frozen=True)
class Plain:
    """Moves by the gradient times a rate.

    Args:
        rate: in units of the parameters.

    >>> x = torch.zeros(1, requires_grad=True)
    >>> def down():
    ...     x.grad = 2 * (x.detach() - 3)
    ...     return (x.detach() - 3).square().sum()
    >>> Plain(0.5).run([x], down, 1, lambda step: None)
    >>> x.item()
    3.0
    """

    rate: float = 1.0

    def __post_init__(self) -> None:
        _check(self.rate)

    def run(
        self, parameters: Sequence[Tensor], evaluate: Evaluate, steps: int, after: Callable[[int], None]
    ) -> None:
        """Move the parameters, as `Optimizer` says."""
        for step in range(steps):
            evaluate()
            with torch.no_grad():
                for one in parameters:
                    assert one.grad is not None
                    one -= self.rate * one.grad
            after(step)


@dataclass(frozen=True)
class Normalised:
    """Moves by a rate along the gradient that is divided by its root mean square, or by its mean size, image by image.

    Args:
        rate: what an entry moves on average, in units of the parameters.
        by: "rms", as in Keras's recipe for filters; "mean", of sizes, as in DeepDream; "sign", each entry by its own
            size, as in the fast gradient sign method.
        least: added to the divisor.

    >>> x = torch.zeros(2, 2, requires_grad=True)
    >>> def down():
    ...     x.grad = torch.tensor([[3.0, -3.0], [500.0, 500.0]])
    ...     return x.detach().sum()
    >>> Normalised(1.0).run([x], down, 1, lambda step: None)
    >>> x.detach().round(decimals=3).tolist()
    [[-1.0, 1.0], [-1.0, -1.0]]
    """

    rate: float = 1.0
    by: str = "rms"
    least: float = 1e-5

    def __post_init__(self) -> None:
        _check(self.rate)
        if self.by not in ("rms", "mean", "sign"):
            raise BadSetting(f"by takes rms, mean or sign, got {self.by!r}")

    def run(
        self, parameters: Sequence[Tensor], evaluate: Evaluate, steps: int, after: Callable[[int], None]
    ) -> None:
        """Move the parameters, as `Optimizer` says."""
        for step in range(steps):
            evaluate()
            with torch.no_grad():
                for one in parameters:
                    assert one.grad is not None
                    if self.by == "sign":
                        one -= self.rate * one.grad.sign()
                        continue
                    sides = tuple(range(1, one.dim()))
                    size = (
                        one.grad.square().mean(sides, keepdim=True).sqrt()
                        if self.by == "rms"
                        else one.grad.abs().mean(sides, keepdim=True)
                    )
                    one -= self.rate * one.grad / (size + self.least)
            after(step)


@dataclass(frozen=True)
class Adam:
    """Moves by Adam (Kingma and Ba 2015).

    Args:
        rate: in units of the parameters.
    """

    rate: float = 0.05

    def __post_init__(self) -> None:
        _check(self.rate)

    def run(
        self, parameters: Sequence[Tensor], evaluate: Evaluate, steps: int, after: Callable[[int], None]
    ) -> None:
        """Move the parameters, as `Optimizer` says."""
        adam = torch.optim.Adam(list(parameters), lr=self.rate)
        for step in range(steps):
            evaluate()
            adam.step()
            after(step)


@dataclass(frozen=True)
class LBFGS:
    """Moves by L-BFGS with a search along each line (strong Wolfe conditions): best where the goal is one optimum.

    Args:
        rate: of the first step.
        history: past gradients that the curvature is told from.
    """

    rate: float = 1.0
    history: int = 20

    def __post_init__(self) -> None:
        _check(self.rate)
        if self.history < 1:
            raise BadSetting(f"history must be at least 1, got {self.history}")

    def run(
        self, parameters: Sequence[Tensor], evaluate: Evaluate, steps: int, after: Callable[[int], None]
    ) -> None:
        """Move the parameters, as `Optimizer` says; a step is one evaluation, also within a line search."""
        done, best = 0, torch.inf
        kept = [one.detach().clone() for one in parameters]

        def counted() -> Tensor:
            nonlocal done, best
            if done >= steps:
                raise _Enough
            loss = evaluate()
            if float(loss) < best:
                best = float(loss)
                for place, one in zip(kept, parameters, strict=True):
                    place.copy_(one.detach())
            after(done)
            done += 1
            return loss

        lbfgs = torch.optim.LBFGS(
            list(parameters),
            lr=self.rate,
            max_iter=steps,
            max_eval=2 * steps,
            history_size=self.history,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        try:
            lbfgs.step(counted)  # type: ignore[no-untyped-call]
        except _Enough:
            pass
        finally:
            # The last point that was tried need not be the best.
            with torch.no_grad():
                for one, place in zip(parameters, kept, strict=True):
                    one.copy_(place)


class _Enough(Exception):
    """All evaluations were made."""


def _check(rate: float) -> None:
    if not rate > 0:
        raise BadSetting(f"rate must be above 0, got {rate}")
