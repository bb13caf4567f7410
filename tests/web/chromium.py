"""The system's Chromium, and a film for its camera."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

from PIL import Image

from tests.web.served import CAT

__all__ = ["QUIET", "cat_film", "chromium", "with_camera"]

# Without these Chromium asks its makers for this and that.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """Where it is: `make test` installs it on Debian and Ubuntu."""
    named = os.environ.get("CHROMIUM")
    return named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


def cat_film(path: Path) -> Path:
    """Write a film of a cat that moves a little. MJPEG is one JPEG after the other."""
    cat = Image.open(CAT).convert("RGB")
    film = io.BytesIO()
    for i in range(40):
        left = abs(20 - i)
        cat.crop((20 + left, 0, 420 + left, 300)).resize((640, 480)).save(film, "JPEG", quality=88)
    path.write_bytes(film.getvalue())
    return path


def with_camera(film: Path) -> tuple[str, ...]:
    """What makes a Chromium have a camera that shows the film, and give it to whoever asks."""
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
