"""Studio: images made by ascent, watched while they are made."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Path, Response
from fastapi.responses import FileResponse

from cutaway import __version__
from cutaway.errors import BadSetting, CutawayError
from cutaway.network.main_layers import few_layers, main_layers
from cutaway.network.network import Network
from cutaway.web.forms import FORMS, Wanted, fields_of
from cutaway.web.rooms.around import FOREVER, Around, Id, Model
from cutaway.web.run import frame_path, picture_path, thumb

__all__ = ["add"]

Step = Annotated[int, Path(ge=1, lt=10**7)]


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of the room."""

    @app.get("/api/studio")
    async def _forms(m: Model = "") -> dict[str, Any]:
        """Tell what can be asked, by which fields, and the layers of a network."""
        network = around.desk.opened(m).network
        about = await around.thinking.do(_layers, network)
        return {"kinds": {kind: fields_of(kind) for kind in FORMS}, **about}

    @app.post("/api/studio", status_code=202)
    def _queue(wanted: Annotated[Wanted, Body()]) -> dict[str, Any]:
        """Queue a job; the same one twice is one."""
        opened = around.desk.opened(wanted.model)
        settings = wanted.model_dump(exclude={"kind"})
        for photo in (settings.get("photo"), settings.get("guide"), *settings.get("paintings", ())):
            if photo is not None:
                around.desk.photos.kept(photo)
        if wanted.kind == "paint" and wanted.painter not in around.desk.painters:
            raise BadSetting(
                f"no painter {wanted.painter!r} is open here. To open one: cutaway serve --painter FILE"
            )
        if wanted.kind == "paint":
            settings["trained"] = around.desk.trained(wanted.painter)
        settings |= {"model": opened.id, "weights": opened.weights, "version": __version__}
        return around.told(around.queue.add(wanted.kind, settings))

    @app.get("/api/jobs/{job}/frames/{step}", response_class=Response)
    def _frame(job: Id, step: Step) -> FileResponse:
        """Give the picture of a step, where one was kept."""
        return _file(frame_path(around.queue.run(job), step), "image/jpeg")

    @app.get("/api/jobs/{job}/pictures/{name}", response_class=Response)
    def _picture(job: Id, name: Id) -> FileResponse:
        """Give a picture that a job made."""
        return _file(picture_path(around.queue.run(job), name), "image/png")

    @app.get("/api/jobs/{job}/thumb", response_class=Response)
    def _thumb(job: Id) -> Response:
        """Give a small picture of a job: the last frame, or what it made."""
        return Response(
            thumb(around.queue.run(job)), media_type="image/jpeg", headers={"cache-control": "no-cache"}
        )


def _file(path: FilePath, kind: str) -> FileResponse:
    if not path.is_file():
        raise HTTPException(404, "there is no such picture, or no longer")
    return FileResponse(path, media_type=kind, headers=FOREVER)


def _layers(network: Network) -> dict[str, Any]:
    """Tell the layers that have channels, and those to begin with."""
    found = [
        {"name": one.name, "channels": one.shape[1], "map": one.is_map}
        for one in network.layers
        if len(one.shape) >= 2
    ]
    try:
        few, main = few_layers(network, 5), main_layers(network)
    except CutawayError:
        few, main = [], []
    return {"layers": found, "few": few, "main": [one for one in main if not one.startswith("@")]}
