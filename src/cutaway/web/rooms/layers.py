"""Layers: a network's layers, what each answers to a photo, and everything that is known of one unit."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from cutaway import __version__
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import UnknownModel
from cutaway.web.desk import Opened
from cutaway.web.layer_maps import layer_maps
from cutaway.web.layer_names import layer_of
from cutaway.web.layer_table import channels_of, fitting, layer_table
from cutaway.web.records import job_id
from cutaway.web.rooms.around import MODEL, Around, Layer, Model
from cutaway.web.unit_data import patch_picture, unit_data
from cutaway.web.units import check_unit, filter_of, projected, votes

__all__ = ["add"]

Unit = Annotated[int, Path(ge=0, lt=2**31)]
Photo = Annotated[str, Query(alias="i", pattern="^[0-9a-f]{16}$")]
Index = Annotated[str, Query(alias="x", pattern=MODEL)]
Place = Annotated[int | None, Query(ge=0, lt=2**31)]


class WantedImage(BaseModel):
    """An image that is made by a job."""

    model_config = ConfigDict(extra="forbid")
    model: str = Field("", pattern=MODEL)
    negative: bool = False
    seed: int = Field(0, ge=0, lt=2**31)


def add(app: FastAPI, around: Around) -> None:
    """Add the addresses of the room."""
    _of_layers(app, around)
    _of_units(app, around)
    _of_data(app, around)
    _of_images(app, around)


def _named(opened: Opened, layer: str, unit: int | None = None) -> str:
    """The layer's name, where there is such a unit."""
    network = opened.network
    found = layer_of(network, layer)
    if unit is not None:
        trace = network.trace(network.example_inputs())
        check_unit(found, unit, channels_of(trace.calls[found.index], trace))
    return found.name


def _of_layers(app: FastAPI, around: Around) -> None:
    @app.get("/api/layers")
    async def _table(m: Model = "") -> dict[str, Any]:
        """Tell a network's layers in the order of execution."""
        opened = around.desk.opened(m)
        return await around.thinking.do(layer_table, opened.network, around.desk.indexes, opened.weights)

    @app.get("/api/layers/{layer}/maps", response_class=Response)
    async def _maps(layer: Layer, i: Photo, m: Model = "") -> Response:
        """Give all channels of a layer for a photo, as numbers."""
        network = around.desk.opened(m).network
        picture = await asyncio.to_thread(around.desk.photos.read, i)
        data = await around.thinking.do(lambda: layer_maps(network, picture, layer_of(network, layer)))
        return Response(data, media_type="application/octet-stream")


def _of_units(app: FastAPI, around: Around) -> None:
    @app.get("/api/layers/{layer}/units/{unit}/filter", response_class=Response)
    async def _filter(layer: Layer, unit: Unit, m: Model = "") -> Response:
        """Give the filter that made a channel, or say why there is none."""
        opened = around.desk.opened(m)
        data = await around.thinking.do(lambda: filter_of(opened.network, _named(opened, layer, unit), unit))
        return Response(data, media_type="application/octet-stream")

    @app.get("/api/layers/{layer}/units/{unit}/projections/{method}", response_class=Response)
    async def _projection(
        layer: Layer,
        unit: Unit,
        method: Literal["deconvnet", "guided"],
        i: Photo,
        m: Model = "",
        row: Place = None,
        column: Place = None,
    ) -> Response:
        """Project a channel's strongest place, or the one asked for, back to the photo's pixels."""
        opened = around.desk.opened(m)
        picture = await asyncio.to_thread(around.desk.photos.read, i)
        at = None if row is None or column is None else (row, column)
        data = await around.thinking.do(
            lambda: projected(opened.network, picture, _named(opened, layer, unit), unit, method, at)
        )
        return Response(data, media_type="application/octet-stream")

    @app.get("/api/layers/{layer}/units/{unit}/votes")
    async def _votes(layer: Layer, unit: Unit, i: Photo, m: Model = "") -> dict[str, Any]:
        """Tell how the classes' scores change without a channel."""
        opened = around.desk.opened(m)
        picture = await asyncio.to_thread(around.desk.photos.read, i)
        return await around.thinking.do(
            lambda: votes(opened.network, picture, _named(opened, layer, unit), unit)
        )


def _of_data(app: FastAPI, around: Around) -> None:
    def index_of(m: str, x: str) -> ActivationIndex:
        """The index asked for, or the first that was made with this network."""
        opened = around.desk.opened(m)
        known = fitting(around.desk.indexes, opened.weights)
        if x and x not in known:
            raise UnknownModel(
                f"no index {x!r} of {opened.id} is open here. Open: {', '.join(known) or 'none'}"
            )
        if not known:
            raise UnknownModel(
                f"no index of {opened.id} is open here. To open one: cutaway serve --index FOLDER"
            )
        return known[x or next(iter(known))]

    @app.get("/api/layers/{layer}/units/{unit}/data")
    async def _data(layer: Layer, unit: Unit, m: Model = "", x: Index = "") -> dict[str, Any]:
        """Tell what the photos of an index say of a unit."""
        opened = around.desk.opened(m)
        name = await around.thinking.do(_named, opened, layer, unit)
        return await asyncio.to_thread(unit_data, index_of(m, x), name, unit)

    @app.get("/api/layers/{layer}/units/{unit}/patches/{rank}", response_class=Response)
    async def _patch(
        layer: Layer,
        unit: Unit,
        rank: Annotated[int, Path(ge=0, lt=1000)],
        m: Model = "",
        x: Index = "",
        lowest: bool = False,
        whole: bool = False,
    ) -> Response:
        """Give one of a unit's strongest places, cut from its photo, or the photo."""
        opened = around.desk.opened(m)
        name = await around.thinking.do(_named, opened, layer, unit)
        data = await asyncio.to_thread(
            patch_picture, index_of(m, x), name, unit, rank, lowest=lowest, whole=whole
        )
        return Response(data, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})


def _of_images(app: FastAPI, around: Around) -> None:
    async def settings_of(layer: str, unit: int, wanted: WantedImage) -> dict[str, Any]:
        opened = around.desk.opened(wanted.model)
        name = await around.thinking.do(_named, opened, layer, unit)
        rest = {"model": opened.id, "weights": opened.weights, "version": __version__}
        return {"layer": name, "unit": unit, "negative": wanted.negative, "seed": wanted.seed, **rest}

    @app.get("/api/layers/{layer}/units/{unit}/image")
    async def _known(
        layer: Layer,
        unit: Unit,
        m: Model = "",
        negative: bool = False,
        seed: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    ) -> dict[str, Any]:
        """Tell of the job that makes a unit's image, where it was asked for before."""
        settings = await settings_of(layer, unit, WantedImage(model=m, negative=negative, seed=seed))
        record = around.queue.records.find(job_id("unit-image", settings))
        return {"job": None if record is None else around.told(record)}

    @app.post("/api/layers/{layer}/units/{unit}/image", status_code=202)
    async def _make(layer: Layer, unit: Unit, wanted: WantedImage) -> dict[str, Any]:
        """Queue the making of an image that excites a unit, or silences it."""
        settings = await settings_of(layer, unit, wanted)
        return around.told(around.queue.add("unit-image", settings))
