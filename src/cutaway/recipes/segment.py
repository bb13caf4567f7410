"""From a map to the object, without any mask to learn from: weakly supervised segmentation."""

from __future__ import annotations

from typing import Any, Literal, SupportsIndex

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor, nn

from cutaway.attribution.attribution import Attribution, lattice_of
from cutaway.attribution.best import best_map
from cutaway.attribution.methods import method_named
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import Source, read
from cutaway.network.memory import check_fits
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit
from cutaway.recipes.answer import Answer
from cutaway.recipes.on_photo import titled
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.view.cutout import cutout
from cutaway.view.grid import Grid
from cutaway.view.heatmap import Heatmap
from cutaway.view.mask import Box, bounding_box, iou, largest_piece, thresholded, without_holes
from cutaway.view.picture import Picture

__all__ = ["HOWS", "segment"]

HOWS = ("grabcut", "otsu", "share", "percentile")
READING = (
    "The map says where the class is; the mask is made of it and of the photo, with no mask to learn from."
)
# Seeds, as percentiles of the map: surely the object, probably the object, surely not.
SURE, PROBABLE, NEVER = 95.0, 75.0, 30.0
# GrabCut fits its colours on a photo of this side at most; the mask is brought back to the photo's size.
MOST = 512


def segment(
    network: Network | str | nn.Module,
    photo: Source,
    *,
    target: SupportsIndex | str | None = None,
    method: Attribution | type[Attribution] | str | None = None,
    how: str = "grabcut",
    level: float | None = None,
    truth: Source | Box | None = None,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
) -> Grid:
    """Cut an object out of a photo by a class's map alone.

    Source: Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2013, section 3.2: the map's
    strongest places are seeds of the object, its weakest of the background, and GrabCut finds the border.

    Args:
        network: the network to ask, or its name.
        photo: whatever `cutaway.read` takes.
        target: the class to cut out; None takes the most probable one.
        method: whose map to use; None takes the best that the network allows.
        how: "grabcut" (needs OpenCV), or a threshold of the map: "otsu", "share" or "percentile".
        level: of "share" (0..1) or "percentile" (0..100).
        truth: the known mask, as a picture that is bright where the object is, or its box (top, left, bottom,
            right) in the photo; the result then has an IoU.
        size: another input size.

    Returns:
        A Grid of photo, map and mask; `provenance["mask"]` tells its area, box and IoU.

    Raises:
        BadImage, BadSetting, UnknownClass, UnsupportedMethod: with what to do instead.

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    >>> net = Network(nn.Sequential(*layers), Preprocessing(size=16))
    >>> photo = Picture(np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8))
    >>> sorted(segment(net, photo, how="otsu").provenance["mask"])
    ['area', 'box']
    """
    if how not in HOWS:
        raise BadSetting(f"how must be one of {', '.join(HOWS)}, got {how!r}")
    if level is not None and how == "grabcut":
        raise BadSetting("level goes with how='share' or how='percentile'; grabcut takes its seeds by itself")
    if how == "grabcut":
        _opencv()
    network = opened(network).at(size)
    picture = read(photo)
    images = network.prepare(picture)
    check_fits(network, images)
    plain = images.as_subclass(Tensor)
    answer = Answer.asked(network, plain)
    k = answer.order[0] if target is None else network.class_index(target)
    if method is None:
        chosen, maps = best_map(network, plain, class_logit(k))
    else:
        chosen = method_named(method)
        maps = chosen(network, plain, class_logit(k))
    values = maps[0].float().cpu().numpy()
    layer, lattice = lattice_of(chosen, network, plain)
    if lattice is None:
        raise UnsupportedMethod(f"the units of {layer} have no place in the photo: choose an earlier layer")
    one = values[0] if len(values) == 1 else np.abs(values).sum(0)
    placement = images.places[0].placement(lattice)
    large = placement.resample(one, picture.size)
    cut = _grabcut(picture, large) if how == "grabcut" else thresholded(large, how, level)
    mask = without_holes(largest_piece(cut))
    told: dict[str, Any] = {"area": float(mask.mean()), "box": bounding_box(mask)}
    lines = [f"{how}: {100 * told['area']:.0f} % of the photo"]
    if truth is not None:
        told["iou"] = _agreement(mask, truth)
        lines[0] += f", IoU {told['iou']:.2f}"
    if told["box"] is not None:
        lines.append(f"box {told['box']}")
    code = spelled(
        segment,
        network_spelled(network),
        repr(picture.path or "photo"),
        target=target if target is None or isinstance(target, str) else int(target),
        how=how,
        level=level,
        size=size,
    )
    heat = Heatmap(
        one,
        photo=picture,
        placement=placement,
        caption=f"{answer.text(k)}\n{type(chosen).__name__} · {layer}",
    )
    return Grid(
        rows=((titled(picture), heat, cutout(picture, mask, "\n".join(lines))),),
        title=f"{network.name}: {network.class_name(k)}, cut out",
        caption=READING,
        provenance=origin(network, code, method=repr(chosen), how=how)
        | {"mask": told, "path": picture.path or "", "class": answer.told(k)},
    )


def _opencv() -> Any:
    try:
        import cv2
    except ImportError:
        raise BadSetting(
            "how='grabcut' needs OpenCV: pip install 'cutaway[segment]', or take how='otsu', which needs nothing"
        ) from None
    return cv2


def _grabcut(photo: Picture, values: Float[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Find the border between what the map says is the object and what it says is not (Rother et al., 2004)."""
    cv2 = _opencv()
    known = values[np.isfinite(values)]
    if not known.size or known.min() == known.max():
        return np.zeros(values.shape, bool)
    low, middle, high = np.percentile(known, [NEVER, PROBABLE, SURE])
    seeds = np.full(values.shape, cv2.GC_PR_BGD, np.uint8)
    with np.errstate(invalid="ignore"):
        seeds[values > middle] = cv2.GC_PR_FGD
        seeds[values >= high] = cv2.GC_FGD
        seeds[~np.isfinite(values) | (values <= low)] = cv2.GC_BGD
    small = photo.fitted(MOST)
    h, w = small.size
    given = cv2.resize(seeds, (w, h), interpolation=cv2.INTER_NEAREST)
    if not (given == cv2.GC_FGD).any() or not (given == cv2.GC_BGD).any():
        return np.asarray(values >= high)
    cv2.setRNGSeed(0)
    pixels = np.ascontiguousarray(small.pixels[..., ::-1])
    cv2.grabCut(pixels, given, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    cut = np.isin(given, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    large = cv2.resize(cut, (values.shape[1], values.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(large.astype(bool))


def _agreement(mask: Bool[np.ndarray, "h w"], truth: Source | Box) -> float:
    """Compare with a mask, or the mask's box with a box."""
    known = np.zeros(mask.shape, bool)
    if isinstance(truth, tuple):
        top, left, bottom, right = truth
        h, w = mask.shape
        if not (0 <= top < bottom <= h and 0 <= left < right <= w):
            raise BadSetting(
                f"the box {truth} (top, left, bottom, right) does not lie in a photo of {h} × {w}"
            )
        known[top:bottom, left:right] = True
        box, filled = bounding_box(mask), np.zeros(mask.shape, bool)
        if box is not None:
            filled[box[0] : box[2], box[1] : box[3]] = True
        return iou(filled, known)
    given = read(truth)
    if given.size != mask.shape:
        raise BadSetting(f"the true mask is {given.size}, the photo {mask.shape}: they must be of one size")
    return iou(mask, given.gray().pixels[..., 0] > 127)
