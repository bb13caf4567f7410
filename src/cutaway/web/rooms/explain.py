"""Explain: what a network says of a photo, and where it looks."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from cutaway import __version__
from cutaway.errors import BadSetting
from cutaway.web.maps import QUICK, SLOW, answered, made_map
from cutaway.web.masks import made_mask
from cutaway.web.rooms.around import MODEL, Around, Id, Model

__all__ = ["add"]


class Wanted(BaseModel):
    """A map that is made by a job."""

    model_config = ConfigDict(extra="forbid")
    photo: str = Field(pattern="^[0-9a-f]{16}$")
    model: str = Field("", pattern=MODEL)
    method: str = Field(pattern=r"^[a-z+-]{1,40}$")
    target: int = Field(ge=0, lt=2**31)
    full: bool = False


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of the room."""

    @app.get("/api/photos/{photo}/answer")
    async def _answer(
        photo: Id, m: Model = "", also: Annotated[list[int] | None, Query(max_length=4)] = None
    ) -> list[dict[str, Any]]:
        """Tell what a network says of a photo: its most probable classes, and those in `also`."""
        network = around.desk.opened(m).network
        picture = await asyncio.to_thread(around.desk.photos.read, photo)
        named = [network.class_index(k) for k in also or ()]
        return await around.thinking.do(answered, network, picture, 6, named)

    @app.get("/api/photos/{photo}/maps/{method}", response_class=Response)
    async def _map(
        photo: Id,
        method: Annotated[str, Path(pattern=r"^[a-z+-]{1,40}$")],
        c: Annotated[int, Query(ge=0, lt=2**31)],
        m: Model = "",
    ) -> Response:
        """Give a quick method's map of one class."""
        if method not in QUICK:
            raise BadSetting(f"made at once are {', '.join(QUICK)}; {method} is a job")
        network = around.desk.opened(m).network
        picture = await asyncio.to_thread(around.desk.photos.read, photo)
        data = await around.thinking.do(made_map, network, picture, method, c)
        return Response(data, media_type="application/octet-stream")

    @app.get("/api/photos/{photo}/masks/{how}", response_class=Response)
    async def _mask(
        photo: Id,
        how: Literal["otsu", "grabcut"],
        c: Annotated[int, Query(ge=0, lt=2**31)],
        method: Annotated[str, Query(pattern=r"^[a-z+-]{1,40}$")],
        m: Model = "",
    ) -> Response:
        """Cut the object of a class out by a quick method's map: a PNG, white where it is."""
        if method not in QUICK:
            raise BadSetting(f"a mask is made of the map of {', '.join(QUICK)}, got {method!r}")
        network = around.desk.opened(m).network
        picture = await asyncio.to_thread(around.desk.photos.read, photo)
        data = await around.thinking.do(made_mask, network, picture, how, method, c)
        return Response(data, media_type="image/png")

    @app.post("/api/jobs", status_code=202)
    def _queue(wanted: Wanted) -> dict[str, Any]:
        """Queue a job; the same one twice is one."""
        opened = around.desk.opened(wanted.model)
        around.desk.photos.kept(wanted.photo)
        if wanted.method not in (*QUICK, *SLOW):
            raise BadSetting(f"methods are {', '.join((*QUICK, *SLOW))}, got {wanted.method!r}")
        settings = wanted.model_dump() | {
            "model": opened.id,
            "weights": opened.weights,
            "version": __version__,
        }
        return around.told(around.queue.add("map", settings))
