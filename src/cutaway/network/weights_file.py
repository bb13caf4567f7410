"""Fill a module with a file of weights that a person gives, without letting the file run anything."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from cutaway.errors import WeightsUnavailable

__all__ = ["fill"]


def fill(module: nn.Module, path: Path, name: str) -> None:
    """Load a .safetensors file or a state dict saved by torch.save into a module.

    Prefixes that wrappers add ("module.") are taken off, counters of training steps may be missing, and auxiliary
    classifiers that the module lacks may be there.

    Args:
        module: what to fill; unchanged where the file does not fit.
        path: the file; nothing in it is run.
        name: of the network, for the error.

    Raises:
        WeightsUnavailable: where there is no such file, it holds no state dict, or its tensors do not fit.

    >>> from tempfile import TemporaryDirectory
    >>> layer = nn.Linear(2, 1)
    >>> with TemporaryDirectory() as folder:
    ...     torch.save({"module.weight": torch.ones(1, 2), "module.bias": torch.zeros(1)}, f"{folder}/a.pt")
    ...     fill(layer, Path(folder, "a.pt"), "tiny")
    >>> layer.weight.tolist()
    [[1.0, 1.0]]
    """
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
        if not k.endswith("num_batches_tracked") and not k.startswith(("aux1.", "aux2."))
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
        if _is_script(path):
            raise WeightsUnavailable(
                f"{path} is a TorchScript file: a program, not a state dict, so it was not opened. Where you trust "
                f"it, convert it once: safetensors.torch.save_file({{k: v.clone() for k, v in "
                f"torch.jit.load({str(path)!r}).state_dict().items()}}, 'weights.safetensors')"
            )
        found = torch.load(path, map_location="cpu", weights_only=True)
    except WeightsUnavailable:
        raise
    except SafetensorError as error:
        raise WeightsUnavailable(f"{path} is not a sound .safetensors file: {error}") from error
    except OSError as error:
        raise WeightsUnavailable(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        raise WeightsUnavailable(
            f"{path} is not a plain state dict ({type(error).__name__}), and a pickle could run anything, so it was "
            "not opened. Where you trust it, convert it once: "
            "safetensors.torch.save_file(torch.load(path, weights_only=False).state_dict(), 'weights.safetensors')"
        ) from error
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping):
        raise WeightsUnavailable(f"{path} holds {type(found).__name__}, not a state dict of tensors")
    wrong = [key for key, value in found.items() if not (isinstance(key, str) and isinstance(value, Tensor))]
    if wrong:
        kind = type(found[wrong[0]]).__name__
        raise WeightsUnavailable(f"{path} is not a state dict of tensors: under {wrong[0]!r} lies {kind}")
    return dict(found)


def _is_script(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as opened:
        return any(name.endswith("/constants.pkl") for name in opened.namelist())
