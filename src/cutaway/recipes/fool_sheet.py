"""How a fooled network is shown: photo, picture, and the difference that is seen only amplified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from cutaway.network.network import Network
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture

__all__ = ["fool_sheet"]


def fool_sheet(
    network: Network,
    photo: Picture,
    picture: Picture,
    difference: Float[np.ndarray, "h w 3"],
    odds: Float[np.ndarray, "2 classes"],
    goal: int,
    norms: Mapping[str, float],
    reached: bool,
    steps: int,
    amplified: float,
) -> Grid:
    """Draw the sheet.

    Args:
        network: names the classes.
        photo: before.
        picture: after.
        difference: in colours of 0..1.
        odds: probabilities before and after.
        goal: the class of interest.
        norms: as `Fooled` has them.
        reached: whether what was asked for is so.
        steps: that it took.
        amplified: how many times the difference is drawn; mid-gray is no change.
    """
    levels = {name: f"{255 * norms[name]:.3g}" for name in ("linf", "mean")}
    cells = (
        replace(photo, caption="\n".join(["before", *_lines(network, odds[0], goal)])),
        replace(picture, caption="\n".join(["after", *_lines(network, odds[1], goal)])),
        Picture.of_values(
            0.5 + amplified * difference,
            caption=f"the difference × {amplified:g}\nlargest (L∞) {levels['linf']} of 255\n"
            f"mean {levels['mean']} of 255\nL2 {norms['l2']:.2f} in colours of 0..1",
            raw=difference,
        ),
    )
    first, now = (network.class_name(int(one.argmax())) for one in odds)
    turned = f"{first} becomes {now}" if now != first else f"{first} stays {now}"
    end = "" if reached else "; what was asked for was not reached"
    return Grid(
        (cells,),
        title=f"{network.name} · {turned}{end}",
        caption=f"{steps} steps. The figures are those of the picture as it is saved, rounded to 8 bits and prepared "
        "anew. Mid-gray is no change.",
    )


def _lines(network: Network, odds: Float[np.ndarray, " classes"], goal: int) -> list[str]:
    """The three most probable classes, and the one of interest."""
    order = np.argsort(-odds, kind="stable")[:3].tolist()
    shown = order if goal in order else [*order[:2], goal]
    return [f"{network.class_name(k)} {100 * odds[k]:.1f} %" for k in shown]
