"""What every result can do: draw itself, show itself, save itself; raw numbers stay inside."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.atomic import atomic_write
from cutaway.view.page import fragment, page
from cutaway.view.provenance import as_json, png_bytes
from cutaway.view.svg import svg

__all__ = ["Viewable"]

V = TypeVar("V", bound="Viewable")


class Viewable(ABC):
    """A result that draws itself. Subclasses are frozen dataclasses and say how to draw, and what the raw numbers are.

    Attributes:
        caption: a line or two below the picture.
        provenance: what it takes to make the picture again.
    """

    caption: str
    provenance: Mapping[str, Any]

    @abstractmethod
    def to_image(self) -> Image.Image:
        """Draw it, as RGB."""

    @property
    @abstractmethod
    def values(self) -> np.ndarray:
        """The raw numbers, never scaled."""

    @property
    def names(self) -> tuple[str, ...]:
        """One name per entry of `values`, where there are several."""
        return ()

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The kinds of file that it can be saved as."""
        return (".png", ".jpg", ".jpeg", ".webp", ".svg", ".html", ".npz")

    def arrays(self) -> dict[str, np.ndarray]:
        """The raw numbers as they are saved in an .npz: `values`, and `names` where there are several."""
        arrays = {"values": self.values}
        if self.names:
            arrays["names"] = np.array(self.names)
        return arrays

    def to_html(self) -> str:
        """Draw it as a piece of a page: the picture, its caption as text, no request."""
        return self._html(1)

    def to_png(self) -> bytes:
        """Draw it as PNG, with the provenance inside."""
        return png_bytes(self.to_image(), self.provenance)

    def code(self) -> str:
        """Give the Python that makes it again, where it is known."""
        return str(self.provenance.get("code", ""))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file, by its ending: .png, .jpg, .webp, .svg, .html (one file), or .npz (raw numbers).

        A file that was there stays whole until the new one is complete.

        Raises:
            BadSetting: for another ending, or where nothing can be written.

        Returns:
            The path.
        """
        if hasattr(path, "write"):
            raise BadSetting(
                f"save takes a path, got {type(path).__name__}: the bytes of a PNG are what to_png() gives"
            )
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in self.suffixes:
            raise BadSetting(
                f"cannot save {type(self).__name__} as {target.name!r}: the ending must be one of "
                f"{', '.join(self.suffixes)}"
            )
        encoded = self._encoded(suffix)
        try:
            atomic_write(target, encoded)
        except (OSError, ValueError) as error:
            raise BadSetting(f"cannot write {os.fspath(path)!r}: {_why(target, error)}") from error
        return target

    def show(self) -> None:
        """Show it: in a notebook where there is one, else in the system's picture viewer."""
        if "IPython" in sys.modules:
            from IPython.core.getipython import get_ipython
            from IPython.display import display

            if get_ipython() is not None:
                display(self)
                return
        if (
            sys.platform.startswith("linux")
            and not os.environ.get("DISPLAY")
            and not os.environ.get("WAYLAND_DISPLAY")
        ):
            path = self.save(Path(tempfile.mkdtemp(prefix="cutaway-")) / "shown.png")
            print(f"no screen to show it on; it is in {path}")
            return
        self.to_image().show()

    def with_provenance(self: V, **more: Any) -> V:
        """Give the same result with more said about where it comes from."""
        return replace(self, provenance={**self.provenance, **more})  # type: ignore[type-var]

    def _html(self, level: int) -> str:
        """Draw it as a piece of a page whose headings begin with this level."""
        return fragment(self.to_png(), self.caption)

    def _repr_png_(self) -> bytes:
        return self.to_png()

    def _repr_html_(self) -> str:
        return self.to_html()

    def _encoded(self, suffix: str) -> bytes:
        if suffix == ".npz":
            buffer = io.BytesIO()
            arrays: dict[str, Any] = {**self.arrays(), "provenance": np.array(as_json(self.provenance))}
            np.savez_compressed(buffer, **arrays)
            return buffer.getvalue()
        if suffix == ".html":
            title = getattr(self, "title", "") or self.caption.split("\n")[0] or "cutaway"
            return page(self.to_html(), title=title, provenance=self.provenance)
        if suffix == ".png":
            return self.to_png()
        if suffix == ".svg":
            return svg(self.to_png(), self.caption)
        return _photo_bytes(self.to_image(), "WEBP" if suffix == ".webp" else "JPEG")


def _photo_bytes(image: Image.Image, kind: str) -> bytes:
    most = {"JPEG": 65_500, "WEBP": 16_383}[kind]
    if max(image.size) > most:
        raise BadSetting(
            f"the picture has {image.width} × {image.height} pixels, and {kind} holds at most {most} in a row. "
            "Save as .png or .html"
        )
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=92)
    return buffer.getvalue()


def _why(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no folder {os.fspath(path.parent)!r}"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    return (isinstance(error, OSError) and error.strerror) or str(error)
