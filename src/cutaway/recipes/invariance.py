"""How far a photo may be shifted, scaled and turned before a network answers otherwise, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, SupportsIndex

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from cutaway.errors import BadSetting
from cutaway.images.read import Source, read
from cutaway.network.capture import capture
from cutaway.network.main_layers import few_layers
from cutaway.network.many import in_chunks, quickest_format
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_probability
from cutaway.objectives.target import as_objective
from cutaway.recipes.answer import Answer
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.view.curves import curves
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["Invariance", "invariance"]

READING = (
    "How far each layer's features move when the photo is changed (the distance to those of the photo itself, over "
    "their length), and the probability of the class. What comes in from beyond the border is its mirror image."
)
# From where to where, and the unit.
RANGES = {
    "translation": (-0.25, 0.25, " of the width"),
    "scale": (0.5, 2.0, " ×"),
    "rotation": (-180.0, 180.0, "°"),
}


@dataclass(frozen=True)
class Invariance(Viewable):
    """Curves over three changes of a photo.

    Args:
        amounts: by the change's name, (steps,).
        distances: by the change's name and the layer's, (steps,): 0 where nothing moved.
        probabilities: by the change's name, (steps,).
        sheet: the drawing.
    """

    amounts: Mapping[str, Float[np.ndarray, " steps"]]
    distances: Mapping[str, Mapping[str, Float[np.ndarray, " steps"]]]
    probabilities: Mapping[str, Float[np.ndarray, " steps"]]
    sheet: Grid = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The distances, (changes, layers, steps)."""
        return np.array([list(layers.values()) for layers in self.distances.values()])

    @property
    def names(self) -> tuple[str, ...]:
        """The changes."""
        return tuple(self.distances)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: distances, and by the change's name its amounts and probabilities."""
        more = {f"amounts_{name}": np.asarray(values) for name, values in self.amounts.items()}
        more |= {f"probabilities_{name}": np.asarray(values) for name, values in self.probabilities.items()}
        layers = np.array(list(next(iter(self.distances.values()))))
        return {"values": self.values, "names": np.array(self.names), "layers": layers} | more

    def to_image(self) -> Image.Image:
        """Draw the photo as it is changed, and the curves."""
        return self.sheet.with_provenance(**self.provenance).to_image()


def invariance(
    network: Network | str | nn.Module,
    photo: Source,
    *,
    target: SupportsIndex | str | None = None,
    layers: Sequence[str] | None = None,
    changes: Sequence[str] = tuple(RANGES),
    steps: int = 25,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
) -> Invariance:
    """Shift, scale and turn a photo, and tell how far every layer's features move and what becomes of the class.

    Args:
        network: the network to ask, or its name.
        photo: whatever `cutaway.read` takes.
        target: the class whose probability is followed; None takes the most probable one.
        layers: whose features; None takes four from the first to the one that the classifier reads.
        changes: "translation" (to the right, in widths), "scale", "rotation" (to the left, in degrees).
        steps: of each.
        size: another input size.

    Raises:
        BadImage, BadSetting, UnknownClass, UnknownLayer: with what to do instead.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, figure 5.

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> parts = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    >>> net = Network(nn.Sequential(*parts), Preprocessing(size=16))
    >>> found = invariance(net, Picture(np.full((20, 30, 3), 99, np.uint8)), steps=3, changes=["rotation"])
    >>> found.distances["rotation"]["1"].round(4).tolist()  # a gray photo stays what it is
    [0.0, 0.0, 0.0]
    """
    unknown = [change for change in changes if change not in RANGES]
    if unknown or not changes:
        raise BadSetting(f"changes takes {', '.join(RANGES)}, got {list(changes)}")
    if steps < 2:
        raise BadSetting(f"steps must be at least 2, got {steps}")
    model = opened(network).at(size)
    picture = read(photo)
    images = model.prepare(picture)
    answer = Answer.asked(model, images)
    k = answer.order[0] if target is None else model.class_index(target)
    plain = images.as_subclass(Tensor)
    chosen = list(layers) if layers is not None else few_layers(model)
    asked = as_objective(model, plain, class_probability(k))
    amounts = {change: _amounts(change, steps) for change in changes}
    still = capture(model, plain, chosen)
    distances: dict[str, dict[str, np.ndarray]] = {}
    probabilities: dict[str, np.ndarray] = {}
    cells: list[Viewable] = []
    layout = quickest_format(model, plain)
    for change, values in amounts.items():
        changed = _changed(plain, change, values)

        def run(start: int, stop: int, batch: Tensor = changed) -> tuple[dict[str, Tensor], Tensor]:
            found = capture(
                model, batch[start:stop].contiguous(memory_format=layout), [*chosen, *asked.layers]
            )
            moved = {
                name: (found[name] - still[name]).flatten(1).norm(dim=1)
                / still[name].flatten(1).norm(dim=1).clamp_min(1e-12)
                for name in chosen
            }
            return moved, asked.score(found)

        parts = in_chunks(steps, chunk(model, plain), run, change)
        distances[change] = {
            name: torch.cat([moved[name] for moved, _ in parts]).double().cpu().numpy() for name in chosen
        }
        probabilities[change] = torch.cat([score for _, score in parts]).double().cpu().numpy()
        cells += _drawn(
            model, changed, change, values, distances[change], probabilities[change], model.class_name(k)
        )
    code = spelled(
        invariance,
        network_spelled(model),
        repr(picture.path or "photo"),
        target=target if target is None or isinstance(target, str) else int(target),
        layers=None if layers is None else list(layers),
        changes=tuple(changes),
        steps=steps,
        size=size,
    )
    sheet = Grid(
        rows=tuple(tuple(cells[i : i + 3]) for i in range(0, len(cells), 3)),
        title=f"{model.name} · {answer.text(k)}: shifted, scaled, turned",
        caption=READING,
    )
    provenance = origin(model, code, layers=chosen) | {"path": picture.path or ""}
    return Invariance(amounts, distances, probabilities, sheet, READING, provenance)


