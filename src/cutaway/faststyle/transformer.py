"""The network that paints: a photo in, the photo in a painting's style out, in one forward pass."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.errors import BadSetting

__all__ = ["SMALLEST", "Transformer"]

# Mirrored borders need a pixel more than they are wide, at a quarter of the size too.
SMALLEST = 8
# Two halvings: sides are made multiples of this, and what was added is cut off again.
_MULTIPLE = 4
# How strongly light and dark go through, untrained.
_LIGHT = 0.7
_LUMINANCE = (0.299, 0.587, 0.114)
# Side of the noise, in pixels; and its largest value, where a photo's is 1.
_NOISE, _LOUD = 256, 0.25


class Transformer(nn.Module):
    """A residual network with instance normalisation, whose images grow by resizing and convolving.

    Beside the photo it is given noise, always the same: without it an even ground would stay even. Light and dark of
    the photo are added to what is made, so that what is to be learnt is their change.

    Args:
        width: channels of the first convolution; the residual blocks have four times as many.
        blocks: residual blocks.
        seed: of the weights to begin with.

    Raises:
        BadSetting: for settings outside what is allowed.

    Source: Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution" (ECCV
    2016), and its supplement for the layers; Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing
    ingredient for fast stylization" (2016), and Ulyanov et al., "Texture networks" (ICML 2016) for the noise; Odena,
    Dumoulin and Olah, "Deconvolution and checkerboard artifacts" (Distill 2016) for resizing instead of transposed
    convolutions.

    >>> painter = Transformer(width=4, blocks=1)
    >>> painter(torch.rand(1, 3, 33, 50)).shape
    torch.Size([1, 3, 33, 50])
    """

    def __init__(self, width: int = 32, blocks: int = 5, *, seed: int = 0) -> None:
        super().__init__()
        if width < 1 or blocks < 0:
            raise BadSetting(f"width must be at least 1 and blocks at least 0, got {width} and {blocks}")
        self.width, self.blocks = width, blocks
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._build()

    def _build(self) -> None:
        width = self.width
        self.down = nn.Sequential(
            Layer(4, width, 9), Layer(width, 2 * width, 3, stride=2), Layer(2 * width, 4 * width, 3, stride=2)
        )
        self.residual = nn.Sequential(*(Residual(4 * width) for _ in range(self.blocks)))
        self.up = nn.Sequential(Up(4 * width, 2 * width), Up(2 * width, width))
        self.last = nn.Conv2d(width, 3, 9)
        self.light = nn.Parameter(torch.full((3,), _LIGHT))
        self.noise: Tensor
        self.register_buffer("noise", _LOUD * (2.0 * torch.rand(_NOISE, _NOISE) - 1.0))

    def _noise(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h w"]:
        """The noise at each pixel, the same for every image; it repeats after its side."""
        # In training it lies elsewhere at every step: learnt by heart, it would be painted instead of the photo.
        starts = torch.randint(_NOISE, (2,)).tolist() if self.training else (0, 0)
        rows, columns = (
            (torch.arange(side, device=images.device) + start) % _NOISE
            for side, start in zip(images.shape[2:], starts, strict=True)
        )
        noise = self.noise[rows][:, columns].to(images.dtype)
        return noise.expand(images.shape[0], 1, *noise.shape)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Paint images; colours of 0..1 both."""
        h, w = images.shape[2:]
        y, x = -h % _MULTIPLE, -w % _MULTIPLE
        whole = F.pad(images, (x // 2, x - x // 2, y // 2, y - y // 2), mode="reflect")
        given = torch.cat([2.0 * whole - 1.0, self._noise(whole)], 1)
        made = self.up(self.residual(self.down(given)))
        painted = torch.sigmoid(self.light[:, None, None] * _light(whole) + self.last(_bordered(made, 9)))
        return painted[:, :, y // 2 : y // 2 + h, x // 2 : x // 2 + w]


class Layer(nn.Module):
    """A convolution with mirrored borders, normalised for each image and channel, and a ReLU if wanted."""

    def __init__(self, given: int, made: int, kernel: int, *, stride: int = 1, relu: bool = True) -> None:
        super().__init__()
        # No bias: the normalisation would take it away.
        self.convolution = nn.Conv2d(given, made, kernel, stride, bias=False)
        # A group for each channel is instance normalisation, which torch computes quicker so on a CPU.
        self.norm = nn.GroupNorm(made, made)
        self.kernel, self.relu = kernel, relu

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h2 w2"]:
        """Convolve maps."""
        made: Tensor = self.norm(self.convolution(_bordered(maps, self.kernel)))
        return F.relu(made) if self.relu else made


class Residual(nn.Module):
    """Two convolutions, whose result is added to what they read."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Layer(width, width, 3), Layer(width, width, 3, relu=False)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Add to maps."""
        made: Tensor = maps + self.second(self.first(maps))
        return made


class Up(nn.Module):
    """Every unit four times, then a convolution: no checkerboards, as transposed convolutions make them."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        self.layer = Layer(given, made, 3)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h2 w2"]:
        """Double maps."""
        made: Tensor = self.layer(F.interpolate(maps, scale_factor=2.0, mode="nearest"))
        return made


def _light(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h w"]:
    """How light each pixel is, over all of its image of mean 0 and deviation 1."""
    light = (images * images.new_tensor(_LUMINANCE)[:, None, None]).sum(1, keepdim=True)
    mean = light.mean((2, 3), keepdim=True)
    deviation = (light - mean).square().mean((2, 3), keepdim=True).add(1e-4).sqrt()
    return (light - mean) / deviation


def _bordered(maps: Tensor, kernel: int) -> Tensor:
    return F.pad(maps, (kernel // 2,) * 4, mode="reflect")
