"""From a photo to the images that a network was trained on, and the way back."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.place import Images, Place
from cutaway.view.picture import Picture

__all__ = ["Preprocessing"]

_FITS = ("shortest", "crop", "exact", "none")
_INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_CHANNELS = ("RGB", "BGR", "gray")
_MOST_PIXELS = 100_000_000


@dataclass(frozen=True)
class Preprocessing:
    """How a photo becomes the images that a network was trained on.

    Args:
        size: an int for the shortest side (or the side of a square), (h, w), or None for the photo's own size.
        mean: subtracted from each channel, in units of `value_range`.
        std: divides each channel, in units of `value_range`.
        fit: "shortest" scales the shortest side to `size` and keeps the aspect and the whole photo;
            "crop" does so to `size / crop_share` and cuts the centre out, as in training and most
            published accuracies; "exact" squeezes to (h, w); "none" takes the photo as it is.
        crop_share: the share of the shortest side that "crop" keeps.
        interpolation: "bilinear", "bicubic", "nearest" or "lanczos".
        channels: "RGB", "BGR" (networks from Caffe) or "gray" (one channel).
        value_range: what white is before mean and std: 1.0 or 255.0.

    Raises:
        BadSetting: for a value outside these.

    >>> Preprocessing(size=224).prepare(Picture(np.zeros((300, 450, 3), np.uint8))).shape
    torch.Size([1, 3, 224, 336])
    >>> Preprocessing(size=224, fit="crop").prepare(Picture(np.zeros((300, 450, 3), np.uint8))).shape
    torch.Size([1, 3, 224, 224])
    """

    size: int | tuple[int, int] | None = 224
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    fit: Literal["shortest", "crop", "exact", "none"] = "shortest"
    crop_share: float = 0.875
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    channels: Literal["RGB", "BGR", "gray"] = "RGB"
    value_range: float = 1.0

    def __post_init__(self) -> None:
        # Lists are welcome where a person types them; the frozen value holds tuples.
        for setting in ("mean", "std"):
            object.__setattr__(self, setting, _numbers(setting, getattr(self, setting)))
        object.__setattr__(self, "size", _size(self.size))
        _allow("fit", self.fit, _FITS)
        _allow("interpolation", self.interpolation, tuple(_INTERPOLATIONS))
        _allow("channels", self.channels, _CHANNELS)
        count = 1 if self.channels == "gray" else 3
        if len(self.mean) != count or len(self.std) != count:
            raise BadSetting(
                f"mean and std need {count} values for channels={self.channels!r}, "
                f"got {len(self.mean)} and {len(self.std)}"
            )
        if not all(0 < s < math.inf for s in self.std):
            raise BadSetting(f"std must be positive, got {self.std}")
        if not all(map(math.isfinite, self.mean)):
            raise BadSetting(f"mean must be finite, got {self.mean}")
        if not 0 < self.value_range < math.inf:
            raise BadSetting(f"value_range must be positive (1.0 or 255.0), got {self.value_range}")
        if max(self.mean) > self.value_range:
            raise BadSetting(
                f"a mean of {max(self.mean):g} lies above white, value_range={self.value_range:g}: "
                "numbers for pixels of 0..255 need value_range=255"
            )
        if not 0 < self.crop_share <= 1:
            raise BadSetting(f"crop_share must lie in 0..1, got {self.crop_share}")
        if self.size is None and self.fit != "none":
            object.__setattr__(self, "fit", "none")
        if isinstance(self.size, tuple):
            if len(self.size) != 2:
                raise BadSetting(f"size must be an int, (h, w) or None, got {self.size}")
            if self.fit == "shortest":
                raise BadSetting(
                    f"fit='shortest' takes one number, got size={self.size}: "
                    "give size=224, or fit='exact' (squeezed) or fit='crop' (cut)"
                )
        sides = self.size if isinstance(self.size, tuple) else (self.size,)
        if any(side is not None and side < 1 for side in sides):
            raise BadSetting(f"size must be at least 1 pixel, got {self.size}")

    def at(self, size: int | tuple[int, int] | Literal["photo"]) -> Preprocessing:
        """Give the same preprocessing at another size; (h, w) is exact, "photo" is the photo's own.

        >>> Preprocessing(size=224).at((150, 250)).fit
        'exact'
        """
        if size == "photo":
            return replace(self, size=None, fit="none")
        if isinstance(size, str):
            raise BadSetting(f"size must be an int, (h, w) or 'photo', got {size!r}")
        if isinstance(size, tuple):
            return replace(self, size=size, fit="exact" if self.fit in ("shortest", "none") else self.fit)
        return replace(self, size=size, fit="shortest" if self.fit == "none" else self.fit)

    def prepare(self, photo: Picture) -> Images:
        """Turn one photo into images (1,c,h,w), float32, that remember their place in it.

        >>> images = Preprocessing(size=100).prepare(Picture(np.zeros((200, 300, 3), np.uint8)))
        >>> images.places[0].scale
        (2.0, 2.0)
        """
        pixels, place = self.cut(photo)
        return Images.of(self.normalized(pixels[None]).contiguous(), [place])

    def cut(self, photo: Picture) -> tuple[UInt8[np.ndarray, "h w 3"], Place]:
        """Scale and cut one photo, its colours as they are, and tell where what is left lies in it.

        >>> Preprocessing(size=100).cut(Picture(np.zeros((200, 300, 3), np.uint8)))[0].shape
        (100, 150, 3)
        """
        whole, (top, left, h, w) = self.resized(photo)
        pixels = whole[top : top + h, left : left + w]
        scale = (photo.size[0] / whole.shape[0], photo.size[1] / whole.shape[1])
        return pixels, Place(photo.size, (h, w), scale, (top * scale[0], left * scale[1]))

    def resized(self, photo: Picture) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[int, int, int, int]]:
        """Scale one photo without cutting it, and give the (top, left, h, w) that is then cut out of it.

        >>> crop = Preprocessing(size=224, fit="crop")
        >>> crop.resized(Picture(np.zeros((300, 450, 3), np.uint8)))[1]
        (16, 80, 224, 224)
        """
        resized, cut = self._geometry(photo.size)
        if resized[0] * resized[1] > max(_MOST_PIXELS, photo.size[0] * photo.size[1]):
            raise BadSetting(
                f"a photo of {photo.size[0]} × {photo.size[1]} pixels would grow to {resized[0]:,} × {resized[1]:,}: "
                "give a smaller size; a very narrow photo may be squeezed: Preprocessing(fit='exact')"
            )
        picture = Image.fromarray(photo.pixels)
        if resized != photo.size:
            picture = picture.resize((resized[1], resized[0]), _INTERPOLATIONS[self.interpolation])
        return np.asarray(picture), cut

    def normalized(self, pixels: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n c h w"]:
        """Turn colours into the numbers that the network takes; channels lie last in memory, as in the pixels.

        >>> Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3).normalized(
        ...     np.full((1, 2, 2, 3), 255, np.uint8)
        ... ).max()
        tensor(1.)
        """
        if self.channels == "gray":
            # ITU-R 601 luma, as Pillow's "L".
            gray = [np.asarray(Image.fromarray(one).convert("L")) for one in pixels]
            pixels = np.stack(gray)[..., None]
        elif self.channels == "BGR":
            pixels = pixels[..., ::-1]
        n, h, w, c = pixels.shape
        # A copy: Pillow's pixels are read-only, of which torch warns. Whole rows at once: loops of three are slow.
        rows = torch.from_numpy(np.array(pixels, order="C")).view(n * h, w * c).float()
        mean, std = (torch.tensor(values).repeat(w) for values in (self.mean, self.std))
        rows.mul_(self.value_range / 255.0).sub_(mean).div_(std)
        return rows.view(n, h, w, c).permute(0, 3, 1, 2)

    def show(self, images: Float[Tensor, "n c h w"]) -> list[Picture]:
        """Draw images as the network sees them: the normalisation undone, everything else left.

        >>> photo = Picture(np.full((8, 8, 3), 200, np.uint8))
        >>> settings = Preprocessing(size=8)
        >>> int(settings.show(settings.prepare(photo))[0].pixels[0, 0, 0])
        200
        """
        values = self.pixels(images.detach().float()) * 255.0
        pixels = values.round().clamp(0, 255).to(torch.uint8).cpu()
        return [Picture(np.ascontiguousarray(p.permute(1, 2, 0).numpy())) for p in pixels]

    def normalize(self, pixels: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c h w"]:
        """Turn pixels of colour, 0..1, into images as the network takes them; gradients pass.

        >>> Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)).normalize(
        ...     torch.ones(1, 3, 1, 1)
        ... ).flatten()
        tensor([1., 1., 1.])
        """
        if self.channels == "gray":
            # ITU-R 601 luma, as in `prepare`.
            pixels = (pixels * pixels.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
        elif self.channels == "BGR":
            pixels = pixels.flip(1)
        mean, std = (moment.to(pixels) for moment in self._moments(pixels.device))
        return (pixels * self.value_range - mean) / std

    def pixels(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 h w"]:
        """Turn images back into pixels of colour; what the network takes may lie outside 0..1 there.

        >>> Preprocessing().pixels(torch.zeros(1, 3, 1, 1)).flatten()
        tensor([0.4850, 0.4560, 0.4060])
        """
        mean, std = (moment.to(images) for moment in self._moments(images.device))
        values = (images * std + mean) / self.value_range
        return values.flip(1) if self.channels == "BGR" else values.expand(-1, 3, -1, -1)

    def example_size(self) -> tuple[int, int]:
        """Give the size (h, w) of a typical image: what shapes and costs are told for.

        >>> Preprocessing(size=227).example_size()
        (227, 227)
        """
        if self.size is None:
            return (224, 224)
        return self.size if isinstance(self.size, tuple) else (self.size, self.size)

    def _geometry(self, photo_size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
        """Give the (h, w) to resize to, and the (top, left, h, w) to cut out of that."""
        h, w = photo_size
        if self.fit == "none" or self.size is None:
            return (h, w), (0, 0, h, w)
        if self.fit == "exact":
            target = self.size if isinstance(self.size, tuple) else (self.size, self.size)
            return target, (0, 0, *target)
        if self.fit == "shortest":
            assert isinstance(self.size, int)
            resized = _scaled((h, w), self.size / min(h, w))
            return resized, (0, 0, *resized)
        target = self.size if isinstance(self.size, tuple) else (self.size, self.size)
        factor = max(target[0] / h, target[1] / w) / self.crop_share
        resized = _scaled((h, w), factor)
        resized = (max(resized[0], target[0]), max(resized[1], target[1]))
        return resized, ((resized[0] - target[0]) // 2, (resized[1] - target[1]) // 2, *target)

    def _moments(self, device: torch.device) -> tuple[Tensor, Tensor]:
        return (
            torch.tensor(self.mean, device=device).view(1, -1, 1, 1),
            torch.tensor(self.std, device=device).view(1, -1, 1, 1),
        )


def _numbers(setting: str, given: object) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise BadSetting(
            f"{setting} must be one number per channel, as (0.5, 0.5, 0.5), got {given!r}"
        ) from None


def _size(given: object) -> int | tuple[int, ...] | None:
    try:
        if given is None:
            return None
        if isinstance(given, Sequence) and not isinstance(given, str):
            return tuple(operator.index(side) for side in given)
        return operator.index(given)  # type: ignore[arg-type]
    except TypeError:
        raise BadSetting(f"size must be an int, (h, w) or None, got {given!r}") from None


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _allow(setting: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise BadSetting(f"{setting} must be one of {', '.join(allowed)}, got {value!r}")
