"""Layer-wise relevance propagation, computed by zennit (an extra: pip install "cutaway[lrp]")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.reduction import check_reduction, reduced
from cutaway.attribution.relevance import batch_norm_merges, check_visible, read_at, way_to
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.capture import differentiate
from cutaway.network.network import INPUT, OUTPUT, Network
from cutaway.network.several import one_tensor
from cutaway.network.trace import Call
from cutaway.objectives.objective import Objective
from cutaway.objectives.target import Target, as_objective

__all__ = ["LRP"]

COMPOSITES = (
    "epsilon_plus_flat",
    "epsilon_plus",
    "epsilon_alpha2_beta1_flat",
    "epsilon_alpha2_beta1",
    "epsilon_gamma_box",
)


@dataclass(frozen=True)
class LRP:
    """Layer-wise relevance propagation: the score handed back from layer to layer, each part to what made it.

    The rules are zennit's, chosen by the type of each module. A network that computes something between its modules
    (a sum, a functional ReLU) is refused, since zennit would not see it. Batch norms are merged into the
    convolutions before them for the time of the call.

    Source: Bach et al., "On pixel-wise explanations for non-linear classifier decisions by layer-wise relevance
    propagation", 2015; the composites: Montavon et al., "Layer-wise relevance propagation: an overview", 2019.

    Args:
        composite: "epsilon_plus_flat", "epsilon_plus", "epsilon_alpha2_beta1_flat", "epsilon_alpha2_beta1" or
            "epsilon_gamma_box" (which needs the network's preprocessing, for black and white).
        epsilon: of the epsilon rule, at fully connected layers.
        gamma: of the gamma rule, in "epsilon_gamma_box".
        reduce: over the colour channels: "signed" sum, "sum" or "max" of absolute values, "none".

    Raises:
        BadSetting: for settings outside these.

    >>> LRP("epsilon_plus").composite
    'epsilon_plus'
    >>> LRP("plus")
    Traceback (most recent call last):
    cutaway.errors.BadSetting: composite must be one of epsilon_plus_flat, epsilon_plus, ...
    """

    composite: str = "epsilon_plus_flat"
    epsilon: float = 1e-6
    gamma: float = 0.25
    reduce: str = "signed"

    def __post_init__(self) -> None:
        check_reduction(self.reduce)
        if self.composite not in COMPOSITES:
            raise BadSetting(f"composite must be one of {', '.join(COMPOSITES)}, got {self.composite!r}")
        for name in ("epsilon", "gamma"):
            if not 0 < getattr(self, name) < float("inf"):
                raise BadSetting(f"{name} must be above 0, got {getattr(self, name)}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n d h w"]:
        """Give the relevance of each pixel, in units of the objective.

        Relevance begins at what the objective reads, as its derivative times its value: the logit itself, for a class.

        Raises:
            UnsupportedMethod: where zennit is missing, or would not see what the network does.
        """
        objective = as_objective(network, images, objective)
        types = _zennit("types")
        # A repeated image runs as often as it stands there: each relevance needs a way back of its own.
        images = one_tensor(network, images, type(self).__name__)
        images = images.clone() if images.stride(0) == 0 else images
        trace = network.trace(images)
        ends = read_at(network, trace, objective.layers)
        way = way_to(trace, ends.values())
        check_visible(network, trace, way, types, first=self.composite.endswith(("flat", "box")))
        merges = batch_norm_merges(network, way, types)
        canonizers = [_zennit("canonizers").NamedMergeBatchNorm(merges)] if merges else []
        settings: dict[str, Any] = {"epsilon": self.epsilon, "canonizers": canonizers}
        if self.composite == "epsilon_gamma_box":
            settings |= {"gamma": self.gamma} | _black_and_white(network)
        composite = _zennit("composites").COMPOSITES[self.composite](**settings)
        try:
            composite.register(network.module)
            score = _relevance(objective, _joined(network, ends))
            # Run to the end: zennit takes a module's input only after the module is done.
            reads = [*objective.layers, *(OUTPUT + suffix for suffix, _ in trace.outputs[:1])]
            found = differentiate(network, images, score, reads, [INPUT])
        finally:
            composite.remove()
        return reduced(found.gradients[INPUT], self.reduce)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT


def _joined(network: Network, ends: Mapping[str, Call]) -> Callable[[str, Tensor], None]:
    """Let zennit know of a result that is read right where a module computed it, before zennit's own hook sees it."""
    hook_type = _zennit("core").Hook

    def join(layer: str, values: Tensor) -> None:
        call = ends.get(layer)
        if call is None or layer.startswith(OUTPUT):
            return
        module = network.module.get_submodule(call.path)
        for seen in module._forward_hooks.values():
            hook = getattr(seen, "__self__", None)
            if isinstance(hook, hook_type) and getattr(seen, "__name__", "") == "post_forward":
                hook.post_forward(module, (), values)

    return join


def _relevance(
    objective: Objective, join: Callable[[str, Tensor], None]
) -> Callable[[Mapping[str, Tensor]], Tensor]:
    """Turn a score into one whose derivative is the relevance: the score's own derivative times the activation."""

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        leaves = {name: activations[name].detach().clone().requires_grad_(True) for name in objective.layers}
        own = objective.score(leaves).sum()
        gradients = torch.autograd.grad(own, list(leaves.values()), allow_unused=True)
        parts = []
        for gradient, name in zip(gradients, leaves, strict=True):
            if gradient is not None:
                values = activations[name]
                join(name, values)
                parts.append((gradient * values.detach() * values).flatten(1).sum(1))
        return torch.stack(parts).sum(0)

    return score


def _zennit(part: str) -> ModuleType:
    """Import a part of zennit, which imports torchvision: either may be missing or not fit this torch."""
    try:
        from importlib import import_module

        return import_module(f"zennit.{part}")
    except Exception as error:
        raise UnsupportedMethod(
            f"LRP needs zennit, which does not import here ({type(error).__name__}: {error}). "
            'Install it: pip install "cutaway[lrp]"; or use IntegratedGradients, which needs nothing'
        ) from error


def _black_and_white(network: Network) -> dict[str, Tensor]:
    """The lowest and highest values of a pixel, in normalised units."""
    settings = network.preprocessing
    if settings is None:
        raise UnsupportedMethod(
            f"epsilon_gamma_box needs to know black and white, and {network.name} has no preprocessing: "
            "Network(module, Preprocessing(mean=…, std=…)), or LRP('epsilon_plus_flat')"
        )
    mean = torch.tensor(settings.mean, device=network.device, dtype=network.dtype).view(1, -1, 1, 1)
    std = torch.tensor(settings.std, device=network.device, dtype=network.dtype).view(1, -1, 1, 1)
    return {"low": (0 - mean) / std, "high": (settings.value_range - mean) / std}
