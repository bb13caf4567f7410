"""The page of a unit: all that can be told of one channel, on one sheet.

`cutaway.unit` is the objective of that name; the recipe behind `cutaway unit` is `cutaway.unit_page`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.purity import homogeneity
from cutaway.errors import BadSetting
from cutaway.images.read import Source, read_all
from cutaway.network.network import Network
from cutaway.network.progress import report
from cutaway.recipes.channel_figures import ChannelFigures
from cutaway.recipes.channel_filter import ChannelFilter
from cutaway.recipes.chosen_units import chosen_units
from cutaway.recipes.columns import columns_at, mean_column, yardstick
from cutaway.recipes.filter_folder import FilterFolder
from cutaway.recipes.kept_filters import foldered
from cutaway.recipes.origin import origin, spelled
from cutaway.recipes.patches import USUAL, indexed, told_row
from cutaway.recipes.purity import spot_of, told_cosine
from cutaway.recipes.scanned_network import scanned_network
from cutaway.recipes.unit_image import Synthesised, UnitImage, given_images, kept_image, made_image
from cutaway.recipes.unit_sections import (
    in_data,
    label_table,
    live_maps,
    photos_of,
    places,
    read_live,
    similar,
)
from cutaway.view.album import Album
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["unit_page"]

_LIVE = 4


def unit_page(
    index: ActivationIndex | str | os.PathLike[str],
    units: str | tuple[str, int] | Sequence[str | tuple[str, int]] | None = None,
    *,
    photos: Source | Iterable[Source] | None = None,
    random: int | None = None,
    seed: int = 0,
    k: int | None = None,
    synthesised: Synthesised = None,
    filters: FilterFolder | str | os.PathLike[str] | None = None,
    network: Network | str | nn.Module | None = None,
) -> Album:
    """Show all that can be told of a unit (a channel of a layer) on one page; several give a page each.

    On it: an image made to excite the channel, its map on photos, its strongest and lowest places, deconvnet and guided
    backpropagation of each strongest one with a proof, the filter that made it, how its maxima lie over the data set,
    how well it finds each label, how alike its places are, and the channels most like it.

    Args:
        index: that `scan` made, or its folder.
        units: "fire5:40" or ("fire5", 40), or several; with `random`, layers to draw from ("fire5"), None for all.
        photos: that the map is drawn on; None takes those in which the channel is strongest.
        random: so many units drawn by lot, silent ones not left out.
        seed: of the lot, and of the images that are made.
        k: strongest and lowest places; None takes nine, or what the scan kept where that is less.
        synthesised: the image shown before the photos, made to excite the unit: None makes it as `filters` does where
            the network takes images of other sizes than the scan's, True refuses a network that does not, False leaves
            it out; or images of your own, one for each unit.
        filters: a folder that `filters_into` made, or its path: the image is taken from there, and none is made.
        network: of the scan, where its name does not open it.

    Returns:
        An Album; `provenance["units"]` has all numbers of each unit.

    Raises:
        BadImage, BadIndex, BadSetting, UnknownLayer, UnsupportedMethod: with what to do instead.

    Source: the unit pages of Olah et al., "The building blocks of interpretability", Distill 2018, and of Yosinski et
    al., "Understanding neural networks through deep visualization", ICML Deep Learning Workshop 2015.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.recipes.scan import scan
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> index = scan(net, "examples/photos", tempfile.mkdtemp() + "/index", engine="serial")
    >>> page = unit_page(index, "1:2", network=net)
    >>> told = page.provenance["units"][0]
    >>> told["filter"]["made_by"], told["synthesised"]["of_best_photo"] > 1
    ('filter 2 of 0, through relu', True)
    """
    opened = indexed(index)
    count = k if k is not None else min(USUAL, opened.kept, int(opened.present.sum()))
    chosen = chosen_units(opened, units, random, seed)
    pictures = None if photos is None else list(read_all(photos))
    given = (
        None
        if synthesised is None or isinstance(synthesised, bool)
        else given_images(synthesised, len(chosen))
    )
    model = scanned_network(opened, network)
    folder = None if filters is None else foldered(filters)
    if folder is not None:
        if synthesised is not None:
            raise BadSetting(
                "filters gives the image of a unit, and so does synthesised: leave one of them out"
            )
        folder.check(model)
    random_places: dict[str, float] = {}
    pages: list[Album] = []
    told: list[dict[str, object]] = []
    for done, (layer, channel) in enumerate(chosen):
        if layer not in random_places:
            random_places[layer] = yardstick(model, opened, layer)
        figures = ChannelFigures(opened, layer, channel, count)
        if folder is not None:
            image = kept_image(model, opened, folder, layer, channel)
        elif given is not None:
            image = given[done]
        elif synthesised is False:
            image = UnitImage()
        else:
            image = made_image(model, opened, layer, channel, seed, wanted=synthesised is True)
        page, numbers = _page(model, figures, pictures, image, random_places[layer])
        pages.append(page)
        told.append(numbers)
        report("units", done + 1, len(chosen))
    names = [f"{layer}:{channel}" for layer, channel in chosen]
    paths = None if pictures is None else [picture.path or "photo" for picture in pictures]
    named = repr(names[0] if len(names) == 1 else names)
    told_folder = None if folder is None else str(folder.folder)
    code = spelled(
        unit_page, repr(str(opened.folder)), named, photos=paths, k=k, seed=seed, filters=told_folder
    )
    where = origin(model, code, k=count, seed=seed) | {"index": str(opened.folder), "units": told}
    if len(pages) == 1:
        return replace(pages[0], provenance=where)
    title = f"{model.name}: {len(pages)} units in {int(opened.present.sum()):,} photos"
    return Album(tuple(pages), title=title, provenance=where)


def _page(
    network: Network,
    figures: ChannelFigures,
    pictures: Sequence[Picture] | None,
    image: UnitImage,
    random_places: float,
) -> tuple[Album, dict[str, object]]:
    layer, channel = figures.layer, figures.channel
    filters = ChannelFilter(network, layer, channel)
    room = _LIVE - (image.picture is not None)
    shown = photos_of(figures, room) if pictures is None else pictures
    live = [read_live(network, photo, layer, channel) for photo in shown]
    sheet, projected = places(network, figures)
    beside, others = similar(figures, filters)
    columns = columns_at(network, figures.index, layer, [spot_of(row) for row in figures.strongest])
    alike = homogeneity(columns, mean_column(figures.index, layer), channel)
    several: list[Viewable | None] = [
        sheet,
        live_maps(network, layer, live, image.picture, image.words),
        in_data(figures, filters),
        label_table(figures),
        beside,
    ]
    page = Album(
        tuple(section for section in several if section is not None),
        title=f"{network.name} · {figures.name}",
        lead=_lead(figures, filters, alike, random_places),
    )
    label, hits = figures.hits
    numbers: dict[str, object] = {
        "unit": figures.name,
        "layer": layer,
        "channel": channel,
        "photos": int(figures.index.present.sum()),
        "silent": figures.silent_share,
        "quantiles": figures.quantiles,
        "tied": figures.tied,
        "label": label,
        "hits": hits,
        "of": len(figures.strongest),
        "hits_by_chance": figures.hits_by_chance if label is not None else None,
        "labels": [one._asdict() | {"auc": _number(one.auc)} for one in figures.labels],
        "homogeneity": _number(alike),
        "homogeneity_of_random_places": _number(random_places),
        "strongest": [told_row(row) for row in figures.strongest],
        "lowest": [told_row(row) for row in figures.lowest],
        "projections": [one.told() for one in projected],
        "filter": filters.told(),
        "similar": others,
        "live": [one.told() for one in live],
        "synthesised": image.told,
    }
    return page, numbers


def _lead(figures: ChannelFigures, filters: ChannelFilter, alike: float, random_places: float) -> str:
    """What to know first of a unit, in a few sentences."""
    kept = f"{int(figures.index.present.sum()):,} photos"
    made = (
        f"Made by {filters.maker.words}."
        if filters.maker.call is not None
        else f"It has {filters.maker.words}."
    )
    if not figures.strongest:
        return f"Silent in all {kept}: nothing in them excites it more than anything else. {made}"
    words = []
    label, hits = figures.hits
    if label is not None:
        best = next((one for one in figures.labels if one.label == label), None)
        found = f"; average precision {best.average_precision:.2f}, chance {best.chance:.2f}" if best else ""
        words.append(
            f"{hits} of its {len(figures.strongest)} strongest photos are {label} (by chance "
            f"{figures.hits_by_chance:.1f} would share a label){found}."
        )
        first = figures.labels[0] if figures.labels else None
        if first is not None and first.label != label:
            words.append(
                f"Of all labels it finds {first.label} best ({first.average_precision:.2f}, chance {first.chance:.2f})."
            )
    if np.isfinite(alike):
        words.append(
            f"Homogeneity of these places {told_cosine(alike)}, of places at random {told_cosine(random_places)}."
        )
    words.append(f"{figures.silence}. {made}")
    return " ".join(words)


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
