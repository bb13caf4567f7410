"""Photos: given, listed, looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Request, Response
from fastapi.responses import FileResponse

from cutaway.web.looks import EXAMPLES
from cutaway.web.rooms.around import FOREVER, Around, Id

__all__ = ["add"]


def add(app: FastAPI, around: Around, examples: FilePath) -> None:
    """Add the addresses of photos.

    Args:
        app: to which.
        around: what answers.
        examples: the folder of those that come with the program.
    """

    @app.get("/api/photos")
    def _recent() -> list[dict[str, Any]]:
        """The photos given last."""
        return [vars(one) for one in around.desk.photos.recent()]

    @app.post(
        "/api/photos",
        openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
    )
    async def _add(request: Request) -> dict[str, Any]:
        """Keep a photo: the body is the file."""
        data = await request.body()
        kept = await asyncio.to_thread(around.desk.photos.add, data)
        await asyncio.to_thread(around.tidy, kept.id)
        return vars(kept)

    @app.post("/api/examples/{name}")
    async def _example(name: Annotated[str, Path(pattern="^[a-z]{1,20}$")]) -> dict[str, Any]:
        """Keep one of the photos that come with the program."""
        if name not in EXAMPLES:
            raise HTTPException(404, f"examples are {', '.join(EXAMPLES)}")
        data = (examples / f"{name}.jpg").read_bytes()
        return vars(await asyncio.to_thread(around.desk.photos.add, data))

    @app.get("/api/photos/{photo}")
    def _photo(photo: Id) -> dict[str, Any]:
        """Tell of one photo."""
        return vars(around.desk.photos.kept(photo))

    @app.get("/api/photos/{photo}/pixels", response_class=Response)
    def _pixels(photo: Id) -> FileResponse:
        """Give one photo, as it was written anew."""
        around.desk.photos.kept(photo)
        return FileResponse(around.desk.photos.path(photo), media_type="image/png", headers=FOREVER)

    @app.get("/api/photos/{photo}/thumb", response_class=Response)
    def _thumb(photo: Id) -> Response:
        """Give a small copy of one photo."""
        return Response(around.desk.photos.thumb(photo, 192), media_type="image/jpeg", headers=FOREVER)
