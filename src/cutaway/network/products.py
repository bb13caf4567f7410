"""Products of matrices on a CPU, by whichever library of torch's is the quicker."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["product"]

# oneDNN's product, which torch's own compiler uses; on CPUs that are not Intel's it takes half of MKL's time.
_LINEAR = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch._C._has_mkldnn else None
# Smaller ones are not worth the call.
_LEAST = 2**20


def product(rows: Float[Tensor, "k c"], weights: Float[Tensor, "o c"]) -> Float[Tensor, "k o"]:
    """Give rows @ weights.T, without a gradient.

    >>> rows, weights = torch.randn(300, 64), torch.randn(80, 64)
    >>> torch.allclose(product(rows, weights), rows @ weights.T, atol=1e-4)
    True
    """
    with torch.no_grad():
        plain = rows.device.type == "cpu" and rows.dtype == weights.dtype == torch.float32
        if _LINEAR is None or not plain or rows.numel() * len(weights) < _LEAST:
            return rows @ weights.T
        found: Tensor = _LINEAR(rows.contiguous(), weights.contiguous(), None, "none", [], "")
        return found
