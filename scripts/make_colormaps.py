"""Compute the tables of view/colormap.py: viridis and inferno from matplotlib (CC0), "diverging" in CIE Lab.

Prints the assignments to paste; needs matplotlib, which cutaway itself never does.
"""

from __future__ import annotations

import base64
import textwrap

import numpy as np


def lab_to_srgb(lab: np.ndarray) -> np.ndarray:
    """Convert CIE Lab (D65) to sRGB 0..255."""
    y = (lab[:, 0] + 16) / 116
    xyz = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], 1)
    xyz = np.where(xyz > 6 / 29, xyz**3, (xyz - 16 / 116) * 108 / 841) * (0.95047, 1.0, 1.08883)
    rgb = xyz @ np.array([[3.2406, -0.9689, 0.0557], [-1.5372, 1.8758, -0.2040], [-0.4986, 0.0415, 1.0570]])
    rgb = np.clip(rgb, 0, 1)
    rgb = np.where(rgb > 0.0031308, 1.055 * rgb ** (1 / 2.4) - 0.055, 12.92 * rgb)
    return np.round(rgb * 255).astype(np.uint8)


def diverging() -> np.ndarray:
    """Blue – white – red: lightness falls alike to both sides, hues that colour-blind eyes tell apart."""
    way = np.linspace(-1, 1, 256)
    strength = np.abs(way) ** 0.9
    blue, red = np.array([34.0, 8.0, -48.0]), np.array([34.0, 56.0, 36.0])
    white = np.array([97.0, 0.0, 0.0])
    end = np.where(way[:, None] < 0, blue, red)
    # Chroma bulges a little midway so that weak values are seen.
    lab = white + (end - white) * strength[:, None]
    lab[:, 1:] *= (1 + 0.35 * np.sin(np.pi * strength))[:, None]
    return lab_to_srgb(lab)


def main() -> None:
    """Print the tables."""
    import matplotlib

    tables = {
        name: np.round(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255)
        for name in ("viridis", "inferno")
    }
    for name, table in {**tables, "diverging": diverging()}.items():
        text = base64.b64encode(np.asarray(table).astype(np.uint8).tobytes()).decode()
        print(f"_{name.upper()} = (")
        print("\n".join(f'    "{line}"' for line in textwrap.wrap(text, 100)))
        print(")")


if __name__ == "__main__":
    main()
