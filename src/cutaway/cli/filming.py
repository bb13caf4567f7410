"""Films of a run: the two options, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutaway.cli.kept import keep
from cutaway.errors import BadSetting

if TYPE_CHECKING:
    from cutaway.synthesis.recording import Recording
    from cutaway.view.film import Film

__all__ = ["FilmOut", "Speed", "check_film", "filmed", "write_film"]

FILMS = (".gif", ".webp", ".mp4")
FilmOut = Annotated[
    str | None,
    typer.Option(
        "--film",
        help="Name of a film of the run, .gif, .webp or .mp4 (this needs the extra video); of long runs at most 240 "
        "steps are kept.",
        show_default=False,
    ),
]
Speed = Annotated[float, typer.Option("--speed", help="Frames of the film a second.")]


def check_film(film: str | None, speed: float) -> None:
    """Refuse a film that could not be written, before there is anything to lose.

    Raises:
        BadSetting: for another ending, a speed outside 0.1..100, or an .mp4 without PyAV.
    """
    if film is None:
        return
    if Path(film).suffix.lower() not in FILMS:
        raise BadSetting(f"--film takes a name ending in {', '.join(FILMS)}, got {film!r}")
    if not 0.1 <= speed <= 100:
        raise BadSetting(f"--speed must lie in 0.1..100 frames a second, got {speed:g}")
    if Path(film).suffix.lower() == ".mp4":
        from cutaway.view.video import check_mp4

        check_mp4()


def write_film(moving: Film, film: str, folder: Path) -> Path:
    """Write a film where its name says, or beside the other results where it is a bare name."""
    target = Path(film) if Path(film).parent != Path() else folder / film
    target.parent.mkdir(parents=True, exist_ok=True)
    return keep(moving.save(target))


def filmed(recording: Recording | None, film: str | None, speed: float, folder: Path) -> list[Path]:
    """Write the film of a run where one was asked for; a run without a step has none."""
    if recording is None or film is None:
        return []
    if not recording:
        typer.echo(f"no step was made, so there is no {film}", err=True)
        return []
    return [write_film(recording.film(speed), film, folder)]
