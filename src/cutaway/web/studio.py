"""What the Studio's jobs do: each calls its recipe, and shows the steps while it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from cutaway.errors import BadSetting
from cutaway.network.main_layers import few_layers
from cutaway.recipes.class_image import class_image
from cutaway.recipes.dream import dream
from cutaway.recipes.filters import filters
from cutaway.recipes.fool import fool
from cutaway.recipes.invert import invert
from cutaway.recipes.making import CLASS_MAKINGS, MAKINGS
from cutaway.recipes.style import style
from cutaway.recipes.stylize import stylize
from cutaway.recipes.texture import texture
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.web.desk import Desk
from cutaway.web.made import Shown, told
from cutaway.web.run import Run

__all__ = ["STUDIO"]

Settings = Mapping[str, Any]
_NAMED = re.compile(r"([0-9a-f]{16})\.png")


def _some(settings: Settings, *names: str) -> dict[str, Any]:
    return {name: settings[name] for name in names if name in settings}


def _cells(sheet: Grid) -> list[Shown]:
    pictures = [one for row in sheet.rows for one in row if isinstance(one, Picture)]
    return [Shown(one, one.caption) for one in pictures]


def _filters(desk: Desk, settings: Settings, run: Run) -> bytes:
    making = MAKINGS[settings["recipe"]]
    run.expect(settings["steps"] or making.steps, lambda image: making.drawn(image))
    network = desk.opened(settings["model"]).network
    more = _some(settings, "channels", "size", "steps", "recipe", "seed")
    found = cast(Grid, filters(network, settings["layer"], preview=run.preview, **more))
    return told(run, found, _cells(found), sheet=found, stopped=bool(found.provenance["stopped"]))


def _class(desk: Desk, settings: Settings, run: Run) -> bytes:
    making = CLASS_MAKINGS[settings["recipe"]]
    run.expect(settings["steps"] or making.steps, lambda image: making.drawn(image))
    network = desk.opened(settings["model"]).network
    more = _some(settings, "size", "steps", "recipe", "seed")
    found = class_image(network, settings["target"], preview=run.preview, **more)
    return told(run, found, _cells(found), sheet=found, stopped=bool(found.provenance["stopped"]))


def _dream(desk: Desk, settings: Settings, run: Run) -> bytes:
    run.expect(settings["steps"] * settings["octaves"] * settings["frames"])
    network = desk.opened(settings["model"]).network
    guide = settings.get("guide")
    more = _some(
        settings, "channels", "octaves", "factor", "steps", "rate", "jitter", "size", "frames", "zoom", "seed"
    )
    found = dream(
        network,
        desk.photos.read(settings["photo"]),
        settings["layer"],
        guide=None if guide is None else desk.photos.read(guide),
        preview=run.preview,
        **more,
    )
    before = found.photo if len(found.frames) == 1 else None
    shown = [Shown(found.picture, "", before)]
    facts = {"steps": len(found.history)}
    if found.history.size:
        facts |= {"first": found.history[0], "last": found.history[-1]}
    return told(run, found, shown, facts=facts, stopped=found.stopped)


def _invert(desk: Desk, settings: Settings, run: Run) -> bytes:
    network = desk.opened(settings["model"]).network
    layers = settings.get("layers") or few_layers(network, 5)
    run.expect(settings["steps"] * len(layers))
    more = _some(settings, "steps", "size", "method", "total_variation", "alpha_norm", "seed")
    photo = desk.photos.read(settings["photo"])
    found = invert(network, photo, settings.get("layers"), preview=run.preview, **more)
    seen = Picture.of_values(found.photo)
    shown = [
        Shown(Picture.of_values(one), _scores(name, *found.scores[name]), seen)
        for name, one in found.pictures.items()
    ]
    return told(run, found, shown, given=[Shown(seen)], sheet=found, stopped=found.stopped)


def _scores(name: str, correlation: float, psnr: float, error: float) -> str:
    return f"{name}\ncorrelation {correlation:.2f} · {psnr:.1f} dB · features {100 * error:.1f} % off"


def _texture(desk: Desk, settings: Settings, run: Run) -> bytes:
    network = desk.opened(settings["model"]).network
    layers = settings.get("layers") or few_layers(network, 5)
    several = 1 if settings["sets"] == "together" else len(layers)
    run.expect(settings["steps"] * several)
    more = _some(settings, "method", "sets", "size", "source_size", "steps", "seed")
    photo = desk.photos.read(settings["photo"])
    found = texture(network, photo, settings.get("layers"), preview=run.preview, **more)
    shown = [
        Shown(Picture.of_values(one), f"{name}\n{100 * np.mean(list(found.errors[name].values())):.1f} % off")
        for name, one in found.pictures.items()
    ]
    given = [Shown(Picture.of_values(found.picture))]
    return told(run, found, shown, given=given, sheet=found, stopped=found.stopped)


def _style(desk: Desk, settings: Settings, run: Run) -> bytes:
    run.expect(settings["steps"])
    more = _some(
        settings,
        "content_weight",
        "style_weight",
        "style_scale",
        "colours",
        "size",
        "steps",
        "scales",
        "init",
        "optimizer",
        "total_variation",
        "seed",
    )
    found = style(
        desk.photos.read(settings["photo"]),
        [desk.photos.read(one) for one in settings["paintings"]],
        network=desk.opened(settings["model"]).network,
        weights=settings.get("painting_weights"),
        preview=run.preview,
        **more,
    )
    content, styled = found.losses
    given = [Shown(one.fitted(400)) for one in found.styles]
    shown = [Shown(found.picture, "", found.content)]
    facts = {"content": content, "style": styled}
    # The files of this explorer are named by hashes, which tell nobody anything.
    words = _NAMED.sub(
        lambda one: "the photo" if one[1] == settings["photo"] else "the painting", found.caption
    )
    return told(
        run,
        found,
        shown,
        given=given,
        facts=facts,
        sheet=found.beside(),
        stopped=found.stopped,
        caption=words,
    )


def _paint(desk: Desk, settings: Settings, run: Run) -> bytes:
    name = settings["painter"]
    if name not in desk.painters:
        raise BadSetting(f"no painter {name!r} is open here. To open one: cutaway serve --painter FILE")
    more = _some(settings, "strength", "size")
    photo = desk.photos.read(settings["photo"])
    found = stylize(photo, Path(desk.painters[name]), device=desk.device, **more)
    return told(run, found, [Shown(found.picture, "", found.photo)])


def _fool(desk: Desk, settings: Settings, run: Run) -> bytes:
    run.expect(settings["steps"])
    network = desk.opened(settings["model"]).network
    more = _some(settings, "until", "norm", "steps", "rate", "amplified")
    photo = desk.photos.read(settings["photo"])
    found = fool(network, photo, settings.get("target"), preview=run.preview, **more)
    amplified = found.difference * settings["amplified"] + 0.5
    shown = [
        Shown(found.picture, "", found.photo),
        Shown(
            Picture.of_values(amplified), f"{found.told_norms}; drawn × {settings['amplified']:g}, gray is 0"
        ),
    ]
    classes = []
    for k in dict.fromkeys([int(found.probabilities[0].argmax()), found.target]):
        before, after = (float(one) for one in found.probabilities[:, k])
        classes.append({"label": network.class_name(k), "before": before, "after": after})
    facts = {"classes": classes, "reached": found.reached, "steps": found.steps}
    return told(run, found, shown, facts=facts, sheet=found.sheet, stopped=found.stopped)


STUDIO = {
    "filters": _filters,
    "class": _class,
    "dream": _dream,
    "invert": _invert,
    "texture": _texture,
    "style": _style,
    "paint": _paint,
    "fool": _fool,
}
