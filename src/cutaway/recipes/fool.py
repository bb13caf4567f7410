"""A change that nobody sees, and another answer: how little it takes to fool a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, SupportsIndex

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from cutaway.errors import BadSetting, UnknownClass, UnsupportedNetwork
from cutaway.images.read import Source, read
from cutaway.network.capture import capture
from cutaway.network.network import Network
from cutaway.objectives.contrast import contrast
from cutaway.recipes.answer import Answer
from cutaway.recipes.fool_sheet import fool_sheet
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.synthesis.ascend import Preview, ascend
from cutaway.synthesis.fooling import Ball, Projected
from cutaway.synthesis.optimizers import Normalised
from cutaway.synthesis.parametrization.rounded import Rounded
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["Fooled", "fool"]

_USUAL = 0.9
# How often the interval is halved in which the least share of the change lies that still does it.
_HALVINGS = 8


@dataclass(frozen=True)
class Fooled(Viewable):
    """A photo that was changed a little, and what the network says of it then.

    All figures are those of `picture`, as it is read again from a .png and prepared anew.

    Args:
        picture: at the network's size, as a file holds it; where the network cuts the middle out, with what is cut off.
        photo: before, at the same size.
        difference: what was added where the network looks, (h,w,3), in colours of 0..1.
        probabilities: of all classes, before and after, (2, classes).
        target: the class that was wanted, or the one that the network now says.
        reached: whether what was asked for is so.
        norms: of the difference: "linf" the largest, "l2" the root of the sum of squares, "mean" the mean size.
        steps: that it took.
        stopped: whether it was ended before it was done.
        sheet: the drawing.
    """

    picture: Picture
    photo: Picture = field(repr=False)
    difference: Float[np.ndarray, "h w 3"] = field(repr=False)
    probabilities: Float[np.ndarray, "2 classes"] = field(repr=False)
    target: int
    reached: bool
    norms: Mapping[str, float]
    steps: int
    stopped: bool
    sheet: Grid = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        """What became of what, in a line."""
        return self.sheet.title

    @property
    def told_norms(self) -> str:
        """The norms in words."""
        return (
            f"largest change (L∞) {255 * self.norms['linf']:.3g} of 255, mean {255 * self.norms['mean']:.3g} of 255, "
            f"L2 {self.norms['l2']:.2f} in colours of 0..1"
        )

    @property
    def values(self) -> np.ndarray:
        """The difference, in colours of 0..1."""
        return self.difference

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the difference, the picture's pixels and the probabilities."""
        return {
            "values": self.difference,
            "pixels": self.picture.pixels,
            "probabilities": self.probabilities,
        }

    def to_image(self) -> Image.Image:
        """Draw photo, picture and the amplified difference."""
        return self.sheet.with_provenance(**self.provenance).to_image()

    def _html(self, level: int) -> str:
        return self.sheet.with_provenance(**self.provenance)._html(level)


