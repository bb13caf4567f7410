"""A network by name, from a file of yours, or from another library."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from cutaway.errors import BadSetting, CutawayError, UnknownModel, closest
from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.weights_file import fill
from cutaway.network.zoo.imagenet import imagenet_classes
from cutaway.network.zoo.registry import entry
from cutaway.network.zoo.store import state_dict

__all__ = ["load"]


def load(
    name: str, *, weights: str | os.PathLike[str] | None = None, device: str | torch.device = "cpu"
) -> Network:
    """Load a network, ready to look into.

    Args:
        name: a name that `cutaway.models()` lists; "path/to/file.py:build" for a function of yours that gives a
            Module or a Network; "timm:NAME" or "torchvision:NAME" where that library is installed.
        weights: a .safetensors file or a state dict saved by torch.save, in the module's naming.
        device: "cpu", "cuda", "cuda:1", …, or "auto" for cuda where there is one.

    Raises:
        UnknownModel: with the closest names.
        WeightsUnavailable: where weights are not here and cannot be fetched, or do not fit.
        BadSetting: for a device that is not there.

    >>> net = load("squeezenet1_1")
    >>> net.classes[285], len(net.layers)
    ('Egyptian cat', 66)
    """
    target = _device(device)
    if ".py:" in name or name.endswith(".py"):
        network = _from_file(name)
    elif name.startswith(("timm:", "torchvision:")):
        library, _, model = name.partition(":")
        network = _from_library(library, model, pretrained=weights is None)
    else:
        one = entry(name)
        state = state_dict(one) if weights is None else None
        module = one.build().eval()
        if state is not None:
            module.load_state_dict(state)
        network = Network(
            module,
            one.preprocessing,
            classes=imagenet_classes() if one.classes else None,
            name=one.name,
            renames=one.renames,
            aliases=one.aliases,
            channels_last=True,
        )
    if weights is not None:
        fill(network.module, Path(weights), network.name)
    if network.device != target:
        network.module.to(target)
    return network


def _device(wanted: str | torch.device) -> torch.device:
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise BadSetting(f"device must be cpu, cuda, cuda:1, … or auto, got {wanted!r}") from None
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        here = f"has {count}: cuda:0 to cuda:{count - 1}" if count else "sees no CUDA device here. Use cpu"
        raise BadSetting(f"device {str(wanted)!r} was asked for, but torch {here}")
    if device.type != "cpu":
        try:
            torch.ones(1, device=device).item()  # a device of torch's that holds numbers, and is here
        except Exception as error:
            raise BadSetting(f"device {str(wanted)!r} does not work here ({error}). Use cpu") from error
    return device


def _from_file(name: str) -> Network:
    text, _, function = name.rpartition(":") if ".py:" in name else (name, "", "build")
    path = Path(text)
    if not path.is_file():
        raise UnknownModel(f"there is no file {text}. A model of your own: path/to/file.py:build")
    try:
        source = _imported(path)
        if not hasattr(source, function):
            public = [n for n, v in vars(source).items() if callable(v) and not n.startswith("_")]
            near = closest(function, public) or public[:5]
            raise UnknownModel(f"{path} has no {function!r}. It has: {', '.join(near) or 'no functions'}")
        built = getattr(source, function)()
    except CutawayError:
        raise
    except (Exception, SystemExit) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UnknownModel(f"{_where(error, path)}: {type(error).__name__}: {reason}") from error
    if isinstance(built, Network):
        return built
    if isinstance(built, nn.Module):
        return Network(built, name=path.stem)
    raise UnknownModel(
        f"{name} gave {type(built).__name__}; it must give a torch.nn.Module or a cutaway.Network"
    )


def _imported(path: Path) -> ModuleType:
    """Run a person's file as Python would, with the files beside it importable; under a name that hides no other."""
    name = f"cutaway_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    source = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.modules[name] = source  # dataclasses look for their module there
    # It stays there: a function may import only when it is called.
    if folder not in sys.path:
        sys.path.append(folder)
    spec.loader.exec_module(source)
    return source


def _where(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{error.filename if error.filename != str(path.resolve()) else path}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path.resolve())]
    return f"{path}, line {lines[-1]}" if lines else str(path)


def _from_library(library: str, name: str, pretrained: bool) -> Network:
    try:
        found = importlib.import_module("timm" if library == "timm" else "torchvision.models")
    except (ImportError, RuntimeError) as error:
        raise UnknownModel(
            f"{library} cannot be imported here ({error}). Install it: pip install {library}"
        ) from error
    try:
        if library == "timm":
            module = found.create_model(name, pretrained=pretrained)
            settings = _timm_preprocessing(module)
        else:
            module = found.get_model(name, weights="DEFAULT" if pretrained else None)
            settings = Preprocessing(size=224)
    except Exception as error:
        raise UnknownModel(f"{library} cannot make {name!r}: {error}") from error
    count = getattr(module, "num_classes", 1000 if library == "torchvision" else None)
    return Network(module.eval(), settings, classes=imagenet_classes() if count == 1000 else None, name=name)


def _timm_preprocessing(module: Any) -> Preprocessing:
    told: Mapping[str, Any] = module.pretrained_cfg
    size = told["input_size"][-1]
    fixed = bool(told.get("fixed_input_size"))
    return Preprocessing(
        size=(size, size) if fixed else size,
        mean=tuple(told["mean"]),
        std=tuple(told["std"]),
        fit="crop" if fixed else "shortest",
        crop_share=told.get("crop_pct") or 0.875,
        interpolation="bilinear" if told.get("interpolation") == "bilinear" else "bicubic",
    )
