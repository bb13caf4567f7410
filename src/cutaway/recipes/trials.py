"""Trying what a network goes by: photos are given a background or a thing, or have it taken away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from math import comb
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.recipes.evidence import Evidence, prepared
from cutaway.recipes.judge import Judge
from cutaway.recipes.patterns import Pattern
from cutaway.recipes.retouch import boxed, filled, hull, softened
from cutaway.view.mask import Box

__all__ = ["Bench", "Trial", "Tried"]

# Photos in a trial, at most and at least; of them so many are shown; how many are changed at once.
_MOST, _FEWEST, SHOWN, _BATCH = 40, 4, 6, 20
# What is taken out of a photo goes this many of 64 cells further than what is put into one.
_FURTHER = 4
# What lies elsewhere in the same photos turns less than this part of what a pattern turns, or it is no pattern's doing.
_LOCAL = 0.5


# Photos, a donor for each, and what is done to a photo with its donor.
_Plan = tuple[Sequence[int], Sequence[int], Callable[[int, int], Tensor]]


@dataclass(frozen=True)
class Trial:
    """What became of photos that were changed.

    Args:
        photos: that were changed, in the index.
        donors: the photos that what was put in comes from.
        before: the label decided on before, of each.
        after: and after.
        images: as changed, as the network takes them; the first few.
    """

    photos: tuple[int, ...]
    donors: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    images: Float[Tensor, "k c h w"]

    def share(self, label: int) -> float:
        """Give the share of the changed photos that were decided to be of a label."""
        return sum(one == label for one in self.after) / len(self.after)


class Tried(NamedTuple):
    """What a background or a pattern does.

    Args:
        given: photos of other labels, with it put in.
        control: the same photos, with the same done from photos of further labels.
        taken: photos of the label, with it taken away.
        spared: the same photos, with as much done to them that leaves it there.
        opposite: of a pattern, the photos of `given` with what lies in the same donors at the opposite place.
    """

    given: Trial
    control: Trial
    taken: Trial
    spared: Trial
    opposite: Trial | None = None

    def turned(self, label: int) -> float:
        """Give the share of other photos that it makes the label's, more than the control does."""
        return self.given.share(label) - self.control.share(label)

    def lost(self, label: int) -> float:
        """Give the share of the label's own photos that are no longer told without it, more than are lost anyway."""
        return self.spared.share(label) - self.taken.share(label)

    def local(self, label: int) -> bool:
        """Tell whether it is what lies at this place: the opposite place of the same photos turns less than half."""
        if self.opposite is None:
            return False
        return self.opposite.share(label) - self.control.share(label) < _LOCAL * self.turned(label)

    def luck(self, label: int) -> float:
        """Give how likely it is that luck alone turns so many (a sign test on the pairs, one-sided)."""
        pairs = [(a == label, b == label) for a, b in zip(self.given.after, self.control.after, strict=True)]
        more, less = (sum(pair == way for pair in pairs) for way in ((True, False), (False, True)))
        tails: int = sum(comb(more + less, k) for k in range(more, more + less + 1))
        return float(tails / 2 ** (more + less))


