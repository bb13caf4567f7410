"""The image at the head of a unit's page: one that was given, or one made to excite the unit, now or before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting, UnsupportedNetwork
from cutaway.images.read import Source, read_all
from cutaway.network.network import Network
from cutaway.recipes.filter_folder import FilterFolder
from cutaway.recipes.filter_sheet import caption_of, told_filter
from cutaway.recipes.kept_filters import kept_filters
from cutaway.recipes.made_filters import MadeFilter, made_filters
from cutaway.recipes.making import Making, making_of
from cutaway.view.picture import Picture

__all__ = ["UnitImage", "given_images", "kept_image", "made_image"]

Synthesised = Source | Sequence[Source] | bool | None


@dataclass(frozen=True)
class UnitImage:
    """An image that excites a unit.

    Args:
        picture: with its caption; None where there is none.
        words: why there is none.
        told: the numbers of one that was made.
    """

    picture: Picture | None = None
    words: str = ""
    told: dict[str, object] | None = None


def given_images(images: Any, count: int) -> list[UnitImage]:
    """Read one image for each unit.

    Raises:
        BadImage, BadSetting: for what is no image, or for too few or too many.
    """
    several = read_all(images)
    if len(several) != count:
        raise BadSetting(f"synthesised takes one image for each of the {count} units, got {len(several)}")
    return [UnitImage(Picture(one.pixels, "synthesised\nmade to excite it", one.path)) for one in several]


def made_image(
    network: Network, index: ActivationIndex, layer: str, channel: int, seed: int, *, wanted: bool
) -> UnitImage:
    """Make an image for a unit, as `filters` does.

    Args:
        network: of the index.
        index: whose strongest photo it is compared with.
        layer: of the unit.
        channel: of the unit.
        seed: of the noise and the changes between steps.
        wanted: whether a network that takes no image of another size is refused, instead of left without one.

    Raises:
        UnsupportedNetwork: as `wanted` says.
    """
    making = making_of("fourier")
    try:
        made, stopped = made_filters(network, layer, [channel], making, making.size, making.steps, seed)
    except UnsupportedNetwork as error:
        if wanted:
            raise
        return UnitImage(words=f"No image was made to excite it: {error}")
    if stopped:
        raise KeyboardInterrupt  # there is no page yet that could be kept
    return _captioned(made[0], making, index)


def kept_image(
    network: Network, index: ActivationIndex, folder: FilterFolder, layer: str, channel: int
) -> UnitImage:
    """Give the image of a unit out of a folder.

    Args:
        network: of the index; the folder's, too.
        index: whose strongest photo it is compared with.
        folder: that `filters_into` made.
        layer: of the unit.
        channel: of the unit.

    Raises:
        BadIndex, BadSetting, UnknownLayer: where it is not to be had.
    """
    (made,) = kept_filters(network, folder, layer, [channel])
    return _captioned(made, folder.making, index)


def _captioned(made: MadeFilter, making: Making, index: ActivationIndex) -> UnitImage:
    told = told_filter(made, index)
    return UnitImage(making.drawn(made.image, caption_of(made, told, "made to excite it")), told=told)
