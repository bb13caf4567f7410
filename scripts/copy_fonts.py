"""Copy the typeface out of Debian's package fonts-inter and check that it is the one noted in fonts/NOTICE.md.

Needs apt-get and dpkg.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

FONTS = {
    "Inter-Regular.otf": "a7e791e8f5a0fb02b65663f7fca73e1d1ca9543f772ad480cbd76f4e3fe3f8cc",
    "Inter-SemiBold.otf": "8c1990b6012254ea2b487161697d107357dd0ee55811cfd91c8c11227bbef457",
}


def main() -> None:
    """Write src/cutaway/view/fonts/."""
    target = Path(__file__).parents[1] / "src/cutaway/view/fonts"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", "fonts-inter"], cwd=folder, check=True)
        package = next(Path(folder).glob("*.deb"))
        subprocess.run(["dpkg", "-x", package, folder], check=True)
        for name, wanted in FONTS.items():
            data = (Path(folder) / "usr/share/fonts/opentype/inter" / name).read_bytes()
            found = hashlib.sha256(data).hexdigest()
            if found != wanted:
                raise SystemExit(f"{name} has hash {found}, not {wanted}")
            (target / name).write_bytes(data)
            print(target / name)


if __name__ == "__main__":
    main()
