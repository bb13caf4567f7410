"""The two losses of style transfer: how far the content is from a photo's, and the style from paintings'."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.network import INPUT
from cutaway.network.preprocessing import Preprocessing
from cutaway.objectives.gram import gram_sum
from cutaway.objectives.summed import Part, Summed, Sums, part_of
from cutaway.objectives.total_variation import total_variation

__all__ = ["PLACES", "Losses", "Style", "gram_sums", "grams", "style_loss", "usual_difference"]

Parts = Mapping[str, Part]
PLACES = "places "
# A colour's usual distance from its neighbour's in a photo, of 0..1.
_USUAL = 0.048


class Losses(NamedTuple):
    """What style transfer makes small, each (n,), without its weight.

    Args:
        content: squared distance of the activations over the photo's own square, the mean over layers.
        style: squared distance of the Gram matrices over the painting's own square, the mean over layers; of several
            paintings the weighted mean.
        variation: total variation (β = 2) over that of a usual photo.
    """

    content: Tensor
    style: Tensor
    variation: Tensor


@dataclass(frozen=True)
class Style:
    """One painting.

    Args:
        grams: by layer, the mean over places, (1,c,c).
        weight: among several.
        mask: where it is wanted, (1,1,h,w), 0..1, of any size; None everywhere.
    """

    grams: Mapping[str, Float[Tensor, "1 c c"]]
    weight: float = 1.0
    mask: Float[Tensor, "1 1 h w"] | None = None


def style_loss(
    content: Mapping[str, Float[Tensor, "m c h w"]],
    styles: Sequence[Style],
    *,
    content_weight: float = 1.0,
    style_weight: float = 1.0,
    variation_weight: float = 0.0,
    usual: float = 1.0,
    told: Callable[[Losses], None] = lambda losses: None,
) -> Summed:
    """Score images by minus the weighted sum of the losses of content, style and variation.

    Every loss is divided by what the target itself would have against nothing, so that weights mean the same at any
    size and layer. A masked Gram matrix is that of maps times the mask, over the sum of the mask's squares.

    Args:
        content: by layer, the photo's activation, at the size of the images: (1,c,h,w), or one for each image.
        styles: what to match; their layers are the same.
        content_weight: of the content's loss.
        style_weight: of the style's.
        variation_weight: of the total variation.
        usual: difference of neighbouring pixels in a usual photo, as the network takes it.
        told: called with the losses at each evaluation.

    Raises:
        BadSetting: for targets that are all zero or not finite, or nothing to match.

    Source: Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks" (CVPR 2016), equations
    1 and 3 to 7; masks from Gatys et al., "Controlling perceptual factors in neural style transfer" (CVPR 2017),
    equation 4.

    >>> maps = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    >>> painting = Style(grams(gram_sums({"conv1": maps}, ("conv1",))))
    >>> objective = style_loss({"conv1": maps}, [painting], style_weight=10.0)
    >>> objective.score({"conv1": torch.cat([maps, maps.flip(3), 0 * maps])})
    tensor([ -0.0000,  -1.1429, -11.0000])
    """
    if not styles:
        raise BadSetting("there must be at least one style, got none")
    layers = tuple(styles[0].grams)
    share = sum(style.weight for style in styles)
    for layer, target in [*content.items(), *(pair for style in styles for pair in style.grams.items())]:
        if not bool(torch.isfinite(target).all()) or not bool(target.any()):
            raise BadSetting(
                f"{layer} answers with nothing but zeros, or not with numbers, and no distance is relative to that: "
                "choose another layer, or another picture"
            )
    whole = {layer: _wide(target).square().flatten(1).sum(1) for layer, target in content.items()}
    # Paintings that are wanted everywhere are compared with the same Gram matrices.
    counted = {
        k: next(j for j, other in enumerate(styles) if other.mask is style.mask)
        for k, style in enumerate(styles)
    }
    variation = total_variation()

    def sums(activations: Mapping[str, Tensor], at: Parts | None) -> Sums:
        found: dict[str, Tensor] = {}
        for layer, target in content.items():
            part = None if at is None else at[layer]
            values = _wide(part_of(activations[layer], part))
            goal = (target if part is None else target[(..., *part.whole)]).to(values)
            if values.shape[1:] != goal.shape[1:] or len(goal) not in (1, len(values)):
                raise BadSetting(
                    f"{layer} is {tuple(values.shape)} and the photo's {tuple(goal.shape)}: capture it from an image "
                    "of the same size"
                )
            found[f"content {layer}"] = (values - goal).square().flatten(1).sum(1)
        for k in dict.fromkeys(counted.values()):
            made = gram_sums(activations, layers, styles[k].mask, at)
            found |= {f"{k} {name}": one for name, one in made.items()}
        if variation_weight:
            part = None if at is None else at[INPUT]
            images = activations[INPUT]
            found["variation"] = variation.score(
                {INPUT: images if part is None else _with_next(images, part)}
            )
            found["pixels"] = found["variation"].new_full((1,), part_of(images, part)[0].numel())
        return found

    def total(found: Sums) -> Tensor:
        parts = [found[f"content {layer}"] / whole[layer].to(found[f"content {layer}"]) for layer in content]
        of_content = torch.stack(parts).mean(0) if parts else 0.0 * found[f"0 {layers[0]}"].flatten(1).sum(1)
        of_style = torch.zeros_like(of_content)
        for k, style in enumerate(styles):
            made = grams(
                {name: found[f"{counted[k]} {name}"] for layer in layers for name in (layer, PLACES + layer)}
            )
            goals = {layer: style.grams[layer].to(made[layer]) for layer in layers}
            distances = [
                (made[layer] - goal).square().flatten(1).sum(1) / goal.square().sum()
                for layer, goal in goals.items()
            ]
            of_style = of_style + style.weight / share * torch.stack(distances).mean(0)
        rough = torch.zeros_like(of_content)
        if variation_weight:
            rough = found["variation"] / (found["pixels"] * usual**2)
        told(Losses(of_content.detach(), of_style.detach(), rough.detach()))
        return -(content_weight * of_content + style_weight * of_style + variation_weight * rough)

    reads = dict.fromkeys((*content, *layers, *((INPUT,) if variation_weight else ())))
    return Summed.of("content and style", tuple(reads), sums, total)


def gram_sums(
    activations: Mapping[str, Tensor],
    layers: Sequence[str],
    mask: Tensor | None = None,
    at: Parts | None = None,
) -> dict[str, Tensor]:
    """Sum the products of each two channels over places, and count the places: by the layer, and by "places " and it.

    Args:
        activations: of the layers.
        layers: that are maps.
        mask: that the maps are times, (1,1,h,w); the count is then the sum of its squares.
        at: the parts of a piece.
    """
    found: dict[str, Tensor] = {}
    for layer in layers:
        part = None if at is None else at[layer]
        values = _wide(part_of(activations[layer], part))
        count = float(values[0, 0].numel())
        if mask is not None:
            size = tuple(values.shape[2:]) if part is None else part.size
            wanted = F.interpolate(mask, size, mode="area").to(values)
            wanted = wanted if part is None else wanted[(..., *part.whole)]
            values, count = values * wanted, float(wanted.square().sum())
        found[layer] = gram_sum(values)
        found[PLACES + layer] = values.new_full((1,), count)
    return found


def grams(sums: Sums) -> dict[str, Float[Tensor, "n c c"]]:
    """Give the Gram matrices of the sums and counts of a whole picture.

    >>> grams(gram_sums({"conv1": torch.ones(1, 1, 2, 3)}, ["conv1"]))
    {'conv1': tensor([[[1.]]])}
    """
    return {layer: sums[layer] / sums[PLACES + layer] for layer in sums if not layer.startswith(PLACES)}


def usual_difference(settings: Preprocessing) -> float:
    """Give the difference of neighbouring pixels in a usual photo, as a network with this preprocessing takes it.

    >>> usual_difference(Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.24, 0.24, 0.24), size=8))
    0.2
    """
    return round(_USUAL * settings.value_range * len(settings.std) / sum(settings.std), 9)


def _with_next(images: Tensor, part: Part) -> Tensor:
    """Give the pixels that count, and the next ones: what a difference to the right and below needs."""
    rows, columns = (slice(one.start, None if one.stop is None else one.stop + 1) for one in part.here)
    return images[:, :, rows, columns]


def _wide(activations: Tensor) -> Tensor:
    """Squares of half precision leave its range."""
    return activations.to(torch.promote_types(activations.dtype, torch.float32))
