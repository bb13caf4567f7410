"""What can be asked of the Studio: a form for each kind, with the ranges that a page may send.

The defaults are those of the recipes; None is what the recipe takes by itself.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutaway.recipes.making import CLASS_MAKINGS, MAKINGS
from cutaway.web.rooms.around import LAYER, MODEL

__all__ = ["FORMS", "Form", "Wanted", "fields_of"]

ID = "^[0-9a-f]{16}$"
Photo = Annotated[str, Field(pattern=ID)]
LayerName = Annotated[str, Field(pattern=LAYER)]
Number = Annotated[int, Field(ge=0, lt=2**31)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Side = Annotated[int, Field(ge=16, le=1024)]
Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Steps = Annotated[int, Field(ge=1, le=2000)]


def _asked(form: str, default: Any = ...) -> Any:
    """A field that the page asks for by a control of its own."""
    return Field(default, json_schema_extra={"form": form})


class Form(BaseModel):
    """What every kind has."""

    model_config = ConfigDict(extra="forbid")
    model: str = Field("", pattern=MODEL)


class Filters(Form):
    """Images that excite channels of a layer."""

    kind: Literal["filters"]
    layer: LayerName = _asked("layer")
    channels: Annotated[list[Number], Field(min_length=1, max_length=16)] = _asked("channels")
    recipe: Literal["fourier", "classic"] = "fourier"
    steps: Steps | None = None
    size: Side | None = None
    seed: Seed = 0


class ClassImage(Form):
    """Images that are most a class."""

    kind: Literal["class"]
    target: Annotated[list[Number], Field(min_length=1, max_length=4)] = _asked("classes")
    recipe: Literal["fourier", "classic"] = "fourier"
    steps: Steps | None = None
    size: Side | None = None
    seed: Seed = 0


class Dream(Form):
    """A photo in which a layer sees more of what it sees."""

    kind: Literal["dream"]
    photo: Photo = _asked("photo")
    layer: LayerName = _asked("layer")
    octaves: int = Field(4, ge=1, le=10)
    steps: int = Field(10, ge=1, le=200)
    rate: float = Field(1.5, ge=0.1, le=20, allow_inf_nan=False)
    size: Annotated[int, Field(ge=32, le=1600)] | None = None
    channels: Annotated[list[Number], Field(min_length=1, max_length=64)] | None = _asked("channels", None)
    guide: Photo | None = _asked("photo", None)
    factor: float = Field(1.4, ge=1.05, le=3, allow_inf_nan=False)
    jitter: int = Field(16, ge=0, le=128)
    frames: int = Field(1, ge=1, le=60)
    zoom: float = Field(1.05, ge=1, le=2, allow_inf_nan=False)
    seed: Seed = 0


class Invert(Form):
    """Images made from layers' answers to a photo."""

    kind: Literal["invert"]
    photo: Photo = _asked("photo")
    layers: Annotated[list[LayerName], Field(min_length=1, max_length=8)] | None = _asked("layers", None)
    steps: Steps = 100
    method: Literal["fourier", "paper"] = "fourier"
    size: Side | None = None
    total_variation: Weight | None = None
    alpha_norm: Weight | None = None
    seed: Seed = 0


class Texture(Form):
    """More of a texture."""

    kind: Literal["texture"]
    photo: Photo = _asked("photo")
    layers: Annotated[list[LayerName], Field(min_length=1, max_length=8)] | None = _asked("layers", None)
    sets: Literal["cumulative", "each", "together"] = "cumulative"
    method: Literal["gram", "covariance", "mean", "quilting"] = "gram"
    steps: Steps = 200
    size: Side | None = None
    source_size: Side | None = None
    seed: Seed = 0


class Style(Form):
    """A photo in the style of paintings."""

    kind: Literal["style"]
    photo: Photo = _asked("photo")
    paintings: Annotated[list[Photo], Field(min_length=1, max_length=4)] = _asked("photos")
    style_weight: float = Field(10.0, gt=0, le=10000, allow_inf_nan=False)
    content_weight: Weight = 1.0
    style_scale: float = Field(1.0, ge=0.1, le=8, allow_inf_nan=False)
    colours: Literal["style", "luminance", "histogram"] = "style"
    size: Side = 256
    steps: Steps = 150
    painting_weights: (
        Annotated[
            list[Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]],
            Field(min_length=1, max_length=4),
        ]
        | None
    ) = _asked("weights", None)
    init: Literal["content", "noise"] = "content"
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    scales: Annotated[int, Field(ge=1, le=6)] | None = None
    total_variation: Weight = 0.0
    seed: Seed = 0


class Paint(Form):
    """A photo by a painter that is open: one pass."""

    kind: Literal["paint"]
    photo: Photo = _asked("photo")
    painter: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$", json_schema_extra={"form": "painter"})
    strength: float = Field(1.0, ge=0, le=1, allow_inf_nan=False)
    size: Annotated[int, Field(ge=32, le=1600)] | None = None


class Fool(Form):
    """A photo changed a little, and another answer."""

    kind: Literal["fool"]
    photo: Photo = _asked("photo")
    target: Number | None = _asked("class", None)
    until: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    norm: Literal["l2", "linf"] = "l2"
    steps: Steps = 200
    rate: float = Field(0.25, ge=0.01, le=20, allow_inf_nan=False)
    amplified: float = Field(10.0, ge=1, le=100, allow_inf_nan=False)


FORMS: dict[str, type[Form]] = {
    "filters": Filters,
    "class": ClassImage,
    "dream": Dream,
    "invert": Invert,
    "texture": Texture,
    "style": Style,
    "paint": Paint,
    "fool": Fool,
}
Wanted = Annotated[
    Filters | ClassImage | Dream | Invert | Texture | Style | Paint | Fool, Field(discriminator="kind")
]
_MAKINGS = {"filters": MAKINGS, "class": CLASS_MAKINGS}


def fields_of(kind: str) -> list[dict[str, Any]]:
    """Describe a form's fields, in their order, as the page draws them.

    Returns:
        For each: its name, form ("number", "choice", or a control of its own), default, and as it applies "needed",
        "whole", "low", "high", "choices", and "usual", what a recipe takes by itself.

    >>> [one["name"] for one in fields_of("paint")]
    ['photo', 'painter', 'strength', 'size']
    >>> fields_of("dream")[2]
    {'name': 'octaves', 'form': 'number', 'default': 4, 'whole': True, 'low': 1, 'high': 10}
    """
    schema = FORMS[kind].model_json_schema()
    found = []
    for name, told in schema["properties"].items():
        if name in ("model", "kind"):
            continue
        given = next((one for one in told.get("anyOf", []) if one.get("type") != "null"), told)
        one: dict[str, Any] = {
            "name": name,
            "form": told.get("form", "choice" if "enum" in given else "number"),
        }
        if name in schema["required"]:
            one["needed"] = True
        else:
            one["default"] = told["default"]
        if one["form"] == "choice":
            one["choices"] = given["enum"]
        elif one["form"] == "number":
            one["whole"] = given["type"] == "integer"
            one["low"] = given.get("minimum", given.get("exclusiveMinimum"))
            one["high"] = given.get("maximum", given.get("exclusiveMaximum"))
        # A class image is of the network's own size.
        if kind in _MAKINGS and name in ("steps", "size") and (kind, name) != ("class", "size"):
            one["usual"] = {recipe: getattr(making, name) for recipe, making in _MAKINGS[kind].items()}
        found.append(one)
    return found
