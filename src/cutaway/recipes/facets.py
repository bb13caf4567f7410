"""The several kinds of things that one class or channel stands for: an image for each kind of its photos."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, SupportsIndex

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.facets import Facet, facets_of
from cutaway.errors import BadSetting
from cutaway.network.many import in_chunks
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.progress import portion, report
from cutaway.recipes.evidence import batches
from cutaway.recipes.facet_target import FacetTarget, facet_target
from cutaway.recipes.making import CLASS_MAKINGS, TRANSFORMS, Making, making_of
from cutaway.recipes.named_regularizers import restraint
from cutaway.recipes.neighbors import photo_features
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.patches import indexed, photo_of
from cutaway.recipes.scanned_network import scanned_network
from cutaway.synthesis.ascend import Preview, ascend
from cutaway.synthesis.optimizers import Adam, Normalised
from cutaway.synthesis.parametrization.fourier import Fourier
from cutaway.synthesis.parametrization.pixels import Pixels
from cutaway.synthesis.parametrization.seeded import image_size
from cutaway.synthesis.regularizers import CentreBias, Clip
from cutaway.synthesis.transforms import Fade
from cutaway.view.grid import Grid
from cutaway.view.mosaic import mosaic
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["facets"]

_MAKINGS = {
    "fourier": replace(
        CLASS_MAKINGS["fourier"],
        words="A spectrum of decorrelated colours, seen through a window in the middle, shifted, zoomed and turned "
        "between steps",
        optimizer=Adam(0.015),
        steps=64,
        transforms=(Fade(0.5), *TRANSFORMS),
    ),
    "classic": replace(
        CLASS_MAKINGS["classic"],
        words="Pixels, the gradient over its root mean square, less total variation; after each step blurred, and "
        "taken back to the mean colour away from the middle",
        optimizer=Normalised(2.0),
        steps=96,
        transforms=TRANSFORMS,
    ),
}
_TILE, _NEAREST, _GAP = 224, 4, 4


def facets(
    network: Network | str | nn.Module,
    index: ActivationIndex | str | os.PathLike[str],
    target: SupportsIndex | str | tuple[str, int],
    *,
    count: int = 4,
    photos: int | None = None,
    label: str | None = None,
    layer: str | None = None,
    recipe: str = "fourier",
    size: int | tuple[int, int] | None = None,
    steps: int | None = None,
    seed: int = 0,
    preview: Preview | None = None,
) -> Grid:
    """Divide a class's or channel's own photos into kinds, and make from the mean of each an image that excites it.

    Photos are divided by their features in the index (k-means). Each ascent begins from the photos' mean, and pushes
    most in the middle. Ctrl-C keeps what is there.

    Args:
        network: of the scan, or its name.
        index: that `scan` made, or its folder.
        target: a class, by number or name; or a channel, as "fire7:180" or ("fire7", 180).
        count: of kinds.
        photos: so many of them, those in which the target is strongest. None takes for a class all that have its label,
            or without labels all that the network gives it; for a channel the strongest fifth, 16 at least and 100
            at most.
        label: of the photos to take for a class, instead of its own name.
        layer: of the features; None takes the layer that the classifier reads.
        recipe: "fourier" (spectra; the default) or "classic" (pixels with centre bias, blur and total variation).
        size: of an image, in pixels: its side, or (h, w); None takes that of the scan.
        steps: of the ascent; None takes the recipe's own.
        seed: of the division, and of the changes between steps.
        preview: called after each step with its number and the images now; True stops.

    Returns:
        A Grid with a column for each facet: its four most typical photos, their mean, and the image made from it.
        `provenance["facets"]` has all numbers, and whether the image lies nearest to its own kind of photos.

    Raises:
        BadImage, BadIndex, BadSetting, NonFinite, UnknownClass, UnknownLayer: with what to do instead.

    Source: Nguyen, Yosinski and Clune, "Multifaceted feature visualization" (ICML workshop 2016), algorithm 1.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.recipes.scan import scan
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> index = scan(net, "examples/photos", tempfile.mkdtemp() + "/index", engine="serial")
    >>> sheet = facets(net, index, "1:2", count=2, photos=3, layer="1", steps=2)
    >>> [len(one["photos"]) for one in sheet.provenance["facets"]]
    [2, 1]
    """
    scan = indexed(index)
    model = scanned_network(scan, opened(network))
    making = making_of(recipe, _MAKINGS)
    if photos is not None and photos < 1:
        raise BadSetting(f"photos must be at least 1, got {photos}")
    wanted = facet_target(model, scan, target, label)
    chosen, which = wanted.photos(scan, photos)
    kept = scan.layer(layer) if layer is not None else str(scan.manifest["features"])
    features = scan.features(kept)
    kinds = facets_of(features, chosen, count, seed=seed)
    h, w = scan.image_size if size is None else image_size(size)
    means = _means(model, scan, kinds, len(chosen))
    begun = (
        F.interpolate(means, (h, w), mode="bilinear", antialias=True) if means.shape[2:] != (h, w) else means
    )
    many = making.steps if steps is None else steps
    images, stopped = _made(model, wanted, begun, making, many, seed, preview)
    rows: list[list[Viewable]] = [[], [], []]
    told: list[dict[str, Any]] = []
    everyone = np.nanmean(features, 0, dtype=np.float64)
    for n, image in enumerate(images):
        drawn, kind = making.drawn(image), kinds[n]
        before, after = (wanted.reached(_given(model, one), scan) for one in (begun[n], image))
        own = photo_features(model, drawn, kept)[0] - everyone
        own /= max(float(np.linalg.norm(own)), 1e-12)
        nearest = int(np.argmin([np.linalg.norm(own - one.middle) for one in kinds]))
        rows[0].append(_typical(scan, kind))
        rows[1].append(making.drawn(begun[n], f"their mean\n{before['words']}"))
        rows[2].append(replace(drawn, caption=f"made from it\n{after['words']}"))
        told.append(
            {
                "photos": [scan.names[photo] for photo in kind.photos],
                "labels": dict(Counter(scan.labels[photo] or "" for photo in kind.photos).most_common()),
                "mean": {k: v for k, v in before.items() if k != "words"},
                "made": {k: v for k, v in after.items() if k != "words"},
                "nearest": nearest,
                "nearest_is_own": nearest == n,
            }
        )
    faithful = sum(one["nearest_is_own"] for one in told)
    caption = (
        f"{len(chosen)} photos {which}, divided by the mean of {kept}. {making.words}; {many} steps. Nearest by the "
        f"same features to the photos that it was made from: {faithful} of {len(told)} images."
    )
    code = spelled(
        facets,
        network_spelled(model),
        repr(str(scan.folder)),
        repr(target),
        count=count,
        photos=photos,
        label=label,
        layer=layer,
        recipe=recipe,
        size=size,
        steps=steps,
        seed=seed,
    )
    return Grid(
        tuple(map(tuple, rows)),
        title=f"{model.name}: {count} facets of {wanted.name}",
        column_titles=tuple(f"facet {n + 1}" for n in range(len(told))),
        caption=caption + (" Stopped before its end." if stopped else ""),
        provenance=origin(model, code, recipe=recipe, size=(h, w), steps=many, seed=seed)
        | {"index": str(scan.folder), "target": wanted.name, "facets": told, "stopped": stopped},
    )


def _means(
    network: Network, index: ActivationIndex, kinds: Sequence[Facet], total: int
) -> Float[Tensor, "n 3 h w"]:
    """The mean of each kind's photos as the network takes them, as colours of 0..1."""
    assert network.preprocessing is not None
    found, done = [], 0
    for kind in kinds:
        added: Tensor | float = 0.0
        for ids, images in batches(network, index, kind.photos):
            added = added + network.preprocessing.pixels(images.float()).sum(0, dtype=torch.float64)
            done += len(ids)
            report("photos", done, total)
        assert isinstance(added, Tensor)
        found.append((added / len(kind.photos)).float())
    return torch.stack(found)


