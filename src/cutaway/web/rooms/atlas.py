"""Atlas: the photos of an index in a plane, and what some of them have in common."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from cutaway import __version__
from cutaway.errors import BadImage, BadSetting
from cutaway.web import atlas
from cutaway.web.chosen import chosen, strongest_patches
from cutaway.web.planes import place_of_a_photo, plane
from cutaway.web.rooms.around import Around, Id
from cutaway.web.scanned import network_of

__all__ = ["add"]

LAYER = r"^[A-Za-z0-9_.:@-]{0,160}$"
Index = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]
Layer = Annotated[str, Query(alias="l", pattern=LAYER)]
Photo = Annotated[int, Path(ge=0, lt=2**31)]
Method = Literal["pca", "tsne", "umap"]
Number = Annotated[int, Field(ge=0, lt=2**31)]
A_WHILE = {"cache-control": "private, max-age=600"}
# So many bytes a photo's file may have to be opened in another room.
MOST_BYTES = 200 * 2**20


class Several(BaseModel):
    """Some photos, and the layer whose channels are compared."""

    model_config = ConfigDict(extra="forbid")
    photos: list[Number] = Field(max_length=500_000)
    layer: str = Field("", pattern=LAYER)


class Asked(BaseModel):
    """A job for an index: a plane, or a photo's place in it."""

    model_config = ConfigDict(extra="forbid")
    layer: str = Field("", pattern=LAYER)
    method: Method = "tsne"
    photo: str | None = Field(None, pattern="^[0-9a-f]{16}$")


class Audited(BaseModel):
    """An audit, and how many photos of each label it looks at."""

    model_config = ConfigDict(extra="forbid")
    most: int = Field(60, ge=8, le=1000)


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of the room."""
    _planes(app, around)
    _pictures(app, around)
    _photos(app, around)


def _planes(app: FastAPI, around: Around) -> None:
    desk = around.desk

    @app.get("/api/atlas/{index}")
    def _about(index: Index) -> dict[str, Any]:
        """What there is to see of an index."""
        opened = desk.index(index)
        models = [one.id for one in desk.models.values() if one.weights == opened.weights]
        return {"id": index, "models": models} | atlas.about(opened, network_of(desk, opened))

    @app.get("/api/atlas/{index}/plane", response_class=Response)
    async def _plane(index: Index, layer: Layer = "") -> Response:
        """Every photo's principal components: they are there at once."""
        opened = desk.index(index)
        data = await asyncio.to_thread(plane, opened, _layer(opened, layer), "pca")
        return Response(data, media_type="application/octet-stream")

    @app.get("/api/atlas/{index}/colouring/{by}")
    async def _colouring(
        index: Index, by: Annotated[str, Path(pattern=r"^(answer|[0-9]{1,6})$")], layer: Layer = ""
    ) -> Response:
        """A number for each photo to colour it by: the class that the network answers, or a channel's largest value."""
        opened = desk.index(index)
        data = await asyncio.to_thread(
            atlas.colouring, opened, network_of(desk, opened), by, _layer(opened, layer)
        )
        return Response(data, media_type="application/octet-stream")

    @app.post("/api/atlas/{index}/chosen")
    async def _chosen(index: Index, some: Several) -> dict[str, Any]:
        """Count some photos, and find what tells them from the rest."""
        opened = desk.index(index)
        layer = _layer(opened, some.layer)
        return await asyncio.to_thread(chosen, opened, network_of(desk, opened), layer, some.photos)

    @app.post("/api/atlas/{index}/plane", status_code=202)
    def _queue(index: Index, asked: Asked) -> dict[str, Any]:
        """Queue a plane by t-SNE or UMAP, or a photo's place in one."""
        opened = desk.index(index)
        settings = _settings(index, opened) | {
            "layer": _layer(opened, asked.layer),
            "method": asked.method,
        }
        if asked.photo is None:
            return around.told(around.queue.add("plane", settings))
        desk.photos.kept(asked.photo)
        return around.told(around.queue.add("place", settings | {"photo": asked.photo}))

    @app.post("/api/atlas/{index}/audit", status_code=202)
    def _audit(index: Index, asked: Audited) -> dict[str, Any]:
        """Queue an audit: what labels are told by that is not the object."""
        opened = desk.index(index)
        return around.told(around.queue.add("audit", _settings(index, opened) | {"most": asked.most}))


