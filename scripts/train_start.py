"""Train the painter that comes with the program, at which the training of a style begins.

    python scripts/train_start.py PAINTING PHOTOS FOLDER

It is a painter like any other, only trained for longer, in two stages: to see a photo, then to keep it. The one in
src/cutaway/faststyle was made from van Gogh's The Starry Night (public domain) and 183 photographs of the Debian
packages that NOTICE.md names, in about an hour of one core; its first stage saw photos at 5/4 of its cuts' side, which
is 4/3 now, so that this makes its like and not its bits.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

import cutaway as cw
from cutaway.faststyle.start import BUNDLED
from cutaway.faststyle.style_file import read_style, write_style

STAGES = (
    {"size": 128, "batch": 2, "steps": 4000, "style_weight": 5.0, "total_variation": 0.1, "start": "nothing"},
    {"size": 192, "batch": 1, "steps": 7000, "style_weight": 2.0, "total_variation": 0.02},
)

if __name__ == "__main__":
    painting, photos, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    torch.set_num_threads(1)
    last = None
    for number, settings in enumerate(STAGES, start=1):
        out = folder / f"stage{number}.safetensors"
        start = {} if last is None else {"start": last}
        if not out.exists():
            cw.train_style(painting, photos, out=out, style_size=256, every=500, **{**settings, **start})
        last = out
    painter, about = read_style(last)
    kept = {name: about[name] for name in ("name", "paintings", "photos", "done", "loss")}
    # Half precision: what is rounded away is less than the first step of a training moves.
    write_style(BUNDLED, painter.to(torch.float16), {**kept, "name": "start"})
