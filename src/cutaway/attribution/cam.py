"""Class activation mapping: the last map weighted by the row of weights that reads its mean."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import UnsupportedMethod
from cutaway.network.capture import capture
from cutaway.network.head import LOGITS, Head, find_head
from cutaway.network.network import Network
from cutaway.objectives.objective import Objective
from cutaway.objectives.target import Target, as_objective

__all__ = ["CAM"]


@dataclass(frozen=True)
class CAM:
    """Class activation mapping.

    The map of class k is the sum over channels of W[k,c] · A[c], with A the activation after the last convolution
    and W the fully connected layer that reads its mean over space. Where there is none (SqueezeNet), the class's
    own channel of the last map is the map. Both are found from the graph. For an objective that mixes classes,
    the maps are mixed by its derivative with respect to the logits.

    Source: Zhou et al., "Learning deep features for discriminative localization", CVPR 2016, equation 2.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(
    ...     nn.Sequential(
    ...         nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ...     )
    ... )
    >>> CAM()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 6, 6])
    """

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the raw, signed map of each image, (n,1,h,w), at the resolution of the last map.

        Raises:
            UnsupportedMethod: for a network that does not end so, with the reason and what to use instead.
        """
        objective = as_objective(network, images, objective)
        if objective.layers != (LOGITS,):
            raise UnsupportedMethod(
                f"CAM explains classes; {objective.name} reads {', '.join(objective.layers)}. Use GradCAM"
            )
        head = find_head(network, network.trace(images))
        found = capture(network, images, [head.map.name, LOGITS])
        maps = found[head.map.name]
        mix = _class_weights(objective, found[LOGITS])
        _check_reading(network, head, maps, found[LOGITS])
        if head.weight is not None:
            matrix = network.module.get_parameter(head.weight).detach()
            mix = mix.to(matrix.dtype) @ matrix.flatten(1)
        return torch.einsum("nc,nchw->nhw", mix.to(maps.dtype), maps)[:, None]

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer whose map is weighted."""
        return find_head(network, network.trace(images)).map.name


def _check_reading(network: Network, head: Head, maps: Tensor, logits: Tensor) -> None:
    """Refuse where the classes are not what the graph promised: weights changed on their way, a mean of a part.

    Equation 1 of the paper has to hold: the mean of the maps, times the weights, plus the bias, is the logits.
    """
    right = scale = maps.double().mean((2, 3))
    if head.linear is not None and head.weight is not None:
        parameters = [network.module.get_parameter(name).detach().double() for name in head.linear.weights]
        matrix = network.module.get_parameter(head.weight).detach().double().flatten(1)
        right, scale = right @ matrix.T, maps.double().abs().mean((2, 3)) @ matrix.abs().T
        for bias in (p for p in parameters if p.dim() == 1):
            right = right + bias
    # Half precisions round more than this, and so do the tensor cores of a GPU.
    allowed = max(1e-3, *(8 * torch.finfo(t.dtype).eps for t in (maps, logits))) * float(scale.abs().max())
    if right.shape != logits.shape or bool((right - logits).abs().max() > allowed):
        how = f"the weights of {head.linear.name}" if head.linear is not None else "nothing else"
        raise UnsupportedMethod(
            f"CAM cannot read {network.name}: its classes are not the mean of {head.map.name} over space with {how}. "
            "Use GradCAM, which needs no such end"
        )


def _class_weights(objective: Objective, logits: Float[Tensor, "n classes"]) -> Float[Tensor, "n classes"]:
    """How much each class counts: one for a single class, the derivative for a mixture."""
    with torch.inference_mode(False), torch.enable_grad():
        leaf = logits.detach().clone().requires_grad_(True)
        return torch.autograd.grad(objective.score({LOGITS: leaf}).sum(), leaf)[0]
