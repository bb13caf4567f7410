"""A network by name, from a file of yours, or from another library."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from cutaway.errors import BadSetting, CutawayError, UnknownModel, WeightsUnavailable, closest
from cutaway.network.network import Network
from cutaway.network.weights_file import fill
from cutaway.network.zoo.entry import ZooEntry
from cutaway.network.zoo.imagenet import imagenet_classes
from cutaway.network.zoo.library import LIBRARIES, from_library
from cutaway.network.zoo.registry import ENTRIES, entry
from cutaway.network.zoo.store import state_dict

__all__ = ["device_named", "load"]


def load(
    name: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | None = None,
    device: str | torch.device = "cpu",
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
    if not isinstance(name, str | os.PathLike):
        raise BadSetting(
            f"load takes a name, got {type(name).__name__}. A module that you have already: "
            "cutaway.Network(module, preprocessing=cutaway.Preprocessing(…))"
        )
    asked = os.fspath(name)
    target = device_named(device)
    library, _, model = asked.partition(":")
    if ".py:" in asked or asked.endswith(".py"):
        network = _from_file(asked)
    elif library in LIBRARIES and model:
        network = from_library(library, model, pretrained=weights is None)
    else:
        return _to(_of_zoo(entry(asked), weights), target)
    if weights is not None:
        fill(network.module, Path(weights), network.name)
    return _to(network, target)


def _to(network: Network, target: torch.device) -> Network:
    if network.device != target:
        network.module.to(target)
    return network


def _of_zoo(one: ZooEntry, weights: str | os.PathLike[str] | None) -> Network:
    state = state_dict(one) if weights is None else None
    with torch.device("meta"):  # no time for random weights, and nobody's random numbers changed
        module = one.build()
    module.to_empty(device="cpu")
    for counter in module.buffers():  # of training steps; files may leave them out
        counter.zero_()
    if state is not None:
        module.load_state_dict(state)
    elif weights is not None:
        _fill(module, one, Path(weights))
    return Network(
        module.eval(),
        one.preprocessing,
        classes=imagenet_classes() if one.classes else None,
        name=one.name,
        renames=one.renames,
        aliases=one.aliases,
        channels_last=True,
    )


def _fill(module: nn.Module, one: ZooEntry, path: Path) -> None:
    try:
        fill(module, path, one.name)
    except WeightsUnavailable as error:
        whole = f"{one.name}_full"
        if whole in ENTRIES and "(first: classifier." in str(error):
            raise WeightsUnavailable(
                f"{error}. {one.name} is the convolutions only; with the classifier it is {whole}"
            ) from error
        raise


def device_named(wanted: str | torch.device) -> torch.device:
    """Give a device by its name, if it is here.

    Args:
        wanted: "cpu", "cuda", "cuda:1", …, or "auto" for cuda where there is one.

    Raises:
        BadSetting: for a device that is not there.

    >>> device_named("cpu")
    device(type='cpu')
    """
    if wanted == "auto":
        # Of several processes on one machine, as torchrun starts them, each takes a card of its own.
        card = os.environ.get("LOCAL_RANK")
        return torch.device((f"cuda:{card}" if card else "cuda") if torch.cuda.is_available() else "cpu")
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
        reason = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
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
