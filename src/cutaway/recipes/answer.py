"""What a network says of a photo: its classes in order, with probabilities where its output has them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.capture import capture
from cutaway.network.head import squashing
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit, output_layer

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """The classes of one photo.

    Args:
        network: that answered.
        logits: (classes,), before the output's softmax or sigmoid.
        squash: "softmax" where the classes share one probability, "sigmoid" where each has its own, "" for a
            single number that is no probability.
    """

    network: Network
    logits: Float[Tensor, " classes"]
    squash: str

    @classmethod
    def of(
        cls,
        network: Network,
        images: Float[Tensor, "n c h w"],
        logits: Float[Tensor, " classes"],
        output: int | str | None,
    ) -> Answer:
        """Read logits as the network's own end says: a softmax, unless it ends in a sigmoid or has one number.

        Raises:
            BadSetting: where the network's class names are not as many as its classes.
        """
        named = network.classes
        if named is not None and output is None and len(named) != len(logits):
            raise BadSetting(
                f"{network.name} was given {len(named)} class names, and its output has {len(logits)} classes: "
                "give one name for each, in their order"
            )
        found = squashing(network.trace(images), output_layer(output, ""))
        return cls(network, logits, found or ("softmax" if len(logits) > 1 else ""))

    @classmethod
    def asked(
        cls, network: Network, images: Float[Tensor, "n c h w"], output: int | str | None = None
    ) -> Answer:
        """Run the network on the first of the images, and read its answer.

        Raises:
            BadSetting: for an output that holds no classes, or names that are not as many.

        >>> from torch import nn
        >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(12, 3)))
        >>> len(Answer.asked(net, torch.zeros(1, 3, 2, 2)).order)
        3
        """
        probe = class_logit(0, output)
        found = capture(network, images[:1].as_subclass(Tensor), probe.layers)
        probe.score(found)  # refuses an output that holds no classes
        return cls.of(network, images, found[probe.layers[0]][0], output)

    @property
    def order(self) -> list[int]:
        """The classes from the most probable to the least."""
        return torch.argsort(self.logits, descending=True, stable=True).tolist()

    def probability(self, k: int) -> float | None:
        """Give a class's probability in 0..1, or None where the output is no probability."""
        if self.squash == "softmax":
            return float(torch.softmax(self.logits.double(), 0)[k])
        return float(torch.sigmoid(self.logits.double())[k]) if self.squash else None

    def text(self, k: int) -> str:
        """Say it in words: "espresso 98.9 %", or "price: score 3.1"."""
        share = self.probability(k)
        name = self.network.class_name(k)
        return (
            f"{name}: score {float(self.logits[k]):.3g}" if share is None else f"{name} {100 * share:.1f} %"
        )

    def told(self, k: int) -> dict[str, object]:
        """Give it for a machine."""
        share = self.probability(k)
        told: dict[str, object] = {"index": k, "label": self.network.class_name(k), "probability": share}
        return told if share is not None else told | {"score": float(self.logits[k])}
