"""Where images lie in the photos that they were made from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from cutaway.network.receptive_field import Lattice
from cutaway.view.placement import Placement

__all__ = ["Images", "Place"]


@dataclass(frozen=True)
class Place:
    """Where one image lies in its photo: image coordinate u is photo coordinate offset + u · scale.

    Coordinates are continuous: pixel p covers [p, p + 1).

    Args:
        photo_size: (h, w) of the photo.
        image_size: (h, w) of the image that the network sees.
        scale: photo pixels per image pixel, (y, x).
        offset: photo coordinate of the image's upper left corner, (y, x).

    >>> Place((300, 450), (224, 224), (1.5, 1.5), (0.0, 57.0)).window
    (0.0, 57.0, 300.0, 393.0)
    """

    photo_size: tuple[int, int]
    image_size: tuple[int, int]
    scale: tuple[float, float]
    offset: tuple[float, float]

    @classmethod
    def itself(cls, size: tuple[int, int]) -> Place:
        """Give the place of an image that is its own photo.

        >>> Place.itself((4, 6)).scale
        (1.0, 1.0)
        """
        return cls(size, size, (1.0, 1.0), (0.0, 0.0))

    @property
    def window(self) -> tuple[float, float, float, float]:
        """The part of the photo that the network saw: (top, left, bottom, right)."""
        top, left = self.offset
        bottom = top + self.image_size[0] * self.scale[0]
        right = left + self.image_size[1] * self.scale[1]
        return (
            max(0.0, top),
            max(0.0, left),
            min(float(self.photo_size[0]), bottom),
            min(float(self.photo_size[1]), right),
        )

    def box(self, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """Give the photo's pixels, cut to the photo, under a box of the image's pixels; at least one of them.

        Args:
            box: (top, left, bottom, right), the last two exclusive.

        >>> Place((448, 448), (224, 224), (2.0, 2.0), (0.0, 0.0)).box((3, 4, 5, 8))
        (6, 8, 10, 16)
        """
        found = []
        for side in (0, 1):
            first, last = (self.offset[side] + box[side + k] * self.scale[side] for k in (0, 2))
            most = self.photo_size[side]
            start = min(max(0, math.floor(first + 1e-6)), most - 1)
            found.append((start, min(most, max(start + 1, math.ceil(last - 1e-6)))))
        (top, bottom), (left, right) = found
        return top, left, bottom, right

    def within(self, box: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
        """Give the image's pixels under a box of the photo's pixels, at least one of them; None where it saw none.

        Args:
            box: (top, left, bottom, right), the last two exclusive.

        >>> Place((448, 448), (224, 224), (2.0, 2.0), (0.0, 0.0)).within((6, 8, 10, 16))
        (3, 4, 5, 8)
        """
        found = []
        for side in (0, 1):
            first, last = ((box[side + k] - self.offset[side]) / self.scale[side] for k in (0, 2))
            most = self.image_size[side]
            if last <= 0 or first >= most:
                return None
            start = min(max(0, round(first)), most - 1)
            found.append((start, min(most, max(start + 1, round(last)))))
        (top, bottom), (left, right) = found
        return top, left, bottom, right

    def placement(self, lattice: Lattice) -> Placement:
        """Tell where a layer's units lie in the photo, for drawing a map of them back onto it.

        >>> from cutaway.network.receptive_field import Lattice
        >>> place = Place((448, 448), (224, 224), (2.0, 2.0), (0.0, 0.0))
        >>> place.placement(Lattice(start=(8.0, 8.0), step=(16.0, 16.0))).start
        (16.0, 16.0)
        """
        return Placement(
            start=(
                self.offset[0] + lattice.start[0] * self.scale[0],
                self.offset[1] + lattice.start[1] * self.scale[1],
            ),
            step=(lattice.step[0] * self.scale[0], lattice.step[1] * self.scale[1]),
            window=self.window,
        )


class Images(torch.Tensor):
    """Preprocessed images (n,c,h,w) that remember where they lie in their photos.

    A float tensor like any other; what is computed from it is a plain tensor without places.

    >>> images = Images.of(torch.zeros(1, 3, 4, 6), [Place.itself((4, 6))])
    >>> images.places[0].photo_size, type(images * 2).__name__
    ((4, 6), 'Tensor')
    """

    places: tuple[Place, ...]

    # Results of operations are plain tensors: a place is true of these very pixels only.
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def of(cls, tensor: torch.Tensor, places: Iterable[Place]) -> Images:
        """Attach places, one per image, to a tensor (n,c,h,w); the memory is shared.

        >>> Images.of(torch.zeros(2, 3, 4, 4), [Place.itself((4, 4))] * 2).shape
        torch.Size([2, 3, 4, 4])
        """
        images = tensor.as_subclass(cls)
        images.places = tuple(places)
        return images

    def __deepcopy__(self, memo: dict[int, Any]) -> Images:
        return Images.of(self.as_subclass(torch.Tensor).detach().clone(), self.places)

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"Images({tuple(self.shape)}, {self.dtype}, places={self.places})"

    @staticmethod
    def places_of(images: torch.Tensor) -> tuple[Place, ...]:
        """Give the places of images, or each image as its own photo where none are known.

        >>> Images.places_of(torch.zeros(1, 3, 4, 6))[0].window
        (0.0, 0.0, 4.0, 6.0)
        """
        if isinstance(images, Images) and len(getattr(images, "places", ())) == len(images):
            return images.places
        h, w = images.shape[-2:]
        return (Place.itself((int(h), int(w))),) * len(images)
