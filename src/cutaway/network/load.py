"""A network by name, from a file of yours, or from another library."""

from __future__ import annotations

import importlib
import importlib.util
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from cutaway.errors import BadSetting, CutawayError, UnknownModel, WeightsUnavailable, closest
from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
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
        module = one.build()
        if weights is None:
            module.load_state_dict(state_dict(one))
        module.eval()
        network = Network(
            module,
            one.preprocessing,
            classes=imagenet_classes() if one.classes else None,
            name=one.name,
            renames=one.renames,
            aliases=one.aliases,
        )
    if weights is not None:
        _fill(network.module, Path(weights), network.name)
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
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BadSetting(f"device {wanted!r} was asked for, but torch sees no CUDA device here. Use cpu")
    return device


def _from_file(name: str) -> Network:
    text, _, function = name.rpartition(":") if ".py:" in name else (name, "", "build")
    path = Path(text)
    if not path.is_file():
        raise UnknownModel(f"there is no file {text}. A model of your own: path/to/file.py:build")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    source = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(source)
        if not hasattr(source, function):
            public = [n for n, v in vars(source).items() if callable(v) and not n.startswith("_")]
            near = closest(function, public) or public[:5]
            raise UnknownModel(f"{path} has no {function!r}. It has: {', '.join(near) or 'no functions'}")
        built = getattr(source, function)()
    except CutawayError:
        raise
    except Exception as error:
        raise UnknownModel(f"{_where(error, path)}: {type(error).__name__}: {error}") from error
    if isinstance(built, Network):
        return built
    if isinstance(built, nn.Module):
        return Network(built, name=path.stem)
    raise UnknownModel(
        f"{name} gave {type(built).__name__}; it must give a torch.nn.Module or a cutaway.Network"
    )


def _where(error: Exception, path: Path) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{path}, line {error.lineno}"
    lines = [
        f.lineno
        for f in traceback.extract_tb(error.__traceback__)
        if Path(f.filename) == path or f.filename == str(path)
    ]
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


def _fill(module: nn.Module, path: Path, name: str) -> None:
    state = _read(path)
    for prefix in ("module.", "model.", "_orig_mod."):
        if state and all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    own = module.state_dict()
    # Counters of training steps decide nothing; auxiliary classifiers are training's.
    needed = {key for key in own if not key.endswith("num_batches_tracked")}
    missing = sorted(needed - state.keys())
    extra = sorted(
        k
        for k in state.keys() - own.keys()
        if not k.endswith("num_batches_tracked") and not k.startswith("aux")
    )
    shaped = [k for k in sorted(needed & state.keys()) if own[k].shape != state[k].shape]
    if missing or extra or shaped:
        told = []
        if missing:
            told.append(f"{len(missing)} missing (first: {missing[0]})")
        if extra:
            told.append(f"{len(extra)} unknown (first: {extra[0]})")
        if shaped:
            k = shaped[0]
            told.append(
                f"{len(shaped)} of another shape (first: {k}, {tuple(state[k].shape)} for {tuple(own[k].shape)})"
            )
        raise WeightsUnavailable(f"{path} does not fit {name}: of its tensors {', '.join(told)}")
    module.load_state_dict({k: v for k, v in state.items() if k in own}, strict=False)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise WeightsUnavailable(f"there is no file {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise WeightsUnavailable(f"{path} is not a sound .safetensors file: {error}") from error
    except Exception as error:
        raise WeightsUnavailable(
            f"{path} is not a plain state dict ({type(error).__name__}), and a pickle could run anything, so it was "
            "not opened. Where you trust it, convert it once: "
            "safetensors.torch.save_file(torch.load(path, weights_only=False).state_dict(), 'weights.safetensors')"
        ) from error
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(isinstance(v, Tensor) for v in found.values()):
        raise WeightsUnavailable(f"{path} holds {type(found).__name__}, not a state dict of tensors")
    return dict(found)
