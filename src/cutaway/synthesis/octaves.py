"""From small to large: an ascent draws large forms first, and each size up adds smaller ones to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedNetwork
from cutaway.network.network import Network
from cutaway.objectives.target import Target, as_objective
from cutaway.synthesis.ascend import Ascent, Preview, ascend
from cutaway.synthesis.optimizers import Optimizer
from cutaway.synthesis.parametrization.parametrization import Parametrization
from cutaway.synthesis.parametrization.pixels import Pixels
from cutaway.synthesis.regularizers import Regularizer
from cutaway.synthesis.tiles import Tiles
from cutaway.synthesis.transforms import Transform

__all__ = ["octave_sizes", "octaves"]


def octaves(
    network: Network,
    objective: Target,
    start: Float[Tensor, "n 3 h w"],
    *,
    count: int = 4,
    factor: float = 1.4,
    steps: int = 10,
    begin: Callable[[Float[Tensor, "n 3 h w"]], Parametrization] | None = None,
    optimizer: Optimizer | None = None,
    transforms: Sequence[Transform] = (),
    regularizers: Sequence[Regularizer] = (),
    seed: int = 0,
    preview: Preview | None = None,
    what: str = "",
    tiles: Tiles | bool = False,
) -> Ascent:
    """Push an objective up on a small copy of the images, and carry what that added up to the next larger one.

    Ctrl-C, or a preview that returns True, ends it: what was added so far is then carried up to the full size.

    Args:
        network: with its preprocessing; left exactly as found.
        objective: as for `ascend`; it has to be one that any size of image answers.
        start: images, as colours of 0..1, at full size.
        count: of sizes.
        factor: from one size to the next.
        steps: at each size.
        begin: makes the parametrization of images; their pixels by default, `Fourier.matching` for spectra.
        optimizer: as for `ascend`.
        transforms: as for `ascend`.
        regularizers: as for `ascend`.
        seed: of the transforms; the next size has the next one.
        preview: called after each step, counted over all sizes, with the images at the size they have then.
        what: told before the progress.
        tiles: for images too large for memory; True cuts a size that does not fit the budget. For objectives that
            are means over places only.

    Raises:
        BadSetting: for settings that do not go together, or sizes that the network cannot take.

    Source: google/deepdream, dream.ipynb (2015).

    >>> from torch import nn
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.objectives.mean_square import mean_square
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> seen = []
    >>> watch = lambda step, images: seen.append((step, images.shape[2]))
    >>> gray = torch.full((1, 3, 32, 32), 0.5)
    >>> made = octaves(net, mean_square("1"), gray, count=2, factor=2.0, steps=2, preview=watch)
    >>> seen, made.images.shape, made.steps
    ([(1, 16), (2, 16), (3, 32), (4, 32)], torch.Size([1, 3, 32, 32]), 4)
    """
    begin = begin or (lambda images: Pixels(images * 255.0))
    sizes = octave_sizes((start.shape[2], start.shape[3]), count, factor)
    bases = [start]
    for size in sizes[-2::-1]:
        bases.insert(0, _resized(bases[0], size))
    images, history, stopped = bases[0], [], False
    for octave, base in enumerate(bases):
        if octave:
            images = base + _resized(images - bases[octave - 1], sizes[octave])
        if stopped:
            continue

        def shown(step: int, images: Tensor, before: int = octave * steps) -> bool | None:
            return preview(before + step, images) if preview is not None else None

        cut = tiles if isinstance(tiles, Tiles) else None
        if tiles is True:
            cut = Tiles.needed(network, as_objective(network, base[:, :, :64, :64], objective), sizes[octave])
        try:
            made = ascend(
                network,
                objective,
                begin(images),
                steps=steps,
                optimizer=optimizer,
                transforms=transforms,
                regularizers=regularizers,
                seed=seed + octave,
                preview=shown,
                what=f"{what}octave {octave + 1} of {count}",
                tiles=cut,
            )
        except UnsupportedNetwork as error:
            h, w = sizes[octave]
            raise BadSetting(
                f"{network.name} cannot be ascended at octave {octave + 1} of {count}, {h} × {w} pixels: take fewer "
                f"octaves, or a larger size ({error})"
            ) from error
        except KeyboardInterrupt:  # before its first step
            stopped = True
            continue
        images, stopped = made.images, made.stopped
        history.append(made.history)
    scores = torch.cat(history) if history else torch.zeros(0, len(start))
    return Ascent(images, scores, stopped)


def octave_sizes(size: tuple[int, int], count: int, factor: float) -> list[tuple[int, int]]:
    """Give the sizes (h, w), the smallest first; each is the next larger one divided by the factor, and rounded.

    >>> octave_sizes((300, 451), 4, 1.4)
    [(109, 164), (153, 230), (214, 322), (300, 451)]
    """
    if count < 1 or not factor > 1:
        raise BadSetting(f"octaves must be at least 1 and their factor above 1, got {count} and {factor}")
    sizes = [size]
    for _ in range(count - 1):
        h, w = sizes[0]
        sizes.insert(0, (round(h / factor), round(w / factor)))
    if min(sizes[0]) < 1:
        raise BadSetting(
            f"{count} octaves × {factor:g} leave nothing of an image of {size[0]} × {size[1]}: take fewer"
        )
    return sizes


def _resized(images: Float[Tensor, "n c h w"], size: tuple[int, int]) -> Float[Tensor, "n c h2 w2"]:
    """Resize by straight lines between pixels, corners on corners, as the original does."""
    return F.interpolate(images, size, mode="bilinear", align_corners=True)
