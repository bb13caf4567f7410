"""Colours that are kept while a picture's style changes: a painting in a photo's colours, or a photo's on new light."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cutaway.view.picture import Picture

__all__ = ["lit_like", "luminance", "recoloured", "with_colours"]

# ITU-R BT.601, as in YIQ.
_LIGHT = np.array([0.299, 0.587, 0.114])


def recoloured(picture: Picture, like: Picture) -> Picture:
    """Move a picture's colours linearly, so that their mean and covariance become another's.

    Args:
        picture: to move.
        like: whose colours.

    Source: Gatys, Bethge, Hertzmann and Shechtman, "Preserving color in neural artistic style transfer" (2016),
    section 3, "Image analogies".

    >>> noise = np.random.default_rng(0)
    >>> one, other = (
    ...     Picture(noise.integers(low, low + 50, (20, 30, 3)).astype(np.uint8)) for low in (20, 150)
    ... )
    >>> bool(np.allclose(recoloured(one, other).pixels.mean((0, 1)), other.pixels.mean((0, 1)), atol=1))
    True
    """
    source, target = (one.pixels.reshape(-1, 3) / 255.0 for one in (picture, like))
    way = _root(np.cov(target.T)) @ _root(np.cov(source.T), -1)
    moved = (source - source.mean(0)) @ way.T + target.mean(0)
    return Picture.of_values(moved.reshape(picture.pixels.shape))


def lit_like(picture: Picture, like: Picture) -> Picture:
    """Give a picture in gray, its luminance of the mean and the deviation of another's.

    >>> flat = Picture(np.full((2, 2, 3), 90, np.uint8))
    >>> int(lit_like(Picture(np.zeros((2, 2, 3), np.uint8)), flat).pixels[0, 0, 0])
    90
    """
    source, target = (luminance(one.pixels / 255.0) for one in (picture, like))
    moved = (source - source.mean()) * (target.std() / max(source.std(), 1e-6)) + target.mean()
    return Picture.of_values(np.repeat(moved[..., None], 3, 2))


def with_colours(
    values: Float[np.ndarray, "h w 3"], colours: Float[np.ndarray, "h w 3"]
) -> Float[np.ndarray, "h w 3"]:
    """Give one picture's luminance in another's colours; where there is no such colour, it is grayer.

    Args:
        values: whose luminance, 0..1.
        colours: whose colours, 0..1.

    >>> lit = with_colours(np.full((1, 1, 3), 0.9), np.array([[[1.0, 0.0, 0.0]]]))
    >>> lit.round(2).tolist(), luminance(lit).round(2).item()
    ([[[1.0, 0.86, 0.86]]], 0.9)
    """
    light = luminance(values)[..., None]
    tint = colours - luminance(colours)[..., None]
    room = np.where(tint > 0, 1 - light, light)
    # How much of the tint fits between black and white, in all three channels alike.
    share = np.min(
        np.where(np.abs(tint) > 1e-6, room / np.maximum(np.abs(tint), 1e-6), 1.0), 2, keepdims=True
    )
    found: np.ndarray = np.clip(light + np.clip(share, 0, 1) * tint, 0, 1).astype(np.asarray(values).dtype)
    return found


def luminance(values: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w"]:
    """Give how light each pixel is.

    >>> luminance(np.ones((1, 1, 3))).round(3).item()
    1.0
    """
    found: np.ndarray = values @ _LIGHT
    return found


def _root(covariance: Float[np.ndarray, "3 3"], sign: int = 1) -> Float[np.ndarray, "3 3"]:
    """Give the symmetric root of a covariance, or of its inverse; a gray picture has directions without any."""
    spread, axes = np.linalg.eigh(covariance)
    found: np.ndarray = (axes * np.maximum(spread, 1e-5) ** (sign / 2)) @ axes.T
    return found
