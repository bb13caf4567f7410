"""Photos and videos in a trained style, in one forward pass each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting, OutOfSpace
from cutaway.faststyle.stylizer import Styles, Stylizer
from cutaway.images.read import Source, read
from cutaway.images.video import Video
from cutaway.network.load import device_named
from cutaway.network.progress import report
from cutaway.recipes.origin import origin, spelled
from cutaway.view.atomic import appearing
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.video import write_mp4
from cutaway.view.viewable import Viewable

__all__ = ["Stylized", "stylize", "stylize_video"]


@dataclass(frozen=True)
class Stylized(Viewable):
    """A painted photo; drawn, it is the picture itself, and as a page the photo beside it.

    Args:
        picture: as a file holds it.
        photo: what was painted, at the same size.
    """

    picture: Picture
    photo: Picture = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The picture (h,w,3), 0..1."""
        return self.picture.values

    def to_image(self) -> Image.Image:
        """Give the picture, every pixel."""
        return self.picture.to_image()

    def _html(self, level: int) -> str:
        sheet = Grid(((self.photo, self.picture),), title="Painted", caption=self.caption)
        return sheet.with_provenance(**self.provenance)._html(level)


def stylize(
    photo: Source,
    styles: Styles | Stylizer,
    *,
    weights: Sequence[float] | None = None,
    strength: float = 1.0,
    size: int | tuple[int, int] | None = None,
    device: str = "auto",
) -> Stylized:
    """Paint a photo in a trained style.

    Args:
        photo: whatever `cutaway.read` takes.
        styles: the file that `cutaway.train_style` wrote, or several; or a Stylizer, which holds them ready for many
            photos, with weights and strength of its own.
        weights: of several styles, blended by their colours; all alike by default.
        strength: 1 is painted, 0 the photo, between them the colours are blended.
        size: of the picture: its shortest side, or (h, w); the photo's own by default. Strokes keep their size in
            pixels, so that they are large in a small picture.
        device: "cpu", "cuda", …, or "auto".

    Raises:
        BadImage, BadSetting, OutOfMemory, WeightsUnavailable: with what to do instead.

    Source: Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution" (ECCV
    2016).

    >>> from cutaway.faststyle.style_file import write_style
    >>> from cutaway.faststyle.transformer import Transformer
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "wave.safetensors"
    >>> write_style(path, Transformer(width=4, blocks=1), {"name": "wave"})
    >>> stylize(Picture(np.zeros((30, 45, 3), np.uint8)), path, size=20).picture.size
    (20, 30)
    """
    given = read(photo)
    stylizer = _ready(styles, weights, strength, device)
    seen = given if size is None else given.resized(_sized(given, size))
    pixels = stylizer(seen.pixels)
    h, w = seen.size
    caption = f"{_words(stylizer)}; {w} × {h} pixels."
    code = spelled(
        stylize,
        repr(given.path or "photo"),
        _files(styles),
        weights=weights if weights is None else list(weights),
        strength=strength,
        size=size,
    )
    provenance = origin(None, code, styles=list(stylizer.names)) | {"path": given.path or ""}
    return Stylized(Picture(pixels), Picture(seen.pixels, path=given.path), caption, provenance)


def stylize_video(
    video: str | os.PathLike[str],
    styles: Styles | Stylizer,
    out: str | os.PathLike[str],
    *,
    weights: Sequence[float] | None = None,
    strength: float = 1.0,
    size: int | tuple[int, int] | None = None,
    device: str = "auto",
) -> Path:
    """Paint a video frame by frame, with its sound, into an .mp4; needs the extra `video`.

    No frame knows of the one before: where the video is noisy, the strokes flicker. The file is there when all is
    done, or not at all.

    Args:
        video: a file that FFmpeg reads.
        styles: as for `stylize`.
        out: the file to write, .mp4.
        weights: as for `stylize`.
        strength: as for `stylize`.
        size: of a frame: its shortest side, or (h, w); the video's own by default.
        device: "cpu", "cuda", …, or "auto".

    Raises:
        BadImage: for what is no video.
        BadSetting, OutOfMemory, WeightsUnavailable: with what to do instead.
        OutOfSpace: where the disk is full.

    >>> stylize_video("clip.mp4", "wave.safetensors", "painted.avi")
    Traceback (most recent call last):
    cutaway.errors.BadSetting: a painted video is an .mp4, got 'painted.avi'
    """
    target = Path(out)
    if target.suffix.lower() != ".mp4":
        raise BadSetting(f"a painted video is an .mp4, got {str(out)!r}")
    source = Video(str(video))
    stylizer = _ready(styles, weights, strength, device)
    count = source.count

    def painted() -> Iterator[np.ndarray]:
        for done, frame in enumerate(source.frames()):
            picture = Picture(frame)
            if size is not None:
                picture = picture.resized(_sized(picture, size))
            yield stylizer(picture.pixels)
            report("frames", done + 1, max(count, done + 1))

    try:
        with appearing(target) as file:
            write_mp4(file, painted(), source.rate, str(video))
    except OSError as error:
        raise OutOfSpace(f"{target} cannot be written: {error.strerror}") from error
    return target


def _ready(
    styles: Styles | Stylizer, weights: Sequence[float] | None, strength: float, device: str
) -> Stylizer:
    if not isinstance(styles, Stylizer):
        return Stylizer(styles, weights=weights, strength=strength, device=device_named(device))
    if weights is not None or strength != 1.0:
        raise BadSetting("a Stylizer has weights and strength of its own: give them to it")
    return styles


def _sized(picture: Picture, size: int | tuple[int, int]) -> tuple[int, int]:
    sides = (size, size) if isinstance(size, int) else size
    if min(sides) < 1:
        raise BadSetting(f"size must be at least 1, got {size}")
    return picture.shortest(size) if isinstance(size, int) else size


def _words(stylizer: Stylizer) -> str:
    if len(stylizer.names) == 1:
        words = f"Painted in the style {stylizer.names[0]}"
    else:
        shares = zip(stylizer.names, stylizer.weights, strict=True)
        words = "Painted in " + ", ".join(f"{name} × {share:.2g}" for name, share in shares)
    return words if stylizer.strength == 1 else f"{words}, strength {stylizer.strength:g}"


def _files(styles: Styles | Stylizer) -> str:
    if isinstance(styles, Stylizer):
        return "stylizer"
    if isinstance(styles, str | os.PathLike):
        return repr(os.fspath(styles))
    return repr([os.fspath(one) for one in styles])
