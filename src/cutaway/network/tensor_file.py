"""Tensors with what is told of them, in one .safetensors file that tells whether it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from cutaway.errors import WeightsUnavailable
from cutaway.view.atomic import published

__all__ = ["read_tensors", "write_tensors"]

_MARK = "cutaway"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], told: Mapping[str, Any]) -> None:
    """Write tensors and what is told of them, whole or not at all.

    Args:
        path: of the file, .safetensors.
        tensors: by their names.
        told: what JSON can hold.

    Raises:
        OutOfSpace: where the disk is full, or nothing may be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.safetensors"
    >>> write_tensors(path, {"w": torch.ones(2)}, {"step": 3})
    >>> read_tensors(path)
    ({'w': tensor([1., 1.])}, {'step': 3})
    """
    plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    text = json.dumps(told, sort_keys=True)
    # One entry, since the order of several is another one in every file.
    mark = json.dumps({"sha256": _hashed(plain, text), "told": text})
    published(path, save(plain, metadata={_MARK: mark}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_tensors` wrote.

    Raises:
        WeightsUnavailable: where there is no such file, or it is not what was written.
    """
    if not path.is_file():
        raise WeightsUnavailable(f"there is no file {path}")
    try:
        with safe_open(path, "pt") as file:
            mark = (file.metadata() or {}).get(_MARK, "")
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except SafetensorError as error:
        raise WeightsUnavailable(f"{path} is damaged, or no .safetensors file: {error}") from None
    except OSError as error:
        raise WeightsUnavailable(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        sealed = json.loads(mark)
        text, digest = sealed["told"], sealed["sha256"]
        told = json.loads(text)
    except (TypeError, ValueError, KeyError):
        raise WeightsUnavailable(f"{path} was not written by cutaway's training") from None
    if _hashed(found, text) != digest:
        raise WeightsUnavailable(f"{path} was changed, or is damaged: its hash is another one")
    return found, told


def _hashed(tensors: Mapping[str, Tensor], text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"\0{name} {tuple(value.shape)} {value.dtype}\0".encode())
        flat = value.flatten()
        digest.update(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
    return digest.hexdigest()
