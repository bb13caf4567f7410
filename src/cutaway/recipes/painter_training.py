"""A painter trained on a folder of photos, and kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.dataset.listing import Listing
from cutaway.errors import BadSetting
from cutaway.faststyle.presets import CUT, Preset, preset_named
from cutaway.faststyle.style_file import read_style, write_style
from cutaway.faststyle.training import StyleGoal, half_is_quick
from cutaway.faststyle.transformer import SMALLEST, Transformer
from cutaway.network.fingerprint import fingerprint
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.recipes.loss_curve import shortened
from cutaway.recipes.style_layers import content_layer, style_layers
from cutaway.training.checkpoint import differences
from cutaway.training.fit import fit
from cutaway.training.photos import PhotoCrops
from cutaway.training.several import is_first
from cutaway.view.picture import Picture

__all__ = ["PainterTraining", "Unseen", "chosen_preset", "style_goal"]

# So many photos at most are measured.
_MEASURED = 16
_MOST_HELD = 64
# Steps in which the rate rises.
_WARM = 50


@dataclass(frozen=True)
class Unseen:
    """Photos that the painter never sees.

    Args:
        names: of their files, in the order in which they are shown.
        photos: (n,3,h,w), 0..1.
        skipped: those that could not be read.
        device: where painters are.
    """

    names: tuple[str, ...]
    photos: Float[Tensor, "n 3 h w"]
    skipped: tuple[tuple[Path, str], ...]
    device: torch.device

    def painted(self, painter: nn.Module, count: int) -> Float[Tensor, "k 3 h w"]:
        """Paint the first of them, one after the other."""
        with torch.inference_mode():
            made = [painter(one[None].to(self.device)).cpu() for one in self.photos[:count]]
        return torch.cat(made).clone()


@dataclass(frozen=True)
class PainterTraining:
    """What is to be trained, on what.

    Args:
        goal: what a painted photo is to be.
        preset: how much.
        listing: of all photos.
        held: the part of them that the painter never sees; at least one, at most 64.
        seed: of the painter, the photos held out, and the cuts.
        every: so many steps what is there is kept, and shown.
        start: the painter to begin at, or None for drawn weights.

    Raises:
        BadSetting: for a part outside 0..1, or too few photos.
    """

    goal: StyleGoal
    preset: Preset
    listing: Listing
    held: float
    seed: int
    every: int
    start: Transformer | None = None

    def __post_init__(self) -> None:
        if len(self.listing) < 2:
            raise BadSetting("a style needs at least two photos: one is held out to see what was learnt")
        if not 0 < self.held < 1:
            raise BadSetting(f"held must lie between 0 and 1, got {self.held}")

    @property
    def held_out(self) -> list[int]:
        """Numbers of the photos that the painter never sees."""
        count = min(_MOST_HELD, max(1, round(self.held * len(self.listing))))
        order = np.random.default_rng([self.seed, 2]).permutation(len(self.listing))
        return sorted(map(int, order[:count]))

    @property
    def settings(self) -> dict[str, Any]:
        """What makes this training what it is, as a file can hold it."""
        return {
            **self.goal.settings,
            **asdict(self.preset),
            "weights": fingerprint(self.goal.network.module),
            "paintings": [_digest(one) for one in self.goal.paintings],
            "mixed": list(self.goal.weights),
            "photos": self.listing.digest,
            "start": None if self.start is None else fingerprint(self.start),
            "held": self.held_out,
            "seed": self.seed,
        }

    def unseen(self, shown: int) -> Unseen:
        """Read the photos held out: so many, and more to be measured."""
        held = self.held_out
        # Drawn once more, so that not the first of a folder are shown.
        order = np.random.default_rng([self.seed, 3]).permutation(len(held))[: max(shown, _MEASURED)]
        crops = PhotoCrops([self.listing.path(held[k]) for k in order], self.preset.seen)
        paths, photos = crops.middles()
        device = self.goal.network.device
        return Unseen(tuple(path.name for path in paths), photos, tuple(crops.skipped), device)

    def made(
        self, out: Path, preview: Callable[[int, nn.Module], bool | None]
    ) -> tuple[Transformer, dict[str, Any], list[tuple[Path, str]]]:
        """Train the painter and write it; one that is there already is taken, one that was stopped taken up.

        Returns:
            The painter, what is told of it, and the photos that could not be read.

        Raises:
            BadSetting: where the file has another ending or folder, or is there and of other settings.
            WeightsUnavailable: where the file is there and no style.
        """
        if out.suffix != ".safetensors":
            raise BadSetting(f"out takes a name ending in .safetensors, got {str(out)!r}")
        if not out.parent.is_dir():
            raise BadSetting(f"there is no folder {str(out.parent)!r} to write {out.name} into: make it")
        device = self.goal.network.device
        if out.exists():
            there, about = read_style(out)
            other = differences(about["settings"], self.settings)
            if other:
                raise BadSetting(
                    f"{out} holds another style: {other}. Give another name, or the same settings"
                )
            if about["done"] == self.preset.steps:
                there.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
                return there, about, []
        held = set(self.held_out)
        chosen = [self.listing.path(k) for k in range(len(self.listing)) if k not in held]
        crops = PhotoCrops(chosen, self.preset.size, count=self.preset.batch, seed=self.seed, room=1 / CUT)
        checkpoint = out.with_name(f"{out.stem}.checkpoint.safetensors")
        painter = Transformer(self.preset.width, self.preset.blocks, seed=self.seed)
        if self.start is not None:
            painter.load_state_dict(self.start.state_dict())
        painter.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        run = fit(
            painter,
            crops,
            self.goal.loss(),
            steps=self.preset.steps,
            rate=self.preset.rate,
            warm=min(_WARM, self.preset.steps // 10),
            seed=self.seed,
            checkpoint=checkpoint,
            every=self.every,
            settings=self.settings,
            preview=preview,
            preview_every=self.every,
        )
        painter.requires_grad_(False)
        about = {
            "name": out.stem,
            "paintings": [Path(one.path).name if one.path else "painting" for one in self.goal.paintings],
            "settings": self.settings,
            "photos": len(chosen) - len(crops.skipped),
            "done": run.steps,
            "curve": shortened(run.history),
            "loss": {name: float(np.mean(values[-100:])) for name, values in run.history.items()},
        }
        if is_first():
            write_style(out, painter, about)
            if not run.stopped:
                checkpoint.unlink(missing_ok=True)
        return painter, about, crops.skipped


def chosen_preset(name: str, **given: Any) -> Preset:
    """Give a preset with what was given instead.

    Args:
        name: of the preset.
        given: its fields by their names, or None.

    Raises:
        BadSetting: for values outside what is allowed.

    >>> chosen_preset("small", steps=10, size=None).steps
    10
    """
    preset = replace(preset_named(name), **{key: one for key, one in given.items() if one is not None})
    for key, least in {"size": SMALLEST, "batch": 1, "steps": 1, "width": 1, "blocks": 0}.items():
        if getattr(preset, key) < least:
            raise BadSetting(f"{key} must be at least {least}, got {getattr(preset, key)}")
    if not 0 < preset.rate < float("inf"):
        raise BadSetting(f"rate must be above 0, got {preset.rate}")
    return preset


def style_goal(
    network: Network,
    paintings: Sequence[Picture],
    weights: Sequence[float] | None,
    side: int,
    content: str | None,
    style: Sequence[str] | None,
    content_weight: float = 1.0,
    style_weight: float = 1.0,
    total_variation: float = 0.0,
) -> StyleGoal:
    """Say what a painted photo is to be.

    Args:
        network: that tells content and style.
        paintings: at least one.
        weights: of each; None for all alike.
        side: the paintings' shortest side.
        content: the layer where content is told, or None for the usual one.
        style: the layers where style is, or None for the usual ones.
        content_weight: of the content's loss.
        style_weight: of the style's loss.
        total_variation: weight of the differences between neighbours.

    Raises:
        BadSetting: for weights or a side outside what is allowed.
        UnknownLayer: with the closest names.
    """
    known_preprocessing(network.preprocessing, network.name)
    shares = [1.0] * len(paintings) if weights is None else [float(one) for one in weights]
    if len(shares) != len(paintings) or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        raise BadSetting(
            f"weights takes one number of 0 or more for each of the {len(paintings)} paintings, and not all 0, "
            f"got {shares}"
        )
    if side < SMALLEST:
        raise BadSetting(f"style_size must be at least {SMALLEST}, got {side}")
    weighed = {
        "content_weight": content_weight,
        "style_weight": style_weight,
        "total_variation": total_variation,
    }
    for name, value in weighed.items():
        if not 0 <= value < float("inf"):
            raise BadSetting(f"{name} must be at least 0, got {value}")
    trace = network.trace(network.example_inputs())
    told = network.find(content or content_layer(network), trace).name
    layers = [network.find(name, trace).name for name in (style or style_layers(network))]
    return StyleGoal(
        network,
        tuple(replace(one.resized(one.shortest(side)), path=one.path) for one in paintings),
        tuple(shares),
        told,
        tuple(dict.fromkeys(layers)),
        content_weight,
        style_weight,
        total_variation,
        half_is_quick(network.device),
    )


def _digest(picture: Picture) -> str:
    return hashlib.sha256(repr(picture.size).encode() + picture.pixels.tobytes()).hexdigest()[:16]
