"""What every result can do: draw itself, show itself, save itself; raw numbers stay inside."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.atomic import atomic_write
from cutaway.view.page import fragment, page
from cutaway.view.provenance import png_bytes

__all__ = ["Viewable"]


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
        return fragment(self.to_png(), self.caption)

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
            BadSetting: for another ending.

        Returns:
            The path.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in self.suffixes:
            raise BadSetting(
                f"cannot save {type(self).__name__} as {target.name!r}: the ending must be one of "
                f"{', '.join(self.suffixes)}"
            )
        atomic_write(target, self._encoded(suffix))
        return target

    def show(self) -> None:
        """Show it: in a notebook where there is one, else in the system's picture viewer."""
        if "IPython" in sys.modules:
            from IPython.core.getipython import get_ipython
            from IPython.display import display

            if get_ipython() is not None:
                display(self)
                return
        if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
            path = self.save(Path(tempfile.mkdtemp(prefix="cutaway-")) / "shown.png")
            print(f"no screen to show it on; it is in {path}")
            return
        self.to_image().show()

    def with_provenance(self, **more: Any) -> Self:
        """Give the same result with more said about where it comes from."""
        return replace(self, provenance={**self.provenance, **more})  # type: ignore[type-var]

    def _repr_png_(self) -> bytes:
        return self.to_png()

    def _repr_html_(self) -> str:
        return self.to_html()

    def _encoded(self, suffix: str) -> bytes:
        if suffix == ".npz":
            buffer = io.BytesIO()
            arrays = self.arrays() | {"provenance": np.array(json.dumps(self.provenance, default=str))}
            np.savez_compressed(buffer, allow_pickle=False, **arrays)  # type: ignore[arg-type]
            return buffer.getvalue()
        if suffix == ".html":
            return page(self.to_html(), title=self.caption.split("\n")[0] or "cutaway", provenance=self.provenance)
        if suffix == ".png":
            return self.to_png()
        if suffix == ".svg":
            return self._svg()
        buffer = io.BytesIO()
        kind = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}[suffix]
        self.to_image().save(buffer, kind, quality=92)
        return buffer.getvalue()

    def _svg(self) -> bytes:
        import base64
        from xml.sax.saxutils import escape

        image = self.to_image()
        data = base64.b64encode(self.to_png()).decode()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{image.width}" height="{image.height}">'
            f"<title>{escape(self.caption)}</title>"
            f'<image width="{image.width}" height="{image.height}" href="data:image/png;base64,{data}"/></svg>'
        ).encode()
