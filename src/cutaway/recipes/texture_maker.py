"""Textures of one picture by the statistics of a network's layers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.capture import capture
from cutaway.network.network import Network
from cutaway.objectives.gram import gram
from cutaway.objectives.objective import Objective
from cutaway.synthesis.ascend import Preview, ascend
from cutaway.synthesis.optimizers import LBFGS
from cutaway.synthesis.parametrization.fourier import Fourier

__all__ = ["TextureMaker"]


class TextureMaker:
    """Makes textures of one picture.

    Args:
        network: whose layers tell what a texture is.
        source: the picture, as the network takes it.
        layers: from early to late.
        size: (h, w) of the textures.
        steps: evaluations of the network for each.
        seed: of the noise that each begins from.
        preview: called after each step.

    Raises:
        BadSetting: for no layer.
        UnsupportedMethod: for a layer that has no maps.
    """

    def __init__(
        self,
        network: Network,
        source: Float[Tensor, "1 c h w"],
        layers: list[str],
        size: tuple[int, int],
        steps: int,
        seed: int,
        preview: Preview | None,
    ) -> None:
        if not layers:
            raise BadSetting("layers needs at least one layer, got none")
        self.layers, self.stopped = layers, False
        self._network, self._size = network, size
        self._steps, self._seed, self._preview = steps, seed, preview
        self._wanted = capture(network, source, layers)
        for layer, values in self._wanted.items():
            if values.dim() != 4:
                raise UnsupportedMethod(
                    f"{layer} of {network.name} gives {tuple(values.shape)}, no maps (n,c,h,w), and a texture is what "
                    "maps have in common at all places: choose an earlier layer"
                )

    def groups(self, sets: str) -> list[list[str]]:
        """List the layers that each texture is made by."""
        if sets == "each":
            return [[layer] for layer in self.layers]
        if sets == "together":
            return [self.layers]
        return [self.layers[: k + 1] for k in range(len(self.layers))]

    def made(self, kind: str, layers: list[str]) -> Float[Tensor, "1 3 h w"]:
        """Make the texture that these layers ask for, every layer counting alike."""
        parts = [gram(layer, self._wanted[layer], kind) for layer in layers]

        def score(activations: Mapping[str, Tensor]) -> Tensor:
            return torch.stack([part.score(activations) for part in parts]).mean(0)

        ascent = ascend(
            self._network,
            Objective(f"{kind} of {', '.join(layers)}", tuple(layers), score),
            # Flatter than photos' spectra: with theirs, an even ground comes out in clouds.
            Fourier.noise(1, self._size, seed=self._seed, spread=0.3, decay=0.5),
            steps=self._steps,
            optimizer=LBFGS(),
            preview=self._preview,
            what=f"{kind} {layers[-1]}",
        )
        self.stopped = ascent.stopped
        return ascent.images.clamp(0, 1)

    def errors(self, kind: str, images: Float[Tensor, "1 c h w"]) -> dict[str, float]:
        """Tell for each layer how far images are from the picture's statistics."""
        found = capture(self._network, images, self.layers)
        return {
            layer: float(-gram(layer, self._wanted[layer], kind).score(found)[0]) ** 0.5
            for layer in self.layers
        }
