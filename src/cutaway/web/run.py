"""What a job shows of itself while it runs: the score at each step, and small pictures of some of them."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.images.read import read
from cutaway.view.atomic import published
from cutaway.view.mosaic import mosaic
from cutaway.view.picture import Picture
from cutaway.web.jpeg import jpeg

__all__ = ["FRAMES", "Run", "Tail", "frame_path", "picture_path", "steps_path", "thumb"]

FRAMES = 60
"""Frames that are kept of a run, about: of a longer one every second step, every third and so on."""

SIDE = 400
"""Longer side of a frame, in pixels."""

COLUMNS = 4


def steps_path(folder: Path) -> Path:
    """Give the file of a run's steps: a line of JSON each."""
    return folder / "steps.jsonl"


def frame_path(folder: Path, step: int) -> Path:
    """Give the file of a step's frame, there or not."""
    return folder / f"{step}.jpg"


def picture_path(folder: Path, name: str) -> Path:
    """Give the file of a picture that was made, by the hash of its bytes."""
    return folder / f"{name}.png"


def _as_it_is(image: Float[Tensor, "3 h w"]) -> Picture:
    return Picture.of_values(image.detach().float().cpu().permute(1, 2, 0).numpy())


class Run:
    r"""A folder in which a job leaves what it has to show; what an earlier run of it left is removed.

    Args:
        folder: of this job alone.
        cancelled: whether the job shall end with its next step.

    >>> import torch
    >>> from tempfile import mkdtemp
    >>> run = Run(Path(mkdtemp()) / "job")
    >>> run.expect(2)
    >>> run.heard("steps"), run.scored(torch.tensor([1.5])), run.preview(1, torch.zeros(1, 3, 4, 4))
    (None, None, False)
    >>> steps_path(run.folder).read_text()
    '{"n": 1, "s": 1.5, "p": "steps", "f": 1}\n'
    """

    def __init__(self, folder: Path, cancelled: Callable[[], bool] = lambda: False) -> None:
        self.folder = folder
        self.steps = 0
        self._cancelled = cancelled
        self._every, self._total = 1, 0
        self._drawn: Callable[[Tensor], Picture] = _as_it_is
        self._what = self._part = ""
        self._score: float | None = None
        shutil.rmtree(folder, ignore_errors=True)

    def expect(self, steps: int, drawn: Callable[[Tensor], Picture] | None = None) -> None:
        """Say how many steps there will be in all, and how an image is drawn."""
        self._every, self._total = max(1, math.ceil(steps / FRAMES)), steps
        self._drawn = drawn or _as_it_is

    def heard(self, what: str) -> None:
        """Hear what is being done: a new name begins a new part of the curve."""
        self._what = what

    def scored(self, scores: Float[Tensor, " n"]) -> None:
        """Hear what the images scored at this step."""
        self._score = float(scores.mean())

    def preview(self, step: int, images: Float[Tensor, "n 3 h w"]) -> bool:
        """Keep a step, as `ascend` tells of it; gives whether to stop. Steps are counted over all parts."""
        self.steps += 1
        stop = self._cancelled()
        told: dict[str, object] = {"n": self.steps}
        if self._score is not None and math.isfinite(self._score):
            told["s"] = float(f"{self._score:.6g}")
        if self._what != self._part:
            self._part = told["p"] = self._what
        if stop or self.steps in (1, self._total) or self.steps % self._every == 0:
            self._keep_frame(images)
            told["f"] = 1
        self.folder.mkdir(parents=True, exist_ok=True)
        with steps_path(self.folder).open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
        return stop

    def keep(self, png: bytes) -> str:
        """Keep a picture that was made; gives its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(png).hexdigest()[:16]
        published(picture_path(self.folder, name), png)
        return name

    def _keep_frame(self, images: Tensor) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        drawn = [self._drawn(image) for image in images.detach()]
        whole = drawn[0]
        if len(drawn) > 1:
            whole = mosaic(drawn, min(COLUMNS, len(drawn)), max(max(one.size) for one in drawn))
        frame_path(self.folder, self.steps).write_bytes(jpeg(whole.fitted(SIDE)))


def thumb(folder: Path) -> bytes:
    """Give a small JPEG of a run: its last frame, or else a picture that was made; gray where there is none yet."""
    frames = sorted(folder.glob("*.jpg"), key=lambda path: int(path.stem))
    made = sorted(folder.glob("*.png"), key=lambda path: path.stat().st_mtime)
    found = [*frames[-1:], *made[:1]]
    return jpeg(read(found[0], largest_side=240) if found else Picture(np.full((3, 4, 3), 128, np.uint8)))


class Tail:
    """The lines that a file has got since the last look; from its beginning again where it was written anew.

    Args:
        path: of the file, there or not yet.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._seen, self._file = path, 0, 0

    def more(self) -> list[str]:
        r"""Give the whole lines that are new.

        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "lines"
        >>> tail = Tail(path)
        >>> _ = path.write_text("1\n2")
        >>> tail.more(), path.write_text("1\n2\n"), tail.more()
        (['1'], 4, ['2'])
        """
        try:
            about = self._path.stat()
            if about.st_ino != self._file or about.st_size < self._seen:
                self._file, self._seen = about.st_ino, 0
            if about.st_size == self._seen:
                return []
            with self._path.open("rb") as file:
                file.seek(self._seen)
                new = file.read()
        except FileNotFoundError:
            return []
        whole = new[: new.rfind(b"\n") + 1]
        self._seen += len(whole)
        return whole.decode().splitlines()
