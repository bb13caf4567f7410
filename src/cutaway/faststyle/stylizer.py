"""Trained styles, ready to paint one frame after the other."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from cutaway.errors import BadSetting, OutOfMemory
from cutaway.faststyle.style_file import read_style
from cutaway.faststyle.transformer import SMALLEST
from cutaway.network.inputs import short_of_memory

__all__ = ["Stylizer"]

Styles = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


class Stylizer:
    """One style, or several blended, that paint pictures of any size in one forward pass each.

    Args:
        styles: the file of a style, as `cutaway.train_style` writes it, or several.
        weights: of several, blended by their colours; all alike by default. They are divided by their sum.
        strength: 1 is painted, 0 the photo, between them the colours are blended; above 1 the style is overdone.
        device: where it runs.

    Raises:
        BadSetting: for weights or a strength outside what is allowed.
        WeightsUnavailable: for a file that is no style.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from cutaway.faststyle.style_file import write_style
    >>> from cutaway.faststyle.transformer import Transformer
    >>> path = Path(tempfile.mkdtemp()) / "wave.safetensors"
    >>> write_style(path, Transformer(width=4, blocks=1), {"name": "wave"})
    >>> Stylizer(path)(np.zeros((30, 45, 3), np.uint8)).shape
    (30, 45, 3)
    """

    def __init__(
        self,
        styles: Styles,
        *,
        weights: Sequence[float] | None = None,
        strength: float = 1.0,
        device: torch.device | str = "cpu",
    ) -> None:
        paths = [styles] if isinstance(styles, str | os.PathLike) else list(styles)
        if not paths:
            raise BadSetting("there must be at least one style, got none")
        shares = [1.0] * len(paths) if weights is None else [float(one) for one in weights]
        if len(shares) != len(paths) or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
            raise BadSetting(
                f"weights takes one number of 0 or more for each of the {len(paths)} styles, and not all 0, "
                f"got {shares}"
            )
        if not 0 <= strength <= 2:
            raise BadSetting(f"strength must lie in 0..2, got {strength}")
        self.strength, self.device = strength, torch.device(device)
        self.weights = tuple(one / sum(shares) for one in shares)
        read = [read_style(path) for path in paths]
        self.names = tuple(str(about["name"]) for _, about in read)
        self._transformers = [
            transformer.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            for transformer, _ in read
        ]

    def __call__(self, frame: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
        """Paint a picture.

        Raises:
            BadSetting: for one of fewer than 8 pixels a side.
            OutOfMemory: where it is too large.
        """
        plain = torch.from_numpy(np.array(frame)).to(self.device).permute(2, 0, 1)[None].float() / 255
        painted = self.painted(plain)[0].permute(1, 2, 0)
        return (painted.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()

    def painted(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Paint images, colours of 0..1; a strength above 1 leaves that range.

        Raises:
            BadSetting: for images of fewer than 8 pixels a side.
            OutOfMemory: where they are too large.
        """
        h, w = images.shape[2:]
        if min(h, w) < SMALLEST:
            raise BadSetting(f"a style needs pictures of at least {SMALLEST} pixels a side, got {h} × {w}")
        try:
            with torch.inference_mode():
                given = images.to(self.device).contiguous(memory_format=torch.channels_last)
                made = (1 - self.strength) * given
                for weight, transformer in zip(self.weights, self._transformers, strict=True):
                    if weight * self.strength:
                        made = made + (self.strength * weight) * transformer(given)
        except RuntimeError as error:
            if short_of_memory(error):
                raise OutOfMemory(
                    f"memory ran out for a picture of {h} × {w}: give size=1024, or another that fits"
                ) from error
            raise
        return made.clone()
