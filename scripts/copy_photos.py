"""Copy the example photos out of an installed scikit-image and check that they are the ones noted in SOURCES.md."""

from __future__ import annotations

import hashlib
from importlib.metadata import distribution
from pathlib import Path

PHOTOS = {
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "camera.png": "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
}


def main() -> None:
    """Write examples/photos/."""
    folder = Path(__file__).parents[1] / "examples" / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for name, wanted in PHOTOS.items():
        data = Path(str(distribution("scikit-image").locate_file(f"skimage/data/{name}"))).read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != wanted:
            raise SystemExit(f"{name} of this scikit-image has hash {found}, not {wanted}")
        (folder / name).write_bytes(data)
        print(folder / name)


if __name__ == "__main__":
    main()
