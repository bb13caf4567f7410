"""A trained style in a file, with what it was trained on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutaway.errors import WeightsUnavailable
from cutaway.faststyle.transformer import Transformer
from cutaway.network.tensor_file import read_tensors, write_tensors

__all__ = ["read_style", "write_style"]

_KIND = "style"


def write_style(path: Path, transformer: Transformer, about: Mapping[str, Any]) -> None:
    """Write a style, whole or not at all.

    Args:
        path: of the file, .safetensors.
        transformer: trained.
        about: what is told of it, as JSON can hold it: "name", and how it was trained.

    Raises:
        OutOfSpace: where the disk is full, or nothing may be written.
    """
    shape = {"width": transformer.width, "blocks": transformer.blocks}
    write_tensors(path, transformer.state_dict(), {"kind": _KIND, "shape": shape, "about": dict(about)})


def read_style(path: str | os.PathLike[str]) -> tuple[Transformer, dict[str, Any]]:
    """Read a style, and what is told of it.

    Args:
        path: of the file.

    Raises:
        WeightsUnavailable: where there is no such file, it is damaged, or no style.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "wave.safetensors"
    >>> write_style(path, Transformer(width=4, blocks=1), {"name": "wave"})
    >>> transformer, about = read_style(path)
    >>> transformer.width, about
    (4, {'name': 'wave'})
    """
    tensors, told = read_tensors(Path(path))
    if told.get("kind") != _KIND:
        raise WeightsUnavailable(
            f"{path} is no trained style: train one with cutaway train-style PAINTING --photos FOLDER --out FILE"
        )
    transformer = Transformer(**told["shape"])
    transformer.load_state_dict(tensors)
    return transformer.eval().requires_grad_(False), told["about"]
