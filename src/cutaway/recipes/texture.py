"""More of a texture: an image with the statistics that a network's layers have for a picture, beside copied patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from cutaway.errors import BadSetting
from cutaway.images.read import Source, read
from cutaway.network.main_layers import few_layers
from cutaway.network.memory import check_fits
from cutaway.network.network import Network
from cutaway.objectives.gram import KINDS
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.shown import enlarged, shown
from cutaway.recipes.texture_maker import TextureMaker
from cutaway.synthesis.ascend import Preview
from cutaway.synthesis.parametrization.seeded import image_size
from cutaway.synthesis.quilting import quilted
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["SETS", "Texture", "texture"]

QUILTING = "quilting"
SETS = ("cumulative", "each", "together")
READING = (
    "Each texture begins as noise, and is moved until the layers named have the same statistics for it as for the "
    "picture, whatever lies where. Off: the length of the difference over that of the picture's, the mean over layers."
)
_QUILTED = "Quilting copies patches of the picture, with seams where they differ least; it knows no network."
_LAYERS = 5


@dataclass(frozen=True)
class Texture(Viewable):
    """Textures made of a picture.

    Args:
        pictures: by name, (h,w,3), 0..1: "gram, up to relu3_3" and the like.
        errors: by the same names, and by that of the layer: how far the statistics are from the picture's, as a part.
        picture: as the network sees it, (h,w,3), 0..1.
        stopped: whether it was ended early; what is there was made until then.
        sheet: the drawing.
    """

    pictures: Mapping[str, Float[np.ndarray, "h w 3"]]
    errors: Mapping[str, Mapping[str, float]]
    picture: Float[np.ndarray, "h0 w0 3"]
    stopped: bool
    sheet: Grid = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The one texture, (h,w,3), or all, (k,h,w,3); 0..1."""
        several = np.stack(list(self.pictures.values()))
        return several[0] if len(several) == 1 else several

    @property
    def names(self) -> tuple[str, ...]:
        """What each was made by."""
        return tuple(self.pictures)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the textures, the picture as the network sees it, and the errors, (k, layers)."""
        layers = list(next(iter(self.errors.values())))
        told = np.array([[one[layer] for layer in layers] for one in self.errors.values()])
        more = {"picture": self.picture, "errors": told, "layers": np.array(layers)}
        return {"values": self.values, "names": np.array(self.names)} | more

    def to_image(self) -> Image.Image:
        """Draw the picture and what was made of it."""
        return self.sheet.with_provenance(**self.provenance).to_image()


def texture(
    network: Network | str | nn.Module,
    picture: Source,
    layers: str | Sequence[str] | None = None,
    *,
    method: str | Sequence[str] = "gram",
    sets: str = "cumulative",
    size: int | tuple[int, int] | None = None,
    source_size: int | tuple[int, int] | Literal["photo"] | None = None,
    steps: int = 200,
    patch: int | None = None,
    seed: int = 0,
    preview: Preview | None = None,
) -> Texture:
    """Make textures like a picture's: by the statistics of a network's layers, or of copied patches.

    Ctrl-C ends it with the textures as they are then.

    Args:
        network: whose layers tell what a texture is, or its name.
        picture: of a texture, whatever `cutaway.read` takes.
        layers: in any of their names, from early to late; None takes five.
        method: "gram", "covariance" or "mean" of each layer's channels, or "quilting", which copies patches; one row
            for each method.
        sets: "cumulative" makes a texture for the first layer, one for the first two, and so on; "each" one for each
            layer alone; "together" one for all.
        size: of the textures made: a side, or (h, w); as large as the picture by default.
        source_size: another input size for the picture.
        steps: evaluations of the network for each texture.
        patch: side of a copied patch, in pixels; a sixth of the picture's shorter side by default.
        seed: of the noise that it begins from, and of the choice among patches.
        preview: called after each step with the number of steps done and the images; True ends it.

    Raises:
        BadImage, BadSetting, UnknownLayer: with what to do instead.
        UnsupportedMethod: for a layer that has no maps.

    Source: Gatys, Ecker and Bethge, "Texture synthesis using convolutional neural networks" (NeurIPS 2015); Efros and
    Freeman, "Image quilting for texture synthesis and transfer" (SIGGRAPH 2001).

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), Preprocessing(size=16))
    >>> source = Picture(np.random.default_rng(0).integers(0, 255, (24, 24, 3)).astype(np.uint8))
    >>> texture(net, source, "1", size=(20, 30), steps=5).values.shape
    (20, 30, 3)
    """
    methods = [method] if isinstance(method, str) else list(method)
    allowed = (*KINDS, QUILTING)
    if not methods or any(one not in allowed for one in methods):
        raise BadSetting(f"method takes {', '.join(allowed)}, got {method!r}")
    if sets not in SETS:
        raise BadSetting(f"sets takes {', '.join(SETS)}, got {sets!r}")
    if steps < 1:
        raise BadSetting(f"steps must be at least 1, got {steps}")
    model = opened(network).at(source_size)
    given = read(picture)
    images = model.prepare(given)
    check_fits(model, images)
    settings = model.preprocessing
    assert settings is not None
    source = images.as_subclass(Tensor)
    target = image_size(tuple(source.shape[2:]) if size is None else size)
    check_fits(model, source.new_zeros(()).expand(1, source.shape[1], *target))
    chosen = [layers] if isinstance(layers, str) else few_layers(model, _LAYERS) if layers is None else layers
    maker = TextureMaker(model, source, list(dict.fromkeys(chosen)), target, steps, seed, preview)
    seen = shown(settings, source)
    pictures: dict[str, np.ndarray] = {}
    errors: dict[str, dict[str, float]] = {}
    rows: list[tuple[Viewable | None, ...]] = []
    h, w = seen.shape[:2]
    title = Path(given.path).name if given.path else "picture"
    first = enlarged(seen, f"{title}\nas the network sees it\n{w} × {h} pixels")
    for kind in methods:
        cells: list[Viewable] = []
        for group in [[]] if kind == QUILTING else maker.groups(sets):
            if maker.stopped:
                break
            if kind == QUILTING:
                pixels = np.round(seen * 255).astype(np.uint8)
                copied = quilted(Picture(pixels), target, patch=patch, seed=seed)
                made = torch.from_numpy(copied.pixels / 255.0).permute(2, 0, 1)[None].float()
                name = kind
            else:
                made = maker.made(kind, group)
                name = f"{kind}, {_named(group, sets)}"
            final = settings.normalize(made).to(source)
            pictures[name] = shown(settings, final)
            errors[name] = maker.errors("gram" if kind == QUILTING else kind, final)
            cells.append(enlarged(pictures[name], _words(name, errors[name], group)))
        if cells:
            rows.append((first if not rows else None, *cells))
    code = spelled(
        texture,
        network_spelled(model),
        repr(given.path or "picture"),
        layers=layers if layers is None or isinstance(layers, str) else list(layers),
        method=method if isinstance(method, str) else methods,
        sets=sets,
        size=size,
        source_size=source_size,
        steps=steps,
        patch=patch,
        seed=seed,
    )
    lines = [
        f"{READING} {steps} evaluations each, a spectrum moved by L-BFGS, seed {seed}."
        if methods != [QUILTING]
        else "",
        _QUILTED if QUILTING in methods else "",
        "Stopped: the last texture is not finished." if maker.stopped else "",
    ]
    sheet = Grid(
        rows=tuple(rows),
        title=f"{model.name}: textures of {title}",
        caption=" ".join(filter(None, lines)),
    )
    provenance = origin(model, code, method=methods, seed=seed, steps=steps) | {
        "path": given.path or "",
        "errors": errors,
    }
    return Texture(pictures, errors, seen, maker.stopped, sheet, sheet.caption, provenance)


def _named(group: list[str], sets: str) -> str:
    if len(group) == 1:
        return group[0]
    return f"up to {group[-1]}" if sets == "cumulative" else f"{group[0]} to {group[-1]}"


def _words(name: str, errors: Mapping[str, float], group: list[str]) -> str:
    """Tell the error at the layers that were matched, and at all where these are more."""
    told = f"all layers {np.mean(list(errors.values())):.1%} off"
    if len(group) == len(errors):
        told = told.removeprefix("all layers ")
    elif group:
        told = f"these {np.mean([errors[layer] for layer in group]):.1%} off\n{told}"
    else:
        told = f"Grams of {told}"
    return f"{name}\n{told}".replace("%", " %")
