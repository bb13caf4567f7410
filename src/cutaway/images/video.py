"""The frames of a video, one after the other, by PyAV."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cutaway.errors import BadImage, BadSetting
from cutaway.images.limits import MAX_PIXELS, check_pixels
from cutaway.images.missing import why_missing
from cutaway.images.names import shown

__all__ = ["SUFFIXES", "Video", "is_video"]

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ogv")


def is_video(path: str | os.PathLike[str]) -> bool:
    """Tell by its name whether a file is a video.

    >>> is_video("clip.MOV"), is_video("cat.jpg")
    (True, False)
    """
    return Path(path).suffix.lower() in SUFFIXES


@dataclass(frozen=True)
class Video:
    """A video file.

    Args:
        path: of the file.

    Raises:
        BadImage: where it cannot be read as a video.
        BadSetting: where PyAV is not installed.
    """

    path: str

    def __post_init__(self) -> None:
        with self._opened():
            pass

    @property
    def rate(self) -> Fraction:
        """Frames a second; 25 where the file does not tell."""
        with self._opened() as (_, stream):
            found: Fraction | None = stream.average_rate or stream.guessed_rate
            return found or Fraction(25)

    @property
    def count(self) -> int:
        """How many frames there are, as far as the file tells; 0 where it does not."""
        with self._opened() as (container, stream):
            if stream.frames:
                return int(stream.frames)
            seconds = (container.duration or 0) / 1e6
            return round(seconds * float(stream.average_rate or 0))

    def frames(self) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """Give the frames, upright.

        Raises:
            BadImage: where no frame can be decoded; what follows a damaged place is left out.
        """
        av = _av()
        seen = False
        with self._opened() as (container, stream):
            stream.thread_type = "AUTO"
            try:
                for frame in container.decode(stream):
                    turns = round(getattr(frame, "rotation", 0) / 90) % 4
                    yield np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns))
                    seen = True
            except av.FFmpegError as error:
                if not seen:
                    raise BadImage(self.path, f"no frame of it can be decoded ({error.strerror})") from None
        if not seen:
            raise BadImage(self.path, "it has no frame")

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        av, path, name = _av(), Path(self.path), shown(self.path)
        if not path.is_file():
            raise BadImage(name, why_missing(path) if not path.exists() else "it is no file")
        try:
            container = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise BadImage(name, f"it cannot be read as a video ({reason})") from None
        with container:
            if not container.streams.video:
                raise BadImage(name, "it has no pictures, only other streams")
            stream = container.streams.video[0]
            check_pixels(name, (stream.height, stream.width), MAX_PIXELS)
            yield container, stream


def _av() -> Any:
    try:
        import av
    except ImportError:
        raise BadSetting("videos need PyAV: pip install 'cutaway[video]'") from None
    return av
