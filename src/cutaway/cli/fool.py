"""`cutaway fool`: a change that nobody sees, and another answer."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.filming import FilmOut, Speed, check_film, filmed
from cutaway.cli.kept import keep
from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
    Model,
    Out,
    Size,
    Weights,
    one_photo,
    open_network,
    sizes,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write
from cutaway.errors import BadSetting


def run(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo, or - for standard input.")],
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]", help="The class to be said: its name or number; any other without."
        ),
    ] = None,
    model: Model = "squeezenet1_1",
    until: Annotated[
        float | None,
        typer.Option("--until", help="The probability to reach; 0.9 by default.", show_default=False),
    ] = None,
    flip: Annotated[
        bool, typer.Option("--flip", help="Stop as soon as the target is the first answer.")
    ] = False,
    norm: Annotated[
        str, typer.Option("--norm", help="Keep small: l2, the sum of squares, or linf, the largest change.")
    ] = "l2",
    bound: Annotated[
        str | None,
        typer.Option(
            "--bound", help="Never more of that norm, in colours of 0..1, as 8/255.", show_default=False
        ),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="At most.", min=1)] = 200,
    rate: Annotated[float, typer.Option("--rate", help="Of a step, in levels of 255.")] = 0.25,
    amplified: Annotated[
        float, typer.Option("--amplified", help="Times that the difference is drawn.")
    ] = 10.0,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    film: FilmOut = None,
    speed: Speed = 12.0,
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Change a photo so little that nobody sees it, until the network says something else.

    Writes the sheet, its raw numbers, and the changed picture NAME-picture.png, at the size at which the network sees
    it: the figures are those of that file.

    \b
    Examples:
      cutaway fool cat.jpg goldfish
      cutaway fool cat.jpg
      cutaway fool cat.jpg toaster --flip
      cutaway fool cat.jpg toaster --norm linf --bound 2/255
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.fool import fool
    from cutaway.synthesis.recording import Recording

    check_film(film, speed)
    given = one_photo(photo, "fool")
    if flip and until is not None:
        raise BadSetting("--flip and --until say two ways to stop: give one of them")
    path = place(out, f"fool-{'photo' if photo == '-' else Path(given).stem}", set())
    network = open_network(model, weights, device)
    asked: Any = "flip" if flip else until
    kind: Any = norm
    recording = None if film is None else Recording()
    with memory(max_memory), progress(quiet=as_json):
        found = fool(
            network,
            given,
            target,
            until=asked,
            norm=kind,
            bound=_bound(bound),
            steps=steps,
            rate=rate,
            size=sizes(size),
            amplified=amplified,
            preview=recording,
        )
    written = write(found, path, html=True)
    written.append(keep(found.picture.save(path.with_name(f"{path.stem}-picture.png"))))
    written += filmed(recording, film, speed, path.parent)
    if found.stopped:
        raise KeyboardInterrupt
    before, after = (float(row[found.target]) for row in found.probabilities)
    if as_json:
        told = {
            "target": {"index": found.target, "label": network.class_name(found.target)},
            "reached": found.reached,
            "probability": {"before": before, "after": after},
            "norms": dict(found.norms),
            "steps": found.steps,
            "outputs": list(map(str, written)),
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(found.title)
    print(f"  {network.class_name(found.target)}: {100 * before:.1f} % before, {100 * after:.1f} % after")
    print(f"  {found.told_norms}, {found.steps} steps")
    print(f"wrote {', '.join(map(str, written))}")


def _bound(text: str | None) -> float | None:
    """Read a bound: "0.03" or "8/255"."""
    if text is None:
        return None
    try:
        return float(Fraction(text.replace(" ", "")))
    except (ValueError, ZeroDivisionError):
        raise BadSetting(
            f"--bound takes a number in colours of 0..1, as 8/255 or 0.03, got {text!r}"
        ) from None
