"""The answer to one frame of a webcam."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cutaway.attribution.attribution import lattice_of
from cutaway.attribution.methods import method_named
from cutaway.errors import BadImage, UnsupportedMethod
from cutaway.images.read import read
from cutaway.network.network import Network
from cutaway.network.place import Images
from cutaway.network.receptive_field import Lattice
from cutaway.recipes.answer import Answer
from cutaway.recipes.question import Asked, Question
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.web.coarse import coarser
from cutaway.web.frames import Frame, Reply

__all__ = ["frame_photo", "in_shares", "looked", "most_probable"]

MOST_FRAME_PIXELS = 2_000_000
# Cells that a map's longer side may have on its way to the page.
MOST_CELLS = 64
TOP = 5


def looked(network: Network, frame: Frame) -> Reply:
    """Ask the network what a frame shows, and the method where; one pass answers both.

    Raises:
        BadImage: for a frame that is no JPEG.
        UnknownClass, UnsupportedMethod: with what to do instead.
    """
    started = time.perf_counter()
    photo = frame_photo(frame)
    images = network.prepare(photo)
    method = method_named(frame.way)
    asked = Asked(network, images, Question(network, frame.target, None, 1), None)
    before = time.perf_counter()
    maps = method(network, images, asked.objective)
    passed = time.perf_counter() - before
    layer, lattice = lattice_of(method, network, images)
    if lattice is None:
        raise UnsupportedMethod(f"the units of {layer} have no place in the photo")
    maps, lattice = coarser(maps, lattice, MOST_CELLS)
    values = maps[0, 0].float().cpu().numpy()
    classes = most_probable(asked.answer)
    seconds = (passed, time.perf_counter() - started)
    place = in_shares(images, lattice, photo)
    return Reply(frame.way, frame.number, values, place, asked.drawn[0][1], classes, seconds)


def frame_photo(frame: Frame) -> Picture:
    """Decode a frame.

    Raises:
        BadImage: where it is no JPEG.
    """
    try:
        return read(frame.jpeg, formats=("JPEG",), max_pixels=MOST_FRAME_PIXELS)
    except BadImage as error:
        raise BadImage("the frame", error.reason) from error


def most_probable(answer: Answer) -> Sequence[tuple[int, float]]:
    """List the most probable classes, with probabilities, or scores where there are none."""
    shares = [(k, answer.probability(k)) for k in answer.order[:TOP]]
    return [(k, float(answer.logits[k]) if share is None else share) for k, share in shares]


def in_shares(images: Images, lattice: Lattice, photo: Picture) -> Placement:
    """Tell where a map's cells lie, in shares of the photo's height and width: the page draws at a size of its own."""
    h, w = photo.size
    return images.places[0].placement(lattice).scaled((1 / h, 1 / w))
