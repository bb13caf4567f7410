"""A generator trained for a layer on a folder of photos, and kept in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.dataset.listing import Listing
from cutaway.errors import BadSetting, UnknownLayer
from cutaway.network.capture import capture
from cutaway.network.fingerprint import fingerprint
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.main_layers import main_layers
from cutaway.network.many import in_chunks
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.objectives.objective import Objective
from cutaway.recipes.loss_curve import shortened
from cutaway.synthesis.parametrization.generator import Generator
from cutaway.synthesis.parametrization.generator_file import read_generator, write_generator
from cutaway.training.checkpoint import differences
from cutaway.training.fit import fit
from cutaway.training.photos import PhotoCrops
from cutaway.training.scored import scored

__all__ = ["Training", "codes", "training_of"]

# The features that images are compared by lie on a grid of this many places a side, or on the next finer one.
_PLACES = 16
# So many steps what is there is kept, and shown.
_EVERY = 20


@dataclass(frozen=True)
class Training:
    """What is to be trained, on what.

    Args:
        network: that the generator is for.
        layer: whose features it reads.
        features: the layer that images are compared by.
        listing: of all photos.
        held: numbers of the photos that it never sees.
        size: side of its images.
        width: channels at its coarsest.
        batch: photos in a step.
        steps: of Adam.
        rate: of Adam, in units of the weights.
        weights: of the losses "pixels", "features" and "variation".
        seed: of the weights, the order of photos and their cuts.
    """

    network: Network
    layer: str
    features: str
    listing: Listing
    held: tuple[int, ...]
    size: int
    width: int
    batch: int
    steps: int
    rate: float
    weights: Mapping[str, float]
    seed: int

    @property
    def settings(self) -> dict[str, Any]:
        """What makes this training what it is, as a file can hold it."""
        return {
            "network": self.network.name,
            "weights": fingerprint(self.network.module),
            "layer": self.layer,
            "features": self.features,
            "photos": self.listing.digest,
            "held": list(self.held),
            "size": self.size,
            "width": self.width,
            "batch": self.batch,
            "losses": dict(self.weights),
            "steps": self.steps,
            "rate": self.rate,
            "seed": self.seed,
        }

    def crops(self, *, held: bool) -> PhotoCrops:
        """Give the photos to train on, or those held out."""
        chosen = [k for k in range(len(self.listing)) if (k in self.held) == held]
        return PhotoCrops([self.listing.path(k) for k in chosen], self.size, count=self.batch, seed=self.seed)

    def made(
        self, out: Path, preview: Callable[[int, nn.Module], bool | None] | None = None
    ) -> tuple[Generator, dict[str, Any], list[tuple[Path, str]]]:
        """Train the generator and write it; one that is there already is taken, one that was stopped taken up.

        Returns:
            The generator, what is told of it, and the photos that could not be read.

        Raises:
            BadSetting: where the file is there and of other settings.
            WeightsUnavailable: where the file is there and no generator.
        """
        checkpoint = out.with_name(f"{out.stem}.checkpoint.safetensors")
        if out.exists():
            there, about = read_generator(out)
            other = differences(about["settings"], self.settings)
            if other:
                raise BadSetting(
                    f"{out} holds another generator: {other}. Give another name, or the same settings"
                )
            if about["done"] == self.steps:
                return there.to(self.network.device), about, []
        crops = self.crops(held=False)
        paths, photos = crops.middles()
        first = codes(self.network, self.layer, photos)
        generator = Generator(first.shape[1:], (self.size, self.size), width=self.width, seed=self.seed)
        generator.learn_range(first)
        layout = torch.channels_last if self.network.device.type == "cpu" else torch.contiguous_format
        generator.to(self.network.device, memory_format=layout)  # type: ignore[call-overload]
        run = fit(
            generator,
            crops,
            self._loss(photos),
            steps=self.steps,
            rate=self.rate,
            seed=self.seed,
            checkpoint=checkpoint,
            every=_EVERY,
            preview_every=_EVERY,
            settings=self.settings,
            preview=preview,
        )
        if not run.steps:
            raise KeyboardInterrupt  # before its first step there is nothing to show
        generator.requires_grad_(False)
        about = {
            "network": self.network.name,
            "weights": fingerprint(self.network.module),
            "layer": self.layer,
            "settings": self.settings,
            "photos": len(paths),
            "done": run.steps,
            "curve": shortened(run.history),
            "loss": {name: float(np.mean(values[-100:])) for name, values in run.history.items()},
        }
        write_generator(out, generator, about)
        if not run.stopped:
            checkpoint.unlink(missing_ok=True)
        return generator, about, crops.skipped

    def _loss(
        self, photos: Float[Tensor, "n 3 h w"]
    ) -> Callable[[nn.Module, Tensor, int], dict[str, Tensor]]:
        """The losses of a batch, each 1 where an image is no nearer to its photo than their mean."""
        network = self.network
        settings = known_preprocessing(network.preprocessing, network.name)
        spread = photos.var((0, 2, 3)).mean().clamp_min(1e-6).to(network.device)
        some = codes(network, self.features, photos[: 4 * self.batch])
        power = (
            some.var(0).mean().clamp_min(1e-12) if len(some) > 1 else some.square().mean().clamp_min(1e-12)
        )

        def loss(module: nn.Module, batch: Tensor, step: int) -> dict[str, Tensor]:
            given = settings.normalize(batch).to(network.dtype)
            answers = capture(network, given, [self.layer, self.features])
            made = module(_as_maps(answers[self.layer], self.layer).float())
            goal = answers[self.features]

            def near(activations: Mapping[str, Tensor]) -> Tensor:
                return -(activations[self.features] - goal).float().square().flatten(1).mean(1) / power

            like = Objective(f"near at {self.features}", (self.features,), near)
            steps = (made.diff(dim=2).square().mean() + made.diff(dim=3).square().mean()) / spread
            found = {
                "pixels": (made - batch).square().mean() / spread,
                "features": -scored(network, settings.normalize(made), like).mean(),
                "variation": steps,
            }
            return {name: self.weights[name] * found[name] for name in found if self.weights[name]}

        return loss


def training_of(
    network: Network, layer: str, listing: Listing, held: float, features: str | None, **settings: Any
) -> Training:
    """Choose which photos are held out and which features images are compared by, and check the layer.

    Args:
        network: that the generator is for.
        layer: in any of its names.
        listing: of the photos.
        held: the part of them that is held out; at least one, at most 64.
        features: the layer to compare by; None takes a middle one before the layer.
        settings: the others of a Training.

    Raises:
        BadSetting: for a layer that is no map or vector, or too few photos.
        UnknownLayer: for a name that there is not.
    """
    if len(listing) < 2:
        raise BadSetting("a generator needs at least two photos: one is held out to see what it has learnt")
    if not 0 < held < 1:
        raise BadSetting(f"held must lie between 0 and 1, got {held}")
    count = min(64, max(1, round(held * len(listing))))
    order = np.random.default_rng([settings["seed"], 2]).permutation(len(listing))
    size = settings["size"]
    one = torch.zeros(1, 3, size, size)
    given = known_preprocessing(network.preprocessing, network.name).normalize(one)
    trace = network.trace(given.to(network.device, network.dtype))
    named = layer.startswith("@")
    shape = capture(network, given.to(network.device, network.dtype), layer)[layer].shape
    if len(shape) not in (2, 4):
        raise BadSetting(
            f"{layer} is {' × '.join(map(str, shape[1:]))}: a generator needs a layer with channels, (c) or (c,h,w)"
        )
    before = len(trace.calls) - 1 if named else network.find(layer, trace).index
    if features is None:
        features = _compared_by(network, before, size)
    elif not features.startswith("@"):
        network.find(features, trace)
    return Training(
        network,
        layer if named else trace.calls[before].name,
        features,
        listing,
        tuple(sorted(map(int, order[:count]))),
        **settings,
    )


def _compared_by(network: Network, before: int, side: int) -> str:
    """Name the last main layer before a call that is fine enough to tell textures; else the first."""
    settings = known_preprocessing(network.preprocessing, network.name)
    small = replace(network, preprocessing=settings.at((side, side)))
    trace = small.trace(small.example_inputs())
    found = [network.find(name, trace) for name in main_layers(small) if not name.startswith("@")]
    earlier = [call for call in found if call.index < before and len(call.shape) == 4]
    fine = [call for call in earlier if min(call.shape[2:]) >= min(_PLACES, side) - 1]
    if not earlier:
        return trace.calls[before].name
    return (fine or earlier[:1])[-1].name


def codes(network: Network, layer: str, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Give a layer's features for photos, as many at once as memory allows; a vector has one place.

    Args:
        network: with its preprocessing.
        layer: its name.
        photos: as colours of 0..1.
    """
    settings = known_preprocessing(network.preprocessing, network.name)

    def given(start: int, stop: int) -> Tensor:
        return settings.normalize(photos[start:stop]).to(network.device, network.dtype)

    def run(start: int, stop: int) -> Tensor:
        return _as_maps(capture(network, given(start, stop), layer)[layer], layer).float().cpu()

    return torch.cat(in_chunks(len(photos), chunk(network, given(0, 1)), run, "features"))


def _as_maps(features: Tensor, layer: str) -> Float[Tensor, "n c h w"]:
    if features.dim() not in (2, 4):
        raise UnknownLayer(f"{layer} has no channels: its features are {tuple(features.shape)}")
    return features if features.dim() == 4 else features[:, :, None, None]