def _made(
    network: Network,
    target: FacetTarget,
    begun: Float[Tensor, "n 3 h w"],
    making: Making,
    steps: int,
    seed: int,
    preview: Preview | None,
) -> tuple[list[Float[Tensor, "3 h w"]], bool]:
    """Push images up from where they begin, as many at once as memory allows."""
    settings = network.preprocessing
    assert settings is not None
    h, w = begun.shape[2:]
    spectra = making.name == "fourier"
    held = restraint([] if spectra else ["blur", "tv"])
    ends = (settings.normalize(torch.full((1, 3, 1, 1), end)).flatten().tolist() for end in (0.0, 1.0))
    black, white = map(tuple, ends)
    edits = () if spectra else (CentreBias(0.005), *held.edits, Clip(black, white))
    stopped = False

    def run(start: int, stop: int) -> list[Tensor]:
        nonlocal stopped
        if stopped:
            return []
        first = begun[start:stop]
        score = target.score(settings.normalize(first).to(network.device, network.dtype))
        with portion(start, stop, len(begun)):
            found = ascend(
                network,
                held.held(score, (h, w)),
                Fourier.matching(first) if spectra else Pixels(255 * first),
                steps=steps,
                optimizer=making.optimizer,
                transforms=making.transforms,
                regularizers=edits,
                seed=seed,
                preview=preview,
            )
        stopped = found.stopped
        return list(found.images.cpu())

    parts = in_chunks(len(begun), chunk(network, _given(network, begun[0]), gradient=True), run, "")
    return [one for part in parts for one in part], stopped


def _given(network: Network, image: Float[Tensor, "3 h w"]) -> Float[Tensor, "1 c h w"]:
    """An image as the network takes it, cut to what a picture shows."""
    assert network.preprocessing is not None
    given: Tensor = network.preprocessing.normalize(image[None].clamp(0, 1))
    return given.to(network.device, network.dtype)


def _typical(index: ActivationIndex, kind: Facet) -> Picture:
    """The photos nearest to the middle of a kind, two by two; how many there are, and their labels."""
    nearest = [photo_of(index.path(photo)) for photo in kind.photos[:_NEAREST]]
    count = len(kind.photos)
    labels = Counter(index.labels[photo] for photo in kind.photos if index.labels[photo])
    words = [f"{count} photo{'' if count == 1 else 's'}"]
    if labels:
        most = labels.most_common(2)
        words.append(" · ".join(f"{label} {n}" for label, n in most) + (" …" if len(labels) > 2 else ""))
    return mosaic(nearest, 2, (_TILE - _GAP) // 2, gap=_GAP, caption="\n".join(words))
