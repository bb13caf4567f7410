"""Images as spectra of decorrelated colours: every frequency is as easy to move as any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.synthesis.parametrization.seeded import image_size, seeded
from cutaway.view.picture import Picture

__all__ = ["Fourier"]

# How the colours of photos vary together, by brightness and two contrasts (scripts/measure_colours.py, 420 photos).
_COLOURS = ((0.842, 0.337, 0.083), (0.893, 0.008, -0.171), (0.948, -0.307, 0.087))
# Of the colours' logits, for a spectrum of ones: a step of 0.05 then moves an image gently.
_CONTRAST = 0.25
# Colours this close to black or white have no finite logit.
_MARGIN = 1e-3


class Fourier:
    """A spectrum for each image, scaled as those of photos are, that a sigmoid turns into colours of 0..1.

    Args:
        size: (h, w) of the images.
        spectrum: (n,3,h,w//2+1,2), real and imaginary parts.
        decorrelate: whether its three channels are colours that vary apart in photos, instead of red, green, blue.
        decay: amplitudes fall with the frequency to this power; photos' do with 1.

    Source: Olah, Mordvintsev and Schubert, "Feature visualization" (Distill 2017), on preconditioning.

    >>> Fourier.noise(2, 64, seed=0).images().shape
    torch.Size([2, 3, 64, 64])
    """

    def __init__(
        self,
        size: tuple[int, int],
        spectrum: Float[Tensor, "n 3 h half 2"],
        *,
        decorrelate: bool = True,
        decay: float = 1.0,
    ) -> None:
        h, w = size
        if spectrum.dim() != 5 or tuple(spectrum.shape[1:]) != (3, h, w // 2 + 1, 2):
            raise BadSetting(
                f"a spectrum for {size} is (n,3,{h},{w // 2 + 1},2), got {tuple(spectrum.shape)}"
            )
        self._size, self._decorrelate, self._decay = size, decorrelate, decay
        self._scale = _scale(size, decay).to(spectrum.device)
        self._spectrum = spectrum.detach().float().contiguous().clone().requires_grad_(True)

    @classmethod
    def noise(
        cls,
        count: int,
        size: int | tuple[int, int],
        *,
        spread: float = 0.01,
        seed: int | Sequence[int] = 0,
        decorrelate: bool = True,
        decay: float = 1.0,
    ) -> Fourier:
        """Begin from nearly gray images.

        Args:
            count: of images.
            size: of each: a side, or (h, w).
            spread: of the spectrum's numbers.
            seed: of the first image, the next have the next ones; or one for each.
            decorrelate: as for the class.
            decay: as for the class.
        """
        h, w = image_size(size)
        drawn = seeded(count, seed, lambda source: torch.randn(3, h, w // 2 + 1, 2, generator=source))
        return cls((h, w), spread * drawn, decorrelate=decorrelate, decay=decay)

    @classmethod
    def of(cls, pictures: Picture | Sequence[Picture], **settings: Any) -> Fourier:
        """Begin from pictures of one size.

        >>> photo = Picture(np.random.default_rng(0).integers(30, 220, (12, 16, 3)).astype(np.uint8))
        >>> again = Fourier.of(photo).images()[0].permute(1, 2, 0) * 255
        >>> bool((again.detach().numpy() - photo.pixels).__abs__().max() < 0.1)
        True
        """
        several = [pictures] if isinstance(pictures, Picture) else list(pictures)
        if len({picture.size for picture in several}) != 1:
            raise BadSetting(f"spectra need pictures of one size, got {sorted({p.size for p in several})}")
        arrays = np.stack([picture.pixels for picture in several]).transpose(0, 3, 1, 2)
        return cls.matching(torch.from_numpy(arrays / 255.0).float(), **settings)

    @classmethod
    def matching(cls, images: Float[Tensor, "n 3 h w"], **settings: Any) -> Fourier:
        """Begin from images, as colours of 0..1."""
        h, w = images.shape[2:]
        blank = cls((h, w), torch.zeros(len(images), 3, h, w // 2 + 1, 2, device=images.device), **settings)
        logits = torch.logit(images.detach().double().clamp(_MARGIN, 1 - _MARGIN))
        if blank._decorrelate:
            logits = torch.einsum("dc,nchw->ndhw", torch.linalg.inv(_colours(images.device).double()), logits)
        spectrum = torch.view_as_real(torch.fft.rfft2(logits, norm="ortho")) / blank._scale
        return cls((h, w), spectrum.float(), **settings)

    def parameters(self) -> list[Tensor]:
        """Give the spectra."""
        return [self._spectrum]

    def images(self) -> Float[Tensor, "n 3 h w"]:
        """Make the images, 0..1."""
        whole = torch.view_as_complex(self._spectrum * self._scale)
        plain = torch.fft.irfft2(whole, s=self._size, norm="ortho")
        if self._decorrelate:
            plain = torch.einsum("dc,nchw->ndhw", _colours(plain.device), plain)
        return torch.sigmoid(plain)

    def to(self, device: torch.device) -> Fourier:
        """Give the same spectra on a device."""
        spectrum = self._spectrum.detach().to(device)
        return Fourier(self._size, spectrum, decorrelate=self._decorrelate, decay=self._decay)


def _colours(device: torch.device) -> Float[Tensor, "3 3"]:
    return torch.tensor(_COLOURS, device=device)


def _scale(size: tuple[int, int], decay: float) -> Float[Tensor, "h half 1"]:
    """What each frequency is multiplied by: photos have amplitudes that fall with it."""
    h, w = size
    y, x = torch.fft.fftfreq(h)[:, None], torch.fft.rfftfreq(w)[None]
    frequency = (y**2 + x**2).sqrt().clamp_min(1 / max(h, w))
    scale: Tensor = _CONTRAST / frequency**decay
    return scale[..., None]
