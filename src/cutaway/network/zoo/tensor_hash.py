"""One hash for the tensors of a network, whatever file they lie in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from torch import Tensor

__all__ = ["tensor_hash"]


def tensor_hash(state: Mapping[str, Tensor]) -> str:
    """Hash names, shapes and bytes of tensors (SHA-256).

    The hash of a safetensors file would not do: with several metadata keys, the same tensors give other bytes from
    run to run.

    >>> import torch
    >>> tensor_hash({"w": torch.zeros(1)})[:8]
    '26ca914a'
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        value = state[name].detach().cpu().contiguous()
        digest.update(name.encode())
        digest.update(str(tuple(value.shape)).encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
