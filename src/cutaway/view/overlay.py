"""A map laid over its photo."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, UInt8

from cutaway.view.colormap import levels, table
from cutaway.view.hatch import hatch

__all__ = ["gray_of", "overlay", "unseen"]

# Rows drawn at a time: what is in work stays in the processor's cache, also for a photo of 12 million pixels.
BAND = 64
# How bright the photo is where the map is weak, and how much of its own colour it keeps.
QUIET, COLOUR = 0.48, 0.35
# How dark the photo's black is, and how far its tones reach above it, under the pale colours of a signed map.
PALE, TONES = 120, 0.45
# What a BT.601 gray takes of red, green and blue, with the digits of MATLAB's rgb2gray.
WEIGHTS = np.array([0.298936021293775, 0.587043074451121, 0.114020904255103], np.float32)
# The line around what the network saw.
EDGE = 130


def overlay(
    photo: UInt8[np.ndarray, "h w 3"],
    unit: Float[np.ndarray, "h w"],
    colormap: str,
    opacity: float,
    seen: Bool[np.ndarray, "h w"] | None = None,
) -> UInt8[np.ndarray, "h w 3"]:
    """Lay a map over a photo: the stronger a place, the more of the colour and the less of the photo.

    The photo steps back into half-dark gray where the map is weak, and fades by as much as its colour is bright: on
    any one tone of the photo, brightness rises with the map, so that it can be read in black and white too. A signed
    map lies on a pale photo like coloured glass: the further from zero, the darker. What the network did not see has
    no colour at all and is as weak as nothing on the map: dark, or pale for a signed map. What is NaN is hatched.

    Args:
        photo: RGB.
        unit: 0..1, NaN where there is no number.
        colormap: its name.
        opacity: of the colour at its strongest, 0..1.
        seen: what the network saw; None takes all.

    >>> overlay(np.full((1, 2, 3), 200, np.uint8), np.array([[0.0, 1.0]]), "gray", 1.0)[0, :, 0].tolist()
    [96, 240]
    """
    signed = colormap == "diverging"
    colours = table(colormap).astype(np.float32)
    grade = np.arange(256, dtype=np.float32) / 255
    strength = np.float32(opacity) * (np.abs(2 * grade - 1) if signed else grade) ** np.float32(0.75)
    # What a colour adds, before the photo's relief, and what it leaves of the photo; what coloured glass lets through.
    adds = strength[:, None] * colours
    rest = 1 - adds @ WEIGHTS[:, None] / 255
    glass = 1 - strength[:, None] * (1 - colours / 255)
    drawn = np.empty(photo.shape, np.uint8)
    for top in range(0, len(photo), BAND):
        part = photo[top : top + BAND]
        level = levels(np.nan_to_num(unit[top : top + BAND]))
        gray = gray_of(part)[..., None]
        if signed:
            mixed = glass[level] * (np.float32(TONES) * gray + np.float32(PALE))
        else:
            quiet = part * np.float32(QUIET * COLOUR) + gray * np.float32(QUIET * (1 - COLOUR))
            # Fine detail of the photo stays visible through the colour.
            mixed = adds[level] * (np.float32(0.72) + gray * np.float32(0.28 / 255)) + rest[level] * quiet
        drawn[top : top + BAND] = np.minimum(mixed + np.float32(0.5), 255)
    unknown = np.isnan(unit)
    if seen is None:
        return hatch(drawn, unknown)
    return unseen(hatch(drawn, unknown & seen), photo, seen, pale=signed)


def unseen(
    drawn: UInt8[np.ndarray, "h w 3"],
    photo: UInt8[np.ndarray, "h w 3"],
    seen: Bool[np.ndarray, "h w"],
    *,
    pale: bool = False,
) -> UInt8[np.ndarray, "h w 3"]:
    """Dim the photo to a quiet gray where the network did not look, behind a thin line.

    Dark by default; `pale` where dark would mean a strong place of the map.

    >>> drawn = np.full((1, 4, 3), 99, np.uint8)
    >>> unseen(drawn, drawn + np.uint8(101), np.array([[True, False, False, False]]))[0, :, 0].tolist()
    [99, 130, 58, 58]
    """
    if seen.all():
        return drawn
    faded = (
        gray_of(photo) * np.float32(0.18 if pale else 0.22) + np.float32(204.5 if pale else 14.5)
    ).astype(np.uint8)
    around = np.pad(seen, 1)
    near = around[:-2, 1:-1] | around[2:, 1:-1] | around[1:-1, :-2] | around[1:-1, 2:]
    faded[near & ~seen] = EDGE
    done: np.ndarray = np.where(seen[..., None], drawn, faded[..., None])
    return done


def gray_of(photo: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w"]:
    """Give a photo's brightness, 0..255 (ITU-R BT.601, with the digits of MATLAB's rgb2gray).

    >>> float(gray_of(np.full((1, 1, 3), 100, np.uint8))[0, 0].round(3))
    100.0
    """
    gray: np.ndarray = photo.astype(np.float32) @ WEIGHTS
    return gray
