"""How far a map may be believed, in numbers: a few for nothing on every map, the costly ones on request."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.attribution import Attribution, lattice_of
from cutaway.attribution.deletion import areas, random_order
from cutaway.attribution.randomisation import randomised_similarity
from cutaway.attribution.saturation import saturation
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.network import Network
from cutaway.network.place import Place
from cutaway.network.several import one_batch
from cutaway.objectives.target import Target

__all__ = ["Trust", "on_pixels", "trust"]

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Trust:
    """The numbers of one map; None for what was not asked for.

    Args:
        zeros: share of its cells that are exactly zero, 0..1.
        top_tenth: share of its absolute sum that lies in the strongest tenth of its cells: 0.1 for a flat map, 1 for
            a map with all in a few places.
        deletion: mean score, as a share of the whole image's, while the strongest pixels are deleted first: low is
            good. 1 is an image that loses nothing.
        deletion_random: the same for a random order of equal smoothness: what low is to be compared with.
        insertion: mean score while the strongest pixels of a blurred image are sharpened first: high is good.
        insertion_random: the same for a random order.
        randomised: mean rank correlation with the maps of networks whose weights are shuffled from the last layer
            down: near 1, the map does not depend on what was learned.
        saturation: gradient at the image over the mean gradient on the way from gray to it: far below 1, the score
            has levelled out, and gradients tell little.
        pointing: whether the strongest place lies in the given box, 1 or 0.
        energy: share of the map's positive sum inside the given box.
    """

    zeros: float
    top_tenth: float
    deletion: float | None = None
    deletion_random: float | None = None
    insertion: float | None = None
    insertion_random: float | None = None
    randomised: float | None = None
    saturation: float | None = None
    pointing: float | None = None
    energy: float | None = None

    @property
    def flat(self) -> bool:
        """Whether the map has nothing to say: no cell differs from zero."""
        return self.zeros == 1.0

    def told(self) -> dict[str, Any]:
        """Give the numbers that there are, for a machine."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        if self.flat:
            return "flat: this map says nothing"
        parts = [f"zeros {100 * self.zeros:.0f} %", f"top tenth {100 * self.top_tenth:.0f} %"]
        if self.deletion is not None and self.deletion_random is not None:
            parts.append(f"deletion {self.deletion:.2f} (random {self.deletion_random:.2f})")
        if self.insertion is not None and self.insertion_random is not None:
            parts.append(f"insertion {self.insertion:.2f} (random {self.insertion_random:.2f})")
        for name in ("randomised", "saturation", "pointing", "energy"):
            value = getattr(self, name)
            if value is not None:
                parts.append(f"{name} {value:.2f}")
        return " · ".join(parts)


def trust(
    network: Network,
    images: Float[Tensor, "n c h w"],
    objective: Target,
    method: Attribution,
    maps: Float[Tensor, "n d rows columns"],
    *,
    full: bool = False,
    box: Box | None = None,
    seed: int = 0,
) -> list[Trust]:
    """Measure maps that a method has made.

    Args:
        network: left exactly as found; what is shuffled is a copy.
        images: that the maps are of.
        objective: that they explain; `class_probability` suits deletion and insertion best.
        method: that made them.
        maps: raw, as the method gave them.
        full: also deletion, insertion, randomised weights and saturation, at about 140 passes
            and four more maps for each.
        box: (top, left, bottom, right) of the object in pixels of the image, the last two exclusive.
        seed: of the random order and of the shuffled weights.

    Raises:
        BadSetting: for a box that does not lie in the image.

    >>> from torch import nn
    >>> from cutaway.attribution.saliency import Saliency
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)))
    >>> images, method = torch.randn(1, 3, 4, 4), Saliency()
    >>> found = trust(net, images, class_logit(1), method, method(net, images, class_logit(1)))
    >>> found[0].zeros, found[0].deletion
    (0.0, None)
    """
    plain = one_batch(network, images, "trust")
    h, w = int(plain.shape[2]), int(plain.shape[3])
    if box is not None and not (0 <= box[0] < box[2] <= h and 0 <= box[1] < box[3] <= w):
        raise BadSetting(f"the box (top, left, bottom, right) = {box} does not lie in an image of {h} × {w}")
    numbers: list[dict[str, float]] = [_of_the_map(one) for one in maps]
    if full or box is not None:
        placed = [on_pixels(network, plain, method, one) for one in maps]
        for i, one in enumerate(placed):
            if box is not None:
                numbers[i] |= _inside(one, box)
            if full:
                orders = {"": one, "_random": random_order(h, w, seed + i).to(one)}
                for name, order in orders.items():
                    deletion, insertion = areas(network, plain, i, objective, order)
                    numbers[i] |= {f"deletion{name}": deletion, f"insertion{name}": insertion}
    if full:
        alike = randomised_similarity(network, plain, objective, method, maps, seed=seed)
        level = saturation(network, plain, objective)
        for i in range(len(numbers)):
            numbers[i] |= {"randomised": alike[i], "saturation": level[i]}
    return [Trust(**one) for one in numbers]


def on_pixels(
    network: Network,
    images: Float[Tensor, "n c h w"],
    method: Attribution,
    values: Float[Tensor, "d rows columns"],
) -> Float[Tensor, "h w"]:
    """Bring one map to the image's pixels, unit by unit; of colours the sum of the absolute values.

    >>> from torch import nn
    >>> from cutaway.attribution.saliency import Saliency
    >>> on_pixels(Network(nn.ReLU()), torch.zeros(1, 3, 2, 2), Saliency(), torch.ones(1, 2, 2)).shape
    torch.Size([2, 2])
    """
    one = values[0] if len(values) == 1 else values.abs().sum(0)
    size = (int(images.shape[2]), int(images.shape[3]))
    if tuple(one.shape) == size:
        return one
    layer, lattice = lattice_of(method, network, images)
    if lattice is None:
        raise UnsupportedMethod(f"the units of {layer} have no place in the image")
    placement = Place.itself(size).placement(lattice)
    large = placement.resample(one.float().cpu().numpy(), size)
    return torch.from_numpy(np.nan_to_num(large)).to(one)


def _of_the_map(values: Float[Tensor, "d rows columns"]) -> dict[str, float]:
    strength = values.double().abs().flatten()
    total = float(strength.sum())
    strongest = strength.topk(max(1, round(len(strength) / 10))).values
    return {
        "zeros": float((strength == 0).double().mean()),
        "top_tenth": float(strongest.sum()) / total if total else 0.0,
    }


def _inside(values: Float[Tensor, "h w"], box: Box) -> dict[str, float]:
    """Pointing game (Zhang et al., ECCV 2016) and energy-based pointing (Wang et al., CVPR workshops 2020)."""
    top, left, bottom, right = box
    y, x = divmod(int(values.argmax()), values.shape[1])
    positive = values.double().clamp_min(0)
    total = float(positive.sum())
    return {
        "pointing": float(top <= y < bottom and left <= x < right),
        "energy": float(positive[top:bottom, left:right].sum()) / total if total else 0.0,
    }
