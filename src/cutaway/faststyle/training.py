"""A style to be trained, and the losses that tell how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.network.capture import capture
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.objectives.style_loss import Losses, Style, gram_sums, grams, style_loss, usual_difference
from cutaway.training.scored import scored
from cutaway.view.picture import Picture

__all__ = ["StyleGoal", "half_is_quick"]


@dataclass(frozen=True)
class StyleGoal:
    """What a painted photo is to be: the photo by its content, the paintings by their style, and smooth.

    Args:
        network: that tells content and style.
        paintings: as they are to be seen, at the size at which their strokes are wanted.
        weights: of each.
        content_layer: where content is told.
        style_layers: where style is.
        content_weight: of the content.
        style_weight: of the style.
        total_variation: weight of the differences between neighbours.
        half: whether the network computes in bfloat16 while training.

    Source: Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution" (ECCV
    2016), section 3.2; every loss is relative, as for `cutaway.style`.
    """

    network: Network
    paintings: tuple[Picture, ...]
    weights: tuple[float, ...]
    content_layer: str
    style_layers: tuple[str, ...]
    content_weight: float = 1.0
    style_weight: float = 1.0
    total_variation: float = 0.0
    half: bool = False
    _styles: list[Style] = field(default_factory=list, repr=False, compare=False)

    def styles(self) -> list[Style]:
        """Give the paintings' Gram matrices, computed once."""
        if not self._styles:
            for picture, weight in zip(self.paintings, self.weights, strict=True):
                found = capture(self.network, self._given(_of(picture)), list(self.style_layers))
                self._styles.append(Style(grams(gram_sums(found, self.style_layers)), weight))
        return self._styles

    def losses(
        self, photos: Float[Tensor, "n 3 h w"], painted: Float[Tensor, "n 3 h w"]
    ) -> dict[str, Float[Tensor, " n"]]:
        """Tell content and style of painted photos, in full precision, without their weights."""
        told: list[Losses] = []
        objective = self._objective(self._content(photos, half=False), told)
        objective.score(capture(self.network, self._given(painted), list(objective.layers)))
        return {"content": told[0].content, "style": told[0].style}

    def loss(self) -> Callable[[nn.Module, Tensor, int], Mapping[str, Tensor]]:
        """Give what `fit` makes small, by names."""

        def loss(module: nn.Module, batch: Tensor, step: int) -> dict[str, Tensor]:
            given = batch.contiguous(memory_format=torch.channels_last)
            painted = module(given)
            told: list[Losses] = []
            objective = self._objective(self._content(given, half=self.half), told)
            # All of it has one gradient, which is that of the sum; its parts are told.
            total = -scored(self.network, self._given(painted), objective, half=self.half).mean()
            shares = {
                "content": self.content_weight * told[-1].content.mean(),
                "style": self.style_weight * told[-1].style.mean(),
            }
            if self.total_variation:
                shares["variation"] = self.total_variation * told[-1].variation.mean()
            found = {name: share.to(total) for name, share in shares.items()}
            first = next(iter(found))
            return found | {first: total - sum(found.values()) + found[first]}

        return loss

    @property
    def settings(self) -> dict[str, Any]:
        """What makes this goal what it is, as a file can hold it."""
        return {
            "network": self.network.name,
            "content_layer": self.content_layer,
            "style_layers": list(self.style_layers),
            "content_weight": self.content_weight,
            "style_weight": self.style_weight,
            "total_variation": self.total_variation,
            "half": self.half,
        }

    def _objective(self, content: Mapping[str, Tensor], told: list[Losses]) -> Any:
        settings = known_preprocessing(self.network.preprocessing, self.network.name)
        return style_loss(
            content,
            self.styles(),
            content_weight=self.content_weight,
            style_weight=self.style_weight,
            variation_weight=self.total_variation,
            usual=usual_difference(settings),
            told=told.append,
        )

    def _content(self, photos: Tensor, *, half: bool) -> dict[str, Tensor]:
        with torch.autocast(self.network.device.type, torch.bfloat16, enabled=half):
            return capture(self.network, self._given(photos), [self.content_layer])

    def _given(self, images: Tensor) -> Tensor:
        settings = known_preprocessing(self.network.preprocessing, self.network.name)
        return settings.normalize(images.to(self.network.device)).to(self.network.dtype)


def half_is_quick(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 quicker than full precision.

    >>> half_is_quick(torch.device("cpu")) in (True, False)
    True
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    found = (
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return device.type == "cpu" and any(bool(one()) for one in found if one is not None)


def _of(picture: Picture) -> Float[Tensor, "1 3 h w"]:
    return torch.from_numpy(picture.pixels.copy()).permute(2, 0, 1)[None].float() / 255
