"""What a painter has learnt, on one sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.recipes.loss_curve import loss_curve
from cutaway.recipes.painter_training import PainterTraining, Unseen
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture

__all__ = ["painter_sheet"]

_SIDE = 320


def painter_sheet(
    job: PainterTraining,
    painter: nn.Module,
    unseen: Unseen,
    about: Mapping[str, Any],
    skipped: Sequence[tuple[Path, str]],
    shown: int,
    provenance: Mapping[str, Any],
) -> Grid:
    """Lay out photos held out, what the painter makes of them, the paintings, and the losses.

    Args:
        job: that trained it.
        painter: trained.
        unseen: the photos held out.
        about: what is told of the training.
        skipped: photos that could not be read.
        shown: so many photos; more may be measured.
        provenance: of the sheet, without what is measured here.
    """
    goal = job.goal
    painted = unseen.painted(painter, len(unseen.photos))
    losses = [
        {
            name: float(value)
            for name, value in goal.losses(unseen.photos[k : k + 1], painted[k : k + 1]).items()
        }
        for k in range(len(painted))
    ]
    mean = {name: float(np.mean([one[name] for one in losses])) for name in losses[0]}
    h, w = unseen.photos.shape[2:]
    words = (
        f"Photos that the painter never saw, {w} × {h} pixels, painted in one pass each. It was trained on "
        f"{about['photos']} photos, {about['done']:,} steps of {job.preset.batch} cuts of {job.preset.size} pixels. "
        f"Mean over {len(losses)} held out: style loss {mean['style']:.3g}, content loss {mean['content']:.3g}, each "
        "relative to that of nothing at all."
    )
    if skipped:
        words += f" {len(skipped)} photos could not be read."
    stopped = about["done"] < job.preset.steps
    some = range(min(shown, len(painted)))
    rows = (
        tuple(_drawn(unseen.photos[k], unseen.names[k]) for k in some),
        tuple(
            _drawn(painted[k], f"style {losses[k]['style']:.3g} · content {losses[k]['content']:.3g}")
            for k in some
        ),
    )
    paintings = tuple(
        Picture(one.resized(one.shortest(_SIDE)).pixels, name)
        for one, name in zip(goal.paintings, about["paintings"], strict=True)
    )
    weights = {
        "content": goal.content_weight,
        "style": goal.style_weight,
        "variation": goal.total_variation,
    }
    curve = loss_curve(
        about["curve"], weights, about["done"], 720, "1 without its weight is as far as nothing at all"
    )
    return Grid(
        ((Grid(rows, row_titles=("photo", "painted")),), (Grid((paintings,)),), (curve,)),
        title=f"A painter in the style of {', '.join(about['paintings'])}",
        caption=words + (" Stopped before its end: the same call goes on." if stopped else ""),
        provenance={
            **provenance,
            "style": {key: value for key, value in about.items() if key not in ("curve", "settings")},
            "held_out": {"photos": len(losses), **mean},
            "skipped": [{"path": str(one), "reason": reason} for one, reason in skipped],
            "stopped": stopped,
        },
    )


def _drawn(image: Float[Tensor, "3 h w"], caption: str) -> Picture:
    return Picture.of_values(np.ascontiguousarray(image.permute(1, 2, 0).numpy()), caption=caption)
