"""Who tells the labels of a data set apart: the network itself, or a linear probe on its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from cutaway.attribution.attribution import Attribution, lattice_of
from cutaway.attribution.best import best_map
from cutaway.attribution.grad_cam import GradCAM
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.probe import Probe
from cutaway.errors import UnsupportedMethod
from cutaway.network.capture import capture
from cutaway.network.head import LOGITS
from cutaway.network.map_layer import as_map
from cutaway.network.network import INPUT, Network
from cutaway.network.receptive_field import Lattice
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective, each

__all__ = ["Judge"]


@dataclass(frozen=True)
class Judge:
    """Decides between labels, and says where in an image the evidence for one lies.

    Args:
        network: that looks.
        labels: in order; a label is named by its place here.
        classes: the network's class of each label; empty where a probe decides.
        probe: where the labels are no classes of the network.
        layer: of the probe's features.
    """

    network: Network
    labels: tuple[str, ...]
    classes: tuple[int, ...]
    probe: Probe | None
    layer: str

    @classmethod
    def of(
        cls, network: Network, index: ActivationIndex, labels: Sequence[str], photos: Sequence[int]
    ) -> Judge:
        """Let the network decide where every label is one of its classes, else a probe fitted to an index's features.

        Args:
            network: of the index.
            index: of the photos.
            labels: to tell apart.
            photos: of the index, that the probe is fitted to.
        """
        layer = str(index.manifest["features"])
        named = {name.lower(): k for k, name in reversed(list(enumerate(network.classes or ())))}
        if all(label.lower() in named for label in labels):
            return cls(network, tuple(labels), tuple(named[label.lower()] for label in labels), None, layer)
        features = index.features()[list(photos)]
        places = np.array([labels.index(str(index.labels[photo])) for photo in photos])
        return cls(network, tuple(labels), (), Probe.fitted(features, places), layer)

    @property
    def told(self) -> str:
        """Say who decides."""
        if self.probe is None:
            return f"Decided by {self.network.name}, between its classes of these names"
        return f"Decided by a linear probe on the mean of {self.layer} of {self.network.name}"

    def folds(self, photos: int) -> list[int]:
        """Give the fold of each photo that it was made for: a probe's rule fitted without it decides on it."""
        return [0] * photos if self.probe is None else [int(fold) for fold in self.probe.fold]

    def decided(self, images: Float[Tensor, "n c h w"], folds: Sequence[int]) -> Int[np.ndarray, " n"]:
        """Decide on a label for each image, by a rule that was fitted without the image's fold."""
        name = LOGITS if self.probe is None else self.layer
        values = capture(self.network, images, name)[name]
        return self._scores(images, values, folds).argmax(1).cpu().numpy()

    def evidence(
        self, images: Float[Tensor, "n c h w"], labels: Sequence[int]
    ) -> tuple[Float[Tensor, "n rows columns"], Lattice, Attribution]:
        """Map where in each image the evidence for a label lies, and tell where the map's cells look.

        Args:
            images: as the network takes them.
            labels: one for each image.

        Raises:
            UnsupportedMethod: where the evidence has no place.
        """
        method: Attribution
        if self.probe is None:
            asked = class_logit([self.classes[label] for label in labels])
            method, maps = best_map(self.network, images, asked)
        else:
            asked = each([self._objective(images, label) for label in labels])
            method = GradCAM(self.layer)
            maps = method(self.network, images, asked)
        layer, lattice = lattice_of(method, self.network, images)
        if lattice is None:
            raise UnsupportedMethod(f"the units of {layer} have no place in the photo")
        return maps.sum(1).float(), lattice, method

    def columns(
        self, images: Float[Tensor, "n c h w"], method: Attribution
    ) -> Float[Tensor, "n channels rows columns"]:
        """Read what the network says at each cell of the evidence's map.

        Raises:
            UnsupportedMethod: where the map lies on pixels.
        """
        layer = method.grid(self.network, images)
        if layer == INPUT:
            raise UnsupportedMethod(
                f"{self.network.name} has no layer whose maps could be compared: its evidence is one of pixels"
            )
        call = self.network.find(layer, self.network.trace(images))
        values = capture(self.network, images, call.name)[call.name]
        return as_map(self.network, images, call, values).float()

    def _objective(self, images: Tensor, label: int) -> Objective:
        def score(activations: Mapping[str, Tensor]) -> Tensor:
            scores = self._scores(images[:1], activations[self.layer], [-1])
            others = (scores.sum(1) - scores[:, label]) / (len(self.labels) - 1)
            return scores[:, label] - others

        return Objective(f"evidence of {self.labels[label]}", (self.layer,), score)

    def _scores(self, images: Tensor, values: Tensor, rules: Sequence[int]) -> Float[Tensor, "n labels"]:
        if self.probe is None:
            return values[:, list(self.classes)].float()
        call = self.network.find(self.layer, self.network.trace(images))
        maps = as_map(self.network, images, call, values).float()
        means = maps.mean((2, 3)) if maps.dim() == 4 else maps
        weight, bias = (
            torch.from_numpy(part[list(rules)]).to(means) for part in (self.probe.weight, self.probe.bias)
        )
        return (weight * means[:, None]).sum(2) + bias
