"""The strongest places of a channel in a scan's photos, projected back to the pixels, each with its proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.projection import Projection, check_activations, project
from cutaway.attribution.proof import Proof, prove
from cutaway.dataset.row import Row
from cutaway.network.network import Network
from cutaway.objectives.objective import Unit
from cutaway.recipes.colours import in_rgb
from cutaway.recipes.deconv import projection_rules
from cutaway.recipes.patches import told_row
from cutaway.view.picture import Picture
from cutaway.view.projection import projection

__all__ = ["ProjectedRow", "images_of", "mean_proof", "projected_rows"]


@dataclass(frozen=True)
class ProjectedRow:
    """One place of a channel, and what in it made the unit fire.

    Args:
        row: the place.
        found: its projection.
        proof: what happens to the activation without the pixels that it shows, and without others.
        method: "deconvnet" or "guided".
    """

    row: Row
    found: Projection
    proof: Proof
    method: str
    network: Network = field(repr=False)

    def drawn(self, caption: str = "") -> Picture:
        """Draw it in the shape of the patch, gray being zero, on its own scale."""
        (top, left, bottom, right), (above, before, *_) = self.row.seen, self.found.box
        values = self.found.values[:, top - above : bottom - above, left - before : right - before]
        picture = projection(self._colours(values), caption)
        # In the shape of the patch: a scan may have squeezed the photo.
        h, w = self.row.box[2] - self.row.box[0], self.row.box[3] - self.row.box[1]
        zoom = max(picture.size) / max(h, w)
        return picture.resized((max(1, round(h * zoom)), max(1, round(w * zoom))))

    def told(self) -> dict[str, object]:
        """Write it for a machine."""
        return told_row(self.row) | {
            "method": self.method,
            "layer": self.found.unit.layer,
            "channel": self.found.unit.channel,
            "activation": self.found.activation,
            "fall_shown": self.proof.shown,
            "fall_others": self.proof.others,
        }

    def _colours(self, values: Float[Tensor, "c h w"]) -> Float[np.ndarray, "h w c"]:
        return in_rgb(self.network, values.float().cpu().numpy().transpose(1, 2, 0), 2)


def images_of(network: Network, rows: Sequence[Row]) -> Float[Tensor, "n c h w"]:
    """Prepare the photos of places again, as the scan did."""
    return torch.cat([network.prepare(row.path).as_subclass(Tensor) for row in rows])


def projected_rows(
    network: Network,
    images: Float[Tensor, "n c h w"],
    rows: Sequence[Row],
    layer: str,
    channel: int,
    method: str,
    average: str = "fill",
) -> list[ProjectedRow]:
    """Project a channel's places back to the pixels, each from its one unit.

    Args:
        network: with the preprocessing of the scan.
        images: of the rows, by `images_of`.
        rows: with places.
        layer: of the channel.
        channel: 0-based.
        method: "deconvnet", or "guided" for guided backpropagation.
        average: how deconvnet goes back through average pools.

    Raises:
        UnsupportedMethod: for a network without a ReLU.
    """
    rules, told = projection_rules(method, average)
    check_activations(network, images[:1], told)
    asked = [(at, Unit(layer, channel, row.y, row.x)) for at, row in enumerate(rows)]
    found = project(network, images, asked, rules, weighted=True)
    proofs = prove(network, images, found)
    return [
        ProjectedRow(row, one, proof, method, network)
        for row, one, proof in zip(rows, found, proofs, strict=True)
    ]


def mean_proof(rows: Sequence[ProjectedRow]) -> Proof:
    """Average the proofs of several places."""
    return Proof(
        sum(one.proof.shown for one in rows) / len(rows),
        sum(one.proof.others for one in rows) / len(rows),
        0,
    )
