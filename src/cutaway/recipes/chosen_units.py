"""Units of an index that a person names, or has drawn by lot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting, UnsupportedMethod

__all__ = ["chosen_units"]


def chosen_units(
    index: ActivationIndex,
    units: str | tuple[str, int] | Sequence[str | tuple[str, int]] | None,
    random: int | None,
    seed: int,
) -> list[tuple[str, int]]:
    """Give the units that were asked for, checked: a layer's name in the index, and a channel that it has.

    Args:
        index: of a scan.
        units: "fire5:40" or ("fire5", 40), or several; with `random`, layers to draw from, None for all.
        random: so many drawn by lot.
        seed: of the lot.

    Raises:
        BadSetting, UnknownLayer, UnsupportedMethod: with what to do instead.
    """
    if units is None:
        several: list[str | tuple[str, int]] = []
    elif isinstance(units, str) or (
        isinstance(units, tuple) and len(units) == 2 and isinstance(units[1], int)
    ):
        several = [units]
    else:
        several = list(units)
    if random is not None:
        return _drawn_by_lot(index, several, random, seed)
    if not several:
        raise BadSetting(
            'a unit is named as LAYER:CHANNEL, such as "fire5:40"; or random=5 draws some by lot'
        )
    return [_unit(index, one) for one in several]


def _unit(index: ActivationIndex, wanted: str | tuple[str, int]) -> tuple[str, int]:
    if isinstance(wanted, str):
        layer, _, digits = wanted.rpartition(":")
        if not layer or not digits.isdecimal():
            raise BadSetting(
                f"a unit is named as LAYER:CHANNEL, such as fire5:40, got {wanted!r}. By lot: --random 5"
            )
        wanted = layer, int(digits)
    layer = _with_places(index, wanted[0])
    if not 0 <= wanted[1] < index.channels(layer):
        raise BadSetting(f"{layer} has channels 0 to {index.channels(layer) - 1}, got {wanted[1]}")
    return layer, int(wanted[1])


def _with_places(index: ActivationIndex, name: str) -> str:
    layer = index.layer(name)
    if index.map_size(layer) is None:
        maps = [one for one in index.layers if index.map_size(one) is not None]
        instead = (
            f"choose a layer with maps, such as {maps[-1]}" if maps else "scan a layer with maps: --layers"
        )
        raise UnsupportedMethod(f"{layer} has no places, and so no maps, patches or projections: {instead}")
    return layer


def _drawn_by_lot(
    index: ActivationIndex, layers: Sequence[str | tuple[str, int]], count: int, seed: int
) -> list[tuple[str, int]]:
    names = [
        _with_places(index, one) if isinstance(one, str) else _with_places(index, one[0]) for one in layers
    ] or [one for one in index.layers if index.map_size(one) is not None]
    every = [(name, channel) for name in dict.fromkeys(names) for channel in range(index.channels(name))]
    if not 1 <= count <= len(every):
        raise BadSetting(f"random must lie in 1..{len(every)}, the channels to draw from, got {count}")
    drawn = np.random.default_rng(seed).choice(len(every), count, replace=False)
    return [every[int(k)] for k in drawn]
