"""The one loop behind every synthesis: push an objective up by changing what the network is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.backward_rule import Rules
from cutaway.network.capture import differentiate
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.many import quickest_format
from cutaway.network.network import INPUT, Network
from cutaway.network.progress import report
from cutaway.objectives.target import Target, as_objective
from cutaway.synthesis.optimizers import LBFGS, Adam, Optimizer
from cutaway.synthesis.parametrization.parametrization import Parametrization
from cutaway.synthesis.parametrization.pixels import Pixels
from cutaway.synthesis.regularizers import Regularizer
from cutaway.synthesis.scores import tell_scores
from cutaway.synthesis.tiles import Tiles
from cutaway.synthesis.transforms import Transform

__all__ = ["Ascent", "Preview", "ascend"]

# From the number of steps done and the images now, as colours of 0..1, to whether to stop.
Preview = Callable[[int, Float[Tensor, "n 3 h w"]], bool | None]


@dataclass(frozen=True)
class Ascent:
    """What an ascent made.

    Args:
        images: as colours of 0..1; what lies outside is cut when drawn.
        history: the score of each image at every evaluation, (steps, n), on what the network was shown then.
        stopped: whether it was ended before its last step.
    """

    images: Float[Tensor, "n 3 h w"] = field(repr=False)
    history: Float[Tensor, "steps n"] = field(repr=False)
    stopped: bool

    @property
    def steps(self) -> int:
        """How many evaluations were made."""
        return len(self.history)


def ascend(
    network: Network,
    objective: Target,
    parametrization: Parametrization,
    *,
    steps: int = 256,
    optimizer: Optimizer | None = None,
    transforms: Sequence[Transform] = (),
    regularizers: Sequence[Regularizer] = (),
    seed: int = 0,
    preview: Preview | None = None,
    what: str = "steps",
    tiles: Tiles | None = None,
    rules: Rules | None = None,
) -> Ascent:
    """Push an objective up.

    The network runs only as far as the deepest layer that the objective reads; no weight collects a gradient. Ctrl-C,
    or a preview that returns True, ends it with the images as they are then.

    Args:
        network: with its preprocessing; left exactly as found.
        objective: what to push up, for each image: an objective, a class, or one for each image.
        parametrization: what the images are made of; it is moved.
        steps: evaluations of the network.
        optimizer: how it moves; Adam by default.
        transforms: changes between steps, in this order, on the images as the network takes them.
        regularizers: edits after each step, in this order; they need pixels.
        seed: of the transforms.
        preview: called after each step.
        what: the progress tells of.
        tiles: how to differentiate images too large for memory; None takes them whole.
        rules: another way to carry out some operations, by their names: see `QuickConvolutions`.

    Raises:
        BadSetting: for settings that do not go together.
        NonFinite: where the network answers without a number: never a picture.

    Source: Erhan et al., "Visualizing higher-layer features of a deep network" (2009).

    >>> from torch import nn
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.objectives.channel import channel
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=16))
    >>> made = ascend(net, channel("0", 2), Pixels.noise(1, 16), steps=8, optimizer=Adam(5.0))
    >>> made.images.shape, bool(made.history[-1] > made.history[0])
    (torch.Size([1, 3, 16, 16]), True)
    """
    settings = known_preprocessing(network.preprocessing, network.name)
    if steps < 0:
        raise BadSetting(f"steps must be at least 0, got {steps}")
    if regularizers and not isinstance(parametrization, Pixels):
        raise BadSetting(
            f"regularizers edit pixels, and {type(parametrization).__name__} has none: give a penalty in the "
            "objective instead (cutaway.total_variation), or begin from Pixels"
        )
    if regularizers and isinstance(optimizer, LBFGS):
        raise BadSetting(
            "regularizers edit pixels after a step, which the line searches of LBFGS would undo: give a penalty in the "
            "objective instead (cutaway.total_variation), or another optimizer"
        )
    source = torch.Generator().manual_seed(seed)
    parameters = parametrization.parameters()
    first = settings.normalize(parametrization.images().detach()).to(network.device, network.dtype)
    if tiles is not None:  # not even a forward pass of the whole
        first = first[:, :, : tiles.side, : tiles.side]
    asked = as_objective(network, first, objective)
    layout, trace = quickest_format(network, first), network.trace(first)
    history: list[Tensor] = []
    gradient = torch.zeros(())
    stopped = False

    def evaluate() -> Tensor:
        nonlocal gradient
        with torch.inference_mode(False), torch.enable_grad():
            plain = settings.normalize(parametrization.images())
            shown = plain
            for transform in transforms:
                shown = transform(shown, source)
            given = shown.detach().to(network.device, network.dtype).contiguous(memory_format=layout)
            if tiles is None:
                found = differentiate(network, given, asked.score, asked.layers, [INPUT], rules, trace=trace)
                scores, slope = found.scores, found.gradients[INPUT]
            else:
                scores, slope = tiles.differentiate(network, given, asked, trace, source, rules)
            slope = slope.to(shown)
            wanted = [*parameters, plain] if regularizers else parameters
            slopes: Sequence[Tensor | None] = torch.autograd.grad(shown, wanted, slope, allow_unused=True)
        for one, down in zip(parameters, slopes, strict=False):
            # L-BFGS lays it out in a row, and channels-last slopes have none.
            one.grad = torch.zeros_like(one) if down is None else (-down).contiguous()
        if regularizers and slopes[-1] is not None:
            gradient = slopes[-1]
        history.append(scores.float().cpu())
        return -scores.sum()

    def after(step: int) -> None:
        if regularizers:
            assert isinstance(parametrization, Pixels)
            with torch.no_grad():
                edited = settings.normalize(parametrization.images())
                for regularizer in regularizers:
                    edited = regularizer(edited, gradient, step)
                parametrization.put(settings.pixels(edited))
        tell_scores(history[-1])
        report(what, step + 1, steps)
        if preview is not None and preview(step + 1, parametrization.images().detach()):
            raise _Stopped

    try:
        if steps:
            (optimizer or Adam()).run(parameters, evaluate, steps, after)
    except (_Stopped, KeyboardInterrupt):
        stopped = True
    finally:
        for one in parameters:
            one.grad = None
    scores = torch.stack(history) if history else torch.zeros(0, len(first))
    return Ascent(parametrization.images().detach(), scores, stopped)


class _Stopped(Exception):
    """A preview asked for the end."""
