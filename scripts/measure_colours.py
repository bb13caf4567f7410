"""Measure how the colours of photos vary together, for cutaway.synthesis.Fourier.

    python scripts/measure_colours.py FOLDER

Prints the symmetric square root of the covariance of the pixels' colours (0..1) along its principal axes, each
photo shrunk to the same size so that large ones count no more; divided by the length of its longest row.
"""

import sys

import numpy as np

import cutaway as cw
from cutaway.images.folder import photos

SIDE = 64


def main(folder: str) -> None:
    """Read a folder's photos, and print the matrix."""
    rows = []
    for path in photos([folder]):
        rows.append(cw.read(path).resized((SIDE, SIDE)).pixels.reshape(-1, 3) / 255)
    colours = np.concatenate(rows)
    values, axes = np.linalg.eigh(np.cov(colours.T))
    root = axes[:, ::-1] * np.sqrt(values[::-1])
    root = root * np.where(root[:1] < 0, -1, 1)  # a sign that does not hang on the machine
    root /= np.linalg.norm(root, axis=1).max()
    print(f"{len(rows)} photos")
    print(np.array2string(root, precision=3, separator=", "))


main(*sys.argv[1:])