def fool(
    network: Network | str | nn.Module,
    photo: Source,
    target: SupportsIndex | str | None = None,
    *,
    until: float | Literal["flip"] | None = None,
    norm: Literal["linf", "l2"] = "l2",
    bound: float | None = None,
    steps: int = 200,
    rate: float = 0.25,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    amplified: float = 10.0,
    preview: Preview | None = None,
) -> Fooled:
    """Change a photo as little as it takes for the network to say something else.

    The network sees the pixels rounded at every step, and the change that was found is then made as weak as it may
    be. Ctrl-C, or a preview that returns True, ends it with the picture as it is then.

    Args:
        network: or its name.
        photo: whatever `cutaway.read` takes.
        target: the class that it shall say, its number or its name; None is any other than it says now.
        until: the probability to reach, 0.9 by default; "flip" is until the target is the first answer (always so
            without a target).
        norm: what is kept small: "l2", the root of the sum of squares (few places change, and more), or "linf", the
            largest change of a value (all change a little).
        bound: of that norm, in colours of 0..1 (8 / 255 for eight levels), never left; None takes what it takes.
        steps: at most.
        rate: of a step, in levels of 255: of each value ("linf"), or their root mean square ("l2").
        size: another input size.
        amplified: how many times the difference is drawn.
        preview: called after each step.

    Raises:
        BadImage, BadSetting, UnknownClass, UnsupportedNetwork: with what to do instead.

    Source: Szegedy et al., "Intriguing properties of neural networks" (ICLR 2014); projected steps by Madry et al.,
    "Towards deep learning models resistant to adversarial attacks" (ICLR 2018).

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> _ = torch.manual_seed(0)
    >>> parts = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 4)
    >>> net = Network(nn.Sequential(*parts), Preprocessing(size=16))
    >>> found = fool(net, Picture(np.full((16, 16, 3), 99, np.uint8)), 3)
    >>> found.reached, bool(found.probabilities[1, 3] >= 0.9), found.difference.shape
    (True, True, (16, 16, 3))
    """
    model = opened(network).at(size)
    wanted = _checked(until, target, steps)
    given = read(photo)
    prepared = model.prepare(given).as_subclass(Tensor)
    settings = model.preprocessing
    assert settings is not None
    before = Answer.asked(model, prepared)
    if before.squash != "softmax":
        raise UnsupportedNetwork(
            f"{model.name} has no classes that share one probability, so there is none to be fooled into: "
            "ascend an objective of your own, cutaway.synthesis.ascend"
        )
    said = before.order[0]
    k = None if target is None else model.class_index(target)
    if k is not None and not 0 <= k < len(before.logits):
        raise UnknownClass(f"{model.name} has classes 0 to {len(before.logits) - 1}, got {k}")
    whole, (top, left, h, w) = settings.resized(given)
    gray = settings.channels == "gray"
    if gray:  # a change of colour alone would be lost
        whole = Picture(np.array(whole)).gray().pixels
    seen = whole[top : top + h, left : left + w]
    middle = torch.from_numpy(np.array(seen)).permute(2, 0, 1)[None].to(model.device).float()

    def enough(pixels: Float[Tensor, "1 3 h w"]) -> bool:
        logits = capture(model, settings.normalize(pixels / 255.0), "@logits")["@logits"][0].double()
        return _reached(torch.softmax(logits, 0).cpu().numpy(), k, said, wanted)

    done = False

    def shown(step: int, images: Float[Tensor, "1 3 h w"]) -> bool:
        nonlocal done
        done = enough(images * 255.0)
        return done or bool(preview is not None and preview(step, images))

    ball = Ball(middle, bound, norm)
    pixels = Rounded(middle, gray=gray)
    done = enough(middle)
    made = ascend(
        model,
        -contrast(said) if k is None else contrast(k),
        pixels,
        steps=0 if done else steps,
        optimizer=Projected(Normalised(rate, by="sign" if norm == "linf" else "rms", least=1e-30), ball),
        preview=shown,
        what="steps at most",
    )
    final = made.images * 255.0
    if done and made.steps:
        final = _weakest(middle, pixels.parameters()[0].detach(), enough)
    changed = final[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    result = np.array(whole)
    result[top : top + h, left : left + w] = changed
    picture = Picture(result)
    # What is told is read anew from the picture as it will be saved.
    after = Answer.asked(model, model.prepare(picture).as_subclass(Tensor))
    odds = np.stack([torch.softmax(one.logits.double(), 0).cpu().numpy() for one in (before, after)])
    difference = (changed.astype(np.float32) - seen.astype(np.float32)) / 255.0
    norms = {
        "linf": float(np.abs(difference).max()),
        "l2": float(np.sqrt((difference.astype(np.float64) ** 2).sum())),
        "mean": float(np.abs(difference).mean()),
    }
    code = spelled(
        fool,
        network_spelled(model),
        repr(given.path or "photo"),
        target=target if target is None or isinstance(target, str) else int(target),
        until=until,
        norm=norm,
        bound=bound,
        steps=steps,
        rate=rate,
        size=size,
        amplified=amplified,
    )
    provenance = origin(model, code, norms=norms, target=k) | {"path": given.path or ""}
    goal = k if k is not None else (after.order[0] if after.order[0] != said else after.order[1])
    reached = _reached(odds[1], k, said, wanted)
    photo_there = Picture(np.array(whole), path=given.path)
    drawn = fool_sheet(
        model, photo_there, picture, difference, odds, goal, norms, reached, made.steps, amplified
    )
    return Fooled(
        picture=picture.with_provenance(**provenance),
        photo=photo_there,
        difference=difference,
        probabilities=odds,
        target=goal,
        reached=reached,
        norms=norms,
        steps=made.steps,
        stopped=made.stopped and not done,
        sheet=drawn,
        caption=drawn.title,
        provenance=provenance,
    )


def _checked(until: float | str | None, target: object, steps: int) -> float | None:
    """The probability wanted, or None where the first answer counts."""
    if steps < 1:
        raise BadSetting(f"steps must be at least 1, got {steps}")
    if until == "flip" or (until is None and target is None):
        return None
    if isinstance(until, str) or (until is not None and not 0 < until < 1):
        raise BadSetting(f"until takes a probability between 0 and 1, or 'flip', got {until!r}")
    if target is None:
        raise BadSetting(
            f"a probability of {until} is wanted of no class: name the target, or leave until out"
        )
    return _USUAL if until is None else until


def _reached(odds: Float[np.ndarray, " classes"], k: int | None, said: int, wanted: float | None) -> bool:
    first = int(odds.argmax())
    if k is None:
        return first != said
    return first == k if wanted is None else bool(odds[k] >= wanted)


def _weakest(
    middle: Float[Tensor, "1 3 h w"],
    found: Float[Tensor, "1 3 h w"],
    enough: Callable[[Float[Tensor, "1 3 h w"]], bool],
) -> Float[Tensor, "1 3 h w"]:
    """Give the least share of a change that is still enough, rounded as it is shown."""

    def part(share: float) -> Tensor:
        return (middle + share * (found - middle)).round().clamp(0, 255)

    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        share = (low + high) / 2
        low, high = (low, share) if enough(part(share)) else (share, high)
    return part(high)
