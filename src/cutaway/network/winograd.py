"""3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3): 36 products where the direct way takes 144.

Lavin and Gray, "Fast algorithms for convolutional neural networks" (CVPR 2016), section 4. In single precision the
error is about 1e-5 of the result. The transforms cost as much as they save unless the channels are many.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.network.products import product

__all__ = ["Winograd", "worthwhile"]

_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_FILTER = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)
# The transforms and their copies run at a part of the speed of plain arithmetic: by how much was measured without
# AVX-512. With it plain arithmetic is about twice as quick, and only many channels are taken to pay.
_SLOWER, _FEWEST = (1.45, 256) if torch.backends.cpu.get_cpu_capability().startswith("AVX512") else (1.8, 48)
_WORTH = 0.85


def worthwhile(
    weight: Tensor, stride: tuple[int, int], dilation: tuple[int, int], groups: int, size: Sequence[int]
) -> bool:
    """Tell whether a convolution is one that this way makes faster on this CPU.

    Args:
        weight: of the convolution.
        stride: its stride.
        dilation: its dilation.
        groups: its groups.
        size: (h, w) of what it reads, padding included.

    >>> worthwhile(torch.zeros(512, 256, 3, 3), (1, 1), (1, 1), 1, (18, 18))
    True
    >>> worthwhile(torch.zeros(512, 256, 3, 3), (2, 2), (1, 1), 1, (18, 18))
    False
    """
    if weight.device.type != "cpu" or weight.dtype != torch.float32 or tuple(weight.shape[2:]) != (3, 3):
        return False
    o, c = weight.shape[:2]
    if stride != (1, 1) or dilation != (1, 1) or groups != 1 or c < _FEWEST or min(size) < 6:
        return False
    cells = (size[0] - 2) * (size[1] - 2)
    tiles = -(-(size[0] - 2) // 4) * -(-(size[1] - 2) // 4)
    products = tiles * (36 * c * o + 36 * 36 * c + 36 * 16 * o)
    return _SLOWER * products < _WORTH * cells * 9 * c * o


class Winograd:
    """One 3x3 convolution of stride 1 with its filters transformed beforehand.

    Args:
        weight: (out, in, 3, 3).
        bias: (out,), or None.

    >>> weight, images = torch.randn(5, 7, 3, 3), torch.randn(2, 7, 9, 11)
    >>> torch.allclose(Winograd(weight, None)(images), F.conv2d(images, weight), atol=1e-4)
    True
    """

    def __init__(self, weight: Float[Tensor, "out in 3 3"], bias: Float[Tensor, " out"] | None) -> None:
        filters = torch.tensor(_FILTER, dtype=torch.float64)
        moved = torch.einsum("ai,bj,ocij->aboc", filters, filters, weight.double())
        self._weights = moved.flatten(0, 1).float().contiguous()
        self._bias = bias
        rows, out = torch.tensor(_INPUT, dtype=torch.float32), torch.tensor(_OUTPUT, dtype=torch.float32)
        self._both = torch.kron(rows, rows)
        self._back = torch.kron(out, out)

    def __call__(self, images: Float[Tensor, "n in h w"]) -> Float[Tensor, "n out h-2 w-2"]:
        """Convolve without padding; the result is in channels-last memory."""
        n, c, h, w = images.shape
        rows, columns = -(-(h - 2) // 4), -(-(w - 2) // 4)
        around = (0, columns * 4 + 2 - w, 0, rows * 4 + 2 - h)
        plain = (F.pad(images, around) if any(around) else images).permute(0, 2, 3, 1).contiguous()
        tiles = plain.unfold(1, 6, 4).unfold(2, 6, 4).permute(4, 5, 0, 1, 2, 3).reshape(36, -1)
        moved = (self._both @ tiles).view(36, -1, c)
        products = torch.stack(
            [product(one, weight) for one, weight in zip(moved, self._weights, strict=True)]
        )
        found = (self._back @ products.view(36, -1)).view(4, 4, n, rows, columns, -1)
        found = found.permute(2, 3, 0, 4, 1, 5).reshape(n, rows * 4, columns * 4, -1)
        if self._bias is not None:
            found += self._bias
        return found[:, : h - 2, : w - 2].permute(0, 3, 1, 2)
