"""The answer to one frame of a webcam."""

from __future__ import annotations

import time

import torch.nn.functional as F

from cutaway.attribution.attribution import lattice_of
from cutaway.attribution.methods import method_named
from cutaway.errors import BadImage, UnsupportedMethod
from cutaway.images.read import read
from cutaway.network.network import Network
from cutaway.network.receptive_field import Lattice
from cutaway.recipes.question import Asked, Question
from cutaway.web.frames import Frame, Reply

__all__ = ["looked"]

MOST_FRAME_PIXELS = 2_000_000
# Cells that a map's longer side may have on its way to the page: a map of pixels is taken the largest of each block.
MOST_CELLS = 64
TOP = 5


def looked(network: Network, frame: Frame) -> Reply:
    """Ask the network what a frame shows, and the method where; one pass answers both.

    Raises:
        BadImage: for a frame that is no JPEG.
        UnknownClass, UnsupportedMethod: with what to do instead.
    """
    started = time.perf_counter()
    try:
        photo = read(frame.jpeg, formats=("JPEG",), max_pixels=MOST_FRAME_PIXELS)
    except BadImage as error:
        raise BadImage("the frame", error.reason) from error
    images = network.prepare(photo)
    method = method_named(frame.method)
    asked = Asked(network, images, Question(network, frame.target, None, 1), None)
    before = time.perf_counter()
    maps = method(network, images, asked.objective)
    passed = time.perf_counter() - before
    answer = asked.answer
    layer, lattice = lattice_of(method, network, images)
    if lattice is None:
        raise UnsupportedMethod(f"the units of {layer} have no place in the photo")
    cells = max(maps.shape[2:])
    if cells > MOST_CELLS:
        block = -(-cells // MOST_CELLS)
        maps = F.max_pool2d(maps, block, ceil_mode=True)
        lattice = Lattice(
            (
                lattice.start[0] + (block - 1) / 2 * lattice.step[0],
                lattice.start[1] + (block - 1) / 2 * lattice.step[1],
            ),
            (block * lattice.step[0], block * lattice.step[1]),
        )
    h, w = photo.size
    placement = images.places[0].placement(lattice).scaled((1 / h, 1 / w))
    top = [(k, answer.probability(k)) for k in answer.order[:TOP]]
    classes = [(k, float(answer.logits[k]) if share is None else share) for k, share in top]
    values = maps[0, 0].float().cpu().numpy()
    seconds = (passed, time.perf_counter() - started)
    return Reply(frame.method, frame.number, values, placement, asked.drawn[0][1], classes, seconds)
