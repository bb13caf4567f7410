"""The options that commands share, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cutaway.errors import BadSetting

if TYPE_CHECKING:
    from cutaway.network.network import Network

__all__ = [
    "Device",
    "Json",
    "MaxMemory",
    "Model",
    "Out",
    "Prior",
    "ScanModel",
    "Seed",
    "Size",
    "Weights",
    "expanded",
    "made_size",
    "numbers",
    "one_photo",
    "open_network",
    "sizes",
]

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="A name that `cutaway models` lists, or path/to/file.py:build.",
        show_default=True,
    ),
]
Weights = Annotated[
    str | None,
    typer.Option("--weights", help="A .safetensors or state-dict file for the model.", show_default=False),
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size",
        help="Input size: 320 for the shortest side, 150x250 for height x width, photo for the photo's own. "
        "Larger gives finer maps; nothing larger than the training size is recognised.",
        show_default=False,
    ),
]
Out = Annotated[
    str,
    typer.Option(
        "--out", "-o", help="Folder for the results, or one picture's name: .png, .jpg, .webp, .svg or .html."
    ),
]
Prior = Annotated[
    str | None,
    typer.Option(
        "--prior",
        help="A generator's file that `cutaway invert-generator` wrote: its features are moved instead of pixels.",
        show_default=False,
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", help="For methods that draw at random; same seed, same picture.")
]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, or auto (cuda where there is one).")]
MaxMemory = Annotated[
    str | None,
    typer.Option(
        "--max-memory",
        help="What methods of many passes may take for their activations, as 800MB or 2G; half of what is free by "
        "default.",
        show_default=False,
    ),
]
Index = Annotated[str, typer.Option("--index", "-i", help="Folder of an index that `cutaway scan` made.")]
ScanModel = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="The network of the scan, where its name does not open it.", show_default=False
    ),
]
Moved = Annotated[
    str | None,
    typer.Option(
        "--photos", help="Where the photos of the index lie now, if they were moved.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print a machine-readable summary and nothing else.")]


def sizes(text: str | None) -> int | tuple[int, int] | Literal["photo"] | None:
    """Read a size: "224" → 224, "150x250" → (150, 250), "photo" as it is, nothing → None.

    >>> sizes("224"), sizes("150x250"), sizes("photo"), sizes(None)
    (224, (150, 250), 'photo', None)
    """
    if text is None:
        return None
    if text == "photo":
        return "photo"
    found = re.fullmatch(r"(\d+)(?:[x×,](\d+))?", text)
    if found is None:
        raise BadSetting(f"--size takes 224, 150x250 (height x width) or photo, got {text!r}")
    return (int(found[1]), int(found[2])) if found[2] else int(found[1])


def made_size(text: str | None) -> int | tuple[int, int] | None:
    """Read the size of an image that is made, which has no photo's own: as `sizes`, without "photo".

    >>> made_size("150x250")
    (150, 250)
    """
    found = sizes(text)
    if found == "photo":
        raise BadSetting(f"--size takes 224 or 150x250 (height x width), got {text!r}: there is no photo")
    return found


def numbers(text: str | None, option: str) -> list[int] | None:
    """Read a list of numbers with ranges, both ends included.

    >>> numbers("3,5,10..12", "--channels")
    [3, 5, 10, 11, 12]
    """
    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        span = re.fullmatch(r"\s*(\d+)(?:\s*\.\.\s*(\d+))?\s*", part)
        if span is None:
            raise BadSetting(f"{option} takes numbers and ranges such as 3,5,10..12, got {text!r}")
        last = int(span[2]) if span[2] else int(span[1])
        if last < int(span[1]):
            raise BadSetting(f"{option}: the range {part.strip()} runs backwards")
        found.extend(range(int(span[1]), last + 1))
    return found


def expanded(photos: Sequence[str]) -> list[Path | str]:
    """Give every photo that files, folders and patterns name; "-" is standard input, read last."""
    from cutaway.images.folder import photos as expand

    named = [photo for photo in photos if photo != "-"]
    return [*(expand(named) if named else []), *(["-"] if "-" in photos else [])]


def one_photo(photo: str, command: str) -> Path | str:
    """Give the one photo that a command takes; a folder or pattern may name it too."""
    found = expanded([photo])
    if len(found) != 1:
        raise BadSetting(f"{command} takes one photo, got {len(found)} from {photo!r}")
    return found[0]


def open_network(model: str, weights: str | None, device: str, seed: int = 0) -> Network:
    """Load the network that the options name."""
    import torch

    from cutaway.network.load import load
    from cutaway.network.memory import keep_freed

    keep_freed()
    torch.manual_seed(seed)
    return load(model, weights=weights, device=device)
