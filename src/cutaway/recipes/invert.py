"""What a layer still knows of a photo: an image made from the layer's answer alone, beside the photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from cutaway.errors import BadSetting
from cutaway.images.likeness import correlation, psnr
from cutaway.images.read import Source, read
from cutaway.network.capture import capture
from cutaway.network.main_layers import few_layers
from cutaway.network.memory import check_fits
from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.objectives.alpha_norm import alpha_norm as alpha_penalty
from cutaway.objectives.match import match
from cutaway.objectives.objective import Objective
from cutaway.objectives.total_variation import total_variation as variation_penalty
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.shown import enlarged, shown
from cutaway.synthesis.ascend import Preview, ascend
from cutaway.synthesis.optimizers import LBFGS
from cutaway.synthesis.parametrization.fourier import Fourier
from cutaway.synthesis.parametrization.pixels import Pixels
from cutaway.view.grid import Grid
from cutaway.view.viewable import Viewable

__all__ = ["METHODS", "Inversion", "Likeness", "invert"]

# The weights of total variation and α-norm that each method has where none are given.
METHODS = {"fourier": (0.0, 0.0), "paper": (0.03, 0.01)}
READING = (
    "Each picture is made from nothing but what the layer answered to the photo. Correlation and PSNR compare pixels "
    "with the photo's; the last line tells how far the layer's answer to the picture is from its answer to the photo."
)
# A colour's usual distance from the mean colour, and what it is of the usual difference between neighbours; of 0..1.
_DEVIATION, _SMOOTHER = 80 / 255, 6.5
_LAYERS = 5


class Likeness(NamedTuple):
    """How near an inversion comes to its photo.

    Args:
        correlation: Pearson's, over all pixel values of all three colours; 1 is the photo.
        psnr: peak signal-to-noise ratio in decibels, white being 1.
        error: of the features: the length of their difference over that of the photo's own.
    """

    correlation: float
    psnr: float
    error: float


@dataclass(frozen=True)
class Inversion(Viewable):
    """Images made from layers' answers to a photo.

    Args:
        pictures: by the layer's name, (h,w,3), 0..1.
        scores: by the layer's name.
        photo: as the network sees it, (h,w,3), 0..1.
        history: by the layer's name, the objective at each evaluation.
        stopped: whether it was ended early; what is there was made until then.
        sheet: the drawing.
    """

    pictures: Mapping[str, Float[np.ndarray, "h w 3"]]
    scores: Mapping[str, Likeness]
    photo: Float[np.ndarray, "h w 3"]
    history: Mapping[str, Float[np.ndarray, " steps"]]
    stopped: bool
    sheet: Grid = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The image of one layer, (h,w,3), or of several, (layers,h,w,3); 0..1."""
        several = np.stack(list(self.pictures.values()))
        return several[0] if len(several) == 1 else several

    @property
    def names(self) -> tuple[str, ...]:
        """The layers."""
        return tuple(self.pictures)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the images, the photo as the network sees it, and the scores."""
        told = {
            name: np.array([getattr(one, name) for one in self.scores.values()]) for name in Likeness._fields
        }
        return {"values": self.values, "names": np.array(self.names), "photo": self.photo} | told

    def to_image(self) -> Image.Image:
        """Draw the photo and the images in a row."""
        return self.sheet.with_provenance(**self.provenance).to_image()


def invert(
    network: Network | str | nn.Module,
    photo: Source,
    layers: str | Sequence[str] | None = None,
    *,
    steps: int = 100,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    method: str = "fourier",
    total_variation: float | None = None,
    alpha_norm: float | None = None,
    seed: int = 0,
    preview: Preview | None = None,
) -> Inversion:
    """Make an image that a layer answers to as it does to a photo: what the layer threw away is then missing in it.

    Ctrl-C ends it with the images as they are then.

    Args:
        network: the network to ask, or its name.
        photo: whatever `cutaway.read` takes.
        layers: one or several, in any of their names; None takes five from the first to the last.
        steps: evaluations of the network for each layer.
        size: another input size, which is also that of the images made.
        method: "fourier" moves a spectrum with decorrelated colours; "paper" moves pixels, and subtracts both
            penalties from what is maximised. Both by L-BFGS.
        total_variation: weight of the total variation (β = 2), over that of a usual photo.
        alpha_norm: weight of the α-norm (α = 6), over that of a usual photo.
        seed: of the noise that it begins from.
        preview: called after each step with the number of steps done and the images; True ends it.

    Raises:
        BadImage, BadSetting, UnknownLayer: with what to do instead.

    Source: Mahendran and Vedaldi, "Understanding deep image representations by inverting them" (CVPR 2015); the
    spectrum from Olah, Mordvintsev and Schubert, "Feature visualization" (Distill 2017).

    >>> from cutaway.view.picture import Picture
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), Preprocessing(size=16))
    >>> found = invert(net, Picture(np.full((20, 30, 3), 99, np.uint8)), "0", steps=9)
    >>> found.values.shape, found.scores["0"].error < 0.2
    ((16, 24, 3), True)
    """
    if method not in METHODS:
        raise BadSetting(f"method takes {' or '.join(METHODS)}, got {method!r}")
    if steps < 1:
        raise BadSetting(f"steps must be at least 1, got {steps}")
    weights = tuple(
        usual if given is None else given
        for given, usual in zip((total_variation, alpha_norm), METHODS[method], strict=True)
    )
    if min(weights) < 0:
        raise BadSetting(f"a penalty's weight must be at least 0, got {min(weights)}")
    model = opened(network).at(size)
    picture = read(photo)
    images = model.prepare(picture)
    check_fits(model, images)
    plain, settings = images.as_subclass(Tensor), model.preprocessing
    assert settings is not None
    chosen = [layers] if isinstance(layers, str) else few_layers(model, _LAYERS) if layers is None else layers
    if not chosen:
        raise BadSetting("layers needs at least one layer, got none")
    wanted = capture(model, plain, list(dict.fromkeys(chosen)))
    seen = shown(settings, plain)
    h, w = seen.shape[:2]
    pictures: dict[str, np.ndarray] = {}
    scores: dict[str, Likeness] = {}
    history: dict[str, np.ndarray] = {}
    stopped = False
    for name, goal in wanted.items():
        made = ascend(
            model,
            _penalised(match(name, goal), settings, plain, *weights),
            (Fourier if method == "fourier" else Pixels).noise(1, (h, w), seed=seed),
            steps=steps,
            optimizer=LBFGS(),
            preview=preview,
            what=name,
        )
        final = settings.normalize(made.images.clamp(0, 1)).to(plain)
        answer = capture(model, final, name)[name]
        pictures[name] = shown(settings, final)
        scores[name] = Likeness(
            correlation(pictures[name], seen),
            psnr(pictures[name], seen),
            float((answer - goal).double().norm() / goal.double().norm()),
        )
        history[name] = made.history[:, 0].numpy()
        stopped = made.stopped
        if stopped:
            break
    code = spelled(
        invert,
        network_spelled(model),
        repr(picture.path or "photo"),
        layers=layers if layers is None or isinstance(layers, str) else list(layers),
        steps=steps,
        size=size,
        method=method,
        total_variation=total_variation,
        alpha_norm=alpha_norm,
        seed=seed,
    )
    how = "a spectrum moved" if method == "fourier" else "pixels moved"
    caption = f"{READING} {how.capitalize()} by L-BFGS, {steps} evaluations for each layer, from noise, seed {seed}."
    if any(weights):
        caption += f" Penalties: total variation × {weights[0]:g}, α-norm × {weights[1]:g}."
    if stopped:
        caption += f" Stopped: the last picture had {len(history[name])} evaluations."
    name = Path(picture.path).name if picture.path else "photo"
    cells = [enlarged(seen, f"{name}\nas the network sees it\n{w} × {h} pixels")]
    cells += [enlarged(one, _words(layer, scores[layer])) for layer, one in pictures.items()]
    sheet = Grid(rows=(tuple(cells),), title=f"{model.name}: {name}, made again from layers", caption=caption)
    provenance = origin(model, code, method=method, seed=seed, steps=steps) | {
        "path": picture.path or "",
        "scores": {layer: one._asdict() for layer, one in scores.items()},
    }
    return Inversion(pictures, scores, seen, history, stopped, sheet, caption, provenance)


def _penalised(
    objective: Objective, settings: Preprocessing, images: Tensor, variation: float, norm: float
) -> Objective:
    """Subtract penalties, each over what a usual photo of this size would have, so that weights mean the same."""
    usual = _DEVIATION * settings.value_range * len(settings.std) / sum(settings.std)
    numbers = images[0].numel()
    if variation:
        objective = objective - variation_penalty() * (variation / (numbers * (usual / _SMOOTHER) ** 2))
    if norm:
        objective = objective - alpha_penalty() * (norm / (numbers * usual**6))
    return objective


def _words(layer: str, score: Likeness) -> str:
    return (
        f"{layer}\ncorrelation {score.correlation:.2f} · {score.psnr:.1f} dB\nfeatures {score.error:.1%} off"
    ).replace("%", " %")
