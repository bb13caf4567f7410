"""What facets are made of: a class or a channel, which photos show it, and how strongly an image excites it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.network.capture import capture
from cutaway.network.head import LOGITS
from cutaway.network.network import Network
from cutaway.network.progress import report
from cutaway.objectives.channels import channels
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective
from cutaway.recipes.answer import Answer
from cutaway.recipes.class_image import score_of
from cutaway.recipes.evidence import batches
from cutaway.recipes.made_filters import rising_layer, unit_to_ascend
from cutaway.view.scale import number

__all__ = ["ChannelTarget", "ClassTarget", "FacetTarget", "facet_target"]

# Of a channel's strongest photos, where nothing is said: a fifth of all, from so many to so many.
_LEAST, _MOST, _SHARE = 16, 100, 5


@dataclass(frozen=True)
class ClassTarget:
    """A class of a network.

    Args:
        network: whose class.
        index: of the class.
        label: whose photos are taken instead of the class's own.
    """

    network: Network
    index: int
    label: str | None = None

    @property
    def name(self) -> str:
        """The class's name."""
        return self.network.class_name(self.index)

    def photos(self, index: ActivationIndex, most: int | None) -> tuple[list[int], str]:
        """Give those with the class's label; where there are none, those that the network gives the class.

        With `most`, so many of them, those in which the class's logit is highest; without labels so many of all.
        """
        wanted = (self.name if self.label is None else self.label).lower()
        labelled = [
            n for n, label in enumerate(index.labels) if label is not None and label.lower() == wanted
        ]
        own = [n for n in labelled if index.present[n]]
        if self.label is not None and not own:
            known = ", ".join(sorted({label for label in index.labels if label is not None})[:8])
            raise BadSetting(
                f"the index has no photo labelled {self.label!r}. "
                + (f"It has: {known}" if known else "Its photos have no labels")
            )
        if own and (most is None or most >= len(own)):
            return own, f"labelled {wanted}"
        logits = self._logits(index)
        if not own and most is None:
            own = [int(n) for n in np.flatnonzero(index.present) if int(np.argmax(logits[n])) == self.index]
            if not own:
                raise BadSetting(
                    f"no photo of the index is labelled {self.name!r}, nor is {self.name} to the network: label=… "
                    "(--label) takes those of another label, photos=50 (--top 50) the most like it"
                )
            return own, f"that are {self.name} to the network"
        words = f"of those labelled {wanted}" if own else "of all"
        among = own or [int(n) for n in np.flatnonzero(index.present)]
        order = sorted(among, key=lambda n: (-float(logits[n, self.index]), n))
        return order[:most], f"{words}, most {self.name} to the network"

    def score(self, start: Float[Tensor, "n c h w"]) -> Objective:
        """Give the class's score before its last ReLU."""
        return score_of(self.network, start, [self.index] * len(start))

    def reached(self, image: Float[Tensor, "1 c h w"], index: ActivationIndex) -> dict[str, Any]:
        """Tell the class's probability and logit."""
        answer = Answer.asked(self.network, image)
        logit = float(answer.logits[self.index])
        share = answer.probability(self.index)
        lines = (
            [f"logit {number(logit)}"]
            if share is None
            else [answer.text(self.index), f"logit {number(logit)}"]
        )
        return answer.told(self.index) | {"logit": logit, "words": "\n".join(lines)}

    def _logits(self, index: ActivationIndex) -> Float[np.ndarray, "n classes"]:
        if LOGITS in index.layers:
            return index.means(LOGITS)
        asked = class_logit(self.index)
        found: np.ndarray | None = None
        photos = [int(n) for n in np.flatnonzero(index.present)]
        done = 0
        for ids, images in batches(self.network, index, photos):
            values = capture(self.network, images, asked.layers)[asked.layers[0]].float().cpu().numpy()
            if found is None:
                found = np.full((len(index), values.shape[1]), np.nan, np.float32)
            found[ids] = values
            done += len(ids)
            report("photos", done, len(photos))
        assert found is not None
        return found


@dataclass(frozen=True)
class ChannelTarget:
    """A channel of a layer.

    Args:
        network: whose layer.
        layer: its name in the index.
        channel: 0-based.
    """

    network: Network
    layer: str
    channel: int

    @property
    def name(self) -> str:
        """The layer and the channel."""
        return f"{self.layer}:{self.channel}"

    def photos(self, index: ActivationIndex, most: int | None) -> tuple[list[int], str]:
        """Give those in which it is strongest; none in which it is silent."""
        values = index.channel(self.layer, self.channel)
        usual = min(_MOST, max(_LEAST, int(index.present.sum()) // _SHARE))
        fires = [int(n) for n in np.flatnonzero(index.present & (values != 0))]
        order = sorted(fires, key=lambda n: (-float(values[n]), n))
        return order[: usual if most is None else most], f"in which {self.name} is strongest"

    def score(self, start: Float[Tensor, "n c h w"]) -> Objective:
        """Give its mean, or that of what its ReLU reads where an image begins silent."""
        rises = rising_layer(self.network, start[:1], self.layer)
        begun = capture(self.network, start, rises)[rises]
        return channels(
            [
                unit_to_ascend(self.network, start[:1], rises, begun[n, self.channel], self.channel)
                for n in range(len(start))
            ]
        )

    def reached(self, image: Float[Tensor, "1 c h w"], index: ActivationIndex) -> dict[str, Any]:
        """Tell its strongest place and its mean, and the strongest place over that of the best photo."""
        own = capture(self.network, image, self.layer)[self.layer][0, self.channel]
        most, mean = float(own.max()), float(own.mean())
        best = float(np.nanmax(index.channel(self.layer, self.channel)))
        ratio = most / best if best > 0 else None
        words = f"max {number(most)} · mean {number(mean)}"
        if ratio is not None:
            words += f"\n{ratio:.2g} × the best photo"
        return {"max": most, "mean": mean, "of_best_photo": ratio, "words": words}


FacetTarget = ClassTarget | ChannelTarget


def facet_target(network: Network, index: ActivationIndex, target: Any, label: str | None) -> FacetTarget:
    """Read a target: LAYER:CHANNEL, or a class by its number or name.

    Raises:
        BadSetting, UnknownClass, UnknownLayer: with what there is.
    """
    channel: tuple[str, int] | None = None
    if isinstance(target, str):
        layer, _, digits = target.rpartition(":")
        if layer and digits.isdecimal():
            channel = layer, int(digits)
    elif isinstance(target, Sequence):
        if len(target) != 2 or not isinstance(target[0], str) or isinstance(target[1], str):
            raise BadSetting(f'facets takes one class, or one channel such as "fire7:180", got {target!r}')
        channel = target[0], int(target[1])
    if channel is None:
        return ClassTarget(network, network.class_index(target), label)
    if label is not None:
        raise BadSetting("a channel's photos are those in which it is strongest: label goes with a class")
    name = index.layer(channel[0])
    if name.startswith("@") or len(network.find(name, network.trace(network.example_inputs())).shape) != 4:
        raise BadSetting(
            f"facets of a channel need a layer with maps, and {name} has none; a class is given by its name"
        )
    index.channel(name, channel[1])  # refuses one that is not there
    return ChannelTarget(network, name, channel[1])
