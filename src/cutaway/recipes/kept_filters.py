"""Images of a folder, in the place of ones made anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from cutaway.errors import BadIndex, BadSetting
from cutaway.network.capture import capture
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.recipes.filter_folder import FilterFolder, open_filters
from cutaway.recipes.made_filters import MadeFilter
from cutaway.synthesis.parametrization.seeded import image_size

__all__ = ["as_kept", "foldered", "kept_channels", "kept_filters"]


def foldered(folder: FilterFolder | str | os.PathLike[str]) -> FilterFolder:
    """Give a folder of filters: what is one already, or what lies in a folder.

    >>> foldered("nowhere")
    Traceback (most recent call last):
    cutaway.errors.BadIndex: nowhere is no folder of filters...
    """
    return folder if isinstance(folder, FilterFolder) else open_filters(folder)


def as_kept(
    folder: FilterFolder,
    *,
    recipe: str | None,
    size: int | tuple[int, int] | None,
    steps: int | None,
    seed: int,
) -> dict[str, Any]:
    """Tell how the images of a folder were made: recipe, size, steps and seed.

    Raises:
        BadSetting: where another way was asked for.
    """
    told = folder.settings
    asked = {
        "recipe": recipe,
        "size": None if size is None else image_size(size),
        "steps": steps,
        "seed": seed,
    }
    usual = {"recipe": None, "size": None, "steps": None, "seed": 0}
    for name, value in asked.items():
        if value not in (usual[name], told[name]):
            raise BadSetting(
                f"the images of {folder.folder} were made with {name} {told[name]}, got {value}: leave it out, or make "
                "them anew without the folder"
            )
    return told


def kept_channels(folder: FilterFolder, layer: str) -> list[int]:
    """List the channels of a layer whose images are there.

    Raises:
        BadIndex: where there is none yet.
    """
    found = list(folder.channels(layer))
    if not found:
        raise BadIndex(
            f"{folder.folder} has no image of {layer} yet: {folder.missing:,} of its images are still to be made. The "
            "same command again goes on"
        )
    return found


def kept_filters(
    network: Network, folder: FilterFolder, layer: str, channels: Sequence[int]
) -> list[MadeFilter]:
    """Give the images of channels out of a folder, with what each reaches in the layer that was asked for.

    Where the folder has the convolution and an activation of it is asked for, the network tells what the image reaches
    behind the activation.

    Args:
        network: that `FilterFolder.check` has seen.
        folder: with the images.
        layer: the name in the network.
        channels: of it.

    Raises:
        BadIndex, BadSetting, UnknownLayer: where they are not to be had.
    """
    found = []
    for channel in channels:
        one = folder.made(layer, channel)
        found.append(one if one.layer == layer else _measured(network, folder, one, layer))
    return found


def _measured(network: Network, folder: FilterFolder, one: MadeFilter, layer: str) -> MadeFilter:
    settings = known_preprocessing(network.preprocessing, network.name)
    told = folder.settings
    begun = folder.making.begun(network, 1, told["size"], seed=told["seed"]).images().detach()
    colours = torch.cat([begun, one.image[None].to(begun)]).clamp(0, 1)
    given = settings.normalize(colours).to(network.device, network.dtype)
    before, after = capture(network, given, layer)[layer][:, one.channel]
    return replace(
        one, layer=layer, start=float(before.mean()), mean=float(after.mean()), max=float(after.max())
    )