class Bench:
    """Where photos are changed, and shown to the judge.

    Args:
        judge: that decides.
        index: of the photos.
        evidence: of photos of all labels.
        seed: for the choice of photos.
        least: what turns a smaller share of photos than this, more than chance, is not tried further.
    """

    def __init__(
        self,
        judge: Judge,
        index: ActivationIndex,
        evidence: Sequence[Evidence],
        seed: int,
        least: float = 0.2,
    ) -> None:
        self._judge, self._index, self._evidence, self._least = judge, index, evidence, least
        self._source = np.random.default_rng(seed)

    def breadth(self, pattern: Pattern) -> float:
        """Give the share of the image that a pattern's boxes take in a photo, on average."""
        size = self._index.image_size
        return float(np.mean([boxed(own, size).mean() for own in _boxes(pattern).values()]))

    def background(self, label: int, barred: Collection[int] = ()) -> Tried | None:
        """Put other labels' objects on the label's backgrounds, and its objects on theirs.

        None where there are too few objects, or too few photos are turned.

        Args:
            label: whose backgrounds.
            barred: labels that have no part in it.
        """
        known = [place for place, one in enumerate(self._evidence) if one.object is not None]
        own, others = self._sides(known, label, barred)
        if min(len(own), len(others)) < _FEWEST:
            return None

        def move(place: int, ground: int) -> Tensor:
            image, behind = self._image(place), self._image(ground)
            size = (image.shape[2], image.shape[3])
            mask = softened(self._object(place), size)
            gone = softened(hull(self._object(ground)), size, _FURTHER)
            return image * mask + filled(behind, gone > 0) * (1 - mask)

        hosts, mine = others[:_MOST], own[:_MOST]
        return self._weighed(
            label,
            (hosts, self._paired(hosts, own), move),
            (hosts, self._third(hosts, others), move),
            (mine, self._paired(mine, others), move),
            (mine, self._paired(mine, own), move),
        )

    def pattern(self, pattern: Pattern, barred: Collection[int] = ()) -> Tried | None:
        """Put what a pattern has beside the object into photos of other labels, and take it out of its own.

        None where there are too few photos, or too few are turned.

        Args:
            pattern: that is tried.
            barred: labels that have no part in it.
        """
        boxes = _boxes(pattern)
        outside = [k for k, one in enumerate(self._evidence) if one.label != pattern.label]
        own, others = self._sides([*boxes, *outside], pattern.label, barred)
        if min(len(own), len(others)) < _FEWEST:
            return None
        hosts, mine = others[:_MOST], own[:_MOST]
        donors = self._paired(hosts, own)
        where = dict(zip(hosts, donors, strict=True))

        def beside(place: int, boxes: Sequence[Box], size: tuple[int, int]) -> Tensor:
            mask = softened(boxed(boxes, size), size)
            known = self._evidence[place].object
            return mask if known is None else mask * (1 - softened(known, size))

        def opposite(place: int, size: tuple[int, int]) -> Tensor:
            return beside(place, _mirrored(boxes[place], size), size) * (
                1 - beside(place, boxes[place], size)
            )

        def put(at: int, donor: int, far: bool = False) -> Tensor:
            image, giver = self._image(at), self._image(donor)
            size = (image.shape[2], image.shape[3])
            mask = opposite(donor, size) if far else beside(donor, boxes[where[at]], size)
            return image * (1 - mask) + giver * mask

        def take(at: int, _: int, far: bool = False) -> Tensor:
            image = self._image(at)
            size = (image.shape[2], image.shape[3])
            mask = opposite(at, size) if far else beside(at, boxes[at], size)
            return image * (1 - mask) + filled(image, mask > 0) * mask

        return self._weighed(
            pattern.label,
            (hosts, donors, put),
            (hosts, self._third(hosts, others), put),
            (mine, mine, take),
            (mine, mine, partial(take, far=True)),
            (hosts, donors, partial(put, far=True)),
        )

    def _sides(
        self, places: Sequence[int], label: int, barred: Collection[int]
    ) -> tuple[list[int], list[int]]:
        """Part photos into those of a label and all others, in no order."""
        mixed = [places[k] for k in self._source.permutation(len(places))]
        own = [place for place in mixed if self._evidence[place].label == label]
        others = [place for place in mixed if self._evidence[place].label not in {label, *barred}]
        return own, others

    def _paired(
        self, hosts: Sequence[int], donors: Sequence[int], fits: Callable[[int, int], bool] | None = None
    ) -> list[int]:
        """Choose a donor for each host: of its fold where there is one, in turn."""
        found, used = [], dict.fromkeys(donors, 0)
        for host in hosts:
            fold = self._evidence[host].fold
            allowed = [d for d in donors if d != host and (fits is None or fits(host, d))] or list(donors)
            near = [d for d in allowed if self._evidence[d].fold == fold] or allowed
            found.append(min(near, key=used.__getitem__))
            used[found[-1]] += 1
        return found

    def _third(self, hosts: Sequence[int], others: Sequence[int]) -> list[int]:
        """Choose donors of neither label; where there are but two labels, of the host's own."""
        labels = [one.label for one in self._evidence]
        return self._paired(hosts, others, lambda host, donor: labels[host] != labels[donor])

    def _weighed(self, label: int, given: _Plan, control: _Plan, *others: _Plan) -> Tried | None:
        """Carry trials out, the cheapest way to a no first; None for what turns too few photos."""
        first = self._tried(*given)
        if first.share(label) < self._least:
            return None
        second = self._tried(*control)
        if first.share(label) - second.share(label) < self._least:
            return None
        return Tried(first, second, *(self._tried(*one) for one in others))

    def _tried(
        self, places: Sequence[int], donors: Sequence[int], change: Callable[[int, int], Tensor]
    ) -> Trial:
        pairs = list(zip(places, donors, strict=True))
        found: list[int] = []
        first = torch.zeros(0, 3, 1, 1)
        for start in range(0, len(pairs), _BATCH):
            some = pairs[start : start + _BATCH]
            images = torch.cat([change(at, donor) for at, donor in some])
            found += self._judge.decided(images, [self._evidence[at].fold for at, _ in some]).tolist()
            first = first if start else images[:SHOWN].clone()
        return Trial(
            tuple(self._evidence[place].photo for place in places),
            tuple(self._evidence[place].photo for place in donors),
            tuple(self._evidence[place].decided for place in places),
            tuple(found),
            first,
        )

    def _image(self, place: int) -> Float[Tensor, "1 c h w"]:
        return prepared(self._judge.network, self._index, [self._evidence[place].photo])

    def _object(self, place: int) -> Bool[np.ndarray, "64 64"]:
        mask = self._evidence[place].object
        assert mask is not None
        return mask


def _boxes(pattern: Pattern) -> dict[int, list[Box]]:
    boxes: dict[int, list[Box]] = {}
    for place, piece in pattern.members:
        boxes.setdefault(place, []).append(piece.box)
    return boxes


def _mirrored(boxes: Sequence[Box], size: tuple[int, int]) -> list[Box]:
    """Lay boxes at the opposite side of the middle."""
    h, w = size
    return [(h - bottom, w - right, h - top, w - left) for top, left, bottom, right in boxes]
