"""A network of timm's or torchvision's, with the preprocessing that its own weights ask for."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from cutaway.errors import UnknownModel, WeightsUnavailable, closest
from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.zoo.imagenet import imagenet_classes

__all__ = ["LIBRARIES", "from_library"]

LIBRARIES = {"timm": "timm", "torchvision": "torchvision.models"}


def from_library(library: str, name: str, pretrained: bool) -> Network:
    """Make a network of another library.

    Args:
        library: "timm" or "torchvision".
        name: as that library knows it.
        pretrained: whether to ask the library for its weights, which it may have to download.

    Raises:
        UnknownModel: where the library is not here, or does not have the network.
        WeightsUnavailable: where the library cannot get the weights.
    """
    found = _imported(library)
    if not (found.is_model(name) if library == "timm" else name in found.list_models()):
        near = closest(name, found.list_models())
        hint = f" Closest: {', '.join(near)}." if near else ""
        listed = f"{LIBRARIES[library]}.list_models()"
        raise UnknownModel(f"{library} has no model {name!r}.{hint} See all: {listed}")
    make = _timm if library == "timm" else _torchvision
    try:
        # Weights drawn at random, to be overwritten, are no reason to change anyone's random numbers.
        with torch.random.fork_rng(devices=[]):
            return make(found, name, pretrained)
    except Exception as error:
        told = " ".join(str(error).split())
        if pretrained:
            raise WeightsUnavailable(
                f"{library} cannot make {name!r} with its weights ({type(error).__name__}: {told}). Online it fetches "
                "them; a file of yours: --weights file.safetensors"
            ) from error
        raise UnknownModel(f"{library} cannot make {name!r}: {type(error).__name__}: {told}") from error


def _imported(library: str) -> Any:
    if importlib.util.find_spec(library) is None:
        raise UnknownModel(f"{library} is not installed here. Install it: pip install {library}")
    try:
        return importlib.import_module(LIBRARIES[library])
    except (ImportError, RuntimeError) as error:
        told = " ".join(str(error).split())
        raise UnknownModel(
            f"{library} is installed, but cannot be imported beside torch {torch.__version__} ({told}). Install "
            "versions that go together: pip install --upgrade torch torchvision"
        ) from error


def _torchvision(models: Any, name: str, pretrained: bool) -> Network:
    weights = models.get_model_weights(name).DEFAULT
    more: dict[str, Any] = {}
    if "weights_backbone" in inspect.signature(models.get_model_builder(name)).parameters:
        more["weights_backbone"] = None  # or else it downloads these, asked or not
    if not pretrained and name in ("googlenet", "inception_v3"):
        # These two prepare their input inside, but by themselves only with torchvision's own weights.
        more |= {"transform_input": True, "init_weights": False}
    module = models.get_model(name, weights=weights if pretrained else None, **more)
    told = weights.transforms()
    classifies = type(told).__name__ == "ImageClassification"
    categories: Sequence[str] = weights.meta.get("categories", ())
    return Network(
        module.eval(),
        _torchvision_preprocessing(told, weights.meta) if hasattr(told, "mean") else None,
        classes=tuple(categories) if classifies and categories else None,
        name=name,
    )


def _torchvision_preprocessing(told: Any, meta: Mapping[str, Any]) -> Preprocessing | None:
    if len(told.resize_size) != 1:  # for videos
        return None
    size = getattr(told, "crop_size", told.resize_size)[0]
    # Where nothing smaller is taken, larger is not either: positions are learned.
    fixed = meta.get("min_size") == (size, size)
    return Preprocessing(
        size=(size, size) if fixed else size,
        mean=tuple(told.mean),
        std=tuple(told.std),
        fit="crop" if fixed else "shortest",
        crop_share=min(size / told.resize_size[0], 1.0),
        interpolation="bicubic" if told.interpolation.value == "bicubic" else "bilinear",
    )


def _timm(timm: Any, name: str, pretrained: bool) -> Network:
    module = timm.create_model(name, pretrained=pretrained).eval()
    told: Mapping[str, Any] = module.pretrained_cfg
    size = told["input_size"][-1]
    fixed = bool(told.get("fixed_input_size"))
    settings = Preprocessing(
        size=(size, size) if fixed else size,
        mean=tuple(told["mean"]),
        std=tuple(told["std"]),
        fit="crop" if fixed else "shortest",
        crop_share=min(told.get("crop_pct") or 0.875, 1.0),
        interpolation="bilinear" if told.get("interpolation") == "bilinear" else "bicubic",
    )
    classes = imagenet_classes() if getattr(module, "num_classes", None) == 1000 else None
    return Network(module, settings, classes=classes, name=name)
