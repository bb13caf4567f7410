"""Photos that a browser sent: decoded, written anew, and known by the hash of their pixels."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from cutaway.errors import BadImage
from cutaway.images.read import read
from cutaway.view.atomic import published
from cutaway.view.picture import Picture
from cutaway.web.disk import size_of
from cutaway.web.jpeg import jpeg

__all__ = ["LARGEST_SIDE", "MOST_PIXELS", "Kept", "Photos"]

MOST_PIXELS = 50_000_000
LARGEST_SIDE = 1600
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Kept:
    """A photo that is here.

    Args:
        id: sixteen digits of the SHA-256 of its size and pixels.
        width: in pixels.
        height: in pixels.
        notes: what reading it had to say.
    """

    id: str
    width: int
    height: int
    notes: tuple[str, ...] = ()


class Photos:
    """A folder of photos, each a PNG that this program wrote and the notes that came with it.

    Args:
        folder: made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A hostile file may take some hundred megabytes to decode: one at a time.
        self._one_at_a_time = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, data: bytes) -> Kept:
        """Decode a photo and keep what was seen in it, never the bytes that were sent.

        Raises:
            BadImage: for whatever is no photo, or too large.

        >>> import numpy as np
        >>> from tempfile import mkdtemp
        >>> photos = Photos(Path(mkdtemp()))
        >>> sent = io.BytesIO()
        >>> Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(sent, "PNG")
        >>> kept = photos.add(sent.getvalue())
        >>> kept.width, photos.read(kept.id).size
        (3, (2, 3))
        """
        with self._one_at_a_time:
            try:
                photo = read(data, max_pixels=MOST_PIXELS, largest_side=LARGEST_SIDE)
            except BadImage as error:
                raise BadImage("the photo", error.reason) from error
            h, w = photo.size
            name = hashlib.sha256(f"{h} {w} ".encode() + photo.pixels.tobytes()).hexdigest()[:16]
            kept = Kept(name, w, h, photo.notes)
            if not self.path(name).is_file():
                written = io.BytesIO()
                Image.fromarray(photo.pixels).save(written, "PNG", compress_level=1)
                published(self._folder / f"{name}.json", json.dumps(asdict(kept)).encode())
                published(self.path(name), written.getvalue())
            self.path(name).touch()
            return kept

    def path(self, name: str) -> Path:
        """Give where a photo lies, there or not."""
        if not _ID.fullmatch(name):
            raise BadImage(name, "that is no photo of this explorer")
        return self._folder / f"{name}.png"

    def kept(self, name: str) -> Kept:
        """Tell of one photo.

        Raises:
            BadImage: where it is not here.
        """
        if not self.path(name).is_file():
            raise BadImage(name, "this photo is not here, or no longer: give it again")
        told = json.loads((self._folder / f"{name}.json").read_bytes())
        return Kept(told["id"], told["width"], told["height"], tuple(told["notes"]))

    def read(self, name: str) -> Picture:
        """Give one photo's pixels.

        Raises:
            BadImage: where it is not here.
        """
        self.kept(name)
        return read(self.path(name))

    def recent(self, count: int = 12) -> list[Kept]:
        """List the photos given last, the newest first."""
        found = sorted(self._folder.glob("*.png"), key=lambda path: path.stat().st_mtime, reverse=True)
        return [self.kept(path.stem) for path in found[:count] if _ID.fullmatch(path.stem)]

    def thumb(self, name: str, side: int) -> bytes:
        """Give a small JPEG of one photo."""
        self.kept(name)
        return jpeg(read(self.path(name), largest_side=side))

    def sizes(self) -> dict[str, int]:
        """Tell each photo's bytes on the disk, the one longest not given first."""
        found = [(path, path.stat()) for path in self._folder.glob("*.png") if _ID.fullmatch(path.stem)]
        found.sort(key=lambda one: one[1].st_mtime)
        return {path.stem: told.st_size + size_of(path.with_suffix(".json")) for path, told in found}

    def pruned(self, most: int, used: Collection[str]) -> dict[str, int]:
        """Remove photos until those left take no more than so many bytes: the oldest first, none that is used.

        Args:
            most: bytes.
            used: photos to leave.

        Returns:
            How many went, and the bytes that this freed.
        """
        with self._one_at_a_time:
            sizes = self.sizes()
            left = sum(sizes.values())
            freed = count = 0
            for name, size in sizes.items():
                if left - freed <= most:
                    break
                if name in used:
                    continue
                self.path(name).unlink(missing_ok=True)
                self.path(name).with_suffix(".json").unlink(missing_ok=True)
                freed, count = freed + size, count + 1
        return {"photos": count, "bytes": freed}