def _pictures(app: FastAPI, around: Around) -> None:
    desk = around.desk

    @app.get("/api/atlas/{index}/small/{page}", response_class=Response)
    def _small(index: Index, page: Annotated[int, Path(ge=0, lt=2**20)]) -> Response:
        """Give 1,024 photos of 16 × 16 pixels as one picture."""
        return Response(atlas.small(desk.index(index), page), media_type="image/jpeg", headers=A_WHILE)

    @app.get("/api/atlas/{index}/sheet")
    def _sheet(
        index: Index,
        photos: Annotated[str, Query(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9}){0,63}$")],
        large: bool = False,
    ) -> Response:
        """Give up to 64 photos, cut square to 64 or 160 pixels, as one picture of eight columns."""
        numbers = [int(one) for one in photos.split(".")]
        return Response(
            atlas.sheet(desk.index(index), numbers, 160 if large else 64),
            media_type="image/jpeg",
            headers=A_WHILE,
        )

    @app.get("/api/atlas/{index}/patches/{channel}", response_class=Response)
    def _patches(index: Index, channel: Annotated[int, Path(ge=0, lt=2**20)], layer: Layer = "") -> Response:
        """Give the patches that excite a channel most."""
        opened = desk.index(index)
        data = strongest_patches(opened, _layer(opened, layer), channel)
        return Response(data, media_type="image/jpeg", headers=A_WHILE)

    @app.get("/api/atlas/{index}/photos/{photo}/thumb", response_class=Response)
    def _thumb(index: Index, photo: Photo) -> Response:
        """Give one photo of the index, its longer side 480 pixels."""
        return Response(atlas.thumb(desk.index(index), photo, 480), media_type="image/jpeg", headers=A_WHILE)


def _photos(app: FastAPI, around: Around) -> None:
    desk = around.desk

    @app.get("/api/atlas/{index}/photos/{photo}")
    def _photo(index: Index, photo: Photo) -> dict[str, Any]:
        """Tell of one photo of the index."""
        opened = desk.index(index)
        return atlas.tell(opened, network_of(desk, opened), photo)

    @app.get("/api/atlas/{index}/photos/{photo}/near")
    async def _near(
        index: Index, photo: Photo, layer: Layer = "", k: Annotated[int, Query(ge=1, le=48)] = 8
    ) -> dict[str, Any]:
        """Find the photos most like one of the index, by features and by pixels."""
        opened = desk.index(index)
        return await asyncio.to_thread(atlas.near, opened, photo, _layer(opened, layer), k)

    @app.get("/api/atlas/{index}/given/{photo}/near")
    async def _near_given(
        index: Index, photo: Id, layer: Layer = "", k: Annotated[int, Query(ge=1, le=48)] = 8
    ) -> dict[str, Any]:
        """Find the photos most like one that was given."""
        opened = desk.index(index)
        picture = await asyncio.to_thread(desk.photos.read, photo)
        name, network = _layer(opened, layer), network_of(desk, opened)
        return await around.thinking.do(atlas.near, opened, picture, name, k, network)

    @app.get("/api/atlas/{index}/given/{photo}/place", response_class=Response)
    async def _place(index: Index, photo: Id, layer: Layer = "") -> Response:
        """Give a photo's place among the principal components."""
        settings = {
            "index": index,
            "layer": _layer(desk.index(index), layer),
            "method": "pca",
            "photo": photo,
        }
        data = await around.thinking.do(place_of_a_photo, desk, settings)
        return Response(data, media_type="application/octet-stream")

    @app.post("/api/atlas/{index}/photos/{photo}/keep")
    def _keep(index: Index, photo: Photo) -> dict[str, Any]:
        """Keep a photo of the index as one that was given, so that other rooms can open it."""
        opened = desk.index(index)
        path = opened.path(opened.photo(photo))
        try:
            if path.stat().st_size > MOST_BYTES:
                raise BadSetting(f"{path.name} is larger than {MOST_BYTES >> 20} MiB")
            data = path.read_bytes()
        except OSError as error:
            raise BadImage(path, f"it cannot be read: {error.strerror}. Was it moved?") from error
        kept = desk.photos.add(data)
        around.tidy(kept.id)
        return vars(kept)


def _layer(index: Any, name: str) -> str:
    return str(index.layer(name or index.manifest["features"]))


def _settings(name: str, index: Any) -> dict[str, Any]:
    return {"index": name, "scanned": atlas.identity(index), "version": __version__}
