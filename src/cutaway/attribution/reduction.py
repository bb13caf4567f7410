"""From one value per colour and pixel to one per pixel."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting

__all__ = ["REDUCTIONS", "check_reduction", "reduced"]

REDUCTIONS = ("max", "sum", "signed", "none")


def check_reduction(reduce: str) -> None:
    """Refuse what is no reduction.

    >>> check_reduction("mean")
    Traceback (most recent call last):
    cutaway.errors.BadSetting: reduce must be max, sum, signed or none, got 'mean'
    """
    if reduce not in REDUCTIONS:
        raise BadSetting(f"reduce must be max, sum, signed or none, got {reduce!r}")


def reduced(values: Float[Tensor, "n c *places"], reduce: str) -> Float[Tensor, "n d *places"]:
    """Join the colours of each pixel.

    Args:
        values: signed, (n,c,h,w); another input of a network may have no places.
        reduce: "max" of the absolute values, "sum" of them, "signed" for the sum with its signs, or "none".

    >>> import torch
    >>> values = torch.tensor([1.0, -3.0]).view(1, 2, 1, 1)
    >>> [float(reduced(values, how)) for how in ("max", "sum", "signed")]
    [3.0, 4.0, -2.0]
    """
    if reduce == "none":
        return values
    if reduce == "sum":
        return values.abs().sum(1, keepdim=True)
    if reduce == "signed":
        return values.sum(1, keepdim=True)
    return values.abs().amax(1, keepdim=True)
