"""A small network from a layer's features back to an image, by up-convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.errors import BadSetting

__all__ = ["Generator"]

_SLOPE = 0.2
# A vector has no places: it is laid out on about so many by so many.
_LAID_OUT = 4


class Generator(nn.Module):
    """Makes images from a layer's features, as a network trained to do so.

    Features are standardised channel by channel, laid out on a coarse grid, and doubled until they have the image's
    size.

    Args:
        code: (c,h,w) of the features; (c,1,1) for a layer without places.
        size: (h, w) of the images.
        width: channels at the coarsest size; finer ones have fewer.
        seed: of the weights to begin from.

    Attributes:
        mean: of each channel, over photos.
        deviation: likewise.
        low: what a channel may be at least where features are searched for.
        high: what it may be at most.

    Source: Dosovitskiy and Brox, "Inverting visual representations with convolutional networks" (CVPR 2016), section 3.

    >>> generator = Generator((8, 5, 5), (40, 48), width=16)
    >>> generator(torch.zeros(2, 8, 5, 5)).shape
    torch.Size([2, 3, 40, 48])
    >>> Generator((8, 1, 1), (40, 48), width=16)(torch.zeros(2, 8, 1, 1)).shape
    torch.Size([2, 3, 40, 48])
    """

    mean: Tensor
    deviation: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, code: Sequence[int], size: Sequence[int], *, width: int = 192, seed: int = 0) -> None:
        super().__init__()
        if len(code) != 3 or len(size) != 2 or min(*code, *size, width) < 1:
            raise BadSetting(
                f"a generator needs a code (c,h,w), a size (h,w) and a width of at least 1, got {tuple(code)}, "
                f"{tuple(size)} and {width}"
            )
        channels, rows, columns = code
        h, w = size
        self.code, self.size, self.width = (channels, rows, columns), (h, w), width
        vector = rows == columns == 1
        times = max(1, round(math.log2(max(h, w) / (_LAID_OUT if vector else max(rows, columns)))))
        self._grid = (math.ceil(h / 2**times), math.ceil(w / 2**times))
        # Of the finest grid before the image, a quarter of the width; twice as many at each coarser one.
        widths = [max(1, min(width, width // 4 * 2 ** (times - 2 - k))) for k in range(times - 1)]
        around = [width, *widths]
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            self.enter: nn.Module = (
                nn.ConvTranspose2d(channels, width, self._grid)
                if vector
                else nn.Conv2d(channels, width, 3, padding=1)
            )
            self.mix = nn.Conv2d(width, width, 3, padding=1)
            self.doubled = nn.ModuleList(
                nn.Conv2d(one, other, 3, padding=1) for one, other in pairwise(around)
            )
            self.smooth = nn.Conv2d(around[-1], around[-1], 3, padding=1)
            self.leave = nn.Conv2d(around[-1], 3, 5, padding=2)
            for layer in (self.enter, self.mix, *self.doubled, self.smooth, self.leave):
                _begin(layer)
        for name, value in (("mean", 0.0), ("deviation", 1.0), ("low", -3.0), ("high", 3.0)):
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 height width"]:
        """Make images from features as the layer gives them, as colours of 0..1."""
        x = F.leaky_relu(self.enter(self.standardised(features)), _SLOPE)
        if x.shape[2:] != self._grid:
            x = F.interpolate(x, self._grid, mode="bilinear", align_corners=False)
        x = F.leaky_relu(self.mix(x), _SLOPE)
        for layer in self.doubled:
            x = F.leaky_relu(layer(_twice(x)), _SLOPE)
        x = F.leaky_relu(self.smooth(x), _SLOPE)
        h, w = self.size
        return torch.sigmoid(self.leave(_twice(x))[:, :, :h, :w])

    def standardised(self, features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Give features minus their mean, over their deviation."""
        found: Tensor = (features - _column(self.mean)) / _column(self.deviation)
        return found

    def features(self, standardised: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Give standardised features as the layer would."""
        found: Tensor = standardised * _column(self.deviation) + _column(self.mean)
        return found

    def learn_range(self, features: Float[Tensor, "n c h w"]) -> None:
        """Take mean and deviation of each channel from photos' features, and between what bounds it may be.

        At most the mean and three deviations; at least 0 where no feature is below, else the mean less as much.

        Source: Nguyen et al., "Synthesizing the preferred inputs for neurons in neural networks via deep generator
        networks" (NeurIPS 2016), section 3.3, for the bounds.
        """
        values = features.double()
        mean, deviation = values.mean((0, 2, 3)), values.std((0, 2, 3), unbiased=False)
        lowest = values.amin((0, 2, 3))
        self.mean.copy_(mean)
        # A channel that no photo excites tells nothing, and must not be divided by nothing.
        self.deviation.copy_(deviation.clamp_min(max(1e-3 * float(deviation.max()), 1e-6)))
        self.high.copy_(mean + 3 * deviation)
        self.low.copy_(torch.where(lowest >= 0, 0.0, mean - 3 * deviation))


def _column(values: Float[Tensor, " c"]) -> Float[Tensor, "1 c 1 1"]:
    return values.view(1, -1, 1, 1)


def _twice(maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Double the size between pixels: strided up-convolutions would leave a chequered pattern."""
    return F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)


def _begin(layer: nn.Module) -> None:
    """Draw weights so that what leaves a layer is as large as what enters it (He et al. 2015)."""
    assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    reads = layer.in_channels * (math.prod(layer.kernel_size) if isinstance(layer, nn.Conv2d) else 1)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / (1 + _SLOPE**2) / reads))
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
