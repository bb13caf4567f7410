"""Style transfer's losses, and their gradients, beside those of neural-style-pt on a photo and a painting.

It sums over the mean square of each layer and divides Gram matrices by all numbers of a layer; ours are shares of what
the target itself has. So ours times that share is its loss, layer by layer.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import pytest
import torch
from torch import Tensor

import cutaway as cw
from cutaway.network.capture import differentiate
from cutaway.network.network import INPUT
from cutaway.objectives.style_loss import Style, gram_sums, grams, style_loss

STYLE, CONTENT = ("relu1", "fire2", "fire4", "fire6"), "fire5"


@pytest.fixture(scope="module")
def published() -> ModuleType:
    """The published program; it reads the command line as it is imported."""
    given, sys.argv = sys.argv, ["neural-style"]
    try:
        return importlib.import_module("neural_style.neural_style")
    finally:
        sys.argv = given


@pytest.fixture(scope="module")
def pictures(root) -> dict[str, Tensor]:
    network = cw.load("squeezenet1_1")
    named = {
        "photo": "photos/chelsea.png",
        "painting": "paintings/great_wave.jpg",
        "made": "photos/coffee.png",
    }
    read = {name: cw.read(root / "examples" / path) for name, path in named.items()}
    sizes = {"photo": (96, 128), "painting": (112, 144), "made": (96, 128)}
    return {name: network.prepare(one.resized(sizes[name])).as_subclass(Tensor) for name, one in read.items()}


def test_losses_and_gradients_are_those_of_the_published_program(published, pictures):
    network = cw.load("squeezenet1_1")
    found = {name: cw.capture(network, images, [*STYLE, CONTENT]) for name, images in pictures.items()}
    told = []
    objective = style_loss(
        {CONTENT: found["photo"][CONTENT]},
        [Style(grams(gram_sums(found["painting"], STYLE)))],
        content_weight=3.0,
        style_weight=20.0,
        told=told.append,
    )
    theirs: dict[str, Tensor] = {}

    def score(activations):
        # Their modules, set to the targets, with strengths that make theirs shares of the target's own.
        content = published.ContentLoss(1.0)
        content.mode = "capture"
        content(found["photo"][CONTENT])
        content.mode = "loss"
        content(activations[CONTENT])
        theirs["content"] = content.loss / content.target.square().mean()
        parts = []
        for layer in STYLE:
            one = published.StyleLoss(1.0)
            one.mode = "capture"
            one(found["painting"][layer])
            one.mode = "loss"
            one(activations[layer])
            parts.append(one.loss / one.target.square().mean())
        theirs["style"] = torch.stack(parts).mean()
        return -(3.0 * theirs["content"] + 20.0 * theirs["style"])[None]

    ours = differentiate(network, pictures["made"], objective.score, objective.layers, [INPUT])
    other = differentiate(network, pictures["made"], score, objective.layers, [INPUT])
    assert float(told[0].content) == pytest.approx(theirs["content"].item(), rel=1e-5)
    assert float(told[0].style) == pytest.approx(theirs["style"].item(), rel=1e-5)
    one, two = (run.gradients[INPUT] for run in (ours, other))
    assert float((one - two).abs().max()) < 1e-5 * float(two.abs().max())
    assert float(two.abs().max()) > 0