def _amounts(change: str, steps: int) -> Float[np.ndarray, " steps"]:
    low, high, _ = RANGES[change]
    if change == "scale":  # as many steps to half as to double
        return np.exp(np.linspace(math.log(low), math.log(high), steps))
    return np.linspace(low, high, steps)


def _changed(
    image: Float[Tensor, "1 c h w"], change: str, amounts: Float[np.ndarray, " steps"]
) -> Float[Tensor, "n c h w"]:
    """Make the changed images by bilinear sampling; zero shift, scale one and no turn give the image itself."""
    h, w = image.shape[2:]
    rows = []
    for amount in amounts.tolist():
        # From a place in the changed image to the place in the photo that it shows; both axes run from −1 to 1.
        if change == "translation":
            rows.append([[1.0, 0.0, -2 * amount], [0.0, 1.0, 0.0]])
        elif change == "scale":
            rows.append([[1 / amount, 0.0, 0.0], [0.0, 1 / amount, 0.0]])
        else:
            c, s = math.cos(math.radians(amount)), math.sin(math.radians(amount))
            rows.append([[c, -s * h / w, 0.0], [s * w / h, c, 0.0]])
    grid = F.affine_grid(
        torch.tensor(rows, dtype=image.dtype, device=image.device),
        [len(rows), *image.shape[1:]],
        align_corners=False,
    )
    batch = image.expand(len(rows), -1, -1, -1)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _drawn(
    network: Network,
    changed: Tensor,
    change: str,
    amounts: np.ndarray,
    distances: Mapping[str, np.ndarray],
    probabilities: np.ndarray,
    name: str,
) -> list[Viewable]:
    assert network.preprocessing is not None
    unit = RANGES[change][2]
    ends = network.preprocessing.show(changed[[0, len(changed) // 2, -1]])
    small = [picture.fitted(140) for picture in ends]
    gap = np.full((small[0].size[0], 4, 3), 255, np.uint8)
    row = np.concatenate([small[0].pixels, gap, small[1].pixels, gap, small[2].pixels], 1)
    words = " · ".join(f"{amounts[k]:.3g}" for k in (0, len(amounts) // 2, -1)).replace("-", "−")
    return [
        Picture(row, f"{change}\n{words}{unit}"),
        curves(amounts, distances, caption="distance of the features", low=0.0),
        curves(amounts, {name: probabilities}, low=0.0, high=1.0, caption="probability"),
    ]
