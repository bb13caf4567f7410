"""Bundle preact, its signals and htm into the one file that the explorer's page loads; npm is needed for this alone.

Run again only to move to newer versions: then write the hash that is printed into static/vendor/NOTICE.md.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

PACKAGES = ("preact@11.2.0", "htm@3.1.1", "@preact/signals@2.11.4", "@preact/signals-core@1.14.5")
BUNDLER = "esbuild@0.28.2"
TARGET = Path(__file__).parents[1] / "src" / "cutaway" / "web" / "static" / "vendor" / "preact.js"
ENTRY = """
import { h } from 'preact';
import htm from 'htm';
export { h, render } from 'preact';
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
export { batch, computed, effect, signal } from '@preact/signals';
export const html = htm.bind(h);
"""
BANNER = f"/* {', '.join(PACKAGES)}. MIT, and Apache-2.0 for htm: see NOTICE.md beside this file. */"


def main() -> None:
    """Write static/vendor/preact.js and say its hash."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "entry.js").write_text(ENTRY, encoding="utf-8")
        Path(folder, "package.json").write_text("{}", encoding="utf-8")
        subprocess.run(["npm", "install", "--silent", *PACKAGES, BUNDLER], cwd=folder, check=True)
        options = ["--bundle", "--format=esm", "--minify", "--target=es2022", "--legal-comments=none"]
        command = ["npx", "esbuild", "entry.js", *options, f"--banner:js={BANNER}", f"--outfile={TARGET}"]
        subprocess.run(command, cwd=folder, check=True)
    print(TARGET, hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
